"""``ungated``, for audits only: an assignment over *all* pairs of a frame, gated afterwards."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from adaptor_bench.matching import candidates
from adaptor_bench.matching.batch import Indices, PointBatch, Points
from adaptor_bench.matching.candidates import Candidates, Floats
from adaptor_bench.matching.rule import distances, rule, within
from adaptor_bench.matching.search import Search

_AT_ONCE = 500_000  # distances held in memory
_HUGE = 1e100  # px; the square of a larger coordinate need not be a number


@rule(
    "ungated",
    "for audits only: smallest summed distance over all pairs, the radius afterwards",
    audit_only=True,
)
def ungated(
    predictions: Points, labels: Points, radius: float, inclusive: bool
) -> list[tuple[int, int]]:
    """As many pairs as the smaller side has points, however far apart, with the least summed
    distance; those beyond the radius are dropped afterwards.

    A far-away point can draw a label away from the prediction right beside it.
    """
    from scipy.optimize import linear_sum_assignment

    distance = distances(predictions, labels)
    near = within(distance, radius, inclusive)
    return [(i, j) for i, j in zip(*linear_sum_assignment(distance), strict=True) if near[i, j]]


@ungated.for_many_frames
def _gated_afterwards(search: Search, inclusive: bool) -> tuple[Indices, Indices, Floats]:
    """The candidates settle a frame without contested pairs in which every point of the smaller
    side keeps a pair: then each has its nearest partner, and no assignment can do better."""
    predictions, labels = search.predictions, search.labels
    settled = search.settled(inclusive=True)
    near, kept = settled.near, settled.kept
    frame = predictions.frame_of[near.prediction_rows[near.i[kept]]]
    smaller = np.minimum(predictions.counts, labels.counts)
    easy = np.bincount(frame, minlength=len(labels)) == smaller
    easy[predictions.frame_of[near.prediction_rows[near.i[settled.contested]]]] = False
    at = kept[easy[frame]]
    parts = [(near.prediction_rows[near.i[at]], near.label_rows[near.j[at]], near.d[at])]
    hard = ~easy & (smaller > 0)
    if hard.any():
        parts += _assignments(predictions, labels, near, np.flatnonzero(hard))
    p, q, d = (np.concatenate(part) for part in zip(*parts, strict=True))
    gate = within(d, search.radius, inclusive)
    return p[gate], q[gate], d[gate]


def _assignments(
    predictions: PointBatch, labels: PointBatch, near: Candidates, frames: Indices
) -> Iterator[tuple[Indices, Indices, Floats]]:
    """Rows and distances of the optimal assignment of each of ``frames``."""
    from scipy.optimize import linear_sum_assignment

    sizes = predictions.counts[frames] * labels.counts[frames]
    for frame in frames[sizes > _AT_ONCE].tolist():
        rows_p, rows_l = (
            rows[side.starts[frame] : side.starts[frame + 1]]
            for rows, side in ((near.prediction_rows, predictions), (near.label_rows, labels))
        )
        sides = predictions.points[rows_p], labels.points[rows_l]
        if len(rows_p) > len(rows_l):  # the solver would turn its matrix round, and hold it twice
            j, i = linear_sum_assignment(_distances(*sides[::-1]))
        else:
            i, j = linear_sum_assignment(_distances(*sides))
        rows_p, rows_l = rows_p[i], rows_l[j]
        yield rows_p, rows_l, candidates.distances(predictions, labels, rows_p, rows_l)
    frames, sizes = frames[sizes <= _AT_ONCE], sizes[sizes <= _AT_ONCE]
    if not len(frames):
        return
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
        yield rows_p, rows_l, candidates.distances(predictions, labels, rows_p, rows_l)


def _distances(rows: Floats, columns: Floats) -> Floats:
    """Of all points (R, 2) from all (C, 2), shape (R, C), with memory for nothing else."""
    square = np.zeros((len(rows), len(columns)))
    p, q = (np.clip(points, -_HUGE, _HUGE) for points in (rows, columns))
    for some in np.array_split(np.arange(len(p)), 1 + square.size // _AT_ONCE):
        for axis in (0, 1):
            step = np.subtract.outer(p[some, axis], q[:, axis])
            step *= step
            square[some] += step
    return np.sqrt(square, out=square)


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
