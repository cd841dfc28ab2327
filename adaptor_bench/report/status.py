"""How far runs are, as tables."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, replace
from typing import Any

from adaptor_bench.errors import plural
from adaptor_bench.report.table import DASH, Column, Table, absent, number
from adaptor_bench.results.status import STATES, CellStatus, RunStatus


def duration(seconds: float) -> str:
    """``1:02:03``, ``2:03``; a dash where it is not known."""
    if absent(seconds):
        return DASH
    hours, rest = divmod(round(seconds), 3600)
    minutes, rest = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _seconds(value: float | None) -> str:
    return number(1 if value is not None and value < 10 else 0)(value)


_COLUMNS = (
    Column("method", "Method", role="label", group=True),
    Column("domain", "Domain", role="label"),
    Column("fold", "Fold", "right", role="label"),
    Column("state", "State"),
    Column("at", "Stage"),
    Column("left", "Left", "right", show=duration, about="of the stage"),
    Column("f1", "F1", "right", "metric", show=number(1)),
    Column("seconds", "Seconds", "right", show=_seconds),
    Column("attempts", "Attempts", "right"),
    Column("host", "Where"),
    Column("reason", "Why"),
    *(Column(key, key, data=True) for key in ("stage", "steps", "total", "elapsed")),
)
_FLEETING = ("at", "left", "reason")


def tables_of(runs: Iterable[RunStatus]) -> list[Table]:
    """A table of cells for each run, how many are at what in its notes. Where nothing failed and
    nothing is running, the columns that would say more are in csv and json only."""
    tables = []
    for run in runs:
        rows = [_row(cell) for cell in run.cells]
        columns = tuple(
            replace(c, data=c.data or (c.key in _FLEETING and all(r[c.key] is None for r in rows)))
            for c in _COLUMNS
        )
        title = f"{run.root.name}, in {run.root.parent}"
        tables.append(Table(title, columns, rows, (sentence(run),)))
    return tables


def sentence(run: RunStatus) -> str:
    """How many cells are at what, and when all will be done."""
    if not run.cells:
        return "The journal names no cell yet."
    counts = ", ".join(f"{n} {state}" for state in STATES[::-1] if (n := run.count(state)))
    left = "" if math.isnan(run.left) else f"; about {duration(run.left)} left"
    return f"{plural(len(run.cells), 'cell')}: {counts}{left}."


def _row(cell: CellStatus) -> dict[str, Any]:
    at = cell.stage
    if not math.isnan(cell.total):
        at = f"{cell.stage} {cell.steps:.0f}/{cell.total:.0f}"
    row = asdict(cell) | {"at": at}
    return {key: None if value == "" or absent(value) else value for key, value in row.items()}
