"""The registry of methods: one file in ``baselines/`` a family, found by folder.

A method is a detector composed of parts (:func:`composed`), or whatever a decorated factory makes
(:func:`method`), whose keyword-only signature is then the schema of its parameters. Defaults are
the paper's settings. A profile names what it changes, an ablation is one line under its parent.
Nothing heavy is imported until a method is built.
"""

from __future__ import annotations

import importlib
import inspect
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from adaptor_bench.errors import InputError, UsageError, suggest
from adaptor_bench.method import ROLES, Card, Method
from adaptor_bench.methodspec import PROFILES, MethodSpec
from adaptor_bench.names import unusable
from adaptor_bench.parameters import Relation, Signature
from adaptor_bench.resources import bundled, module_from
from adaptor_bench.stages.composition import Composition
from adaptor_bench.stages.registry import (
    MEMBERS,
    PROGRAM,
    Catalogue,
    NameTakenError,
    mark_of,
    parts_in,
    shipped,
)

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

_ENTRY_POINTS = ("adaptor_bench.stages", "adaptor_bench.methods")


class Registry:
    """Methods by name, and the parts of detectors by stage and name. A name can be given once."""

    def __init__(self) -> None:
        self.methods: dict[str, MethodSpec] = {}
        self.parts: Catalogue = dict(shipped())
        self.unavailable: dict[str, str] = {}
        self.add_parts(PROGRAM)

    def add(self, spec: MethodSpec) -> None:
        """Register; a name given twice is an error that names both files."""
        known = self.methods.get(spec.name)
        # A notebook's cell that is run again replaces what it registered before.
        again = known and self is _program and known.label == spec.label
        if known and not again:
            raise NameTakenError(
                f"method {spec.name!r} is registered twice: in {known.origin} and in {spec.origin}",
                hint="Rename one of them.",
            )
        self.methods[spec.name] = spec

    def add_parts(self, parts: Catalogue) -> None:
        """Let detectors be composed of these too."""
        for (stage, name), part in parts.items():
            known, new = mark_of(self.parts.get((stage, name))), mark_of(part)
            if known and new and known.origin != new.origin:
                raise NameTakenError(
                    f"{stage}={name} is registered twice: in {known.origin} and in {new.origin}",
                    hint="Rename one of them.",
                )
            self.parts[stage, name] = part

    def get(self, name: str) -> MethodSpec:
        """Method by name. Raises UsageError with what was probably meant."""
        if name in self.methods:
            return self.methods[name]
        near = suggest(name, self.methods) if name else "`bench methods` lists them."
        hint = f"{near} Methods of your own need --methods-from DIR."
        raise UsageError(f"unknown method {name!r}{self.not_loaded()}", hint=hint)

    @contextmanager
    def told_of(self, settings: Mapping[str, Any]) -> Iterator[None]:
        """A UsageError in the block says what could not be loaded, if ``settings`` name a part
        that is not there."""
        try:
            yield
        except UsageError as error:
            named = {(k, v) for k, v in settings.items() if k in MEMBERS and isinstance(v, str)}
            if not named <= self.parts.keys():
                error.message += self.not_loaded()
            raise

    def not_loaded(self) -> str:
        """Which files could not be loaded and why, to be said where something is missing."""
        return "".join(f" ({f} could not be loaded: {r})" for f, r in self.unavailable.items())


class Registered:
    """What stands for a registered method in its file: it takes ablations."""

    def __init__(self, registry: Registry, spec: MethodSpec) -> None:
        if refused := unusable(spec.name):
            raise TypeError(f"the name {spec.name[:100]!r} {refused}")
        if unknown := set(spec.profiles) - set(PROFILES):
            raise TypeError(f"{spec.name}: unknown profile {unknown.pop()!r}")
        if spec.card.role not in ROLES:
            raise TypeError(f"{spec.name}: unknown role {spec.card.role!r}")
        for profile in PROFILES:
            spec.resolve(profile)
        registry.add(spec)
        self._registry = registry
        self.spec = spec

    def variant(
        self,
        name: str,
        *,
        ablates: str,
        profiles: Mapping[str, Mapping[str, Any]] | None = None,
        **changes: Any,
    ) -> None:
        """Register ``<parent>/<name>``: the parent with ``changes``, named for what it ablates.

        ``profiles`` add to the parent's: a part that is exchanged by its name keeps the settings
        that a profile gives to the same part.
        """
        name = f"{self.spec.name}/{name}"
        own = self.spec.profiles
        added = {p: {**own.get(p, {}), **some} for p, some in (profiles or {}).items()}
        made = replace(self.spec, name=name, ablates=ablates, changes=changes)
        Registered(self._registry, replace(made, profiles={**own, **added}))


_program = Registry()  # what the running program registers itself, as a notebook does
_current = _program


def composed(
    name: str,
    detector: Any,
    *,
    card: Card,
    about: str = "",
    profiles: Mapping[str, Mapping[str, Any]] | None = None,
    follows_radius: tuple[str, ...] = (),
) -> Registered:
    """Register a :class:`adaptor_bench.train.detector.Detector` under ``name``.

    ``about`` is a sentence on it; ``profiles`` maps ``quick`` and ``smoke`` to what they change: a
    parameter by its dotted name, or a whole part. Parameters in px that grow with the matching
    radius are named in ``follows_radius``. Raises TypeError for an unknown profile and for
    a name that is no word, or no words joined by slashes.
    """
    _current.parts.update(PROGRAM)
    schema = Composition(detector, _current.parts)
    origin = sys._getframe(1).f_code.co_filename
    label = type(detector).__qualname__
    spec = MethodSpec(
        name, card, schema, origin, profiles or {},
        about=about, label=label, follows_radius=follows_radius,
    )  # fmt: skip
    return Registered(_current, spec)


def method(
    name: str,
    *,
    card: Card,
    profiles: Mapping[str, Mapping[str, Any]] | None = None,
    relations: Iterable[Relation] = (),
) -> Callable[[Callable[..., Method]], Registered]:
    """Register the decorated factory under ``name``.

    All its parameters must be keyword-only with defaults. ``profiles`` maps ``quick`` and
    ``smoke`` to the parameters they change; ``relations`` find values that do not go together.
    The range of a parameter stands in its annotation (:mod:`adaptor_bench.parameters`). Raises
    TypeError for a signature or a profile that does not fit.
    """

    def register(factory: Callable[..., Method]) -> Registered:
        for parameter in inspect.signature(factory).parameters.values():
            if parameter.kind is not parameter.KEYWORD_ONLY or parameter.default is parameter.empty:
                raise TypeError(
                    f"{name}: parameter {parameter.name!r} must be keyword-only with a default"
                )
        schema = Signature(factory, tuple(relations))
        origin = inspect.getsourcefile(factory) or "?"
        about, label = inspect.getdoc(factory) or "", factory.__qualname__
        spec = MethodSpec(name, card, schema, origin, profiles or {}, about=about, label=label)
        return Registered(_current, spec)

    return register


def discover(folders: Iterable[Path] = ()) -> Registry:
    """All methods: the ones shipped, those in ``folders``, installed entry points, and what the
    running program registered itself.

    A file that cannot be loaded is listed in :attr:`Registry.unavailable` with the reason; it
    never takes the others down.
    """
    global _current
    _current = registry = Registry()
    try:
        _discover(registry, folders)
    finally:
        _current = _program
    for name, spec in _program.methods.items():
        # A module of methods may have been imported before it is found here.
        if name not in registry.methods or registry.methods[name].origin != spec.origin:
            registry.add(spec)
    return registry


def _discover(registry: Registry, folders: Iterable[Path]) -> None:
    for folder in (bundled("baselines"), *folders):
        if not folder.is_dir():
            raise InputError(f"{folder}: no such folder of methods")
        for path in sorted(folder.glob("[!._]*.py")):
            _attempt(registry, str(path), partial(_load, path))
    from importlib.metadata import entry_points  # slow to load; listing commands feel it

    for group in _ENTRY_POINTS:
        for entry in entry_points(group=group):
            _attempt(registry, entry.value, partial(_load_entry, entry))


def parse_setting(text: str) -> tuple[str, Any]:
    """``key=value`` from the command line; the value is read as TOML, else kept as text."""
    key, separator, value = text.partition("=")
    if not separator or not key.strip():
        raise UsageError(f"--set {text!r} is not of the form key=value")
    try:
        return key.strip(), tomllib.loads(f"v = {value}")["v"]
    except tomllib.TOMLDecodeError:
        return key.strip(), value.strip()


def parse_settings(texts: Iterable[str]) -> dict[str, Any]:
    """All of ``--set``. Raises UsageError for a key that is given twice."""
    settings: dict[str, Any] = {}
    for key, value in map(parse_setting, texts):
        if key in settings:
            raise UsageError(f"--set gives {key!r} twice", hint="Give it once.")
        settings[key] = value
    return settings


def _attempt(registry: Registry, source: str, load: Callable[[], ModuleType]) -> None:
    before = dict(registry.methods)
    try:
        registry.add_parts(parts_in(load()))
    except (NameTakenError, KeyboardInterrupt):
        raise
    except BaseException as error:
        registry.methods = before
        registry.unavailable[source] = f"{type(error).__name__}: {error}"


def _load_entry(entry: EntryPoint) -> ModuleType:
    """Import an entry point's module; its decorators must run again in every discovery."""
    if entry.module in sys.modules:
        return importlib.reload(sys.modules[entry.module])
    entry.load()
    return sys.modules[entry.module]


def _load(path: Path) -> ModuleType:
    """Load under a private name, so that no top-level package 'baselines' is ever installed."""
    return module_from(path, f"adaptor_bench._method_files.{path.stem}")
