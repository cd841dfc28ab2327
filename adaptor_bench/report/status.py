"""How far runs are, as tables."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict
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


_COLUMNS = (
    Column("method", "Method", role="label", group=True),
    Column("domain", "Domain", role="label"),
    Column("fold", "Fold", "right", role="label"),
    Column("state", "State"),
    Column("at", "Stage"),
    Column("left", "Left", "right", show=duration, about="of the stage"),
    Column("f1", "F1", "right", "metric", show=number(1)),
    Column("seconds", "Seconds", "right", show=number(0)),
    Column("attempts", "Attempts", "right"),
    Column("host", "Where"),
    Column("reason", "Why"),
    *(Column(key, key, data=True) for key in ("stage", "steps", "total", "elapsed")),
)


def tables_of(runs: Iterable[RunStatus]) -> list[Table]:
    """A table of cells for each run, how many are at what in its notes."""
    return [
        Table(
            f"{run.root.name}, in {run.root.parent}",
            _COLUMNS,
            [*map(_row, run.cells)],
            (sentence(run),),
        )
        for run in runs
    ]


def sentence(run: RunStatus) -> str:
    """How many cells are at what, and when all will be done."""
    counts = ", ".join(f"{n} {state}" for state in STATES[::-1] if (n := run.count(state)))
    left = "" if math.isnan(run.left) else f"; about {duration(run.left)} left"
    return f"{plural(len(run.cells), 'cell')}: {counts}{left}."


def _row(cell: CellStatus) -> dict[str, Any]:
    at = cell.stage
    if not math.isnan(cell.total):
        at = f"{cell.stage} {cell.steps:.0f}/{cell.total:.0f}"
    return {k: None if v == "" else v for k, v in (asdict(cell) | {"at": at}).items()}
