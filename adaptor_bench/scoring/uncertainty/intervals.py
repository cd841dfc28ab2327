"""Confidence intervals from resampled values, and from the few values themselves.

Percentile intervals of a bootstrap over four or five surgeries are too short: docs/uncertainty.md
says how often they cover. Student's t with the jackknife over surgeries is the remedy.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_SLACK = 1e-12  # probabilities that sum up to a level but for the last bits have reached it


@dataclass(frozen=True)
class Interval:
    """``estimate`` with limits ``low`` and ``high``; NaN where there is none.

    ``undefined`` is the probability of the resamples that had no value (a ratio 0/0) and were
    left out.
    """

    estimate: float
    low: float
    high: float
    undefined: float = 0.0

    def to_json(self) -> dict[str, float | None]:
        """Estimate and limits, null for NaN."""
        values = {"estimate": self.estimate, "low": self.low, "high": self.high}
        return {k: round(float(v), 6) if v == v else None for k, v in values.items()}

    def negated(self) -> Interval:
        """Of the difference the other way round."""
        return Interval(-self.estimate, -self.high, -self.low, self.undefined)


def quantile(values: Floats, probability: Floats, levels: Floats) -> Floats:
    """Smallest value whose cumulative probability reaches each of ``levels`` (0..1).

    ``values`` and ``probability`` are (B,); probabilities need not sum to one. The inverse of the
    distribution function (type 1 of Hyndman and Fan, 1996), as a discrete distribution has it.
    """
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(probability[order])
    wanted = np.asarray(levels) * reached[-1] - _SLACK
    return values[order][np.searchsorted(reached, wanted).clip(max=len(values) - 1)]


def percentile_interval(
    estimate: float, values: Floats, probability: Floats, level: float = 0.95
) -> Interval:
    """The central ``level`` of the resampled ``values`` (B,), which may hold NaN."""
    defined = ~np.isnan(values)
    undefined = float(probability[~defined].sum())
    if not defined.any():
        return Interval(estimate, np.nan, np.nan, 1.0)
    tail = (1 - level) / 2
    low, high = quantile(values[defined], probability[defined], np.array([tail, 1 - tail]))
    return Interval(estimate, float(low), float(high), undefined)


def jackknife_interval(estimate: float, left_out: Floats, level: float = 0.95) -> Interval:
    """``estimate`` ± Student's t times the jackknife's standard error.

    ``left_out`` (n,) are the estimates without one surgery each. For a mean of n values this is
    the usual t interval with n - 1 degrees of freedom. Not cut at 0 or 1. Without two surgeries,
    or with a NaN, there are no limits.
    """
    n = len(left_out)
    if n < 2 or np.isnan(left_out).any() or np.isnan(estimate):
        return Interval(estimate, np.nan, np.nan)
    from scipy.special import stdtrit

    error = float(np.sqrt((n - 1) / n * np.square(left_out - left_out.mean()).sum()))
    reach = float(stdtrit(n - 1, (1 + level) / 2)) * error
    return Interval(estimate, estimate - reach, estimate + reach)
