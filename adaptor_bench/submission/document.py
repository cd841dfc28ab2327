"""A decoded prediction file as the rules see it, and how its values are told to people."""

from __future__ import annotations

import json
import math
from typing import Any

from adaptor_bench.data.sizes import FRAME_SIZE
from adaptor_bench.submission.codes import finding
from adaptor_bench.submission.findings import Finding, shown

NAME_PATTERN = r"^(?!\.{1,2}$)(?![A-Za-z]:)[^/\\\u0000]+$"
"""A name that cannot leave its folder when somebody builds a path from it; also in the schema."""
POINTS_LIMIT = 1000
"""Points of one frame that are looked at: a hundred times what a frame shows."""
POINTS_IMPLAUSIBLE = 100
"""Beyond this a frame is odd: rings of sutures have in the order of ten points."""
_FLOATS = {int, float}


class Document:
    """A decoded file, and what is in its list of points.

    ``size`` is (width, height) of its frame in pixels. ``place`` is (folder, subfolder, stem) from
    the path; folder and subfolder are None when the file was validated on its own and its path may
    say nothing.

    ``entries`` are the first :data:`POINTS_LIMIT` of ``count`` points as they stand; ``listed``
    says whether there is such a list at all. ``coordinates`` holds index, x and y of those with
    two finite coordinates; ``scores`` counts those with a score. With ``plain`` every entry has a
    finite x and y, perhaps a finite score, and nothing else: so it is in nearly all files, and
    then there is nothing to say about single numbers.
    """

    def __init__(
        self,
        file: str,
        content: Any,
        size: tuple[int, int] = FRAME_SIZE,
        place: tuple[str | None, str | None, str] | None = None,
    ) -> None:
        self.file, self.content, self.size, self.place = file, content, size, place
        points = content.get("points") if isinstance(content, dict) else None
        self.listed = isinstance(points, list)
        self.count = len(points) if isinstance(points, list) else 0
        self.entries: list[Any] = points[:POINTS_LIMIT] if isinstance(points, list) else []
        self.coordinates: list[tuple[int, float, float]] = []
        self.plain = self._take_plain() or not self._take_each()

    def finding(self, code: str, pointer: str, message: str, **more: Any) -> Finding:
        """A finding about this file."""
        return finding(code, self.file, message, pointer=pointer, **more)

    def unlike(self, code: str, pointer: str, value: Any, want: str, **more: Any) -> Finding:
        """A finding about a value that is not what is wanted."""
        more = {"found": literal(value), "expected": want} | more
        return self.finding(code, pointer, f"expected {want}, found {told(value)}", **more)

    def _take_plain(self) -> bool:
        """All of ``coordinates`` and ``scores`` at once, if the entries are plain."""
        try:
            pairs = [(entry["x"], entry["y"]) for entry in self.entries]
            scores = [entry["score"] for entry in self.entries if "score" in entry]
            numbers = [number for pair in pairs for number in pair] + scores
            if (
                sum(map(len, self.entries)) != len(numbers)
                or not set(map(type, numbers)) <= _FLOATS
            ):
                return False
            if not math.isfinite(sum(numbers)):
                return False
            self.coordinates = [(i, float(x), float(y)) for i, (x, y) in enumerate(pairs)]
            self.scores = len(scores)
        except (TypeError, KeyError, IndexError, OverflowError):
            return False
        return True

    def _take_each(self) -> bool:
        for i, entry in enumerate(self.entries):
            if isinstance(entry, dict):
                x, y = finite(entry.get("x")), finite(entry.get("y"))
                if x is not None and y is not None:
                    self.coordinates.append((i, x, y))
        self.scores = sum(isinstance(entry, dict) and "score" in entry for entry in self.entries)
        return True


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
