"""F1 against the matching radius, per result of a board, from its predictions."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.data.frames import Frame
from adaptor_bench.errors import InputError
from adaptor_bench.progress import Progress
from adaptor_bench.results.board import Board
from adaptor_bench.results.result import ScoredFold
from adaptor_bench.scoring.analysis.radius import RADII, radius_curve
from adaptor_bench.scoring.reading import Batches, pair_batches, read_batches, read_labels
from adaptor_bench.scoring.score import score_batches


def radii_of(board: Board) -> tuple[float, ...]:
    """The radii (R,) of the board's curves, pixels; the one that was scored is among them."""
    return tuple(sorted({*RADII, board.settings.radius}))


def read_curves(
    board: Board, data: Path, frames: Mapping[str, Frame], progress: Progress
) -> dict[str, NDArray[np.float64]]:
    """The curve of every complete competitor whose predictions are there, by name: F1 (folds, R)
    in 0..1, the mean over seeds, as in tables; NaN where a fold is 0/0.

    ``frames`` by key, below ``data``. Raises InputError when they or the predictions are not what
    was scored.
    """
    rule, inclusive = board.settings.rule, board.settings.inclusive
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
                both = batches.predictions, batches.labels
                curve = radius_curve(*both, rule, inclusive, radii_of(board))
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
        labelled = [fold for fold in result.folds if fold not in result.unlabelled]
        of_folds = [heights.get((result.name, fold), []) for fold in labelled]
        if of_folds and all(len(seeds) == len(result.seeds) for seeds in of_folds):
            curves[result.name] = np.array([np.mean(seeds, axis=0) for seeds in of_folds])
    return curves


def _read(part: ScoredFold, frames: Mapping[str, Frame], problems: list[str]) -> Batches | None:
    """Predictions and labels of the scored frames; None, and a problem, if they do not fit."""
    assert part.score is not None
    stored = {frame.key: frame.counts for frame in part.score.scored}
    absent = [key for key in stored if key not in frames]
    if absent:
        problems.append(f"{part.where}: {len(absent)} scored frames are missing ({absent[0]}, ..)")
        return None
    here = [frames[key] for key in stored]
    if part.held is not None:
        batches = pair_batches(part.held, list(stored), read_labels(here))
    else:
        assert part.run is not None
        batches = read_batches(part.run.predictions, here, part.score.settings)
    for frame in score_batches(batches, part.score.settings).frames:
        if frame.counts != stored[frame.key]:
            now, then = (tuple(c.to_json().values()) for c in (frame.counts, stored[frame.key]))
            problems.append(
                f"{part.where}: {frame.key} has (TP, FP, FN) {now}, its score file says {then}"
            )
            return None
    return batches
