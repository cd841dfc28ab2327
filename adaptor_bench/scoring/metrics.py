"""Precision, sensitivity and F1 of pooled counts, and the registry that every table is drawn from.

Equations 1-3 of Yao et al. 2021 (arXiv 2110.05676, section 2.6). A metric is one entry: its formula
is applied to single counts and to arrays of them alike. A ratio 0/0 is NaN: never 0, never 1, never
an exception.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from adaptor_bench.errors import UsageError

Floats = NDArray[np.float64]
Formula = Callable[[Floats, Floats, Floats], Floats]


@dataclass(frozen=True)
class Counts:
    """True positives, false positives, false negatives. Counts of several frames add up."""

    tp: int = 0
    fp: int = 0
    fn: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.tp + other.tp, self.fp + other.fp, self.fn + other.fn)

    def to_json(self) -> dict[str, int]:
        """``{"tp", "fp", "fn"}``."""
        return {"tp": self.tp, "fp": self.fp, "fn": self.fn}


@dataclass(frozen=True)
class Metric:
    """A metric of pooled counts, in 0..1, and what a table needs to know about it.

    ``formula`` gets TP, FP and FN as float arrays of one shape. ``short`` heads narrow columns.
    """

    key: str
    title: str
    short: str
    definition: str
    formula: Formula
    higher_is_better: bool = True

    def __call__(self, counts: Counts) -> float:
        """Of one set of counts; NaN for 0/0."""
        return float(self.of(counts.tp, counts.fp, counts.fn))

    def of(self, tp: ArrayLike, fp: ArrayLike, fn: ArrayLike) -> Floats:
        """Element by element of arrays that broadcast; NaN for 0/0."""
        return self.formula(*(np.asarray(counts, dtype=float) for counts in (tp, fp, fn)))

    def of_last_axis(self, counts: NDArray[Any]) -> Floats:
        """Of counts (.., 3): TP, FP, FN."""
        return self.of(*np.moveaxis(counts, -1, 0))


METRICS: dict[str, Metric] = {}
"""All metrics by key, in the order of columns."""
PRIMARY = "f1"
"""The key of the metric that ranks."""


def metric(
    title: str, short: str, definition: str, *, higher_is_better: bool = True
) -> Callable[[Formula], Metric]:
    """Give the decorated formula a column in every table; its name is the key.

    Raises UsageError for the name of another metric.
    """

    def register(formula: Formula) -> Metric:
        key = formula.__name__
        if key in METRICS and METRICS[key].formula.__module__ != formula.__module__:
            raise UsageError(f"there is a metric {key!r} already")
        METRICS[key] = Metric(key, title, short, definition, formula, higher_is_better)
        return METRICS[key]

    return register


def ratio(numerator: ArrayLike, denominator: ArrayLike) -> Floats:
    """Element by element; NaN where the denominator is 0."""
    a, b = np.broadcast_arrays(np.asarray(numerator, float), np.asarray(denominator, float))
    return np.divide(a, b, out=np.full(a.shape, np.nan), where=b != 0)


def mean(values: ArrayLike) -> float:
    """The mean; NaN of nothing."""
    array = np.asarray(values, dtype=float)
    return float(array.mean()) if array.size else math.nan


def metrics_of(counts: Counts) -> dict[str, float]:
    """Every metric by its key, in 0..1; NaN for 0/0."""
    return {key: metric(counts) for key, metric in METRICS.items()}


@metric("Precision", "Prec", "TP / (TP + FP)")
def precision(tp: Floats, fp: Floats, fn: Floats) -> Floats:
    """Equation 1. NaN when nothing was predicted."""
    return ratio(tp, tp + fp)


@metric("Sensitivity", "Sens", "TP / (TP + FN)")
def sensitivity(tp: Floats, fp: Floats, fn: Floats) -> Floats:
    """Equation 2. NaN when nothing is labelled."""
    return ratio(tp, tp + fn)


@metric("F1", "F1", "2 TP / (2 TP + FP + FN)")
def f1(tp: Floats, fp: Floats, fn: Floats) -> Floats:
    """NaN only when there is neither prediction nor label.

    Equals the harmonic mean of precision and sensitivity (equation 3) wherever that exists. When
    one of the two is 0/0, or both are 0, the counts decide: something was missed or invented and
    nothing found, so F1 is 0.
    """
    return ratio(2 * tp, 2 * tp + fp + fn)
