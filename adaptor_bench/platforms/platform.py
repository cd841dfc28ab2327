"""What a challenge platform is to ``bench adapter``: one class in one file of this folder."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from adaptor_bench.errors import UsageError, suggest
from adaptor_bench.matching.settings import MatchSettings
from adaptor_bench.resources import modules_of

_NO_DATE = "2030"
_CLASSES: dict[str, type[Platform]] = {}


@dataclass(frozen=True)
class Announcement:
    """What participants are told: free text of the organiser, and dates YYYY-MM-DD.

    A date that is not given is the first or the last day of the year of the other one.
    """

    title: str = "Landmark detection"
    description: str = (
        "Find the landmarks of every frame: as many as there are, in no particular order."
    )
    rules: tuple[str, ...] = ("To be written by the organiser.",)
    opens: str = ""
    closes: str = ""
    contact: str = ""
    submit: str = ""

    @property
    def first_day(self) -> str:
        """When submissions are taken from."""
        return self.opens or f"{(self.closes or _NO_DATE)[:4]}-01-01"

    @property
    def last_day(self) -> str:
        """Until when."""
        return self.closes or f"{(self.opens or _NO_DATE)[:4]}-12-31"


@dataclass(frozen=True)
class Order:
    """What an organiser asks of a platform.

    ``settings`` say how to match; ``chosen`` whether that was asked for in so many words.
    ``labels`` is a folder; ``entries`` are texts ``NAME=PATH``; ``image`` names a container image;
    ``announcement`` is what the pages of a bundle say.
    """

    out: Path
    settings: MatchSettings
    chosen: bool = False
    labels: Path | None = None
    entries: tuple[str, ...] = ()
    image: str | None = None
    announcement: Announcement = Announcement()


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
