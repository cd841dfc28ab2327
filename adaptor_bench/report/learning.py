"""Learning curves as tables."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from adaptor_bench.report.table import Column, Table, number
from adaptor_bench.results.learning import FLAT, LearningCurve
from adaptor_bench.scoring.uncertainty.intervals import Interval

_COLUMNS = (
    Column("method", "Method", role="label", group=True),
    Column("budget", "Budget", "right", show=lambda b: f"x {b:g}"),
    Column("cpu_seconds", "CPU s a fold", "right", show=number(1)),
    Column("f1", "F1", "right", "metric", show=number(1)),
    Column("low", "95 % from", "right", show=number(1)),
    Column("high", "to", "right", show=number(1)),
    Column("folds", "Folds", "right"),
    Column("by_fold", "F1 by fold", role="detail", data=True),
)


def tables_of(curves: Iterable[LearningCurve]) -> list[Table]:
    """A table for each dataset and domain, with what doubling the budget brings in its notes."""
    tables = []
    for (dataset, domain), group in groupby(curves, key=lambda c: (c.dataset, c.domain)):
        of = list(group)
        rows = [
            {
                "dataset": dataset,
                "domain": domain,
                "method": curve.method,
                "budget": point.budget,
                "cpu_seconds": point.seconds,
                "f1": point.f1.estimate,
                "low": point.f1.low,
                "high": point.f1.high,
                "folds": len(point.by_fold),
                "by_fold": "; ".join(
                    f"{f'{cohort}/' if cohort else ''}{fold}: {value:.2f}"
                    for (cohort, fold), value in point.by_fold.items()
                ),
            }
            for curve in of
            for point in curve.points
        ]
        place = tuple(Column(key, key, role="detail", data=True) for key in ("dataset", "domain"))
        notes = [sentence(curve) for curve in of]
        notes.append(
            "CPU s: seconds of one core that the training of a network took, without its "
            "translator. Intervals are over folds, each the mean over its seeds."
        )
        title = f"{domain}: F1 by training budget on {dataset} (%)"
        tables.append(Table(title, (*place, *_COLUMNS), rows, tuple(notes)))
    return tables


def sentence(curve: LearningCurve) -> str:
    """Whether the method's own budget is enough, and by what."""
    if curve.beyond.estimate != curve.beyond.estimate:
        return f"{curve.method}: its budget was not doubled here, so nothing is said of it."
    found = (
        f"{curve.method}: doubling its budget gains {_points(curve.beyond)}; is its budget "
        f"enough (less than {FLAT:g} points)? {curve.enough}."
    )
    if curve.gain.estimate == curve.gain.estimate:
        found += f" The doubling before gained {_points(curve.gain)}."
    return found


def _points(interval: Interval) -> str:
    shown = f"{interval.estimate:+.1f} points"
    if interval.low != interval.low:
        return shown
    return f"{shown} (95 % interval {interval.low:+.1f} to {interval.high:+.1f})"
