"""What a challenge platform is to ``bench adapter``: one class in one file of this folder."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from adaptor_bench.errors import UsageError, suggest
from adaptor_bench.matching.settings import MatchSettings
from adaptor_bench.resources import modules_of

_CLASSES: dict[str, type[Platform]] = {}


@dataclass(frozen=True)
class Order:
    """What an organiser asks of a platform.

    ``settings`` say how to match; ``chosen`` whether that was asked for in so many words.
    ``labels`` is a folder; ``entries`` are texts ``NAME=PATH``; ``image`` names a container image.
    """

    out: Path
    settings: MatchSettings
    chosen: bool = False
    labels: Path | None = None
    entries: tuple[str, ...] = ()
    image: str | None = None


class Platform(ABC):
    """A class with a ``name`` is offered by ``bench adapter`` under that name."""

    name: ClassVar[str] = ""

    def __init_subclass__(cls) -> None:
        if cls.name:
            _CLASSES[cls.name] = cls

    @abstractmethod
    def write(self, order: Order) -> str:
        """Write what the platform takes to ``order.out``; one line on what was written.

        Raises UsageError for what this platform cannot use, InputError for unusable labels or
        entries.
        """


def platforms() -> dict[str, Platform]:
    """Every platform by name; a module of this folder is found by being there."""
    modules_of("adaptor_bench.platforms")
    return {name: _CLASSES[name]() for name in sorted(_CLASSES)}


def find_platform(name: str) -> Platform:
    """The platform called ``name``. Raises UsageError when there is none."""
    known = platforms()
    if name not in known:
        raise UsageError(f"there is no platform {name!r}", hint=suggest(name, known))
    return known[name]
