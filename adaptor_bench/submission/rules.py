"""What a point JSON of the challenge must be: one small function per rule.

A rule of the document takes a :class:`Document` and yields findings; it relies on nothing that
another rule checks, so all of them can speak about one file.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from adaptor_bench.submission.findings import Finding, Severity, pointer_part, shown

__all__ = ["DOCUMENT_RULES", "FRAME_SIZE", "NAMES", "Document"]

FRAME_SIZE = (512, 288)
"""Width and height of a challenge frame, pixels."""
NAMES = ("folderName", "subfolderName", "imageFileName")
_KNOWN_KEYS = {*NAMES, "points", "imageWidth", "imageHeight"}


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

    def finding(
        self, code: str, pointer: str, message: str, hint: str = "", severity: Severity = "error"
    ) -> Finding:
        """A finding about this file."""
        return Finding(code, severity, self.file, pointer, message, hint)

    @property
    def entries(self) -> list[tuple[int, Any]]:
        """The points as they stand, with their index; none when there is no such list."""
        points = self.content.get("points") if isinstance(self.content, dict) else None
        return list(enumerate(points)) if isinstance(points, list) else []

    def coordinates(self) -> Iterator[tuple[int, float, float]]:
        """Index, x and y of the points that have two finite coordinates."""
        for i, entry in self.entries:
            if isinstance(entry, dict):
                x, y = _finite(entry.get("x")), _finite(entry.get("y"))
                if x is not None and y is not None:
                    yield i, x, y


def object_expected(document: Document) -> Iterator[Finding]:
    """The file holds an object."""
    if not isinstance(document.content, dict):
        kind = _kind(document.content)
        yield document.finding("root-type", "", f"expected an object, found {kind}")


def required_keys(document: Document) -> Iterator[Finding]:
    """folderName, subfolderName, imageFileName and points are there."""
    if isinstance(document.content, dict):
        for key in (*NAMES, "points"):
            if key not in document.content:
                hint = "A frame without landmarks has an empty list." if key == "points" else ""
                yield document.finding("key-missing", "", f"key {key!r} is missing", hint)


def key_types(document: Document) -> Iterator[Finding]:
    """Names are text, points a list."""
    if isinstance(document.content, dict):
        for key, kind, name in (*((n, str, "text") for n in NAMES), ("points", list, "a list")):
            value = document.content.get(key)
            if key in document.content and not isinstance(value, kind):
                message = f"expected {name}, found {_kind(value)}"
                yield document.finding("key-type", f"/{key}", message)


def unknown_keys(document: Document) -> Iterator[Finding]:
    """Keys that mean nothing here are kept, and ignored."""
    if isinstance(document.content, dict):
        for key in document.content:
            if key not in _KNOWN_KEYS:
                message = f"key {shown(key)} is not used"
                yield document.finding("key-unknown", pointer_part(key), message, severity="info")


def point_types(document: Document) -> Iterator[Finding]:
    """Every point is an object with numbers x and y, and a number as score if it has one."""
    for i, entry in document.entries:
        if not isinstance(entry, dict):
            message = f"expected an object with x and y, found {_kind(entry)}"
            yield document.finding("point-type", f"/points/{i}", message)
            continue
        for key in ("x", "y", "score"):
            if key not in entry:
                if key != "score":
                    message = f"coordinate {key!r} is missing"
                    yield document.finding("coordinate-missing", f"/points/{i}", message)
            elif not _is_number(entry[key]):
                code = "score-type" if key == "score" else "coordinate-type"
                message = f"expected a number, found {_kind(entry[key])}"
                yield document.finding(code, f"/points/{i}/{key}", message)


def finite_numbers(document: Document) -> Iterator[Finding]:
    """No number is too large for a float."""
    for i, entry in document.entries:
        for key in ("x", "y", "score") if isinstance(entry, dict) else ():
            value = entry.get(key)
            if _is_number(value) and _finite(value) is None:
                message = f"{shown(value)} is not a finite number"
                yield document.finding("number-not-finite", f"/points/{i}/{key}", message)


def inside_frame(document: Document) -> Iterator[Finding]:
    """0 <= x <= width - 1 and 0 <= y <= height - 1: pixel centres are at whole numbers."""
    width, height = document.size
    for i, x, y in document.coordinates():
        if not (0 <= x <= width - 1 and 0 <= y <= height - 1):
            yield document.finding(
                "point-outside",
                f"/points/{i}",
                f"({x:g}, {y:g}) is outside [0, {width - 1}] x [0, {height - 1}]",
                f"Coordinates are pixels of the {width}x{height} frame, x to the right, y down.",
            )


def distinct_points(document: Document) -> Iterator[Finding]:
    """The same place twice can only add a false positive."""
    first: dict[tuple[float, float], int] = {}
    for i, x, y in document.coordinates():
        earlier = first.setdefault((x, y), i)
        if earlier != i:
            message = f"same place as /points/{earlier}"
            yield document.finding("point-duplicate", f"/points/{i}", message, severity="warning")


def names_agree(document: Document) -> Iterator[Finding]:
    """folderName, subfolderName and imageFileName say what the path says."""
    if document.place is None or not isinstance(document.content, dict):
        return
    for key, expected in zip(NAMES, document.place, strict=True):
        value = document.content.get(key)
        if expected is None or not isinstance(value, str):
            continue
        if (PurePath(value).stem if key == "imageFileName" else value) != expected:
            wanted = f"{expected}.png" if key == "imageFileName" else expected
            yield document.finding(
                "name-mismatch",
                f"/{key}",
                f"{shown(value)} disagrees with the path, which says {shown(wanted)}",
                "Frames are identified by their path.",
            )


DOCUMENT_RULES: tuple[Callable[[Document], Iterator[Finding]], ...] = (
    object_expected,
    required_keys,
    key_types,
    names_agree,
    point_types,
    finite_numbers,
    inside_frame,
    distinct_points,
    unknown_keys,
)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _finite(value: Any) -> float | None:
    try:
        number = float(value) if _is_number(value) else math.nan
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "text", bool: "true or false"}
    return "null" if value is None else names.get(type(value), "a number")
