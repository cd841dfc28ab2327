"""What is estimated: metrics of a whole board from counts, for the data and for every resample.

``folds`` is what boards rank by: counts pooled within a fold, the metric per fold, the mean over
folds, then the mean over seeds. In a resample a fold weighs as much as the share of its surgeries
that was drawn, and its counts are those drawn; with every surgery drawn once this is the board's
number. ``pooled`` pools the counts of all surgeries. ``surgeries`` is the mean over surgeries.
A fold, or a surgery, in which nothing is labelled has no weight, whatever a method predicts there.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from adaptor_bench.errors import UsageError, suggest
from adaptor_bench.scoring.metrics import METRICS
from adaptor_bench.scoring.uncertainty.resampling import Resamples
from adaptor_bench.scoring.uncertainty.tally import Tally

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

ESTIMANDS = {
    "folds": "mean over folds of the metric of the counts pooled within a fold",
    "pooled": "metric of the counts pooled over all frames",
    "surgeries": "mean over surgeries of the metric of the counts pooled within a surgery",
}


def estimate(tally: Tally, metric: str = "f1", estimand: str = "folds") -> Floats:
    """(methods,) values in 0..1 on the data themselves; NaN where a part is 0/0."""
    once = Resamples(np.ones((1, len(tally.surgeries)), np.int64), np.ones(1), exact=False)
    return resampled(tally, once, metric, estimand)[0]


def resampled(
    tally: Tally, resamples: Resamples, metric: str = "f1", estimand: str = "folds"
) -> Floats:
    """(B, methods) values in every resample, NaN where the metric is 0/0 in a part that was drawn.

    Raises UsageError for an unknown estimand.
    """
    if estimand not in ESTIMANDS:
        raise UsageError(f"there is no estimand {estimand!r}", hint=suggest(estimand, ESTIMANDS))
    groups = _groups(tally, estimand)
    sizes = np.bincount(groups)
    result = np.empty((len(resamples.weights), len(tally.methods)))
    for part, counts in resamples.pooled(tally, groups):
        weights = resamples.weights[part] @ (groups[:, None] == np.arange(len(sizes))) / sizes
        values = METRICS[metric].of_last_axis(counts)
        labelled = counts[..., [0, 2]].sum(axis=(1, 3))[:, None] > 0
        given = np.where(labelled, weights[:, None, :], 0.0)
        # A part that was not drawn says nothing; one that was and is 0/0 leaves no mean.
        total = np.where(given > 0, values * given, 0.0).sum(axis=2)
        whole = given.sum(axis=2)
        result[part] = tally.over_seeds(total / np.where(whole > 0, whole, np.nan), axis=1)
    return result


def _groups(tally: Tally, estimand: str) -> Integers:
    if estimand == "folds":
        return tally.fold
    n = len(tally.surgeries)
    return np.arange(n) if estimand == "surgeries" else np.zeros(n, np.int64)
