"""The paper's tables as text in any format; csv is one rectangle for all tables."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from adaptor_bench.errors import UsageError
from adaptor_bench.report.render import RENDERERS, render
from adaptor_bench.report.table import Column, Table, row_notes

FORMATS = tuple(RENDERERS)
_SUFFIXES = {
    ".txt": "text",
    ".md": "markdown",
    ".tex": "latex",
    ".html": "html",
    ".htm": "html",
    ".csv": "csv",
    ".json": "json",
}


def render_paper(tables: Sequence[Table], format: str, *, standalone: bool = False) -> str:
    """As :func:`adaptor_bench.report.table.render`, but csv has one header for all tables."""
    chosen = [combined(tables)] if format == "csv" else tables
    return render(chosen, format, standalone=standalone)


def format_of(out: Path | None, format: str | None) -> str:
    """``format`` if given, else by the suffix of ``out``, else text. Raises UsageError."""
    if format:
        return format
    if out is None:
        return "text"
    if out.suffix.lower() not in _SUFFIXES:
        raise UsageError(
            f"{out}: no table format has the suffix {out.suffix!r}",
            hint=f"Known are {', '.join(_SUFFIXES)}; or give --format.",
        )
    return _SUFFIXES[out.suffix.lower()]


def combined(tables: Sequence[Table]) -> Table:
    """All rows below one another, each with its notes; a column a table lacks is empty in its
    rows."""
    columns: list[Column] = []
    for table in tables:
        at = 0
        for column in table.columns:
            keys = [c.key for c in columns]
            if column.key in keys:
                at = keys.index(column.key) + 1
            else:
                columns.insert(at, column)
                at += 1
    rows = []
    for table in tables:
        told = row_notes(table.notes, [str(row.get("method", "")) for row in table.rows])
        rows += [row | {"notes": note} for row, note in zip(table.rows, told, strict=True)]
    return Table("", (*columns, Column("notes", "notes")), rows)
