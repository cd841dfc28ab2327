"""Precision, sensitivity and F1 of many counts at once. 0/0 is NaN in arrays, None in JSON."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Floats", "f1", "jsonable", "mean", "metrics", "precision", "ratio", "sensitivity"]

Floats = NDArray[np.float64]


def ratio(numerator: ArrayLike, denominator: ArrayLike) -> Floats:
    """Element by element; NaN where the denominator is 0."""
    a, b = np.asarray(numerator, dtype=float), np.asarray(denominator, dtype=float)
    shape = np.broadcast_shapes(a.shape, b.shape)
    return np.divide(a, b, out=np.full(shape, np.nan), where=b != 0)


def precision(tp: ArrayLike, fp: ArrayLike) -> Floats:
    """TP / (TP + FP)."""
    return ratio(tp, np.add(tp, fp))


def sensitivity(tp: ArrayLike, fn: ArrayLike) -> Floats:
    """TP / (TP + FN)."""
    return ratio(tp, np.add(tp, fn))


def f1(tp: ArrayLike, fp: ArrayLike, fn: ArrayLike) -> Floats:
    """2 TP / (2 TP + FP + FN)."""
    twice = np.multiply(tp, 2)
    return ratio(twice, np.add(twice, np.add(fp, fn)))


def metrics(tp: ArrayLike, fp: ArrayLike, fn: ArrayLike) -> dict[str, Floats]:
    """All three, keyed as in :data:`adaptor_bench.evaluate.metrics.METRICS`."""
    return {
        "precision": precision(tp, fp),
        "sensitivity": sensitivity(tp, fn),
        "f1": f1(tp, fp, fn),
    }


def mean(values: ArrayLike) -> float:
    """The mean; NaN of nothing."""
    array = np.asarray(values, dtype=float)
    return float(array.mean()) if array.size else math.nan


def jsonable(value: Any) -> Any:
    """Plain Python values, None for what is not finite; mappings and sequences all the way down."""
    if isinstance(value, dict):
        return {key: jsonable(entry) for key, entry in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return jsonable(value.tolist())
    if isinstance(value, list | tuple):
        return [jsonable(entry) for entry in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
