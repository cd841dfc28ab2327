"""How much a score depends on the matching rule, the boundary and the missing policy.

All rules are run on the same points under both boundaries. A pair that only some of them make, or
that lies close to the radius, is *fragile*: another choice of protocol would not count it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.matching.batch import Indices, Matches
from adaptor_bench.matching.match import match_frames, match_rules
from adaptor_bench.matching.rules import ranked_rules
from adaptor_bench.matching.search import Search
from adaptor_bench.matching.settings import RADIUS, RULE
from adaptor_bench.scoring.metrics import Counts, f1, metrics_of
from adaptor_bench.scoring.reading import Batches

MARGIN = 0.5
"""Pixels: a pair whose distance is less than this from the radius, on either side, is fragile."""

Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class AuditRow:
    """Pooled counts under one rule, boundary and missing policy, and what the choice changes."""

    rule: str
    inclusive: bool
    missing: str
    counts: Counts
    metrics: dict[str, float]
    dtp: int
    df1: float  # NaN where either F1 is 0/0


@dataclass(frozen=True)
class AuditPairs:
    """All pairs that at least one ranked rule makes under at least one boundary, and those beyond
    the radius that one would make were it up to half a pixel larger; K of them.

    ``frame`` (K,) counts frames; ``prediction`` and ``label`` (K,) are indices within the frame, as
    in the files; ``distance`` (K,) pixels. Flags, shape (K,): ``near_radius``, less than half a
    pixel from the radius; ``by_rule``, made by some of the ranked rules (``<=``), not by all;
    ``by_boundary``, made by some rule under one boundary only; ``primary``, made by the primary
    rule: one of its true positives.
    """

    frame: Indices
    prediction: Indices
    label: Indices
    distance: NDArray[np.float64]
    near_radius: Flags
    by_rule: Flags
    by_boundary: Flags
    primary: Flags

    @property
    def fragile(self) -> Flags:
        """Another choice of protocol would undo or make the pair, shape (K,)."""
        return self.near_radius | self.by_rule | self.by_boundary


@dataclass(frozen=True)
class Audit:
    """The outcome for F frames.

    ``tp`` maps (rule, inclusive) to true positives of every frame, shape (F,); ``partner`` maps a
    rule (``<=``) to the label index of every row of the predictions, -1 for none; ``starts`` turns
    a frame into its first row. All is compared with the primary rule: ``hungarian``, ``<=``, and
    missing frames counted as empty. ``tp_at`` maps the radius, and radii half a pixel to either
    side, to the primary rule's true positives.
    """

    radius: float
    keys: tuple[str, ...]
    missing: Flags
    predictions: Indices
    labels: Indices
    tp: dict[tuple[str, bool], Indices]
    pairs: AuditPairs
    partner: dict[str, Indices]
    starts: Indices
    tp_at: dict[float, int]
    unknown: tuple[str, ...] = ()

    @cached_property
    def primary(self) -> Counts:
        """Counts by the primary rule, ``<=``, missing frames as empty ones."""
        return self.counts(RULE)

    def counts(self, rule: str, inclusive: bool = True, missing: str = "empty") -> Counts:
        """Counts pooled over all frames (``skip``: over those with a prediction file)."""
        return self.pooled(self.tp[rule, inclusive], missing)

    def pooled(self, tp: Indices, missing: str = "empty") -> Counts:
        """As :meth:`counts`, of other true positives of every frame, shape (F,)."""
        scored = ~self.missing if missing == "skip" else np.ones(len(self.keys), dtype=bool)
        hits, p, q = (int(of[scored].sum()) for of in (tp, self.predictions, self.labels))
        return Counts(hits, p - hits, q - hits)

    @property
    def ranked(self) -> tuple[str, ...]:
        """The rules that may rank."""
        return ranked_rules()

    @property
    def policies(self) -> tuple[str, ...]:
        """The missing policies that differ: only ``empty`` when no frame is missing."""
        return ("empty", "skip") if self.missing.any() else ("empty",)

    @cached_property
    def rows(self) -> tuple[AuditRow, ...]:
        """Every rule under every boundary and missing policy; the primary comes first."""
        base = self.primary

        def row(rule: str, inclusive: bool, missing: str) -> AuditRow:
            counts = self.counts(rule, inclusive, missing)
            dtp, df1 = counts.tp - base.tp, f1(counts) - f1(base)
            return AuditRow(rule, inclusive, missing, counts, metrics_of(counts), dtp, df1)

        return tuple(row(*of, missing) for missing in self.policies for of in self.tp)

    @cached_property
    def counts_differ(self) -> Flags:
        """Frames to which the ranked rules (``<=``) give different counts, shape (F,)."""
        return np.ptp([self.tp[rule, True] for rule in self.ranked], axis=0) > 0

    @cached_property
    def pairs_differ(self) -> Flags:
        """Frames in which the ranked rules (``<=``) make different pairs, shape (F,)."""
        return self._frames_of(self.pairs.by_rule)

    @cached_property
    def boundary_differs(self) -> Flags:
        """Frames in which a ranked rule makes different pairs with ``<``, shape (F,)."""
        return self._frames_of(self.pairs.by_boundary)

    @cached_property
    def ungated_differs(self) -> Flags:
        """Frames to which ``ungated`` gives other counts than the primary rule, shape (F,)."""
        return self.tp["ungated", True] != self.tp[RULE, True]

    def _frames_of(self, pairs: Flags) -> Flags:
        return np.bincount(self.pairs.frame[pairs], minlength=len(self.keys)) > 0


def audit(batches: Batches, radius: float = RADIUS) -> Audit:
    """Match ``batches`` by every rule under both boundaries at ``radius`` pixels.

    Raises UsageError for a radius that is not a positive number.
    """
    points = batches.predictions, batches.labels
    matched = {True: match_rules(*points, radius, inclusive=True)}
    # A candidate at exactly the radius that no rule takes may still decide between equal others.
    differ = Search(*points, radius).at_radius
    matched[False] = match_rules(*points, radius, inclusive=False) if differ else matched[True]
    around = [r for r in (radius - MARGIN, radius + MARGIN) if r > 0]
    tp_at = {r: len(match_frames(*points, r, RULE).frame) for r in around}
    tp_at[float(radius)] = len(matched[True][RULE].frame)
    partner = {}
    for rule, matches in matched[True].items():
        of = np.full(len(points[0].points), -1)
        of[matches.prediction] = matches.label - points[1].starts[matches.frame]
        partner[rule] = of
    return Audit(
        radius=float(radius),
        keys=batches.keys,
        missing=batches.missing,
        predictions=points[0].counts,
        labels=points[1].counts,
        tp={(rule, b): matches.tp for b, some in matched.items() for rule, matches in some.items()},
        pairs=_union(matched, batches, radius),
        partner=partner,
        starts=points[0].starts,
        tp_at=dict(sorted(tp_at.items())),
        unknown=batches.unknown,
    )


def _union(matched: dict[bool, dict[str, Matches]], batches: Batches, radius: float) -> AuditPairs:
    """The pairs of the ranked rules under either boundary, and who makes them; of the pairs at a
    larger radius those that are further apart than ``radius``."""
    predictions, labels = batches.predictions, batches.labels
    ranked, width = ranked_rules(), len(labels.points) + 1

    def coded(matches: Matches) -> Indices:
        return matches.prediction * width + matches.label

    codes = {(b, rule): coded(matched[b][rule]) for b in matched for rule in ranked}
    beyond = match_rules(predictions, labels, radius + MARGIN, ranked, False)
    outside = [
        (coded(m)[m.distance > radius], m.distance[m.distance > radius]) for m in beyond.values()
    ]
    union = np.unique(np.concatenate([*codes.values(), *(code for code, _ in outside)]))
    distance = np.empty(len(union))
    for code, apart in outside:
        distance[np.searchsorted(union, code)] = apart
    made = {b: np.zeros((len(union), len(ranked)), dtype=bool) for b in matched}
    for (boundary, rule), code in codes.items():
        at = np.searchsorted(union, code)
        made[boundary][at, ranked.index(rule)] = True
        distance[at] = matched[boundary][rule].distance
    prediction, label = union // width, union % width
    frame = predictions.frame_of[prediction]
    wide, strict = made[True], made[False]
    return AuditPairs(
        frame,
        prediction - predictions.starts[frame],
        label - labels.starts[frame],
        distance,
        near_radius=np.abs(distance - radius) < MARGIN,
        by_rule=np.asarray(wide.any(axis=1) & ~wide.all(axis=1)),
        by_boundary=np.asarray((wide != strict).any(axis=1)),
        primary=wide[:, ranked.index(RULE)],
    )
