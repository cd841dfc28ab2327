"""Average precision and FROC, for predictions whose points carry scores.

Object detection's way of matching, not one of the ranked rules: every prediction, in order of
falling score, takes the nearest label of its frame that is within the radius and still free. So
what is kept above a threshold is matched alike whatever lies below it. Predictions with equal
scores enter together, the closest pair first among them, and the curve has one step for all of
them. Of pairs equally far apart the one whose prediction, then whose label, lies further left (then
further up) goes first. Neither the order of the points nor that of the frames matters.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.evaluate.jsonable import jsonable
from adaptor_bench.evaluate.metrics import Floats, f1, mean, precision, ratio
from adaptor_bench.matching.batch import Indices, PointBatch
from adaptor_bench.matching.candidates import find_candidates
from adaptor_bench.matching.greedy import take_in_order

FROC_RATES = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
"""False positives a frame."""


@dataclass(frozen=True)
class OperatingPoints:
    """Operating points at the T distinct scores, falling; each keeps all points at or above it.

    ``threshold``, ``tp`` and ``fp`` have shape (T,); ``labels`` and ``frames`` are totals.
    """

    threshold: Floats
    tp: Indices
    fp: Indices
    labels: int
    frames: int

    def average_precision(self) -> float:
        """Area under precision over sensitivity, 0..1, with all-point interpolation.

        Precision at a sensitivity is the best at that or any higher one (PASCAL VOC 2010). NaN
        without labels, 0 without predictions.
        """
        if not self.labels:
            return math.nan
        best = np.maximum.accumulate(precision.of(self.tp, self.fp, 0)[::-1])[::-1]
        return float(np.sum(np.diff(self.tp, prepend=0) / self.labels * best))

    def sensitivity_at(self, rates: tuple[float, ...]) -> tuple[float, ...]:
        """The highest sensitivity at no more than each rate of false positives a frame, 0..1.

        No interpolation between operating points; 0 where only an empty prediction is allowed.
        """
        # Both counts rise as the threshold falls, so the last allowed point is the best.
        allowed = np.searchsorted(self.fp, np.multiply(rates, self.frames), "right")
        tp = np.concatenate([[0], self.tp])[allowed]
        return tuple(float(s) for s in ratio(tp, self.labels))


@dataclass(frozen=True)
class Confidence:
    """What the scores are worth; all NaN, and ``absent`` says why, where there are none.

    ``froc`` holds the sensitivity at each of :data:`FROC_RATES`, ``froc_mean`` their mean,
    ``fp_per_frame`` the false positives a frame when all points are kept. ``best_f1`` is the
    highest F1 over all thresholds, reached by keeping scores >= ``best_threshold`` (the highest
    such threshold); it is chosen on the frames it is measured on. ``thresholds`` counts the
    distinct scores.
    """

    absent: str | None = None
    thresholds: int = 0
    ap: float = math.nan
    froc: tuple[float, ...] = (math.nan,) * len(FROC_RATES)
    fp_per_frame: float = math.nan
    best_threshold: float = math.nan
    best_precision: float = math.nan
    best_sensitivity: float = math.nan
    best_f1: float = math.nan

    @property
    def froc_mean(self) -> float:
        """Mean sensitivity over :data:`FROC_RATES`."""
        return mean(self.froc)

    def to_json(self) -> dict[str, Any]:
        """``{"absent", "thresholds", "ap", "froc": {..}, "best_f1": {..}}``, null where absent."""
        return jsonable(
            {
                "absent": self.absent,
                "thresholds": self.thresholds,
                "ap": self.ap,
                "froc": {
                    "mean": self.froc_mean,
                    "fp_per_frame": self.fp_per_frame,
                    "curve": [
                        {"fp_per_frame": rate, "sensitivity": value}
                        for rate, value in zip(FROC_RATES, self.froc, strict=True)
                    ],
                },
                "best_f1": {
                    "threshold": self.best_threshold,
                    "precision": self.best_precision,
                    "sensitivity": self.best_sensitivity,
                    "f1": self.best_f1,
                },
            }
        )


def confidence(
    predictions: PointBatch, labels: PointBatch, radius: float, inclusive: bool = True
) -> Confidence:
    """AP, FROC and the best threshold, or why there are none.

    Without any predicted point no score is missing, and the curve is that of an empty prediction.
    """
    points = len(predictions.points)
    scores = predictions.scores
    if scores is None:
        scores = np.full(points, math.nan)
    without = int(np.count_nonzero(np.isnan(scores)))
    if without:
        some = "the predicted points carry no scores"
        if without < points:
            some = f"{without} of {points} predicted points carry no score"
        return Confidence(absent=f"{some} (a file's scores count if all its points have one)")
    steps = operating_points(predictions, labels, radius, inclusive)
    froc = steps.sensitivity_at(FROC_RATES)
    rate = float(ratio(points - steps.tp[-1:].sum(), steps.frames))
    values = f1.of(steps.tp, steps.fp, steps.labels - steps.tp)
    if not points:
        best = float(f1.of(0, 0, steps.labels))
        return Confidence(None, 0, steps.average_precision(), froc, rate, best_f1=best)
    at = int(np.argmax(values))  # the first of equals: the highest threshold
    return Confidence(
        absent=None,
        thresholds=len(steps.threshold),
        ap=steps.average_precision(),
        froc=froc,
        fp_per_frame=rate,
        best_threshold=float(steps.threshold[at]),
        best_precision=float(precision.of(steps.tp, steps.fp, 0)[at]),
        best_sensitivity=float(ratio(steps.tp[at], steps.labels)),
        best_f1=float(values[at]),
    )


def operating_points(
    predictions: PointBatch, labels: PointBatch, radius: float, inclusive: bool = True
) -> OperatingPoints:
    """The operating points of scored ``predictions``. Raises ValueError without scores."""
    hit = hits_by_score(predictions, labels, radius, inclusive)
    assert predictions.scores is not None or not len(hit)
    scores = np.empty(0) if predictions.scores is None else predictions.scores
    falling, step = np.unique(-scores, return_inverse=True)
    tp = np.cumsum(np.bincount(step[hit], minlength=len(falling)))
    kept = np.cumsum(np.bincount(step, minlength=len(falling)))
    return OperatingPoints(-falling, tp, kept - tp, len(labels.points), len(labels))


def hits_by_score(
    predictions: PointBatch, labels: PointBatch, radius: float, inclusive: bool = True
) -> NDArray[np.bool_]:
    """Which rows of ``predictions`` get a label, (N,). Raises ValueError without scores."""
    hit = np.zeros(len(predictions.points), dtype=bool)
    if not len(hit):
        return hit
    if predictions.scores is None or np.isnan(predictions.scores).any():
        raise ValueError("every predicted point needs a score")
    near = find_candidates(predictions, labels, radius).within(radius, inclusive)
    rows, columns = near.prediction_rows[near.i], near.label_rows[near.j]
    # Stable, and candidates stand by prediction, then label, from left to right.
    order = np.lexsort((near.d, -predictions.scores[rows]))
    nodes = np.column_stack([rows, len(hit) + columns])[order]
    taken = take_in_order(nodes, len(hit) + len(labels.points))
    hit[rows[order[taken]]] = True
    return hit
