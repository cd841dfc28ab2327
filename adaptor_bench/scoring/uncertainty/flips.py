"""How little would have to change for two methods to swap: in landmarks and in frames."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from adaptor_bench.scoring.metrics import f1
from adaptor_bench.scoring.ranking import SAME
from adaptor_bench.scoring.uncertainty.estimands import estimate
from adaptor_bench.scoring.uncertainty.tally import Tally


@dataclass(frozen=True)
class FlipDistance:
    """What it would take for the worse method to draw level.

    ``landmarks``: points it would have to place better, of ``labels``; None when no number is
    enough. ``frames``: frames whose outcomes the two would have to exchange, of ``of_frames``, an
    upper bound; None when exchanging does not help. Both count one seed at a time: with several
    seeds they are outcomes over all seeds.
    """

    landmarks: int | None
    labels: int
    frames: int | None
    of_frames: int


def flip_distance(tally: Tally, better: str, worse: str) -> FlipDistance:
    """Flip distance of ``worse`` to ``better`` for the mean over folds of F1.

    In landmarks it is exact. A point is placed better when a false point goes onto a missed
    label (F1 = 2 TP / D, D = 2 TP + FP + FN, grows by 2 / D) or, once no false point is left,
    when a missed label is found (to 2 (TP + 1) / (D + 1), which is less): within a fold the gain
    never grows, so always taking the fold that gains most needs the fewest points. In frames it
    is a bound from above: frames are exchanged in the order of what each alone changes.
    """
    pair = tally.select([better, worse])
    values = estimate(pair)
    gap = float(values[0] - values[1])
    counts = pair.counts[pair.owner == 1]
    labels, frames = int(counts[..., [0, 2]].sum()), counts.shape[0] * counts.shape[1]
    if not gap > SAME:
        return FlipDistance(0, labels, 0, frames)
    exchanged = _frames(pair) if pair.seeds[0] == pair.seeds[1] else None
    return FlipDistance(_landmarks(pair, gap), labels, exchanged, frames)


def _landmarks(pair: Tally, gap: float) -> int | None:
    cells = pair.by_fold[pair.owner == 1].reshape(-1, 3)
    share = 1 / len(cells)  # each fold of each seed has the same weight in the mean
    heap = [(-_gain(*cell), *cell) for cell in map(tuple, cells.tolist()) if cell[2]]
    heapq.heapify(heap)
    changed = 0
    while heap and gap > SAME:
        negative, tp, fp, fn = heapq.heappop(heap)
        gap += negative * share
        changed += 1
        tp, fp, fn = tp + 1, max(fp - 1, 0), fn - 1
        if fn:
            heapq.heappush(heap, (-_gain(tp, fp, fn), tp, fp, fn))
    return changed if gap <= SAME else None


def _gain(tp: int, fp: int, fn: int) -> float:
    """Of F1 by one point placed better."""
    below = 2 * tp + fp + fn
    return 2 / below if fp else 2 * (tp + 1) / (below + 1) - 2 * tp / below


def _frames(pair: Tally) -> int | None:
    """Exchange outcomes frame by frame, largest first-order effect first, until level."""
    upper, lower = (pair.counts[pair.owner == m] for m in (0, 1))  # (seeds, frames, 3)
    fold_of = pair.fold[pair.surgery]
    sides = [pair.by_fold[pair.owner == m].astype(float) for m in (0, 1)]  # (seeds, folds, 3)
    change = (lower - upper).astype(float)
    # The upper takes the lower's outcome and the other way round: both slopes close the gap.
    effect = sum(_slope(side[:, fold_of], change) for side in sides)
    order = np.argsort(effect, axis=None, kind="stable")
    seed, frame = np.unravel_index(order, effect.shape)
    useful = effect[seed, frame] < 0
    seed, frame = seed[useful], frame[useful]
    if not len(seed):
        return None
    moved = np.zeros((len(seed), *sides[0].shape))
    moved[np.arange(len(seed)), seed, fold_of[frame]] = change[seed, frame]
    totals = np.cumsum(moved, axis=0)
    gaps = _mean_f1(sides[0] + totals) - _mean_f1(sides[1] - totals)
    level = np.flatnonzero(gaps <= SAME)
    return int(level[0]) + 1 if len(level) else None


def _slope(counts: npt.NDArray[np.float64], change: npt.NDArray[np.float64]) -> Any:
    """First-order change of the folds' F1 when ``change`` is added to ``counts`` (.., 3)."""
    tp, below = counts[..., 0], counts @ (2.0, 1.0, 1.0)
    moved = 2 * change[..., 0] * below - 2 * tp * (change @ (2.0, 1.0, 1.0))
    return np.divide(moved, below**2, out=np.zeros(below.shape), where=below > 0)


def _mean_f1(counts: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """(steps, seeds, folds, 3) -> (steps,); an empty fold leaves NaN, which is never level."""
    return np.asarray(f1.of_last_axis(counts).mean(axis=(1, 2)))
