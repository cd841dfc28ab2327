"""The assignment over *all* pairs of a frame, for audits: what happens without a gate.

As many pairs as the smaller side has points, however far apart, with the least summed distance.
A far-away point can draw a label away from the prediction right beside it.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from adaptor_bench.evaluate.batch import Indices, PointBatch
from adaptor_bench.evaluate.candidates import Candidates, Floats, distances
from adaptor_bench.evaluate.rules import nearest_of_each

__all__ = ["ungated_pairs"]

_AT_ONCE = 500_000  # distances held in memory
_HUGE = 1e100  # px; the square of a larger coordinate need not be a number


def ungated_pairs(
    predictions: PointBatch, labels: PointBatch, near: Candidates
) -> tuple[Indices, Indices, Floats]:
    """Rows and distances, shape (K,) each, of the assignment of least summed distance.

    ``near`` are the candidates within some radius. They alone settle a frame in which every point
    of the smaller side has another nearest partner: no assignment can do better than that.
    """
    easy, at = _settled_by_nearest(predictions, labels, near)
    rows_p, rows_l = near.prediction_rows[near.i[at]], near.label_rows[near.j[at]]
    found = [(rows_p, rows_l, near.d[at])]
    hard = ~easy & (predictions.counts > 0) & (labels.counts > 0)
    if hard.any():
        found += _assignments(predictions, labels, near, np.flatnonzero(hard))
    p, q, d = (np.concatenate(part) for part in zip(*found, strict=True))
    return p, q, d


def _settled_by_nearest(
    predictions: PointBatch, labels: PointBatch, near: Candidates
) -> tuple[np.ndarray, Indices]:
    """Which frames are settled, shape (F,), and the positions of their pairs."""
    everything = np.arange(len(near.d))
    few_labels = labels.counts < predictions.counts
    frame = predictions.frame_of[near.prediction_rows[near.i]]
    settled = np.zeros(len(labels), dtype=bool)
    positions = []
    for side, own, other, size in (
        (~few_labels, near.i, near.j, predictions.counts),
        (few_labels, near.j, near.i, labels.counts),
    ):
        among = everything[side[frame]]
        best = nearest_of_each(among, own[among], near.d[among])
        distinct = nearest_of_each(best, other[best], near.d[best])
        reached = np.bincount(frame[distinct], minlength=len(labels)) == size
        settled |= side & reached
        positions.append(distinct[(side & reached)[frame[distinct]]])
    return settled, np.concatenate(positions)


def _assignments(
    predictions: PointBatch, labels: PointBatch, near: Candidates, frames: Indices
) -> Iterator[tuple[Indices, Indices, Floats]]:
    """Rows and distances of the optimal assignment of each of ``frames``."""
    from scipy.optimize import linear_sum_assignment

    sizes = predictions.counts[frames] * labels.counts[frames]
    for chunk in np.split(frames, np.flatnonzero(np.diff(np.cumsum(sizes) // _AT_ONCE)) + 1):
        rows_p, rows_l, cost = _all_pairs(predictions, labels, near, chunk)
        high, wide = predictions.counts[chunk], labels.counts[chunk]
        found, first = [], 0
        for h, w in zip(high.tolist(), wide.tolist(), strict=True):
            last = first + h * w
            found.append(linear_sum_assignment(cost[first:last].reshape(h, w)))
            first = last
        i, j = (np.concatenate(side) for side in zip(*found, strict=True))
        pairs = np.minimum(high, wide)
        at = np.repeat(_before(high * wide), pairs) + i * np.repeat(wide, pairs) + j
        rows_p, rows_l = rows_p[at], rows_l[at]
        yield rows_p, rows_l, distances(predictions, labels, rows_p, rows_l)


def _all_pairs(
    predictions: PointBatch, labels: PointBatch, near: Candidates, frames: Indices
) -> tuple[Indices, Indices, Floats]:
    """Rows and distances of all pairs of each frame, frame by frame, in canonical order."""
    high, wide = predictions.counts[frames], labels.counts[frames]
    left = np.arange(high.sum()) + np.repeat(predictions.starts[frames] - _before(high), high)
    width = np.repeat(wide, high)  # labels of the frame, for every prediction
    rows_p = near.prediction_rows[left]
    first = np.repeat(labels.starts[frames], high) - _before(width)
    rows_l = near.label_rows.take(np.arange(width.sum()) + np.repeat(first, width))
    # A square root costs a tenth of hypot; the distances that are reported are hypot's.
    square = np.zeros(len(rows_l))
    for axis in (0, 1):
        x_p = np.clip(predictions.points[:, axis], -_HUGE, _HUGE)[rows_p]
        x_l = np.clip(labels.points[:, axis], -_HUGE, _HUGE)
        step = np.repeat(x_p, width)
        step -= x_l.take(rows_l)
        step *= step
        square += step
    return np.repeat(rows_p, width), rows_l, np.sqrt(square, out=square)


def _before(sizes: Indices) -> Indices:
    """How many stand before each of consecutive blocks of these sizes."""
    return np.cumsum(sizes) - sizes
