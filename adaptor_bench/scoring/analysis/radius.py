"""Precision, sensitivity and F1 as functions of the matching radius."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from adaptor_bench.matching.batch import PointBatch
from adaptor_bench.matching.match import match_frames
from adaptor_bench.scoring.jsonable import jsonable
from adaptor_bench.scoring.metrics import METRICS, Floats

RADII: tuple[float, ...] = tuple(float(r) for r in range(1, 16))
"""Pixels of the frame as stored."""


@dataclass(frozen=True)
class RadiusCurve:
    """``radii`` (R,) in rising order, pixels; the others (R,), ``tp`` counts, ratios in 0..1.

    ``area`` is the mean height of the F1 curve between the first and the last radius, 0..1
    (trapezoids). NaN where F1 is.
    """

    radii: Floats
    tp: Floats
    metrics: dict[str, Floats]
    area: float

    @property
    def f1(self) -> Floats:
        """F1 at every radius."""
        return self.metrics["f1"]

    def to_json(self) -> dict[str, Any]:
        """``{"area_under_f1", "curve": [{"radius", "tp", "precision", "sensitivity", "f1"}]}``."""
        columns = {"radius": self.radii, "tp": self.tp, **self.metrics}
        curve = [
            {name: values[i] for name, values in columns.items()} for i in range(len(self.radii))
        ]
        return jsonable({"area_under_f1": self.area, "curve": curve})


def radius_curve(
    predictions: PointBatch,
    labels: PointBatch,
    rule: str,
    inclusive: bool | None = None,
    radii: Sequence[float] = RADII,
) -> RadiusCurve:
    """The curve over ``radii`` (rising, at least one) under ``rule``, counts pooled over frames."""
    at = np.asarray(radii, dtype=float)
    if at.ndim != 1 or not len(at) or (np.diff(at) <= 0).any():
        raise ValueError("the radii must be rising numbers, at least one")
    tp = np.array(
        [len(match_frames(predictions, labels, r, rule, inclusive).frame) for r in at.tolist()]
    )
    counts = tp, len(predictions.points) - tp, len(labels.points) - tp
    values = {key: metric.of(*counts) for key, metric in METRICS.items()}
    height = values["f1"]
    # The trapezoid rule; written out because its numpy name changed in version 2.
    covered = float(at[-1] - at[0])
    area = float(np.sum((height[1:] + height[:-1]) / 2 * np.diff(at)))
    return RadiusCurve(
        at,
        tp,
        values,
        area=area / covered if covered else float(height[0]),
    )
