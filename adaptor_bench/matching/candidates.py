"""Which prediction and label of a frame are close enough to be a pair, for many frames at once,
and the choice among them in order of preference.

Points are put into a canonical order first (frame, then x, then y), so that nothing built on the
candidates can depend on the order of the points in a file. In that order the labels that may
belong to a prediction are one slice, found by bisection on x; only there distances are computed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.matching.batch import Indices, PointBatch, Points

Floats = NDArray[np.float64]
_FAR = 1e5  # px; points beyond are searched as if they lay there, then judged by true distance


@dataclass(frozen=True)
class Candidates:
    """All pairs within a radius.

    ``i`` and ``j``, shape (E,), are ranks of points in the canonical order of their batch, ``d``
    their distance in pixels. Pairs stand by rising i, then rising j. ``prediction_rows`` and
    ``label_rows`` turn a rank into a row of the batch.
    """

    i: Indices
    j: Indices
    d: Floats
    prediction_rows: Indices
    label_rows: Indices

    def within(self, radius: float, inclusive: bool) -> Candidates:
        """Those at most ``radius`` apart (closer, unless ``inclusive``)."""
        near = within(self.d, radius, inclusive)
        return self if near.all() else self.subset(near)

    def subset(self, which: NDArray[np.bool_] | Indices) -> Candidates:
        """Some of the pairs."""
        rows = self.prediction_rows, self.label_rows
        return Candidates(self.i[which], self.j[which], self.d[which], *rows)


def within(distance: Floats, radius: float, inclusive: bool) -> NDArray[np.bool_]:
    """Where ``distance`` is at most ``radius`` (less, unless ``inclusive``); no tolerance."""
    return distance <= radius if inclusive else distance < radius


def find_candidates(predictions: PointBatch, labels: PointBatch, radius: float) -> Candidates:
    """All pairs of a prediction and a label of the same frame at most ``radius`` pixels apart."""
    x_p, x_l = (np.clip(b.points[:, 0], -_FAR, _FAR) for b in (predictions, labels))
    if len(x_p) == 0 or len(x_l) == 0:
        nothing = np.empty(0, dtype=np.intp)
        return Candidates(nothing, nothing, np.empty(0), *(np.arange(len(x)) for x in (x_p, x_l)))
    # One number a point, rising with the frame, then with x; frames are wider apart than any reach.
    left = min(x_p.min(), x_l.min())
    reach = min(radius, 2 * _FAR)
    width = max(x_p.max(), x_l.max()) - left + 2 * reach + 1
    reach += 1e-12 * width * (len(labels) + 1) + 1e-9  # more than rounding can take away
    key_p = predictions.frame_of * width + (x_p - left)
    key_l = labels.frame_of * width + (x_l - left)
    rows_p, rows_l = _sorting(key_p, predictions.points), _sorting(key_l, labels.points)
    key_p, key_l = key_p[rows_p], key_l[rows_l]
    first = np.searchsorted(key_l, key_p - reach, "left")
    many = np.searchsorted(key_l, key_p + reach, "right") - first
    i = np.repeat(np.arange(len(key_p)), many)
    ends = np.cumsum(many)
    j = np.arange(len(i)) + np.repeat(first - (ends - many), many)
    p, q = rows_p.take(i), rows_l.take(j)
    d = distances(predictions, labels, p, q)
    near = (d <= radius) & (predictions.frame_of.take(p) == labels.frame_of.take(q))
    return Candidates(i, j, d, rows_p, rows_l).subset(near)


def distances(predictions: PointBatch, labels: PointBatch, p: Indices, q: Indices) -> Floats:
    """Euclidean distances in pixels, shape (E,), between the rows ``p`` and ``q``."""
    a, b = predictions.points, labels.points
    with np.errstate(over="ignore"):
        return np.hypot(a[:, 0].take(p) - b[:, 0].take(q), a[:, 1].take(p) - b[:, 1].take(q))


def take_in_order(nodes: Indices, size: int) -> NDArray[np.bool_]:
    """Which candidates are taken when each in turn takes all its nodes, if they are still free.

    ``nodes`` has shape (K, M): the M nodes, 0..size-1, of every candidate, the most preferred
    candidate first. The result, shape (K,), is that of the loop over the K candidates. Candidates
    that are the first at each of their nodes are taken in one go, until none is left.
    """
    taken = np.zeros(len(nodes), dtype=bool)
    left = np.arange(len(nodes))
    while len(left):
        at = nodes[left]
        rank = np.arange(len(left))
        first = np.full(size, len(left))
        for column in at.T:
            np.minimum.at(first, column, rank)
        wins = (first[at] == rank[:, None]).all(axis=1)
        taken[left[wins]] = True
        used = np.zeros(size, dtype=bool)
        used[at[wins]] = True
        left = left[~used[at].any(axis=1)]
    return taken


def _sorting(key: Floats, points: Points) -> Indices:
    """The order by key, then y, then x, then row. Ties of the key are rare: only they are sorted
    twice."""
    order = np.argsort(key)
    in_order = key[order]
    tied = in_order[1:] == in_order[:-1]
    if tied.any():
        at = np.flatnonzero(np.append(tied, False) | np.append(False, tied))
        some = order[at]
        order[at] = some[np.lexsort((some, points[some, 0], points[some, 1], key[some]))]
    return order
