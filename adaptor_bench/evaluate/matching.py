"""Which predicted point is which labelled point, in one frame.

Pure functions on arrays: points have shape (N, 2), order x, y, in pixels of the 512x288 frame.
A rule sees only pairs that lie within the radius (gate first), so a far-away point can never
change the pairing of the others.

Distances are Euclidean, computed once with ``hypot`` in double precision and compared with the
radius without a tolerance. Whole-number offsets such as (0, 6) are therefore exact, whereas
(103.6, 104.8) - (100, 100), which is 6 on paper, is 5.99999... in floating point and passes even
the strict boundary.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from adaptor_bench.errors import UsageError, suggest

__all__ = ["RADIUS", "RULES", "Match", "Rule", "match", "rule_named"]

RADIUS = 6.0
"""Pixels at 512x288, about the thickness of a suture where it enters the tissue (section 2.6)."""

Points = NDArray[np.float64]
Indices = NDArray[np.intp]
Solver = Callable[[Points, Points, NDArray[np.float64], NDArray[np.bool_]], Indices]


@dataclass(frozen=True)
class Match:
    """The pairing of one frame.

    ``pairs`` has shape (K, 2), rows (prediction index, label index) by rising prediction index;
    ``distances`` has shape (K,), pixels. Every index occurs at most once.
    """

    pairs: Indices
    distances: NDArray[np.float64]
    predictions: int
    labels: int

    @property
    def tp(self) -> int:
        """Matched predictions."""
        return len(self.pairs)

    @property
    def fp(self) -> int:
        """Predictions without a label."""
        return self.predictions - self.tp

    @property
    def fn(self) -> int:
        """Labels without a prediction."""
        return self.labels - self.tp


@dataclass(frozen=True)
class Rule:
    """A matching rule: its solver, its own boundary, and one line saying what it does."""

    name: str
    solve: Solver
    inclusive: bool
    definition: str


def match(
    predictions: ArrayLike,
    labels: ArrayLike,
    radius: float = RADIUS,
    rule: str = "hungarian",
    inclusive: bool | None = None,
) -> Match:
    """Pair ``predictions`` (P, 2) with ``labels`` (L, 2), one to one, within ``radius`` pixels.

    ``inclusive`` lets a pair at exactly the radius count; None takes the rule's own boundary:
    ``<=`` for ``hungarian`` and ``official``, ``<`` for ``nearest``. The order in which the
    points are given changes neither the counts nor the matched coordinates.

    Raises UsageError for an unknown rule or a radius that is not a positive number, ValueError
    for arrays of another shape or with coordinates that are not finite.
    """
    chosen = rule_named(rule)
    if not (np.isfinite(radius) and radius > 0):
        raise UsageError(f"the radius must be a positive number of pixels, not {radius:g}")
    given_predictions, given_labels = _points(predictions), _points(labels)
    # Solving on sorted points makes every tie-break independent of the order of the input.
    by_prediction, by_label = _sorting(given_predictions), _sorting(given_labels)
    sorted_predictions = given_predictions[by_prediction]
    sorted_labels = given_labels[by_label]
    offset = sorted_predictions[:, None, :] - sorted_labels[None, :, :]
    distance = np.hypot(offset[..., 0], offset[..., 1])
    boundary = chosen.inclusive if inclusive is None else inclusive
    allowed = distance <= radius if boundary else distance < radius
    found = chosen.solve(sorted_predictions, sorted_labels, distance, allowed)
    pairs = np.column_stack([by_prediction[found[:, 0]], by_label[found[:, 1]]])
    order = np.argsort(pairs[:, 0])
    return Match(
        pairs=pairs[order],
        distances=distance[found[:, 0], found[:, 1]][order],
        predictions=len(given_predictions),
        labels=len(given_labels),
    )


def rule_named(name: str) -> Rule:
    """The rule of that name. Raises UsageError, with a suggestion, when there is none."""
    if name not in RULES:
        raise UsageError(f"there is no matching rule {name!r}", hint=suggest(name, RULES))
    return RULES[name]


def _hungarian(
    predictions: Points, labels: Points, distance: NDArray[np.float64], allowed: NDArray[np.bool_]
) -> Indices:
    """Most pairs, then the smallest summed distance (linear sum assignment on gated costs)."""
    pairs = np.argwhere(allowed)
    rows, columns = np.flatnonzero(allowed.any(axis=1)), np.flatnonzero(allowed.any(axis=0))
    if len(rows) == len(columns) == len(pairs):
        return pairs  # no point has a choice
    from scipy.optimize import linear_sum_assignment

    gated = allowed[np.ix_(rows, columns)]
    # In units of the largest allowed distance a pair costs at most 1, so one unpaired point
    # costing n + 1 outweighs any n pairs. That is the smallest penalty that guarantees the most
    # pairs, hence the one that costs the distances the fewest digits.
    unit = distance[allowed].max() or 1.0
    penalty = min(gated.shape) + 1.0
    cost = np.where(gated, distance[np.ix_(rows, columns)] / unit, penalty)
    i, j = linear_sum_assignment(cost)
    kept = gated[i, j]
    return np.column_stack([rows[i[kept]], columns[j[kept]]])


def _official(
    predictions: Points, labels: Points, distance: NDArray[np.float64], allowed: NDArray[np.bool_]
) -> Indices:
    """Repeatedly the globally closest pair; both of its points are then taken.

    Among pairs equally far apart the one whose midpoint lies further left goes first, then the
    one further up. (The organisers' script lets the last pair in file order win, so its counts
    depend on the order of the points.) The midpoint treats both sides alike: exchanging
    predictions and labels exchanges false positives and false negatives, nothing else.
    """
    i, j = np.nonzero(allowed)
    midpoint = predictions[i] + labels[j]
    free_prediction = np.ones(len(predictions), dtype=bool)
    free_label = np.ones(len(labels), dtype=bool)
    taken = []
    for k in np.lexsort((midpoint[:, 1], midpoint[:, 0], distance[i, j])):
        if free_prediction[i[k]] and free_label[j[k]]:
            free_prediction[i[k]] = free_label[j[k]] = False
            taken.append((i[k], j[k]))
    return np.array(taken, dtype=np.intp).reshape(-1, 2)


def _nearest(
    predictions: Points, labels: Points, distance: NDArray[np.float64], allowed: NDArray[np.bool_]
) -> Indices:
    """Every prediction asks for its nearest label; the nearest of its rivals gets it.

    The others get no second choice, even when another label is in reach. Ties go to the point
    further left, then further up. One deviation from the original Cardio-AI routine, on purpose:
    its removal of duplicates throws away *all* of three identical predictions on one label
    (0 TP, 3 FP, 1 FN); here one of them keeps the label (1 TP, 2 FP).
    """
    holder: dict[int, int] = {}
    for i in np.flatnonzero(allowed.any(axis=1)):
        j = int(np.argmin(distance[i]))
        rival = holder.get(j)
        if rival is None or distance[i, j] < distance[rival, j]:
            holder[j] = int(i)
    return np.array([(i, j) for j, i in holder.items()], dtype=np.intp).reshape(-1, 2)


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
    )
}


def _points(values: ArrayLike) -> Points:
    array = np.asarray(values, dtype=np.float64)
    if array.size == 0:
        return np.empty((0, 2))
    if array.ndim != 2 or array.shape[1] != 2:
        raise ValueError(f"expected points of shape (N, 2), got {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError("a coordinate is not finite")
    return array


def _sorting(points: Points) -> Indices:
    """The order that sorts points by x, then y."""
    return np.lexsort((points[:, 1], points[:, 0]))
