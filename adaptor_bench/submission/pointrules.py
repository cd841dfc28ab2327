"""Rules about the points of one file; see :mod:`adaptor_bench.submission.rules`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from adaptor_bench.submission.document import (
    POINTS_IMPLAUSIBLE,
    POINTS_LIMIT,
    Document,
    finite,
    is_number,
)
from adaptor_bench.submission.findings import Finding, pointer_part, shown
from adaptor_bench.submission.strictjson import Constant

_POINT_KEYS = ("x", "y", "score")
_UNKNOWN_SHOWN = 20


def points_limit(document: Document) -> Iterator[Finding]:
    """No more points than can be paired in reasonable time; a warning well before."""
    n = document.count
    if n > POINTS_LIMIT:
        message = f"{n} points; only the first {POINTS_LIMIT} were looked at"
        expected = f"at most {POINTS_LIMIT} points"
        yield document.finding(
            "points-too-many", "/points", message, found=f"{n} points", expected=expected
        )
    elif n > POINTS_IMPLAUSIBLE:
        expected = f"at most {POINTS_IMPLAUSIBLE} points"
        yield document.finding(
            "count-implausible", "/points", f"{n} points", found=f"{n} points", expected=expected
        )


def point_types(document: Document) -> Iterator[Finding]:
    """Every point is an object with numbers x and y, and a number as score if it has one."""
    for i, entry in enumerate(document.entries):
        if not isinstance(entry, dict):
            want = "an object with x and y"
            yield document.unlike("point-type", f"/points/{i}", entry, want, expected="an object")
            continue
        for key in _POINT_KEYS:
            if key not in entry:
                if key != "score":
                    message = f"coordinate {key!r} is missing"
                    yield document.finding(
                        "coordinate-missing", f"/points/{i}", message, expected=f"key {key!r}"
                    )
            elif not is_number(entry[key]):
                code = "score-type" if key == "score" else "coordinate-type"
                yield document.unlike(code, f"/points/{i}/{key}", entry[key], "a number")


def finite_numbers(document: Document) -> Iterator[Finding]:
    """No number is too large for a float. NaN and Infinity were reported when decoding."""
    for i, entry in enumerate(document.entries):
        for key in _POINT_KEYS if isinstance(entry, dict) else ():
            value = entry.get(key)
            if is_number(value) and finite(value) is None and not isinstance(value, Constant):
                yield document.finding(
                    "number-not-finite",
                    f"/points/{i}/{key}",
                    "the number is too large for a 64 bit float",
                    expected="a finite number",
                )


def inside_frame(document: Document) -> Iterator[Finding]:
    """0 <= x <= width - 1 and 0 <= y <= height - 1: pixel centres are at whole numbers."""
    width, height = document.size
    area = f"[0, {width - 1}] x [0, {height - 1}]"
    hint = f"Coordinates are pixels of the {width}x{height} frame, x to the right, y down."
    for i, x, y in document.coordinates:
        if not (0 <= x <= width - 1 and 0 <= y <= height - 1):
            where = f"({x:.7g}, {y:.7g})"
            yield document.finding(
                "point-outside",
                f"/points/{i}",
                f"{where} is outside {area}",
                found=where,
                expected=area,
                hint=hint,
            )


def distinct_points(document: Document) -> Iterator[Finding]:
    """The same place twice can only add a false positive."""
    if len({(x, y) for _, x, y in document.coordinates}) == len(document.coordinates):
        return
    first: dict[tuple[float, float], int] = {}
    for i, x, y in document.coordinates:
        earlier = first.setdefault((x, y), i)
        if earlier != i:
            message = f"same place as /points/{earlier}"
            found = f"({x:.7g}, {y:.7g})"
            expected = "every point at a place of its own"
            yield document.finding(
                "point-duplicate", f"/points/{i}", message, found=found, expected=expected
            )


def partial_scores(document: Document) -> Iterator[Finding]:
    """All points have a score, or none."""
    if 0 < document.scores < len(document.entries):
        found = f"{document.scores} of {len(document.entries)} points have a score"
        expected = "a score for all points or for none"
        yield document.finding("score-partial", "/points", found, found=found, expected=expected)


def unknown_point_keys(document: Document) -> Iterator[Finding]:
    """Keys of points that mean nothing here, each once, where it comes first."""
    first: dict[str, int] = {}
    times: Counter[str] = Counter()
    more = 0
    for i, entry in enumerate(document.entries):
        for key in entry if isinstance(entry, dict) else ():
            if key in _POINT_KEYS:
                continue
            if key in first or len(first) < _UNKNOWN_SHOWN:
                first.setdefault(key, i)
                times[key] += 1
            else:
                more += 1
    for n, (key, i) in enumerate(first.items(), 1):
        yield document.finding(
            "key-unknown",
            f"/points/{i}{pointer_part(key)}",
            f"key {shown(key)} of points is not used",
            count=times[key] + (more if n == len(first) else 0),
        )
