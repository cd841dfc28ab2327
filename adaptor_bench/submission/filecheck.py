"""Check one file: decode it strictly, let every rule speak, find lines and columns.

A submission that was made to keep us busy has no end, so what costs much has a budget.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from adaptor_bench.data.formats.known import foreign_document
from adaptor_bench.submission.codes import finding
from adaptor_bench.submission.document import Document
from adaptor_bench.submission.findings import Capped, Finding
from adaptor_bench.submission.locate import located
from adaptor_bench.submission.rules import DOCUMENT_RULES, PLAIN_RULES
from adaptor_bench.submission.strictjson import Parsed, decode

FINDINGS_PER_FILE = 100
"""Findings kept per code and file; the last one stands for all beyond."""
FINDINGS_PER_CODE = 10_000
"""Findings kept of one code over all files; the totals stay exact."""
_PLACES_BUDGET = 32 << 20
"""Characters of files in which lines and columns are looked up, over a whole submission: 10,000
usual files have a third of it, and where no finding will be kept none is looked up."""
_CARE_BUDGET = 64 << 20
"""Bytes of files with errors that are checked."""
_HARMLESS = 8
"""A file with findings but no error counts for this part of its bytes only: 100,000 frames of 5 KB
with a key too many are still checked to the end."""
Place = tuple[str | None, str | None, str]
"""Folder, subfolder and stem that the path of a file states."""


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


class FileCheck:
    """Checks the files of one submission, with care where it is needed."""

    def __init__(self, source: Path | str = "FOLDER") -> None:
        """``source`` is where the submission is, for what is to be done about all of it."""
        self._source = source
        self._budget = _PLACES_BUDGET
        self._care = _CARE_BUDGET
        self._seen: Counter[str] = Counter()

    def check(self, data: bytes, file: str, place: Place | None, size: tuple[int, int]) -> Checked:
        """Everything about one file of a frame. ``file`` is the name findings carry."""
        if self._care <= 0:
            message = f"not checked: there were {_CARE_BUDGET >> 20} MiB of faulty files before"
            return replace(UNREADABLE, findings=[finding("checking-stopped", file, message)])
        checked = self.judge(self.open(data, file), file, place, size)
        if checked.findings:
            faulty = any(found.severity == "error" for found in checked.findings)
            self._care -= len(data) if faulty else len(data) // _HARMLESS
        return checked

    def open(self, data: bytes, file: str) -> Parsed:
        """The decoded file; for :meth:`judge`."""
        return decode(data, file, places=self._budget > 0)

    def judge(
        self, decoded: Parsed, file: str, place: Place | None, size: tuple[int, int]
    ) -> Checked:
        """All rules of the document, for the frame that ``place`` and ``size`` describe."""
        document = Document(file, decoded.content, size, place)
        heard: Iterable[Finding] = iter(decoded.findings)
        foreign = foreign_document(decoded.content) if decoded.complete else None
        if foreign is not None:
            hint = foreign.todo(self._source, predictions=True)
            told = finding("format-foreign", file, foreign.what, hint=hint)
            heard = chain(heard, [told])
        elif decoded.complete:
            rules = PLAIN_RULES if document.plain else DOCUMENT_RULES
            heard = chain(heard, *[rule(document) for rule in rules])
        capped = Capped(FINDINGS_PER_FILE)
        for found in heard:
            capped.add(found)
        findings = capped.findings()
        kept = any(self._seen[found.code] < FINDINGS_PER_CODE for found in findings)
        self._seen.update(found.code for found in findings)
        if kept and decoded.complete and self._budget > 0:
            self._budget -= len(decoded.text)
            findings = located(findings, decoded.text)
        points = array("d", [v for _, x, y in document.coordinates for v in (x, y)])
        return Checked(findings, points, document.count, document.scores, document.listed)
