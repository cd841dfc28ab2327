"""F1 against the matching radius, per result of a board, from its predictions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.data.frames import Frame
from adaptor_bench.errors import InputError
from adaptor_bench.evaluate.analysis.radius import RADII, radius_curve
from adaptor_bench.evaluate.reading import pair_batches, read_batches, read_labels
from adaptor_bench.matching.batch import PointBatch
from adaptor_bench.matching.match import match_frames
from adaptor_bench.progress import Progress
from adaptor_bench.results.board import Board
from adaptor_bench.results.result import ScoredFold


@dataclass(frozen=True)
class Curve:
    """``by_fold`` (folds, R), 0..1, at ``radii`` (R,), pixels: the mean over seeds, as in tables.
    NaN where a fold is 0/0."""

    radii: tuple[float, ...]
    by_fold: NDArray[np.float64]

    @property
    def f1(self) -> NDArray[np.float64]:
        """The mean over folds (R,), percent."""
        return 100 * self.by_fold.mean(axis=0)


def read_curves(
    board: Board, data: Path, frames: Mapping[str, Frame], progress: Progress
) -> dict[str, Curve]:
    """The curve of every complete competitor whose predictions are there, by name.

    ``frames`` by key, below ``data``. Raises InputError when they or the predictions are not what
    was scored.
    """
    radii = tuple(sorted({*RADII, board.settings.radius}))
    parts = [(r.name, part) for r in board.competitors for part in r.fold_results]
    heights: dict[tuple[str, int], list[NDArray[np.float64]]] = {}
    problems: list[str] = []
    unreadable: list[str] = []
    with progress.bar(f"radius, {board.domain}") as bar:
        for done, (name, part) in enumerate(parts, start=1):
            bar(done, len(parts))
            if part.held is None and not (part.run and part.run.predictions.is_dir()):
                continue
            try:
                batches = _read(part, frames, problems)
            except InputError as error:
                unreadable += error.message.split("\n")
                continue
            if batches is not None:
                rule, inclusive = board.settings.rule, board.settings.inclusive
                curve = radius_curve(*batches, rule, inclusive, radii)
                heights.setdefault((name, part.fold), []).append(curve.f1)
    if unreadable:
        raise InputError.collect("points cannot be read:", unreadable)
    if problems:
        raise InputError.collect(
            f"{data}: not the frames these runs were scored on:",
            problems,
            hint="Give the dataset of the runs as --data, or leave it out.",
        )
    curves = {}
    for result in board.competitors:
        of_folds = [
            heights.get((result.name, fold), [])
            for fold in result.folds
            if fold not in result.unlabelled
        ]
        if of_folds and all(len(seeds) == len(result.seeds) for seeds in of_folds):
            means = [np.mean(seeds, axis=0) for seeds in of_folds]
            curves[result.name] = Curve(radii, np.array(means))
    return curves


def _read(
    part: ScoredFold, frames: Mapping[str, Frame], problems: list[str]
) -> tuple[PointBatch, PointBatch] | None:
    """Predictions and labels of the scored frames; None, and a problem, if they do not fit."""
    score = part.score
    assert score is not None
    scored = score.scored
    absent = [frame.key for frame in scored if frame.key not in frames]
    if absent:
        problems.append(f"{part.where}: {len(absent)} scored frames are missing ({absent[0]}, ..)")
        return None
    here = [frames[frame.key] for frame in scored]
    if part.held is not None:
        batches = pair_batches(part.held, [f.key for f in here], read_labels(here))
    else:
        assert part.run is not None
        batches = read_batches(part.run.predictions, here, score.settings)
    again = match_frames(
        batches.predictions,
        batches.labels,
        score.settings.radius,
        score.settings.rule,
        score.settings.inclusive,
    )
    now = np.stack([again.tp, again.predictions, again.labels], axis=1).tolist()
    for frame, counts in zip(scored, now, strict=True):
        stored = [len(frame.pairs), frame.predictions, frame.labels]
        if counts != stored:
            problems.append(
                f"{part.where}: {frame.key} has (TP, predictions, labels) {tuple(counts)}, "
                f"its score file says {tuple(stored)}"
            )
            return None
    return batches.predictions, batches.labels
