"""The matching rules: which of the candidate pairs are kept, one to one.

A rule is a function from :class:`Candidates` to the positions of the pairs it keeps. Where all
candidates of a group share one point (a prediction between labels, or a label between
predictions) every rule keeps the nearest, so such groups, nearly all of them in practice, are
settled for all rules at once; the rules differ on what is left, the *contested* pairs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from adaptor_bench.matching.assignment import optimal_groups
from adaptor_bench.matching.batch import Indices, PointBatch
from adaptor_bench.matching.candidates import Candidates, Floats

__all__ = ["RULES", "Rule", "nearest_of_each", "settle"]

Chooser = Callable[[Candidates, PointBatch, PointBatch], Indices]


@dataclass(frozen=True)
class Rule:
    """A matching rule: how it chooses among contested pairs, its own boundary, what it does.

    ``choose`` is None for a rule that looks at all pairs of a frame, not only at candidates.
    ``audit_only`` marks a rule that exists to show what is wrong with it.
    """

    name: str
    choose: Chooser | None
    inclusive: bool
    definition: str
    audit_only: bool = False


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


def _hungarian(contested: Candidates, predictions: PointBatch, labels: PointBatch) -> Indices:
    """Most pairs, then the smallest summed distance, group by group of connected points."""
    return optimal_groups(contested.i, contested.j, contested.d)


def _official(contested: Candidates, predictions: PointBatch, labels: PointBatch) -> Indices:
    """Repeatedly the globally closest pair; both of its points are then taken.

    Among pairs equally far apart the one whose midpoint lies further left goes first, then the
    one further up. (The organisers' script lets the last pair in file order win, so its counts
    depend on the order of the points.) The midpoint treats both sides alike: exchanging
    predictions and labels exchanges false positives and false negatives, nothing else.
    """
    midpoint = (
        predictions.points[contested.prediction_rows[contested.i]] / 2
        + labels.points[contested.label_rows[contested.j]] / 2
    )
    order = np.lexsort((midpoint[:, 1], midpoint[:, 0], contested.d))
    taken_i, taken_j, kept = set(), set(), []
    for at, i, j in zip(
        order.tolist(), contested.i[order].tolist(), contested.j[order].tolist(), strict=True
    ):
        if i not in taken_i and j not in taken_j:
            taken_i.add(i)
            taken_j.add(j)
            kept.append(at)
    return np.array(kept, dtype=np.intp)


def _nearest(contested: Candidates, predictions: PointBatch, labels: PointBatch) -> Indices:
    """Every prediction asks for its nearest label; the nearest of its rivals gets it.

    The others get no second choice, even when another label is in reach. Ties go to the point
    further left, then further up. One deviation from the original Cardio-AI routine, on purpose:
    its removal of duplicates throws away *all* of three identical predictions on one label
    (0 TP, 3 FP, 1 FN); here one of them keeps the label (1 TP, 2 FP).
    """
    asks = nearest_of_each(np.arange(len(contested.d)), contested.i, contested.d)
    return nearest_of_each(asks, contested.j[asks], contested.d[asks])


RULES: dict[str, Rule] = {
    rule.name: rule
    for rule in (
        Rule(
            "hungarian",
            _hungarian,
            True,
            "one to one within the radius: most pairs, then smallest summed distance",
        ),
        Rule("official", _official, True, "challenge evaluator: repeatedly the closest pair"),
        Rule(
            "nearest",
            _nearest,
            False,
            "Cardio-AI: each prediction its nearest label, the nearer rival keeps it",
        ),
        Rule(
            "ungated",
            None,
            True,
            "for audits only: smallest summed distance over all pairs, the radius afterwards",
            audit_only=True,
        ),
    )
}
