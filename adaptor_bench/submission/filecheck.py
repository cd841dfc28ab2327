"""Check one file: quickly when nothing is wrong with it, with care when anything is.

Nearly all files of nearly all submissions are in order. :func:`plain_points` recognises such a
file with a handful of operations that run in C; whatever it does not recognise goes through the
strict decoder, every rule, and the search for line and column.
"""

from __future__ import annotations

import json
import math
from array import array
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import chain

from adaptor_bench.data.formats.known import foreign_document
from adaptor_bench.submission.codes import finding
from adaptor_bench.submission.document import Decoded, decode
from adaptor_bench.submission.findings import Finding
from adaptor_bench.submission.locate import located
from adaptor_bench.submission.prediction import NAMES, POINTS_IMPLAUSIBLE
from adaptor_bench.submission.rules import DOCUMENT_RULES, Document

__all__ = [
    "FINDINGS_PER_CODE",
    "FINDINGS_PER_FILE",
    "UNREADABLE",
    "Checked",
    "FileCheck",
    "Place",
    "plain_points",
]

FINDINGS_PER_FILE = 100
"""Findings kept per code and file; the last one stands for all beyond."""
FINDINGS_PER_CODE = 10_000
"""Findings kept of one code over all files; the totals stay exact."""
_PLACES_BUDGET = 32 << 20
"""Characters of files in which lines and columns are looked up, over a whole submission: 10,000
usual files have a third of it, and where no finding will be kept none is looked up."""
_CARE_BUDGET = 64 << 20
"""Bytes of files with errors that are decoded with care. A submission that was made to keep us busy
has no end."""
_HARMLESS = 8
"""A file that is decoded with care and has no error counts for this part of its bytes only: 100,000
frames that state their size, 5 KB each, are still checked to the end."""
_PLAIN_LIMIT = 64 << 10
"""Bytes of a file that the shortcut looks at: a hundred points, generously spaced."""

Place = tuple[str | None, str | None, str]
"""Folder, subfolder and stem that the path of a file states."""
_NUMBERS = {int, float}
_decode = json.JSONDecoder().decode


@dataclass(frozen=True)
class Checked:
    """What one file holds. ``points`` are x and y in turn, of the points that have both.

    ``listed`` counts the points that stand in the file, ``scores`` those with a score;
    ``readable`` says whether there is a list of points at all.
    """

    findings: list[Finding]
    points: array[float]
    listed: int
    scores: int = 0
    readable: bool = True


UNREADABLE = Checked([], array("d"), 0, readable=False)
"""A file whose bytes nobody could read."""


def plain_points(data: bytes, place: Place, size: tuple[int, int]) -> Checked | None:
    """The points of a file about which there is nothing to say; None if there may be something.

    Must never accept what a rule would object to; tests hold it to the rules.
    """
    if len(data) > _PLAIN_LIMIT:
        return None
    try:
        text = data.decode()
        # Deep nesting is out of the question with a single list; keys and names without escapes
        # make the quotes below countable.
        if "\\" in text or text.count("[") != 1:
            return None
        document = _decode(text)
        folder, subfolder, image = (document[name] for name in NAMES)
        points = document["points"]
        n = len(points)
        scores = n if n and len(points[0]) == 3 else 0
        keys = 3 if scores else 2
        # As many quotes as four keys, three names and the points' keys have: no key can be there
        # twice, for the decoder would have dropped one.
        if (
            len(document) != 4
            or type(points) is not list
            or n > POINTS_IMPLAUSIBLE
            or text.count('"') != 2 * (7 + keys * n)
            or not type(folder) is type(subfolder) is type(image) is str
            or any(len(point) != keys for point in points)
        ):
            return None
        flat = [value for point in points for value in (point["x"], point["y"])]
        if not set(map(type, flat)) <= _NUMBERS:
            return None
        if scores:
            numbers = [point["score"] for point in points]
            if not set(map(type, numbers)) <= _NUMBERS or not math.isfinite(math.fsum(numbers)):
                return None
        if n:
            xs, ys = flat[::2], flat[1::2]
            inside = (
                min(xs) >= 0
                and max(xs) <= size[0] - 1
                and min(ys) >= 0
                and (max(ys) <= size[1] - 1)
            )
            # A NaN can hide from min and max, but not from a sum.
            if not inside or not math.isfinite(sum(flat)):
                return None
            if n > 1 and len(set(zip(xs, ys, strict=True))) != n:
                return None
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError, AttributeError):
        return None
    if (folder, subfolder, image) != (place[0], place[1], f"{place[2]}.png"):
        return None
    if ":" in folder or ":" in subfolder or ":" in image:
        return None  # perhaps a drive letter
    return Checked([], array("d", flat), n, scores)


class FileCheck:
    """Checks the files of one submission, with care where it is needed."""

    def __init__(self) -> None:
        self._budget = _PLACES_BUDGET
        self._care = _CARE_BUDGET
        self._seen: Counter[str] = Counter()

    def check(self, data: bytes, file: str, place: Place | None, size: tuple[int, int]) -> Checked:
        """Everything about one file of a frame. ``file`` is the name findings carry."""
        if place is not None:
            plain = plain_points(data, place, size)
            if plain is not None:
                return plain
        if self._care <= 0:
            message = f"not checked: there were {_CARE_BUDGET >> 20} MiB of faulty files before"
            return replace(UNREADABLE, findings=[finding("checking-stopped", file, message)])
        checked = self.judge(self.open(data, file), file, place, size)
        faulty = any(found.severity == "error" for found in checked.findings)
        self._care -= len(data) if faulty else len(data) // _HARMLESS
        return checked

    def open(self, data: bytes, file: str) -> Decoded:
        """The decoded file; for :meth:`judge`."""
        return decode(data, file, places=self._budget > 0)

    def judge(
        self, decoded: Decoded, file: str, place: Place | None, size: tuple[int, int]
    ) -> Checked:
        """All rules of the document, for the frame that ``place`` and ``size`` describe."""
        document = Document(file, decoded.content, size, place)
        heard: Iterable[Finding] = iter(decoded.findings)
        foreign = foreign_document(decoded.content) if decoded.complete else None
        if foreign is not None:
            told = finding("format-foreign", file, foreign.what, hint=foreign.todo)
            heard = chain(heard, [told])
        elif decoded.complete:
            heard = chain(heard, *(rule(document) for rule in DOCUMENT_RULES))
        findings = _capped(heard)
        kept = any(self._seen[found.code] < FINDINGS_PER_CODE for found in findings)
        self._seen.update(found.code for found in findings)
        if kept and decoded.complete and self._budget > 0:
            self._budget -= len(decoded.text)
            findings = located(findings, decoded.text)
        points = array("d", [v for _, *pair in document.coordinates for v in pair])
        content = decoded.content
        listed = isinstance(content, dict) and isinstance(content.get("points"), list)
        return Checked(findings, points, document.count, document.scores, listed)


def _capped(findings: Iterable[Finding]) -> list[Finding]:
    """At most FINDINGS_PER_FILE of a code; the last one kept counts those left out."""
    kept: list[Finding] = []
    seen: Counter[str] = Counter()
    left_out: Counter[str] = Counter()
    last: dict[str, int] = {}
    for found in findings:
        seen[found.code] += 1
        if seen[found.code] > FINDINGS_PER_FILE:
            left_out[found.code] += found.count
        else:
            last[found.code] = len(kept)
            kept.append(found)
    for code, n in left_out.items():
        kept[last[code]] = replace(kept[last[code]], count=kept[last[code]].count + n)
    return kept
