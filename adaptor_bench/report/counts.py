"""Columns of counts and of every metric, as all tables of scores have them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from adaptor_bench.report.table import Column, number
from adaptor_bench.scoring.metrics import METRICS, Counts, metrics_of

percent = number(2)
"""How a metric in percent prints."""


def label(key: str, title: str) -> Column:
    """A column that names its rows."""
    return Column(key, title, role="label")


def count(key: str, title: str) -> Column:
    """A column of whole numbers."""
    return Column(key, title, "right")


COUNTS = tuple(count(key, key.upper()) for key in ("tp", "fp", "fn"))


def metric_columns(*, short: bool = False) -> tuple[Column, ...]:
    """A column a metric, in percent."""
    return tuple(
        Column(key, f"{m.short if short else m.title} %", "right", "metric", percent)
        for key, m in METRICS.items()
    )


def counted(counts: Counts) -> dict[str, Any]:
    """The values of :data:`COUNTS` and :func:`metric_columns`."""
    return counts.to_json() | percent_of(metrics_of(counts))


def percent_of(values: Mapping[str, Any], at: int | None = None) -> dict[str, float]:
    """Ratios in percent; of arrays those at one index."""
    return {k: 100 * float(v if at is None else np.asarray(v)[at]) for k, v in values.items()}
