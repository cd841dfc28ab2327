"""Confidence intervals over folds of a cross-validation, the unit of which is a trained network.

Folds of one cross-validation share most of their training surgeries, so the spread between them
says too little about the spread of their mean. Nadeau and Bengio (Machine Learning 52, 2003)
correct the t interval for that; docs/uncertainty.md says how often either covers.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from adaptor_bench.scoring.metrics import METRICS, Counts

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Verdict = Literal["yes", "no", "undecided"]

_SAME = 1e-12  # fold values this close differ by rounding


@dataclass(frozen=True)
class Interval:
    """``estimate`` with limits ``low`` and ``high``; NaN where there is none."""

    estimate: float
    low: float
    high: float

    def to_json(self) -> dict[str, float | None]:
        """Estimate and limits, null for NaN."""
        values = {"estimate": self.estimate, "low": self.low, "high": self.high}
        return {k: round(float(v), 6) if v == v else None for k, v in values.items()}

    def negated(self) -> Interval:
        """Of the difference the other way round."""
        return Interval(-self.estimate, -self.high, -self.low)

    @property
    def verdict(self) -> Verdict:
        """Of a gain: *yes* if the whole interval lies above 0, *no* if below, else *undecided*."""
        return "yes" if self.low > _SAME else "no" if self.high < -_SAME else "undecided"


def inflation(cohorts: Sequence[int] | Integers) -> float:
    """What the variance of a mean over folds is, in units of the folds' variance / n.

    ``cohorts`` (n,) names the cohort of every fold: folds of one share training surgeries, folds
    of two do not. Two of the m folds of a cohort are taken to correlate by 1 / m, the validated
    share of its surgeries, as Nadeau and Bengio do. For one cohort this is their
    1 + n * n_test / n_train = (2 n - 1) / (n - 1); where every fold is a cohort of its own it is 1.
    """
    n = len(cohorts)
    if n < 2:
        return 1.0
    shared = (n - len(set(map(int, cohorts)))) / n  # m (m - 1) / m, over all cohorts, by n
    return (1 + shared) / (1 - shared / (n - 1))


def standard_error(values: Floats, cohorts: Sequence[int] | Integers) -> float:
    """Of the mean of ``values`` (n,) over folds, corrected for shared training surgeries."""
    n = len(values)
    spread = float(np.std(values, ddof=1)) if n > 1 else float("nan")
    return 0.0 if spread < _SAME else spread * float(np.sqrt(inflation(cohorts) / n))


def fold_interval(
    values: Floats, cohorts: Sequence[int] | Integers, level: float = 0.95
) -> Interval:
    """The mean of ``values`` (n,), one per fold, ± Student's t (n - 1) times its corrected error.

    Not cut at 0 or 1. With fewer than two folds there are no limits, with a NaN no estimate.
    """
    n = len(values)
    mean = float(np.mean(values)) if n else float("nan")
    if n < 2 or np.isnan(mean):
        return Interval(mean, float("nan"), float("nan"))
    from scipy.special import stdtrit

    reach = float(stdtrit(n - 1, (1 + level) / 2)) * standard_error(values, cohorts)
    return Interval(mean, mean - reach, mean + reach)


def pooled_intervals(surgeries: Collection[Counts], level: float = 0.95) -> dict[str, Interval]:
    """Every metric of the pooled counts of ``surgeries`` with its :func:`jackknife_interval`."""
    total = sum(surgeries, Counts())
    without = [Counts(total.tp - c.tp, total.fp - c.fp, total.fn - c.fn) for c in surgeries]
    return {
        key: jackknife_interval(metric(total), np.array(list(map(metric, without))), level)
        for key, metric in METRICS.items()
    }


def jackknife_interval(estimate: float, left_out: Floats, level: float = 0.95) -> Interval:
    """``estimate`` ± Student's t times the jackknife's standard error.

    For predictions about which nothing is known but the surgeries they are of: ``left_out`` (n,)
    are the estimates without one surgery each. The interval is about other surgeries, not about
    other trained networks. Not cut at 0 or 1. Without two surgeries, or with a NaN, there are no
    limits.
    """
    n = len(left_out)
    if n < 2 or np.isnan(left_out).any() or np.isnan(estimate):
        return Interval(estimate, np.nan, np.nan)
    from scipy.special import stdtrit

    error = float(np.sqrt((n - 1) / n * np.square(left_out - left_out.mean()).sum()))
    reach = float(stdtrit(n - 1, (1 + level) / 2)) * error
    return Interval(estimate, estimate - reach, estimate + reach)
