"""F1 against the matching radius, per row of a board, from the stored predictions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.data.frames import Frame
from adaptor_bench.errors import InputError
from adaptor_bench.evaluate.analysis.radius import RADII, radius_curve
from adaptor_bench.evaluate.reading import pair_batches, read_batches, read_labels
from adaptor_bench.matching.batch import PointBatch
from adaptor_bench.matching.match import match_frames
from adaptor_bench.progress import Progress
from adaptor_bench.results.result import FoldResult
from adaptor_bench.site.gather import Section

__all__ = ["Curve", "board_curves"]


@dataclass(frozen=True)
class Curve:
    """``f1`` (R,), percent, at ``radii`` (R,), pixels: the mean over folds of the mean over seeds,
    as in the table. NaN where a fold is 0/0."""

    radii: tuple[float, ...]
    f1: NDArray[np.float64]


def board_curves(board: Section, progress: Progress) -> dict[int, Curve]:
    """The curve of every complete entry, by the subject's index.

    Empty without the dataset; an entry without its prediction files has none. Raises InputError
    when the dataset or the predictions are not what was scored.
    """
    frames = board.frames
    if not frames:
        return {}
    problems: list[str] = []
    unreadable: list[str] = []
    curves: dict[int, Curve] = {}
    total = sum(len(entry.result.fold_results) for entry in board.entries)
    done = 0
    radii = tuple(sorted({*RADII, board.settings.radius}))
    with progress.bar(f"radius, {board.board.domain}") as bar:
        for entry in board.entries:
            heights: dict[int, list[NDArray[np.float64]]] = {}
            for part in entry.result.fold_results:
                done += 1
                bar(done, total)
                if part.run is not None and not part.run.predictions.is_dir():
                    continue
                try:
                    found = _read(part, frames, problems)
                except InputError as error:
                    unreadable += error.message.split("\n")
                    continue
                if found is None:
                    continue
                settings = board.settings
                curve = radius_curve(*found, settings.rule, settings.inclusive, radii)
                heights.setdefault(part.fold, []).append(100 * curve.f1)
            result = entry.result
            expected = {p.fold for p in result.fold_results} - result.unlabelled
            full = all(len(heights.get(f, ())) == len(result.seeds) for f in expected)
            if full and expected and not result.missing:
                means = [np.mean(heights[fold], axis=0) for fold in sorted(expected)]
                curves[entry.subject.index] = Curve(radii, np.mean(means, axis=0))
    if unreadable:
        raise InputError.collect("points cannot be read:", unreadable)
    if problems:
        assert board.dataset is not None
        raise InputError.collect(
            f"{board.dataset.root}: not the frames these runs were scored on:",
            problems,
            hint="Give the dataset of the runs as --data, or leave it out.",
        )
    return curves


def _read(
    part: FoldResult, frames: dict[str, Frame], problems: list[str]
) -> tuple[PointBatch, PointBatch] | None:
    """Predictions and labels of the scored frames; None, and a problem, if they do not fit."""
    score = part.score
    assert score is not None
    scored = score.scored
    absent = [frame.key for frame in scored if frame.key not in frames]
    if absent:
        problems.append(f"{part.where}: {len(absent)} scored frames are not there, as {absent[0]}")
        return None
    here = [frames[frame.key] for frame in scored]
    if part.run is not None:
        batches = read_batches(part.run.predictions, here, score.settings)
    else:
        batches = pair_batches(part.points(), here, read_labels(here))
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
