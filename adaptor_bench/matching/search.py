"""The search for pairs that the rules share, done once for all frames, rules and boundaries.

Where all candidates of a group share one point (a prediction between labels, or a label between
predictions) every rule of ours keeps the nearest, so such groups, nearly all of them in practice,
are settled for all rules at once; the rules differ on what is left, the *contested* pairs.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from adaptor_bench.errors import UsageError
from adaptor_bench.matching.batch import Indices, Matches, PointBatch
from adaptor_bench.matching.candidates import Candidates, Floats, find_candidates


class Search:
    """All pairs within ``radius`` pixels between the frames of two batches, for any rule.

    ``at_radius``: some pair is exactly that far apart, so that the two boundaries may differ.

    Raises ValueError for batches of different lengths, UsageError for a radius that is not a
    positive number.
    """

    def __init__(self, predictions: PointBatch, labels: PointBatch, radius: float) -> None:
        if len(predictions) != len(labels):
            raise ValueError(f"{len(predictions)} frames of predictions, {len(labels)} of labels")
        if not (np.isfinite(radius) and radius > 0):
            raise UsageError(f"the radius must be a positive number of pixels, not {radius:g}")
        self.predictions, self.labels, self.radius = predictions, labels, radius
        self._near = find_candidates(predictions, labels, radius)
        self.at_radius = bool((self._near.d == radius).any())
        self._settled: dict[bool, tuple[Candidates, Indices, Indices]] = {}

    def settled(self, inclusive: bool) -> tuple[Candidates, Indices, Indices]:
        """Candidates under a boundary; positions of those every rule keeps, of the contested."""
        inclusive = inclusive or not self.at_radius  # else both boundaries are the same
        if inclusive not in self._settled:
            near = self._near.within(self.radius, inclusive)
            self._settled[inclusive] = near, *settle(near)
        return self._settled[inclusive]

    def pairs(
        self, inclusive: bool, choose: Callable[[Candidates], Indices]
    ) -> tuple[Indices, Indices, Floats]:
        """Rows and distances of the settled pairs, and of those contested ones whose positions
        ``choose`` returns."""
        near, at, contested = self.settled(inclusive)
        if len(contested):
            at = np.concatenate([at, contested[choose(near.subset(contested))]])
        return near.prediction_rows[near.i[at]], near.label_rows[near.j[at]], near.d[at]

    def matches(self, p: Indices, q: Indices, d: Floats) -> Matches:
        """The pairs by rising prediction row: scattered to their place, which beats sorting."""
        pair_of = np.full(len(self.predictions.points), -1)
        pair_of[p] = np.arange(len(p))
        order = pair_of[pair_of >= 0]
        rows = p.take(order)
        frame = self.predictions.frame_of.take(rows)
        counts = self.predictions.counts, self.labels.counts
        return Matches(frame, rows, q.take(order), d.take(order), *counts)


def settle(candidates: Candidates) -> tuple[Indices, Indices]:
    """Positions of the pairs every rule keeps, and of the contested ones.

    Ties within an uncontested group go to the point further left, then further up.
    """
    i, j, d = candidates.i, candidates.j, candidates.d
    rivals = np.bincount(j, minlength=len(candidates.label_rows))  # predictions near a label
    choices = np.bincount(i, minlength=len(candidates.prediction_rows))  # labels near a prediction
    alone_i, alone_j = choices[i] == 1, rivals[j] == 1
    sure = alone_i & alone_j
    if sure.all():
        return np.arange(len(i)), np.empty(0, dtype=np.intp)
    # A group shares a label if all its predictions have no other, and the other way round.
    around_label = np.bincount(j, weights=alone_i, minlength=len(rivals))[j] == rivals[j]
    around_prediction = np.bincount(i, weights=alone_j, minlength=len(choices))[i] == choices[i]
    around_label &= ~sure
    around_prediction &= ~sure
    kept = [np.flatnonzero(sure)]
    for group, of in ((around_label, j), (around_prediction, i)):
        at = np.flatnonzero(group)
        if len(at):
            kept.append(nearest_of_each(at, of[at], d[at]))
    return np.concatenate(kept), np.flatnonzero(~(sure | around_label | around_prediction))


def nearest_of_each(at: Indices, group: Indices, d: Floats) -> Indices:
    """Of the positions ``at`` the one with the least ``d`` in every group, the earliest of ties.

    ``group`` and ``d`` have the shape of ``at``. The result is by rising group.
    """
    if not len(at):
        return at
    least = np.full(group.max() + 1, np.inf)
    np.minimum.at(least, group, d)
    nearest = d == least[group]
    none = at.max() + 1
    first = np.full(len(least), none)
    np.minimum.at(first, group[nearest], at[nearest])
    return first[first < none]
