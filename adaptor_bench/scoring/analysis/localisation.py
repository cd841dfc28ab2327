"""How far matched predictions lie from their labels, and in which direction on average."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from adaptor_bench.matching.batch import Matches, PointBatch
from adaptor_bench.scoring.metrics import mean


@dataclass(frozen=True)
class Localisation:
    """Pixels, over ``pairs`` matched pairs; NaN without any.

    ``dx`` and ``dy`` are mean signed errors, prediction minus label: positive is to the right
    and down.
    """

    pairs: int
    mean: float
    median: float
    p95: float
    dx: float
    dy: float


def localisation(predictions: PointBatch, labels: PointBatch, matches: Matches) -> Localisation:
    """The localisation error of ``matches`` between the two batches.

    Quantiles interpolate linearly between order statistics (type 7 of Hyndman and Fan 1996).
    """
    offset = predictions.points[matches.prediction] - labels.points[matches.label]
    pairs = len(matches.distance)
    median, p95 = np.percentile(matches.distance, [50, 95]) if pairs else (np.nan, np.nan)
    return Localisation(
        pairs,
        mean(matches.distance),
        float(median),
        float(p95),
        mean(offset[:, 0]),
        mean(offset[:, 1]),
    )
