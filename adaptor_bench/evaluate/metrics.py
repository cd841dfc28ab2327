"""Precision, sensitivity and F1 as functions of pooled counts.

Equations 1-3 of Yao et al. 2021 (arXiv 2110.05676, section 2.6). A ratio 0/0 is NaN: never 0,
never 1, never an exception.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["METRICS", "Counts", "Metric", "f1", "precision", "sensitivity"]


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


def precision(counts: Counts) -> float:
    """TP / (TP + FP), in 0..1 (equation 1). NaN when nothing was predicted."""
    return _ratio(counts.tp, counts.tp + counts.fp)


def sensitivity(counts: Counts) -> float:
    """TP / (TP + FN), in 0..1 (equation 2). NaN when nothing is labelled."""
    return _ratio(counts.tp, counts.tp + counts.fn)


def f1(counts: Counts) -> float:
    """2 TP / (2 TP + FP + FN), in 0..1. NaN only when there is neither prediction nor label.

    Equals the harmonic mean of precision and sensitivity (equation 3) wherever that exists. When
    one of the two is 0/0, or both are 0, the counts decide: something was missed or invented and
    nothing found, so F1 is 0.
    """
    return _ratio(2 * counts.tp, 2 * counts.tp + counts.fp + counts.fn)


@dataclass(frozen=True)
class Metric:
    """A metric of pooled counts and what a table needs to know about it."""

    key: str
    title: str
    function: Callable[[Counts], float]
    definition: str
    higher_is_better: bool = True


METRICS: dict[str, Metric] = {
    metric.key: metric
    for metric in (
        Metric("precision", "Precision", precision, "TP / (TP + FP)"),
        Metric("sensitivity", "Sensitivity", sensitivity, "TP / (TP + FN)"),
        Metric("f1", "F1", f1, "2 TP / (2 TP + FP + FN)"),
    )
}


def _ratio(numerator: int, denominator: int) -> float:
    return numerator / denominator if denominator else math.nan
