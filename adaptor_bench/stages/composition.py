"""The parameters of a detector that is composed of parts, flat and by dotted names:

    {"decode": "otsu", "decode.threshold": None, .., "training.rate": 1e-4, ..}

A stage's own name says which part it has; giving another exchanges the part, which then comes with
its own parameters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import Field, dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, get_type_hints

from adaptor_bench.errors import listed, nearest
from adaptor_bench.parameters import (
    OneOf,
    Parameter,
    UnknownParameterError,
    of_annotation,
    of_dataclass,
)
from adaptor_bench.stages.registry import MEMBERS, Catalogue, mark_of


@dataclass(frozen=True)
class Composition:
    """A dataclass whose fields are parts, groups of settings, or plain settings.

    ``catalogue`` holds the parts that may be exchanged for its own. A field is a stage when it has
    a stage's name, or names one in its metadata.
    """

    whole: Any
    catalogue: Catalogue

    def __post_init__(self) -> None:
        for field in fields(self.whole):
            if _stage(field) and not mark_of(part := getattr(self.whole, field.name)):
                raise TypeError(f"{field.name}: {type(part).__name__} is not marked by @stage")

    @property
    def defaults(self) -> dict[str, Any]:
        """Every parameter as it stands."""
        return self.layered()

    def parameters(self, values: Mapping[str, Any]) -> dict[str, Parameter]:
        """What each of ``values`` may be; a stage that has no such part has no others."""
        hints = get_type_hints(type(self.whole), include_extras=True)
        found = {}
        for field in fields(self.whole):
            name, here = field.name, getattr(self.whole, field.name)
            if stage := _stage(field):
                names = sorted(part for of, part in self._known() if of == stage)
                found[name] = Parameter(here, "", OneOf(*names))
                here = self._part(stage, values.get(name))
            if is_dataclass(here):
                kind = here if isinstance(here, type) else type(here)
                found |= {f"{name}.{key}": p for key, p in of_dataclass(kind).items()}
            elif not stage:
                found[name] = of_annotation(hints[name], here)
        return found

    def problems(self, values: Mapping[str, Any]) -> list[str]:
        """What of them does not go together, or is refused by a part itself."""
        try:
            return list(self.build(values).problems())
        except ValueError as error:
            return [str(error)]

    def files(self, values: Mapping[str, Any]) -> list[Path]:
        """The files that hold the parts."""
        marks = (mark_of(getattr(self.build(values), f.name)) for f in fields(self.whole))
        return [Path(mark.origin) for mark in marks if mark]

    def layered(self, *layers: Mapping[str, Any], profile: str = "") -> dict[str, Any]:
        """All parameters, not looked at yet; later layers win, and a part given as such stands for
        its parameters. One that is exchanged by its name comes as its ``profiles`` have it, if it
        has any. Raises UsageError for an unknown name."""
        stages = {field.name: _stage(field) for field in fields(self.whole)}
        values = {name: _flat(name, getattr(self.whole, name)) for name in stages}
        for layer in layers:
            for name in layer.keys() & stages.keys():  # parts first, then their parameters
                given, stage = layer[name], stages[name]
                if is_dataclass(given):
                    values[name] = _flat(name, given)
                elif stage and given != values[name][name]:
                    part = self._part(stage, given)
                    own = getattr(part, "profiles", {}).get(profile, {})
                    values[name] = _flat(name, part(**own)) if part else {name: given}
            for key, given in layer.items():
                name = key.partition(".")[0]
                if is_dataclass(given) or stages.get(key):
                    continue
                if key in values.get(name, ()):
                    values[name][key] = given
                elif not (stage := stages.get(name)) or self._part(stage, values[name][name]):
                    raise UnknownParameterError(key, self._meant(key, _joined(values)))
        return _joined(values)

    def build(self, values: Mapping[str, Any]) -> Any:
        """The detector with all of these parameters. Raises ValueError when a part refuses its."""
        made = {}
        for field in fields(self.whole):
            name, here = field.name, getattr(self.whole, field.name)
            kind = self._part(stage, values[name]) if (stage := _stage(field)) else type(here)
            own = {k: v for k, v in values.items() if k.startswith(f"{name}.")}
            settings = {key.removeprefix(f"{name}."): value for key, value in own.items()}
            try:
                made[name] = kind(**settings) if kind and is_dataclass(kind) else values[name]
            except ValueError as error:
                raise ValueError(f"{name!r}: {error}") from error
        return replace(self.whole, **made)

    def _known(self) -> Catalogue:
        """The parts that can be had: those of the catalogue, and the whole's own."""
        own = [type(getattr(self.whole, field.name)) for field in fields(self.whole)]
        return self.catalogue | {(m.stage, m.name): part for part in own if (m := mark_of(part))}

    def _part(self, stage: str, name: Any) -> type | None:
        return self._known().get((stage, name)) if isinstance(name, str) else None

    def _meant(self, key: str, known: Mapping[str, Any]) -> str:
        """A hint for an unknown name."""
        if likely := list(_spelt(key, known)):
            return f"Did you mean {' or '.join(map(repr, likely))}?"
        owners = [
            f"{stage}={name}"
            for (stage, name), part in self.catalogue.items()
            if (mark := mark_of(part))
            and key in (*mark.parameters, *(f"{stage}.{p}" for p in mark.parameters))
        ]
        if not owners:
            return nearest(key, known)
        return f"Only {listed(owners)} {'has' if len(owners) == 1 else 'have'} it."


def _stage(field: Field[Any]) -> str | None:
    stage = field.metadata.get("stage", field.name)
    return stage if stage in MEMBERS else None


def _flat(name: str, value: Any) -> dict[str, Any]:
    """The parameters under one name: a part's own name and fields, a group's fields, or itself."""
    if not is_dataclass(value):
        return {name: value}
    mark = mark_of(value)
    own = {name: mark.name} if mark else {}
    return own | {f"{name}.{field.name}": getattr(value, field.name) for field in fields(value)}


def _joined(values: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    return {key: value for field in values.values() for key, value in field.items()}


def _spelt(key: str, known: Mapping[str, Any]) -> Iterator[str]:
    """Names that ``key`` may stand for that lacks its stage (``sigma``: ``target.sigma``)."""
    for name in known:
        stage, _, field = name.rpartition(".")
        first, _, rest = key.partition("_")
        if stage and (field == key or (field == rest and first in str(known.get(stage, "")))):
            yield name
        elif key == known[name] and not stage:  # a part: cyclegan
            yield f"{name}={key}"
