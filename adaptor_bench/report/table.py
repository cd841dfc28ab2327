"""One table model and its renderers: text, markdown, csv, json.

A table holds plain values; a column says how they are shown. What is None or NaN is shown as a
dash (empty in csv, null in json). Output depends on nothing but the table, byte for byte.
"""

from __future__ import annotations

import csv
import io
import json
import math
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from adaptor_bench.errors import UsageError, suggest

__all__ = ["RENDERERS", "Column", "Spread", "Table", "number", "plain", "render", "spread"]

DASH = "-"
_NOTE_WIDTH = 100


@dataclass(frozen=True)
class Spread:
    """A mean and its spread; the spread may be unknown."""

    mean: float | None
    std: float | None = None


def plain(value: Any) -> str:
    """The value as it prints."""
    return DASH if _absent(value) else str(value)


def number(digits: int) -> Callable[[Any], str]:
    """A format with ``digits`` decimals."""
    return lambda value: DASH if _absent(value) else f"{value:.{digits}f}"


def spread(digits: int) -> Callable[[Any], str]:
    """A format ``mean ± std`` whose parts line up in a column."""
    width = digits + 4  # room for 100.00

    def show(value: Spread) -> str:
        if _absent(value.mean):
            return " " * (width - digits - 2) + DASH
        mean = f"{value.mean:{width}.{digits}f}"
        if _absent(value.std):
            return mean
        return f"{mean} ± {value.std:{width - 1}.{digits}f}"

    return show


@dataclass(frozen=True)
class Column:
    """``key`` into a row, heading, alignment, what it is (``role``), and how values are shown."""

    key: str
    title: str
    align: Literal["left", "right"] = "left"
    role: Literal["rank", "label", "metric", "detail"] = "detail"
    show: Callable[[Any], str] = plain


@dataclass(frozen=True)
class Table:
    """A title, columns, rows as mappings from column key to value, and notes that go below."""

    title: str
    columns: tuple[Column, ...]
    rows: Sequence[dict[str, Any]]
    notes: tuple[str, ...] = field(default=())

    def cells(self) -> list[list[str]]:
        """All cells as shown, row by row."""
        return [[c.show(row.get(c.key)) for c in self.columns] for row in self.rows]


def render(tables: Sequence[Table], format: str) -> str:
    """All ``tables`` in one of the formats, ending in a newline. Raises UsageError."""
    if format not in RENDERERS:
        raise UsageError(f"there is no table format {format!r}", hint=suggest(format, RENDERERS))
    return RENDERERS[format](tables)


def _text(tables: Sequence[Table]) -> str:
    blocks = []
    for table in tables:
        lines = [table.title, ""] if table.title else []
        lines += [line.rstrip() for line in _grid(table, "simple").splitlines()]
        notes = [textwrap.fill(n, _NOTE_WIDTH, subsequent_indent="  ") for n in table.notes]
        lines += ["", *notes] if notes else []
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks) + "\n"


def _markdown(tables: Sequence[Table]) -> str:
    blocks = []
    for table in tables:
        lines = [f"### {table.title}", ""] if table.title else []
        lines.append(_grid(table, "pipe"))
        lines += ["", *(f"- {note}" for note in table.notes)] if table.notes else []
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks) + "\n"


def _grid(table: Table, style: str) -> str:
    from tabulate import tabulate

    cells = table.cells()
    if style == "pipe":
        cells = [[" ".join(cell.split()).replace("|", "\\|") for cell in row] for row in cells]
    grid: str = tabulate(
        cells,
        headers=[c.title for c in table.columns],
        tablefmt=style,
        disable_numparse=True,
        preserve_whitespace=True,
        colalign=[c.align for c in table.columns] if cells else None,
    )
    return grid


def _csv(tables: Sequence[Table]) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    for table in tables:
        writer.writerow([c.key for c in table.columns])
        for row in table.rows:
            values = [row.get(c.key) for c in table.columns]
            writer.writerow(["" if _absent(v) else v for v in values])
    return stream.getvalue()


def _json(tables: Sequence[Table]) -> str:
    document = [
        {
            "title": table.title,
            "columns": [{"key": c.key, "title": c.title} for c in table.columns],
            "rows": [{c.key: _value(row.get(c.key)) for c in table.columns} for row in table.rows],
            "notes": list(table.notes),
        }
        for table in tables
    ]
    return json.dumps(document, indent=1, allow_nan=False) + "\n"


RENDERERS: dict[str, Callable[[Sequence[Table]], str]] = {
    "text": _text,
    "markdown": _markdown,
    "csv": _csv,
    "json": _json,
}


def _value(value: Any) -> Any:
    if isinstance(value, Spread):
        return {"mean": _value(value.mean), "std": _value(value.std)}
    return None if _absent(value) else value


def _absent(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))
