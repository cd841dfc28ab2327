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

from adaptor_bench.matching.batch import Indices, PointBatch
from adaptor_bench.matching.candidates import find_candidates, take_in_order
from adaptor_bench.scoring.jsonable import jsonable
from adaptor_bench.scoring.metrics import Floats, f1, mean, precision, ratio

FROC_RATES = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
"""False positives a frame."""


@dataclass(frozen=True)
class Confidence:
    """What the scores are worth; all NaN, and ``absent`` says why, where there are none.

    ``froc`` holds the highest sensitivity at no more than each of :data:`FROC_RATES`, without
    interpolation (0 where only an empty prediction is allowed); ``fp_per_frame`` the false
    positives a frame when all points are kept. ``best_f1`` is the highest F1 over all thresholds,
    reached by keeping scores >= ``best_threshold`` (the highest such threshold); it is chosen on
    the frames it is measured on. ``thresholds`` counts the distinct scores.
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
    threshold, tp, fp = operating_points(predictions, labels, radius, inclusive)
    total = len(labels.points)
    # Both counts rise as the threshold falls, so the last allowed point is the best.
    allowed = np.searchsorted(fp, np.multiply(FROC_RATES, len(labels)), "right")
    froc = tuple(ratio(np.concatenate([[0], tp])[allowed], total).tolist())
    ap = average_precision(tp, fp, total)
    rate = float(ratio(points - tp[-1:].sum(), len(labels)))
    if not points:
        return Confidence(None, 0, ap, froc, rate, best_f1=float(f1.of(0, 0, total)))
    values = f1.of(tp, fp, total - tp)
    at = int(np.argmax(values))  # the first of equals: the highest threshold
    return Confidence(
        absent=None,
        thresholds=len(threshold),
        ap=ap,
        froc=froc,
        fp_per_frame=rate,
        best_threshold=float(threshold[at]),
        best_precision=float(precision.of(tp[at], fp[at], 0)),
        best_sensitivity=float(ratio(tp[at], total)),
        best_f1=float(values[at]),
    )


def average_precision(tp: Indices, fp: Indices, labels: int) -> float:
    """Area under precision over sensitivity, 0..1, with all-point interpolation.

    Precision at a sensitivity is the best at that or any higher one (PASCAL VOC 2010). NaN
    without labels, 0 without predictions.
    """
    if not labels:
        return math.nan
    best = np.maximum.accumulate(precision.of(tp, fp, 0)[::-1])[::-1]
    return float(np.sum(np.diff(tp, prepend=0) / labels * best))


def operating_points(
    predictions: PointBatch, labels: PointBatch, radius: float, inclusive: bool = True
) -> tuple[Floats, Indices, Indices]:
    """The T distinct scores, falling, and TP and FP of all points at or above each, (T,).

    Raises ValueError without scores.
    """
    hit = hits_by_score(predictions, labels, radius, inclusive)
    scores = np.empty(0) if predictions.scores is None else predictions.scores
    falling, step = np.unique(-scores, return_inverse=True)
    tp = np.cumsum(np.bincount(step[hit], minlength=len(falling)))
    kept = np.cumsum(np.bincount(step, minlength=len(falling)))
    return -falling, tp, kept - tp


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
