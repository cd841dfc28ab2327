"""Lines of a results table: one method on one domain, printed or measured, and its shape.

The shape is that of Tables 2 and 3 of Yao et al. 2021: rows by metric and within a metric by
method; a column a fold, then mean and spread over the folds. All numbers are percent.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from adaptor_bench.evaluate.metrics import METRICS
from adaptor_bench.report.table import Column, Spread, Table, number, spread
from adaptor_bench.results.blocks import REAL, Numbers, distinct_names
from adaptor_bench.results.published import PublishedResult
from adaptor_bench.results.runs import Cell

__all__ = ["DOMAIN_TITLES", "Line", "measured_lines", "published_line", "results_table"]

DIGITS = 2  # the precision of the published tables
DOMAIN_TITLES = {"sim": "simulator frames", "intraop": "intraoperative frames"}


@dataclass(frozen=True)
class Line:
    """One method on one domain. ``entry`` is set for printed lines, ``cell`` for measured ones.

    ``differences`` maps a metric to what the line has more than its parent, percentage points.
    """

    method: str
    source: str
    dataset: str
    domain: str
    numbers: Mapping[str, Numbers]
    profile: str | None = None
    seeds: tuple[int, ...] = ()
    missing: tuple[str, ...] = ()
    unlabelled: Mapping[str, float] = field(default_factory=dict)
    entry: PublishedResult | None = None
    cell: Cell | None = None
    differences: Mapping[str, Spread] = field(default_factory=dict)


def published_line(entry: PublishedResult) -> Line:
    """A published result as printed; a metric that is not printed has no numbers."""
    numbers = {
        key: Numbers(metric.mean, metric.std, metric.folds) for key, metric in entry.metrics.items()
    }
    return Line(entry.method, "published", REAL, entry.domain, numbers, entry=entry)


def measured_lines(cells: Sequence[Cell], ddof: int) -> list[Line]:
    """One line a cell, sorted by name, so that a method stands above its ablations."""
    lines = []
    for cell, name in zip(cells, _names(cells), strict=True):
        run = cell.example
        aggregates = cell.aggregates(ddof)
        numbers = {
            key: Numbers(
                _percent(a.mean),
                _percent(a.std),
                {f"f{k}": 100 * value for k, value in sorted(a.folds.items())},
                _percent(a.seed_std),
            )
            for key, a in aggregates.items()
        }
        lines.append(
            Line(
                method=name,
                source="measured",
                dataset=run.dataset["name"],
                domain=run.domain,
                numbers=numbers,
                profile=run.profile,
                seeds=tuple(sorted(cell.scores)),
                missing=tuple(f"f{k}" for k in aggregates["f1"].missing),
                unlabelled={f"f{k}": n for k, n in aggregates["f1"].unlabelled.items()},
                cell=cell,
            )
        )
    return sorted(lines, key=lambda line: line.method)


def results_table(
    title: str, lines: Sequence[Line], notes: Sequence[str], *, difference: str = ""
) -> Table:
    """``lines`` in the paper's shape. ``difference`` is the heading of that column, if wanted."""
    rows: list[dict[str, Any]] = []
    best: set[tuple[int, str]] = set()
    for key, metric in METRICS.items():
        numbers = [line.numbers.get(key, Numbers()) for line in lines]
        best |= {(len(rows) + i, "folds") for i in _best([n.mean for n in numbers])}
        for line, values in zip(lines, numbers, strict=True):
            folds = {name: _rounded(value) for name, value in (values.folds or {}).items()}
            rows.append(
                {
                    "metric": metric.title,
                    "source": line.source,
                    "method": line.method,
                    "folds": Spread(_rounded(values.mean), _rounded(values.std)),
                    "difference": _rounded_spread(line.differences.get(key, Spread(None))),
                    "dataset": line.dataset,
                    "domain": line.domain,
                    "profile": line.profile,
                    "seeds": " ".join(map(str, line.seeds)) or None,
                    "missing": " ".join(line.missing) or None,
                }
                | folds
            )
    return Table(title, _columns(lines, difference), rows, tuple(notes), frozenset(best))


def _columns(lines: Sequence[Line], difference: str) -> tuple[Column, ...]:
    several = len({line.source for line in lines}) > 1
    names = {n for line in lines for n in (*line.missing, *line.unlabelled)}
    names |= {n for line in lines for v in line.numbers.values() for n in v.folds or {}}
    ordered = sorted(names, key=lambda name: int(name[1:]))
    one_split = not ordered and not any(line.cell for line in lines)
    over_folds = "single split" if one_split else "mean ± std"
    columns = [
        Column("metric", "Metric", role="label", group=True),
        Column("source", "Source", data=not several),
        Column("method", "Method", role="label"),
        *(Column(n, n, "right", "metric", number(DIGITS)) for n in ordered),
        Column("folds", over_folds, role="metric", show=spread(DIGITS)),
    ]
    if difference:
        show = spread(DIGITS, sign=True)
        columns.append(Column("difference", difference, role="metric", show=show))
    columns += [
        Column(key, key, data=True) for key in ("dataset", "domain", "profile", "seeds", "missing")
    ]
    return tuple(columns)


def _best(means: Sequence[float | None]) -> list[int]:
    """Positions of the highest value as printed, ties included; none with fewer than two."""
    shown = [None if mean is None else round(mean, DIGITS) for mean in means]
    present = [value for value in shown if value is not None]
    if len(present) < 2:
        return []
    return [i for i, value in enumerate(shown) if value == max(present)]


def _names(cells: Sequence[Cell]) -> list[str]:
    """Method names, with the profile where it differs and what else tells rows apart."""
    runs = [cell.example for cell in cells]
    names = distinct_names(runs)
    if len({run.profile for run in runs}) == 1:
        return names
    return [f"{name}, {run.profile}" for name, run in zip(names, runs, strict=True)]


def _percent(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else 100 * value


def _rounded(value: float | None) -> float | None:
    """Free of the noise of the last bits, far finer than anything printed."""
    return None if value is None or math.isnan(value) else round(value, 6)


def _rounded_spread(value: Spread) -> Spread:
    return Spread(_rounded(value.mean), _rounded(value.std))
