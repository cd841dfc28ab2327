"""What a site shows: boards, with the results behind their rows and how sure their order is."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from adaptor_bench.data.frames import Dataset, Frame
from adaptor_bench.errors import InputError
from adaptor_bench.matching.settings import MatchSettings
from adaptor_bench.progress import Progress
from adaptor_bench.report.studies import BoardStudy, study_of
from adaptor_bench.results.board import Board, boards_of
from adaptor_bench.results.published import load_published
from adaptor_bench.results.result import FoldResult, Result
from adaptor_bench.results.sources import published_results

__all__ = ["Section", "Shown", "Subject", "gather"]


@dataclass(frozen=True)
class Subject:
    """A method under fixed parameters and profile: what a page is about, on all boards.

    ``page`` is the file name of its page, ``index`` its place in plots and in the gallery.
    """

    name: str
    page: str
    index: int


@dataclass(frozen=True)
class Shown:
    """A measured result of a board, and the subject it is of."""

    subject: Subject
    result: Result

    @property
    def shown_seed(self) -> int:
        """The seed whose predictions the gallery shows: the lowest with the most folds."""
        seeds = [part.seed for part in self.result.fold_results]
        return min(set(seeds), key=lambda seed: (-seeds.count(seed), seed))

    def shown(self) -> list[FoldResult]:
        """The folds of :attr:`shown_seed`."""
        return [part for part in self.result.fold_results if part.seed == self.shown_seed]


@dataclass(frozen=True)
class Section:
    """A board as the site shows it. ``anchor`` is its id in the page; ``entries`` its measured
    results in the order of the table; ``dataset`` is None where it is not available.

    ``certainty`` is the study of its complete competitors, None without any, or where ``obstacle``
    says why their counts cannot be paired.
    """

    anchor: str
    board: Board
    entries: tuple[Shown, ...]
    dataset: Dataset | None
    certainty: BoardStudy | None = None
    obstacle: str = ""

    @property
    def settings(self) -> MatchSettings:
        """How every score of the board was matched (a board allows one way only)."""
        return self.board.settings

    @cached_property
    def frames(self) -> dict[str, Frame]:
        """Frame key to frame of the dataset's domain; empty without a dataset."""
        if self.dataset is None:
            return {}
        return {frame.key: frame for frame in self.dataset.domain(self.board.domain)}


def gather(
    results: Sequence[Result],
    datasets: Mapping[str, Dataset],
    progress: Progress,
    *,
    ddof: int = 0,
) -> tuple[list[Section], list[Subject]]:
    """Sections of all ``results``, then those of published numbers; ``datasets`` by name.

    Raises InputError when the results cannot stand in one table.
    """
    subjects: dict[str, Subject] = {}
    sections: list[Section] = []
    anchors: set[str] = set()
    boards = boards_of([*results, *published_results(load_published())], ddof=ddof)
    with progress.bar("uncertainty") as bar:
        for number, board in enumerate(boards, 1):
            entries = tuple(Shown(_subject(r, subjects), r) for r in board.measured)
            anchor = _unused(_slug(f"{board.dataset}-{board.domain}-{board.kind}"), anchors)
            anchors.add(anchor)
            certainty, obstacle = _certainty(board)
            dataset = datasets.get(board.dataset)
            if dataset is not None and board.domain not in dataset.frames:
                dataset = None
            sections.append(Section(anchor, board, entries, dataset, certainty, obstacle))
            bar(number, len(boards))
    return sections, list(subjects.values())


def _certainty(board: Board) -> tuple[BoardStudy | None, str]:
    """The study of a board, or why there is none."""
    try:
        return study_of(board), ""
    except InputError as error:
        return None, error.message


def _subject(result: Result, subjects: dict[str, Subject]) -> Subject:
    """That of the result's name, with a page of its own."""
    if result.name not in subjects:
        pages = {subject.page.removesuffix(".html") for subject in subjects.values()}
        method = (
            f"{result.method} {result.team}"
            if result.name != result.method and result.team
            else result.method
        )
        page = _unused(f"method-{_slug(method)}", pages)
        subjects[result.name] = Subject(result.name, f"{page}.html", len(subjects))
    return subjects[result.name]


def _slug(text: str) -> str:
    """Letters, digits and hyphens only: safe as a file name, an id and a link."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:60].strip("-") or "unnamed"


def _unused(name: str, taken: Container[str]) -> str:
    number, candidate = 1, name
    while candidate in taken:
        number += 1
        candidate = f"{name}-{number}"
    return candidate
