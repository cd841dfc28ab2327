"""Validate a submission: everything that is wrong with it, in one pass over its files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePath

from adaptor_bench.data.formats.challenge import NAMES
from adaptor_bench.data.formats.format import Format
from adaptor_bench.data.formats.known import (
    foreign_among,
    foreign_below,
    foreign_document,
    recognised_endings,
)
from adaptor_bench.data.layout import DESCRIPTIONS, LABELS, composed, frame_key
from adaptor_bench.data.sizes import FRAME_SIZE
from adaptor_bench.progress import Progress
from adaptor_bench.submission.codes import finding
from adaptor_bench.submission.filecheck import FINDINGS_PER_CODE, UNREADABLE, FileCheck, Place
from adaptor_bench.submission.findings import Finding, Report
from adaptor_bench.submission.members import Limits, Source, SourceError, SourceFile
from adaptor_bench.submission.reference import Reference, read_reference
from adaptor_bench.submission.source import open_source
from adaptor_bench.submission.strictjson import FILE_LIMIT
from adaptor_bench.submission.submissionrules import SUBMISSION_RULES, Submission

_OPENED = 20  # misplaced files that are decoded, to see what they are


def validate(
    path: Path,
    reference: Path | None = None,
    progress: Progress | None = None,
    limits: Limits | None = None,
) -> Report:
    """Check the submission at ``path``: a JSON file, a folder, a .zip, a .tar(.gz) or a .tgz.

    With ``reference``, a folder of labels, of images, or of both, the frames must be the
    reference's and points must lie inside its frames; otherwise inside 512x288. A single file is
    looked up in the reference by its path below ``point_labels``, else by the names in it.
    Files are read one after the other, and only a few numbers are kept of each.

    Raises UsageError when ``path`` is nothing of the kind; InputError when the reference itself
    is not usable.
    """
    known = None if reference is None else read_reference(reference)
    return examine(path, known, progress, limits)[0]


def examine(
    path: Path,
    known: Reference | None = None,
    progress: Progress | None = None,
    limits: Limits | None = None,
) -> tuple[Report, Submission]:
    """As :func:`validate`, with a reference that was read before; the frames stay, to be scored."""
    with open_source(path, limits or Limits()) as source:
        walk = _Pass(path, source, Submission(source.kind != "file", known))
        ignored = [found for found in source.findings if found.code == "file-ignored"]
        walk.add(found for found in source.findings if found.code != "file-ignored")
        with (progress or Progress(live=False)).bar("files checked") as bar:
            total = _expected_files(source, known) if progress and progress.live else 0
            for n, entry in enumerate(source.entries(), 1):
                walk.take(entry)
                if progress and n % 64 == 0:
                    bar(n, max(n, total))
        walk.look_around(limits or Limits())
        if walk.submission.readable or not walk.submission.foreign:
            walk.add(ignored)  # of use to whoever need not convert everything first
        for rule in SUBMISSION_RULES:
            walk.add(rule(walk.submission))
    return walk.report(), walk.submission


def _head(entry: SourceFile, limit: int) -> bytes:
    try:
        return entry.read(limit)
    except SourceError as error:
        raise OSError(error.message) from error


class _Pass:
    """One pass over a submission. Counts all findings, keeps the first ones of every code."""

    def __init__(self, path: Path, source: Source, submission: Submission) -> None:
        self.submission = submission
        self._path = path
        self._alone = source.kind == "file"
        self._check = FileCheck(path)
        self._places: dict[str, tuple[str, str] | None] = {}
        self._files: list[str] = []
        self._kept: list[Finding] = []
        self._misplaced = 0
        self._number: Counter[str] = Counter()
        self._counts: Counter[str] = Counter()
        self._totals: Counter[str] = Counter()

    def add(self, findings: Iterable[Finding]) -> None:
        """Take findings in."""
        for found in findings:
            self._counts[found.code] += found.count
            self._totals[found.severity] += found.count
            self._number[found.code] += 1
            if self._number[found.code] <= FINDINGS_PER_CODE:
                self._kept.append(found)

    def take(self, entry: SourceFile) -> None:
        """Read and check one file."""
        if entry.name in DESCRIPTIONS and not self._alone:
            text = "describes a dataset, holds no predictions"
            self.add([finding("file-ignored", entry.name, text)])
            return
        self._files.append(entry.name)
        try:
            data = entry.read(FILE_LIMIT)
        except SourceError as error:
            data = None
            self.add([finding(error.code, entry.name, error.message)])
        if self._alone:
            self._take_alone(data, entry.name)
            return
        folder, _, name = entry.name.rpartition("/")
        place = self._place(folder)
        if place is None:
            self._take_misplaced(data, entry.name)
            return
        stem = name[: -len(".json")]
        key = composed(f"{place[0]}/{place[1]}/{stem}")
        checked = UNREADABLE
        if data is not None:
            checked = self._check.check(data, entry.name, (*place, stem), self._size(key))
            self.add(checked.findings)
        self.add(self.submission.add(key, entry.name, checked))

    def _take_misplaced(self, data: bytes | None, file: str) -> None:
        """Not at a frame's place: perhaps one file of another program for all frames."""
        self._misplaced += 1
        if data is not None and self._misplaced <= _OPENED:
            foreign = foreign_document(self._check.open(data, file).content)
            if foreign is not None:
                self.add([self._foreign(file, foreign)])
                return
        self.add([finding("file-misplaced", file, "not at a frame's place")])

    def look_around(self, limits: Limits) -> None:
        """Where no frame was found, perhaps files of another program are there."""
        if not self.submission.files and not self._counts["format-foreign"]:
            if self._path.is_dir():
                found = foreign_below(self._path)
            else:
                wider = replace(limits, endings=recognised_endings())
                with open_source(self._path, wider) as source:
                    found = foreign_among((e.name, partial(_head, e)) for e in source.entries())
            if found is not None:
                self.add([self._foreign(*found)])
        self.submission.foreign = self._counts["format-foreign"] > 0

    def _foreign(self, file: str, foreign: Format) -> Finding:
        """``file`` is below the folder or in the archive that is looked at."""
        at = self._path
        if foreign.many and at.is_dir() and (at / file).is_file():
            at = at / file
        return finding(
            "format-foreign", file, foreign.what, hint=foreign.todo(at, predictions=True)
        )

    def report(self) -> Report:
        """All of it."""
        return Report(
            frames=len(self.submission.files),
            points=self.submission.listed,
            findings=tuple(sorted(self._kept, key=Report.sort_key)),
            counts=dict(sorted(self._counts.items())),
            totals=dict(self._totals),
            files=tuple(self._files),
        )

    def _take_alone(self, data: bytes | None, file: str) -> None:
        """A file given on its own: its parents are the frame's folders only by its layout."""
        place = _place_alone(self._path)
        checked, names = UNREADABLE, place
        if data is not None:
            decoded = self._check.open(data, file)
            if place[0] is None:
                names = _place_by_names(decoded.content) or place
            size = self._size(composed("/".join(map(str, names))))
            checked = self._check.judge(decoded, file, place, size)
            self.add(checked.findings)
        key = composed(f"{names[0] or '?'}/{names[1] or '?'}/{names[2]}")
        self.add(self.submission.add(key, file, checked))

    def _place(self, folder: str) -> tuple[str, str] | None:
        if folder not in self._places:
            key = frame_key(PurePath(folder, "x"))
            self._places[folder] = None if key is None else tuple(key.split("/")[:2])  # type: ignore[assignment]
        return self._places[folder]

    def _size(self, key: str) -> tuple[int, int]:
        known = self.submission.reference
        return FRAME_SIZE if known is None else known.sizes.get(key, FRAME_SIZE)


def _expected_files(source: Source, known: Reference | None) -> int:
    """For the progress bar. A tar tells only by being read as a whole."""
    if source.kind != "tar":
        return sum(1 for _ in source.entries())
    return 0 if known is None else len(known.sizes)


def _place_alone(path: Path) -> Place:
    """Folder, subfolder and stem of a file given on its own.

    Its parents are the challenge's folders for certain only below ``point_labels``.
    """
    parents = path.resolve().parents
    if len(parents) > 3 and parents[0].name == LABELS:
        return parents[2].name, parents[1].name, path.stem
    return None, None, path.stem


def _place_by_names(content: object) -> Place | None:
    """What the three names say, if they say something."""
    names = [content.get(name) for name in NAMES] if isinstance(content, dict) else []
    if names and all(isinstance(name, str) and name for name in names):
        folder, subfolder, image = map(str, names)
        return folder, subfolder, PurePath(image).stem
    return None
