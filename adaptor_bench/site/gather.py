"""What a site shows: boards, with the runs behind their rows and how sure their order is."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from adaptor_bench.data.frames import Dataset, Frame
from adaptor_bench.errors import InputError
from adaptor_bench.evaluate.scorefile import FoldScore
from adaptor_bench.matching.settings import MatchSettings
from adaptor_bench.progress import Progress
from adaptor_bench.report.studies import BoardStudy as Certainty
from adaptor_bench.report.studies import Measured, named_rows, study_board
from adaptor_bench.results.blocks import Block, Row, blocks
from adaptor_bench.results.published import load_published
from adaptor_bench.results.runs import Cell, Run

__all__ = ["Board", "Entry", "Subject", "gather"]


@dataclass(frozen=True)
class Subject:
    """A method under fixed parameters and profile: what a page is about, on all boards.

    ``page`` is the file name of its page, ``index`` its place in plots and in the gallery.
    """

    name: str
    page: str
    index: int


@dataclass(frozen=True)
class Entry:
    """A measured row of a board and the runs behind it."""

    subject: Subject
    row: Row
    cell: Cell

    @property
    def shown_seed(self) -> int:
        """The seed whose predictions the gallery shows: the lowest with the most folds."""
        runs = self.cell.runs
        return min(runs, key=lambda seed: (-len(runs[seed]), seed))

    def shown(self) -> list[tuple[Run, FoldScore]]:
        """Runs and scores of :attr:`shown_seed`, by fold."""
        return [(r, s) for r, s in self.cell.pairs() if r.seed == self.shown_seed]


@dataclass(frozen=True)
class Board:
    """A block of the leaderboard. ``anchor`` is its id in the page; ``entries`` its measured
    rows in the order of the table; ``dataset`` is None where it is not at hand.

    ``certainty`` is the study of its complete entries by name of subject, None without any, or
    where ``obstacle`` says why their counts cannot be paired.
    """

    anchor: str
    block: Block
    entries: tuple[Entry, ...]
    dataset: Dataset | None
    certainty: Certainty | None = None
    obstacle: str = ""

    @property
    def settings(self) -> MatchSettings:
        """How every score of the block was matched (a block allows one way only)."""
        return self.block.settings

    @cached_property
    def frames(self) -> dict[str, Frame]:
        """Frame key to frame of the dataset's domain; empty without a dataset."""
        if self.dataset is None:
            return {}
        return {frame.key: frame for frame in self.dataset.domain(self.block.domain)}


def gather(
    runs: Sequence[Run], datasets: Mapping[str, Dataset], progress: Progress, *, ddof: int = 0
) -> tuple[list[Board], list[Subject]]:
    """Boards of all ``runs``, then those of published numbers; ``datasets`` by name.

    Raises InputError when the runs cannot stand in one table.
    """
    subjects: dict[str, Subject] = {}
    boards = []
    anchors: set[str] = set()
    chosen = blocks(runs, load_published(), ddof=ddof)
    with progress.bar("uncertainty") as bar:
        for number, (block, rows) in enumerate(zip(chosen, named_rows(chosen), strict=True), 1):
            entries = tuple(Entry(_subject(row, subjects), row.row, row.cell) for row in rows)
            anchor = _unused(_slug(f"{block.dataset}-{block.domain}-{block.kind}"), anchors)
            anchors.add(anchor)
            certainty, obstacle = _certainty(block, entries)
            dataset = datasets.get(block.dataset)
            if dataset is not None and block.domain not in dataset.frames:
                dataset = None
            boards.append(Board(anchor, block, entries, dataset, certainty, obstacle))
            bar(number, len(chosen))
    return boards, list(subjects.values())


def _certainty(block: Block, entries: Sequence[Entry]) -> tuple[Certainty | None, str]:
    """The study of a block's entries, or why there is none."""
    try:
        return study_board(block, {entry.subject.name: entry.cell for entry in entries}), ""
    except InputError as error:
        return None, error.message


def _subject(row: Measured, subjects: dict[str, Subject]) -> Subject:
    """That of the row's name, with a page of its own."""
    if row.name not in subjects:
        pages = {subject.page.removesuffix(".html") for subject in subjects.values()}
        page = _unused(f"method-{_slug(row.cell.example.method)}", pages)
        subjects[row.name] = Subject(row.name, f"{page}.html", len(subjects))
    return subjects[row.name]


def _slug(text: str) -> str:
    """Letters, digits and hyphens only: safe as a file name, an id and a link."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:60].strip("-") or "unnamed"


def _unused(name: str, taken: Container[str]) -> str:
    number, candidate = 1, name
    while candidate in taken:
        number += 1
        candidate = f"{name}-{number}"
    return candidate
