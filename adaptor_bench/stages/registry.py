"""Finding the parts of detectors, by their mark: the ones shipped, and those of method files.

@stage("decode", "mine")
@dataclass(frozen=True)
class Mine:
    threshold: Annotated[float, Number(0, 1)] = 0.5

    def decode(self, maps, size): ...
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass, is_dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from adaptor_bench.errors import UsageError
from adaptor_bench.names import unusable
from adaptor_bench.parameters import Parameter, of_dataclass

MEMBERS = {
    "translate": ("title", "source_for", "fit", "translate"),
    "target": ("channels", "stride", "draw"),
    "network": ("reduction", "stride", "build"),
    "loss": ("__call__",),
    "decode": ("decode",),
}
"""The stages, and what a part for each has to have (see :mod:`adaptor_bench.stages.protocols`)."""
Part = TypeVar("Part", bound=type)
Catalogue = dict[tuple[str, str], type]
"""(stage, name) to the class of the part."""
PROGRAM: Catalogue = {}
"""Parts that the running program marked itself, as a notebook does; the last of a name counts."""


class NameTakenError(UsageError):
    """Two files register something under the same name."""


@dataclass(frozen=True)
class Mark:
    """What :func:`stage` leaves on a class. ``origin`` is the file that its code stands in."""

    stage: str
    name: str
    origin: str
    parameters: dict[str, Parameter]


def stage(of: str, name: str) -> Callable[[Part], Part]:
    """Mark a frozen dataclass as the part ``name`` for the stage ``of``.

    Its fields are its parameters: all have defaults, and annotations say which values can work
    (:mod:`adaptor_bench.parameters`). Raises TypeError for a class that does not fit.
    """
    if of not in MEMBERS:
        raise TypeError(f"{name}: no stage {of!r}; there are {', '.join(MEMBERS)}")
    if "/" in name or unusable(name):
        raise TypeError(f"{of}={name[:100]}: the name {unusable(name) or 'has a slash'}")

    def mark(part: Part) -> Part:
        import inspect

        what = f"{of}={name} ({part.__name__})"
        if not is_dataclass(part) or not part.__dataclass_params__.frozen:  # type: ignore[attr-defined]
            raise TypeError(f"{what} is no frozen dataclass")
        has = {name for base in part.__mro__ for name in vars(base)}
        lacking = [m for m in MEMBERS[of] if m not in has]
        if lacking:
            raise TypeError(f"{what} lacks {', '.join(lacking)}")
        origin = inspect.getsourcefile(part) or "?"
        part._mark = Mark(of, name, origin, of_dataclass(part))  # type: ignore[attr-defined]
        if not part.__module__.startswith("adaptor_bench."):  # as shipped parts and method files
            PROGRAM[of, name] = part
        return part

    return mark


def mark_of(part: Any) -> Mark | None:
    """The mark of a part or of its class; None for what is none."""
    found = getattr(part, "_mark", None)
    return found if isinstance(found, Mark) else None


def parts_in(module: ModuleType) -> Catalogue:
    """The parts that a module defines."""
    return {
        (mark.stage, mark.name): value
        for value in vars(module).values()
        if isinstance(value, type)
        and value.__module__ == module.__name__
        and (mark := mark_of(value)) is not None
    }


@cache
def shipped() -> Catalogue:
    """The parts of this package: every file beside this one, whatever its name."""
    here = Path(__file__).parent
    found: Catalogue = {}
    for path in sorted(here.glob("*/[!._]*.py")):
        module = importlib.import_module(f"{__package__}.{path.parent.name}.{path.stem}")
        found |= parts_in(module)
    return found
