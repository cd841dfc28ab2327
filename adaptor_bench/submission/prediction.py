"""A decoded prediction file as the rules see it, and how its values are told to people."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from adaptor_bench.data.sizes import FRAME_SIZE
from adaptor_bench.submission.codes import finding
from adaptor_bench.submission.findings import Finding, shown

__all__ = [
    "FRAME_SIZE",
    "NAMES",
    "NAME_PATTERN",
    "POINTS_IMPLAUSIBLE",
    "POINTS_LIMIT",
    "SIZE_KEYS",
    "Document",
    "finite",
    "is_number",
    "kind_of",
    "literal",
    "told",
]

NAMES = ("folderName", "subfolderName", "imageFileName")
NAME_PATTERN = r"^(?!\.{1,2}$)(?![A-Za-z]:)[^/\\\u0000]+$"
"""A name that cannot leave its folder when somebody builds a path from it; also in the schema."""
POINTS_LIMIT = 1000
"""Points of one frame that are looked at: a hundred times what a frame shows."""
POINTS_IMPLAUSIBLE = 100
"""Beyond this a frame is odd: rings of sutures have in the order of ten points."""
SIZE_KEYS = ("imageWidth", "imageHeight")


@dataclass(frozen=True)
class Document:
    """A decoded file. ``size`` is (width, height) of its frame in pixels.

    ``place`` is (folder, subfolder, stem) from the path; folder and subfolder are None when the
    file was validated on its own and its path may say nothing.
    """

    file: str
    content: Any
    size: tuple[int, int] = FRAME_SIZE
    place: tuple[str | None, str | None, str] | None = None

    def finding(self, code: str, pointer: str, message: str, **more: Any) -> Finding:
        """A finding about this file."""
        return finding(code, self.file, message, pointer=pointer, **more)

    @cached_property
    def count(self) -> int:
        """How many points the file lists."""
        points = self.content.get("points") if isinstance(self.content, dict) else None
        return len(points) if isinstance(points, list) else 0

    @cached_property
    def entries(self) -> list[tuple[int, Any]]:
        """The first points as they stand, with their index; none when there is no such list."""
        return list(enumerate(self.content["points"][:POINTS_LIMIT])) if self.count else []

    @cached_property
    def coordinates(self) -> list[tuple[int, float, float]]:
        """Index, x and y of the points that have two finite coordinates."""
        found = []
        for i, entry in self.entries:
            if isinstance(entry, dict):
                x, y = finite(entry.get("x")), finite(entry.get("y"))
                if x is not None and y is not None:
                    found.append((i, x, y))
        return found

    @cached_property
    def scores(self) -> int:
        """How many of the points have a score."""
        return sum(isinstance(entry, dict) and "score" in entry for _, entry in self.entries)


def is_number(value: Any) -> bool:
    """A JSON number; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def finite(value: Any) -> float | None:
    """The number as a float; None if it is none, or not finite."""
    try:
        number = float(value) if is_number(value) else math.nan
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def kind_of(value: Any) -> str:
    """What kind of JSON value it is."""
    names = {dict: "an object", list: "a list", str: "text", bool: "true or false"}
    return "null" if value is None else names.get(type(value), "a number")


def told(value: Any) -> str:
    """Kind and value, for a message."""
    if isinstance(value, str):
        return f"text {literal(value)}"
    return literal(value)


def literal(value: Any) -> str:
    """As JSON, cut when long; lists and objects by their kind."""
    if isinstance(value, dict | list):
        return kind_of(value)
    if isinstance(value, str):
        text = json.dumps(value[:50])
        return text if len(value) <= 50 else f'{text[:-1]}..."'
    return json.dumps(value) if value is None or isinstance(value, bool) else shown(value)
