"""Boards with what pictures of them need: the dataset, the study of their order, curves."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.data.frames import Dataset, Frame
from adaptor_bench.errors import InputError, UsageError
from adaptor_bench.figures.curves import read_curves
from adaptor_bench.figures.selection import dataset_of
from adaptor_bench.progress import Progress
from adaptor_bench.report.card import Card, card_of
from adaptor_bench.report.studies import BoardStudy, answered, study_of
from adaptor_bench.results.board import Board, boards_of
from adaptor_bench.results.load import load_results
from adaptor_bench.results.result import Result
from adaptor_bench.results.runs import Run, find_runs
from adaptor_bench.results.sources import results_of_runs
from adaptor_bench.scoring.metrics import PRIMARY


@dataclass(frozen=True)
class BoardView:
    """``board`` with the ``study`` of its complete competitors (None without any, or where
    ``obstacle`` says why they cannot be paired) and its ``dataset`` (None where not available).

    ``places`` maps the name of a measured result to its number on all boards: its colour.
    """

    board: Board
    study: BoardStudy | None = None
    obstacle: str = ""
    dataset: Dataset | None = None
    places: Mapping[str, int] = field(default_factory=dict)
    progress: Progress = field(default_factory=Progress)

    @cached_property
    def frames(self) -> dict[str, Frame]:
        """Frame key to frame of the dataset's domain; empty without a dataset."""
        if self.dataset is None or self.board.domain not in self.dataset.frames:
            return {}
        return {frame.key: frame for frame in self.dataset.domain(self.board.domain)}

    @cached_property
    def complete(self) -> list[Result]:
        """The competitors with all their folds, in order of rank."""
        names = self.study.study.methods if self.study else ()
        return [result for result in self.board.competitors if result.name in names]

    @property
    def runs(self) -> list[Run]:
        """All runs of these."""
        return [p.run for r in self.complete for p in r.fold_results if p.run is not None]

    @cached_property
    def curves(self) -> dict[str, NDArray[np.float64]]:
        """As :func:`read_curves`; empty without the dataset."""
        if not self.frames:
            return {}
        assert self.dataset is not None
        return read_curves(self.board, self.dataset.root, self.frames, self.progress)

    def interval(self, name: str) -> tuple[float, float] | None:
        """The limits of the metric that ranks, percent; None where there is no interval."""
        interval = self.study.study.intervals.get(name, {}).get(PRIMARY) if self.study else None
        if interval is None or math.isnan(interval.low):
            return None
        return 100 * interval.low, 100 * interval.high

    @cached_property
    def card(self) -> Card | None:
        """The ranking card; None with fewer than two complete competitors."""
        return card_of(self.study) if self.study and len(self.study.study.methods) > 1 else None


def view_boards(
    boards: Iterable[Board], datasets: Mapping[str, Dataset], progress: Progress
) -> list[BoardView]:
    """``datasets`` by name, those that are available."""
    boards = list(boards)
    names = dict.fromkeys(result.name for board in boards for result in board.measured)
    places = {name: place for place, name in enumerate(names)}
    views = []
    with progress.bar("uncertainty") as bar:
        for number, board in enumerate(boards, start=1):
            study, obstacle = None, ""
            try:
                study = study_of(board)
            except InputError as error:
                obstacle = error.message
            dataset = datasets.get(board.dataset) if board.measured else None
            views.append(BoardView(board, study, obstacle, dataset, places, progress))
            bar(number, len(boards))
    told = iter(answered([view.study for view in views if view.study]))
    return [replace(view, study=next(told)) if view.study else view for view in views]


def complete_boards(
    roots: Sequence[Path],
    domain: str,
    data: Path | None = None,
    *,
    frames: bool = False,
    entries: bool = False,
) -> list[BoardView]:
    """The boards of runs below ``roots`` that have complete methods, of one domain or ``all``;
    if wanted with the ``frames`` below ``data``, or of the phantom that the runs name. With
    ``entries`` leaderboards may be among the ``roots``, as folders or by name.

    Raises InputError when there is none or methods cannot be paired, UsageError when they are of
    several datasets or their frames are needed and not given.
    """
    results = load_results(roots) if entries else results_of_runs(find_runs(roots))
    boards = boards_of([result for result in results if domain in ("all", result.domain)])
    views = [BoardView(board, study) for board in boards if (study := study_of(board))]
    if not views:
        raise InputError(
            "no method, floors aside, with all its folds",
            hint="`bench leaderboard` says what is missing.",
        )
    if len({view.board.dataset for view in views}) > 1:
        raise UsageError("these runs are of several datasets", hint="Choose runs of one of them.")
    if frames:
        dataset = dataset_of([run for view in views for run in view.runs], data)
        views = [replace(view, dataset=dataset) for view in views]
    return views
