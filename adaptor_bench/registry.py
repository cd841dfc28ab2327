"""The registry of methods: one file in ``baselines/`` a family, found by folder.

A method is a detector composed of parts (:func:`composed`), or whatever a decorated factory makes
(:func:`method`), whose keyword-only signature is then the schema of its parameters. Defaults are
the paper's settings. A profile names what it changes, an ablation is one line under its parent.
Nothing heavy is imported until a method is built.
"""

from __future__ import annotations

import importlib.util
import inspect
import sys
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from adaptor_bench.blame import MethodFailedError, blamed
from adaptor_bench.errors import BenchError, InputError, UsageError, suggest
from adaptor_bench.method import MEMBERS, Card, Method
from adaptor_bench.parameters import Relation, Signature, UnfitError, changed
from adaptor_bench.resources import bundled
from adaptor_bench.stages.composition import Composition
from adaptor_bench.stages.registry import (
    PROGRAM,
    Catalogue,
    NameTakenError,
    mark_of,
    parts_in,
    shipped,
)

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = ["PROFILES", "MethodSpec", "Registry", "composed", "discover", "method", "parse_setting"]

PROFILES = ("smoke", "quick", "paper")
_MOST_PIXELS = 200_000_000  # of an image that a method asks for
_ENTRY_POINTS = ("adaptor_bench.stages", "adaptor_bench.methods")


Schema = Signature | Composition
"""What parameters a method has, and how it is made of them."""


@dataclass(frozen=True)
class MethodSpec:
    """A registered method: name, card, schema, what its profiles and its ablation change.

    ``about`` says in a sentence what it does.
    """

    name: str
    card: Card
    schema: Schema
    origin: str
    profiles: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    changes: Mapping[str, Any] = field(default_factory=dict)
    ablates: str = ""
    about: str = ""

    def resolve(self, profile: str, settings: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """All parameters: defaults < profile < ablation < ``settings``; the user always wins.

        Raises UsageError for an unknown profile or parameter, and naming all values that are of
        the wrong type, out of range, or do not go together.
        """
        if profile not in PROFILES:
            raise UsageError(f"unknown profile {profile!r}", hint=suggest(profile, PROFILES))
        try:
            return self.schema.resolve(self.profiles.get(profile, {}), self.changes, settings or {})
        except UnfitError as error:
            lines = [f"method {self.name!r}{text}" for text in error.problems]
            raise UsageError("\n  ".join(lines), hint=error.hint) from error

    def profile_changes(self, parameters: Mapping[str, Any]) -> dict[str, list[Any]]:
        """What ``parameters`` change against the paper's settings: key -> [paper, here].

        The change that makes an ablation what it is does not count.
        """
        return changed(self.resolve("paper"), parameters)

    def files(self, parameters: Mapping[str, Any]) -> list[Path]:
        """The files with the method's own code: where it is registered, and those of its parts."""
        return [Path(self.origin), *self.schema.files(parameters)]

    def build(self, parameters: Mapping[str, Any]) -> Method:
        """Call the factory. This is where torch may enter.

        Raises InputError when that fails, or what it makes lacks something that runs need.
        """
        about = f"method {self.name!r} ({self.origin})"
        try:
            with blamed(f"{about} cannot be made"):
                made: Method = self.schema.build(parameters)
        except MethodFailedError as error:
            if isinstance(error.__cause__, BenchError):  # said by us, and plainly
                raise error.__cause__ from None
            raise
        with blamed(f"{about} cannot be used"):
            lacking = [name for name in MEMBERS if not hasattr(made, name)]
            size = getattr(made, "input_size", None)
        if lacking:
            raise InputError(
                f"{about} lacks {', '.join(lacking)}: its factory gave {type(made).__name__}"
            )
        if size is not None and not _is_size(size):
            raise InputError(
                f"{about}: input_size is {size!r}, not (width, height) of at most "
                f"{_MOST_PIXELS:,} px in all, or None"
            )
        return made


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
        again = known and self is _program and known.schema.label == spec.schema.label
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
        broken = "".join(f" ({f} could not be loaded: {r})" for f, r in self.unavailable.items())
        hint = f"{suggest(name, self.methods)} Methods of your own need --methods-from DIR."
        raise UsageError(f"unknown method {name!r}{broken}", hint=hint)


class Registered:
    """What stands for a registered method in its file: it takes ablations."""

    def __init__(self, registry: Registry, spec: MethodSpec) -> None:
        for profile in PROFILES:
            spec.resolve(profile)
        registry.add(spec)
        self._registry = registry
        self.spec = spec

    def variant(self, name: str, *, ablates: str, **changes: Any) -> None:
        """Register ``<parent>/<name>``: the parent with ``changes``, named for what it ablates."""
        name = f"{self.spec.name}/{name}"
        Registered(self._registry, replace(self.spec, name=name, ablates=ablates, changes=changes))


_program = Registry()  # what the running program registers itself, as a notebook does
_current = _program


def composed(
    name: str,
    detector: Any,
    *,
    card: Card,
    about: str = "",
    profiles: Mapping[str, Mapping[str, Any]] | None = None,
) -> Registered:
    """Register a :class:`adaptor_bench.train.detector.Detector` under ``name``.

    ``about`` is a sentence on it; ``profiles`` maps ``quick`` and ``smoke`` to what they change: a
    parameter by its dotted name, or a whole part. Raises TypeError for an unknown profile.
    """
    _refuse_profiles(name, profiles)
    _current.parts.update(PROGRAM)
    schema = Composition(detector, _current.parts)
    origin = sys._getframe(1).f_code.co_filename
    spec = MethodSpec(name, card, schema, origin, profiles or {}, about=about)
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
    _refuse_profiles(name, profiles)

    def register(factory: Callable[..., Method]) -> Registered:
        for parameter in inspect.signature(factory).parameters.values():
            if parameter.kind is not parameter.KEYWORD_ONLY or parameter.default is parameter.empty:
                raise TypeError(
                    f"{name}: parameter {parameter.name!r} must be keyword-only with a default"
                )
        schema = Signature(factory, tuple(relations))
        origin = inspect.getsourcefile(factory) or "?"
        about = inspect.getdoc(factory) or ""
        spec = MethodSpec(name, card, schema, origin, profiles or {}, about=about)
        return Registered(_current, spec)

    return register


def _refuse_profiles(name: str, profiles: Mapping[str, Any] | None) -> None:
    unknown = set(profiles or {}) - set(PROFILES)
    if unknown:
        raise TypeError(f"{name}: unknown profile {unknown.pop()!r}")


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
    name = f"adaptor_bench._method_files.{path.stem}"
    specification = importlib.util.spec_from_file_location(name, path)
    if specification is None or specification.loader is None:
        raise ImportError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(specification)
    sys.modules[name] = module
    specification.loader.exec_module(module)
    return module


def _is_size(value: Any) -> bool:
    return (
        isinstance(value, tuple)
        and len(value) == 2
        and all(isinstance(v, int) and not isinstance(v, bool) and v > 0 for v in value)
        and value[0] * value[1] <= _MOST_PIXELS
    )
