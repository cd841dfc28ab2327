"""The registry of methods: one file in ``baselines/`` a family, found by folder, by decorator.

The decorated function is the factory; its keyword-only signature is the schema of the method's
parameters and its defaults are the paper's settings. A profile names the defaults it changes, an
ablation is one line under its parent. Nothing heavy is imported until a factory is called.
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
from adaptor_bench.parameters import Relation, Rule, fit_value, rules_of
from adaptor_bench.resources import bundled

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = ["PROFILES", "MethodSpec", "Registry", "discover", "method", "parse_setting"]

PROFILES = ("smoke", "quick", "paper")
_MOST_PIXELS = 200_000_000  # of an image that a method asks for
_ENTRY_POINTS = "adaptor_bench.methods"


class NameTakenError(UsageError):
    """Two files register a method under the same name."""


@dataclass(frozen=True)
class MethodSpec:
    """A registered method: name, card, factory, what its profiles and its ablation change."""

    name: str
    card: Card
    factory: Callable[..., Method]
    origin: str
    profiles: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    changes: Mapping[str, Any] = field(default_factory=dict)
    relations: tuple[Relation, ...] = ()
    ablates: str = ""

    @property
    def defaults(self) -> dict[str, Any]:
        """The factory's keyword-only parameters and defaults: the paper's settings."""
        return {
            name: parameter.default
            for name, parameter in inspect.signature(self.factory).parameters.items()
        }

    @property
    def rules(self) -> dict[str, Rule]:
        """Which values the parameters may have, where the factory says so."""
        return rules_of(self.factory)

    def resolve(self, profile: str, settings: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """All parameters: defaults < profile < ablation < ``settings``; the user always wins.

        Raises UsageError for an unknown profile or parameter, and naming all values that are of
        the wrong type, out of range, or do not go together.
        """
        if profile not in PROFILES:
            raise UsageError(f"unknown profile {profile!r}", hint=suggest(profile, PROFILES))
        defaults, rules = self.defaults, self.rules
        resolved = dict(defaults)
        for source in (self.profiles.get(profile, {}), self.changes, settings or {}):
            for key in source:
                if key not in resolved:
                    raise UsageError(
                        f"method {self.name!r} has no parameter {key!r}",
                        hint=suggest(key, resolved),
                    )
            resolved |= source
        problems, hint = [], None
        for key, value in resolved.items():
            try:
                resolved[key] = fit_value(value, defaults[key], rules.get(key))
            except ValueError as error:
                expected, hint = (*error.args, hint)[:2]
                problems.append(f"parameter {key!r} must be {expected}, got {value!r}")
        if not problems:
            problems = [text for relation in self.relations for text in relation(resolved)]
        if problems:
            lines = [f"method {self.name!r}: {text}" for text in problems]
            raise UsageError("\n  ".join(lines), hint=hint)
        return resolved

    def profile_changes(self, parameters: Mapping[str, Any]) -> dict[str, list[Any]]:
        """What ``parameters`` change against the paper's settings: key -> [paper, here].

        The change that makes an ablation what it is does not count.
        """
        paper = {**self.defaults, **self.changes}
        return {k: [paper[k], v] for k, v in parameters.items() if paper[k] != v}

    def build(self, parameters: Mapping[str, Any]) -> Method:
        """Call the factory. This is where torch may enter.

        Raises InputError when that fails, or what it makes lacks something that runs need.
        """
        about = f"method {self.name!r} ({self.origin})"
        try:
            with blamed(f"{about} cannot be made"):
                made = self.factory(**parameters)
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
    """Methods by name. A name can be given once."""

    def __init__(self) -> None:
        self.methods: dict[str, MethodSpec] = {}
        self.unavailable: dict[str, str] = {}

    def add(self, spec: MethodSpec) -> None:
        """Register; a name given twice is an error that names both files."""
        known = self.methods.get(spec.name)
        # A notebook's cell that is run again replaces what it registered before.
        again = (
            known and self is _program and known.factory.__qualname__ == spec.factory.__qualname__
        )
        if known and not again:
            raise NameTakenError(
                f"method {spec.name!r} is registered twice: in {known.origin} and in {spec.origin}",
                hint="Rename one of them.",
            )
        self.methods[spec.name] = spec

    def get(self, name: str) -> MethodSpec:
        """Method by name. Raises UsageError with what was probably meant."""
        if name in self.methods:
            return self.methods[name]
        broken = "".join(f" ({f} could not be loaded: {r})" for f, r in self.unavailable.items())
        hint = f"{suggest(name, self.methods)} A method of your own needs --methods-from DIR."
        raise UsageError(f"unknown method {name!r}{broken}", hint=hint)


class _Registered:
    """What the decorator leaves in place of the factory: it takes ablations."""

    def __init__(self, registry: Registry, spec: MethodSpec) -> None:
        self._registry = registry
        self.spec = spec

    def variant(self, name: str, *, ablates: str, **changes: Any) -> None:
        """Register ``<parent>/<name>``: the parent with ``changes``, named for what it ablates."""
        spec = replace(self.spec, name=f"{self.spec.name}/{name}", ablates=ablates, changes=changes)
        for profile in PROFILES:
            spec.resolve(profile)
        self._registry.add(spec)


_program = Registry()  # what the running program registers itself, as a notebook does
_current = _program


def method(
    name: str,
    *,
    card: Card,
    profiles: Mapping[str, Mapping[str, Any]] | None = None,
    relations: Iterable[Relation] = (),
) -> Callable[[Callable[..., Method]], _Registered]:
    """Register the decorated factory under ``name``.

    All its parameters must be keyword-only with defaults. ``profiles`` maps ``quick`` and
    ``smoke`` to the parameters they change; ``relations`` find values that do not go together.
    The range of a parameter stands in its annotation (:mod:`adaptor_bench.parameters`). Raises
    TypeError for a signature or a profile that does not fit.
    """
    unknown = set(profiles or {}) - set(PROFILES)
    if unknown:
        raise TypeError(f"{name}: unknown profile {unknown.pop()!r}")

    def register(factory: Callable[..., Method]) -> _Registered:
        for parameter in inspect.signature(factory).parameters.values():
            if parameter.kind is not parameter.KEYWORD_ONLY or parameter.default is parameter.empty:
                raise TypeError(
                    f"{name}: parameter {parameter.name!r} must be keyword-only with a default"
                )
        spec = MethodSpec(
            name,
            card,
            factory,
            inspect.getsourcefile(factory) or "?",
            profiles or {},
            relations=tuple(relations),
        )
        for profile in PROFILES:
            spec.resolve(profile)
        _current.add(spec)
        return _Registered(_current, spec)

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

    for entry in entry_points(group=_ENTRY_POINTS):
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


def _attempt(registry: Registry, source: str, load: Callable[[], Any]) -> None:
    before = dict(registry.methods)
    try:
        load()
    except (NameTakenError, KeyboardInterrupt):
        raise
    except BaseException as error:
        registry.methods = before
        registry.unavailable[source] = f"{type(error).__name__}: {error}"


def _load_entry(entry: EntryPoint) -> None:
    """Import an entry point's module; its decorators must run again in every discovery."""
    if entry.module in sys.modules:
        importlib.reload(sys.modules[entry.module])
    else:
        entry.load()


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
