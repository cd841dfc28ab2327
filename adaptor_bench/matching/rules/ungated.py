"""``ungated``, for audits only: an assignment over *all* pairs of a frame, gated afterwards."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from adaptor_bench.matching import candidates
from adaptor_bench.matching.batch import Indices, Points
from adaptor_bench.matching.candidates import Candidates, Floats, within
from adaptor_bench.matching.rule import distances, rule
from adaptor_bench.matching.search import Search

_AT_ONCE = 500_000  # distances held in memory beside those that are wanted
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
    near, kept, contested = search.settled(inclusive=True)
    frame = predictions.frame_of[near.prediction_rows[near.i[kept]]]
    smaller = np.minimum(predictions.counts, labels.counts)
    easy = np.bincount(frame, minlength=len(labels)) == smaller
    easy[predictions.frame_of[near.prediction_rows[near.i[contested]]]] = False
    at = kept[easy[frame]]
    rows = [(near.prediction_rows[near.i[at]], near.label_rows[near.j[at]])]
    rows += _assignments(search, near, np.flatnonzero(~easy & (smaller > 0)))
    p, q = (np.concatenate(side) for side in zip(*rows, strict=True))
    d = candidates.distances(predictions, labels, p, q)
    gate = within(d, search.radius, inclusive)
    return p[gate], q[gate], d[gate]


def _assignments(
    search: Search, near: Candidates, frames: Indices
) -> Iterator[tuple[Indices, Indices]]:
    """Rows of the optimal assignment of each of ``frames``."""
    from scipy.optimize import linear_sum_assignment

    sides = (search.predictions, near.prediction_rows), (search.labels, near.label_rows)
    points = [np.clip(side.points, -_HUGE, _HUGE) for side, _ in sides]
    for frame in frames.tolist():
        p, q = (rows[side.starts[frame] : side.starts[frame + 1]] for side, rows in sides)
        if len(p) > len(q):  # the solver would turn its matrix round, and hold it twice
            j, i = linear_sum_assignment(_distances(points[1][q], points[0][p]))
        else:
            i, j = linear_sum_assignment(_distances(points[0][p], points[1][q]))
        yield p[i], q[j]


def _distances(rows: Floats, columns: Floats) -> Floats:
    """Of all points (R, 2) from all (C, 2), shape (R, C), with memory for nothing else."""
    square = np.empty((len(rows), len(columns)))
    at_once = max(1, _AT_ONCE // len(columns))
    for first in range(0, len(rows), at_once):
        some = rows[first : first + at_once]
        x, y = (np.subtract.outer(some[:, axis], columns[:, axis]) for axis in (0, 1))
        np.multiply(x, x, out=x)
        np.add(x, np.multiply(y, y, out=y), out=square[first : first + at_once])
    return np.sqrt(square, out=square)
