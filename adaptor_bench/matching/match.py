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

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from adaptor_bench.matching.batch import Indices, Matches, PointBatch
from adaptor_bench.matching.candidates import Floats, distances
from adaptor_bench.matching.rule import FastPairing, Rule
from adaptor_bench.matching.rules import all_rules, rule_named
from adaptor_bench.matching.search import Search
from adaptor_bench.matching.settings import RADIUS, RULE


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
    rule: str = RULE,
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
    matches = match_frames(*batches, radius, rule, inclusive)
    pairs = np.column_stack([matches.prediction, matches.label])
    return Match(pairs, matches.distance, len(batches[0].points), len(batches[1].points))


def match_frames(
    predictions: PointBatch,
    labels: PointBatch,
    radius: float = RADIUS,
    rule: str = RULE,
    inclusive: bool | None = None,
) -> Matches:
    """:func:`match` for every frame of two batches. Raises what it raises."""
    return match_rules(predictions, labels, radius, (rule,), inclusive)[rule]


def match_rules(
    predictions: PointBatch,
    labels: PointBatch,
    radius: float = RADIUS,
    rules: Iterable[str] | None = None,
    inclusive: bool | None = None,
) -> dict[str, Matches]:
    """Several rules (None: all) at once: they share the search for pairs and what they agree on."""
    chosen = [rule_named(name) for name in (all_rules() if rules is None else rules)]
    search = Search(predictions, labels, radius)
    matches = {}
    for rule in chosen:
        boundary = rule.inclusive if inclusive is None else inclusive
        fast = rule.fast or _frame_by_frame(rule)
        matches[rule.name] = search.matches(*fast(search, boundary))
    return matches


def _frame_by_frame(rule: Rule) -> FastPairing:
    """For a rule that only knows single frames."""

    def pairs(search: Search, inclusive: bool) -> tuple[Indices, Indices, Floats]:
        sides = search.predictions, search.labels
        rows = [
            (sides[0].starts[frame] + i, sides[1].starts[frame] + j)
            for frame in np.flatnonzero(sides[0].counts * sides[1].counts).tolist()
            for i, j in rule.match(sides[0][frame], sides[1][frame], search.radius, inclusive)
        ]
        p, q = np.array(rows, dtype=np.intp).reshape(-1, 2).T
        return p, q, distances(*sides, p, q)

    return pairs
