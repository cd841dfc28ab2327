"""Which predicted point is which labelled point.

Points have order x, y, in pixels of the frame as stored. The ranked rules see only pairs that lie
within the radius (gate first), so a far-away point can never change the pairing of the others.

Distances are Euclidean, computed once with ``hypot`` in double precision and compared with the
radius without a tolerance. Whole-number offsets such as (0, 6) are therefore exact, whereas
(103.6, 104.8) - (100, 100), which is 6 on paper, is 5.99999... in floating point and passes even
the strict boundary.

The order in which the points of a frame are given changes neither the counts nor the matched
coordinates.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from adaptor_bench.errors import UsageError, suggest
from adaptor_bench.evaluate.radii import gains, too_dense
from adaptor_bench.matching.batch import Indices, Matches, PointBatch
from adaptor_bench.matching.candidates import Candidates, Floats, find_candidates
from adaptor_bench.matching.rules import RULES, Rule, settle
from adaptor_bench.matching.ungated import ungated_pairs

__all__ = [
    "RADIUS",
    "RULES",
    "Match",
    "Rule",
    "count_at_radii",
    "match",
    "match_frames",
    "match_rules",
    "rule_named",
]

RADIUS = 6.0
"""Pixels at 512x288, about the thickness of a suture where it enters the tissue (section 2.6)."""


@dataclass(frozen=True)
class Match:
    """The pairing of one frame.

    ``pairs`` has shape (K, 2), rows (prediction index, label index) by rising prediction index;
    ``distances`` has shape (K,), pixels. Every index occurs at most once.
    """

    pairs: Indices
    distances: Floats
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


def match(
    predictions: ArrayLike,
    labels: ArrayLike,
    radius: float = RADIUS,
    rule: str = "hungarian",
    inclusive: bool | None = None,
) -> Match:
    """Pair ``predictions`` (P, 2) with ``labels`` (L, 2) of one frame, within ``radius`` pixels.

    ``inclusive`` lets a pair at exactly the radius count; None takes the rule's own boundary:
    ``<`` for ``nearest``, ``<=`` for the others.

    Raises UsageError for an unknown rule or a radius that is not a positive number, ValueError
    for arrays of another shape or with coordinates that are not finite. For many frames
    :func:`match_frames` is some fifty times faster.
    """
    batches = PointBatch.from_frames([predictions]), PointBatch.from_frames([labels])
    found = match_frames(*batches, radius, rule, inclusive)
    pairs = np.column_stack([found.prediction, found.label])
    return Match(pairs, found.distance, len(batches[0].points), len(batches[1].points))


def match_frames(
    predictions: PointBatch,
    labels: PointBatch,
    radius: float = RADIUS,
    rule: str = "hungarian",
    inclusive: bool | None = None,
) -> Matches:
    """:func:`match` for every frame of two batches. Raises what it raises."""
    return match_rules(predictions, labels, radius, (rule,), inclusive)[rule]


def match_rules(
    predictions: PointBatch,
    labels: PointBatch,
    radius: float = RADIUS,
    rules: Iterable[str] = tuple(RULES),
    inclusive: bool | None = None,
) -> dict[str, Matches]:
    """Several rules at once: they share the search for pairs and all that is not contested."""
    chosen = [rule_named(name) for name in rules]
    _check(predictions, labels, [radius])
    boundaries = {r.name: r.inclusive if inclusive is None else inclusive for r in chosen}
    everything = find_candidates(predictions, labels, radius)
    at_radius = bool((everything.d == radius).any())
    settled: dict[bool, _Settled] = {}
    result = {}

    def under(inclusive: bool) -> _Settled:
        if inclusive not in settled:
            settled[inclusive] = _Settled(everything.within(radius, inclusive))
        return settled[inclusive]

    for rule in chosen:
        boundary = boundaries[rule.name]
        if rule.choose is None:
            all_near = under(True)
            p, q, d = ungated_pairs(predictions, labels, everything, all_near.kept, all_near.open)
            near_enough = d <= radius if boundary else d < radius
            p, q, d = p[near_enough], q[near_enough], d[near_enough]
        else:
            # Without a pair exactly at the radius both boundaries are the same.
            p, q, d = under(boundary or not at_radius).pairs(rule, predictions, labels)
        result[rule.name] = _in_order(p, q, d, predictions, labels)
    return result


def count_at_radii(
    predictions: PointBatch,
    labels: PointBatch,
    radii: Sequence[float],
    rule: str = "hungarian",
    inclusive: bool | None = None,
) -> NDArray[np.int64]:
    """True positives of every frame at every radius, shape (R, F), from one search for pairs.

    Equals ``match_frames(..., radius, rule, inclusive).tp`` for each of ``radii``.
    """
    chosen = rule_named(rule)
    _check(predictions, labels, radii)
    boundary = chosen.inclusive if inclusive is None else inclusive
    near = find_candidates(predictions, labels, max(radii, default=1.0))
    dense = too_dense(near, predictions)
    if dense.any():
        part = predictions.where(dense), labels.where(dense)
        rest = predictions.where(~dense), labels.where(~dense)
        total = np.empty((len(radii), len(labels)), dtype=np.int64)
        total[:, dense] = [match_frames(*part, r, rule, boundary).tp for r in radii]
        total[:, ~dense] = count_at_radii(*rest, radii, rule, boundary)
        return total
    if chosen.choose is None:
        p, _, d = ungated_pairs(predictions, labels, near, *settle(near))
        frame = predictions.frame_of[p]
    else:
        frame, d = gains(near, predictions, labels, chosen)
    step = np.searchsorted(np.sort(radii), d, "left" if boundary else "right")
    counts = np.zeros((len(radii) + 1, len(labels)), dtype=np.int64)
    np.add.at(counts, (step, frame), 1)
    total = np.cumsum(counts, axis=0)[:-1]
    return total[np.argsort(np.argsort(radii, kind="stable"), kind="stable")]


def _in_order(
    p: Indices, q: Indices, d: Floats, predictions: PointBatch, labels: PointBatch
) -> Matches:
    """The pairs by rising prediction row: scattered to their place, which beats sorting."""
    pair_of = np.full(len(predictions.points), -1)
    pair_of[p] = np.arange(len(p))
    order = pair_of[pair_of >= 0]
    rows = p.take(order)
    frame = predictions.frame_of.take(rows)
    counts = predictions.counts, labels.counts
    return Matches(frame, rows, q.take(order), d.take(order), *counts)


class _Settled:
    """Candidates under one boundary, and what every rule keeps of them."""

    def __init__(self, near: Candidates) -> None:
        self.near = near
        self.kept, self.open = settle(near)
        self.contested = near.subset(self.open)

    def pairs(
        self, rule: Rule, predictions: PointBatch, labels: PointBatch
    ) -> tuple[Indices, Indices, Floats]:
        """Rows and distances of the pairs the rule keeps."""
        at = self.kept
        if len(self.open):
            assert rule.choose is not None
            won = self.open[rule.choose(self.contested, predictions, labels)]
            at = np.concatenate([at, won])
        near = self.near
        return near.prediction_rows[near.i[at]], near.label_rows[near.j[at]], near.d[at]


def rule_named(name: str) -> Rule:
    """The rule of that name. Raises UsageError, with a suggestion, when there is none."""
    if name not in RULES:
        raise UsageError(f"there is no matching rule {name!r}", hint=suggest(name, RULES))
    return RULES[name]


def _check(predictions: PointBatch, labels: PointBatch, radii: Sequence[float]) -> None:
    if len(predictions) != len(labels):
        raise ValueError(f"{len(predictions)} frames of predictions, {len(labels)} of labels")
    for radius in radii:
        if not (np.isfinite(radius) and radius > 0):
            raise UsageError(f"the radius must be a positive number of pixels, not {radius:g}")
