"""Draw tables as text, markdown, latex, html, csv or json.

Absent values are a dash (empty in csv, null in json). Output depends on nothing but the table,
byte for byte. Best values are bold in markdown, latex and html, starred in text, listed in json.
"""

from __future__ import annotations

import csv
import io
import json
import textwrap
from collections.abc import Callable, Sequence
from typing import Any

from adaptor_bench.errors import UsageError, suggest
from adaptor_bench.names import csv_cell, markdown, printable
from adaptor_bench.report.table import Column, Spread, Table, absent

_NOTE_WIDTH = 100


def render(tables: Sequence[Table], format: str, *, standalone: bool = False) -> str:
    """All ``tables`` in one of the formats, ending in a newline.

    ``standalone`` makes latex and html a whole document in place of fragments to be included.
    Raises UsageError for an unknown format, and for ``standalone`` with another one.
    """
    if format not in RENDERERS:
        raise UsageError(f"there is no table format {format!r}", hint=suggest(format, RENDERERS))
    if not standalone:
        return RENDERERS[format](tables)
    if format not in DOCUMENTS:
        raise UsageError(
            f"there is no standalone document in format {format!r}",
            hint=f"Formats with a document of their own: {', '.join(DOCUMENTS)}.",
        )
    return DOCUMENTS[format](tables, True)


def _text(tables: Sequence[Table]) -> str:
    blocks = []
    for table in tables:
        lines = [printable(table.title), ""] if table.title else []
        lines += [line.rstrip() for line in _grid(table, "simple").splitlines()]
        notes = [
            textwrap.fill(printable(n), _NOTE_WIDTH, subsequent_indent="  ") for n in table.notes
        ]
        lines += ["", *notes] if notes else []
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks) + "\n"


def _markdown(tables: Sequence[Table]) -> str:
    blocks = []
    for table in tables:
        lines = [f"### {markdown(table.title)}", ""] if table.title else []
        lines.append(_grid(table, "pipe"))
        lines += ["", *(f"- {markdown(note)}" for note in table.notes)] if table.notes else []
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks) + "\n"


def _grid(table: Table, style: str) -> str:
    from tabulate import tabulate

    columns = table.shown
    cells = table.cells()
    for i, row in enumerate(cells):
        for j, column in enumerate(columns):
            if style == "pipe":
                row[j] = markdown(row[j])
            if (i, column.key) in table.best:
                row[j] = f"**{row[j]}**" if style == "pipe" else f"{row[j]}*"
            elif style != "pipe" and column.align == "right" and _starred(table, column):
                row[j] += " "
    for rows in table.groups():
        for i in rows[1:]:
            cells[i] = ["" if c.group else cell for c, cell in zip(columns, cells[i], strict=True)]
    grid: str = tabulate(
        cells,
        headers=[markdown(c.title) if style == "pipe" else printable(c.title) for c in columns],
        tablefmt=style,
        disable_numparse=True,
        preserve_whitespace=True,
        colalign=[c.align for c in columns] if cells else None,
    )
    return grid


def _starred(table: Table, column: Column) -> bool:
    return any(key == column.key for _, key in table.best)


def _csv(tables: Sequence[Table]) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    before: list[str] = []
    for table in tables:
        keys = [key for c in table.columns for key in _parts(table, c.key)]
        if keys != before:  # tables of the same columns are one, for whoever reads it
            writer.writerow(keys)
        before = keys
        for row in table.rows:
            flat: dict[str, Any] = {}
            for key, value in row.items():
                mean_and_std = isinstance(value, Spread)
                flat |= (
                    {f"{key}_mean": value.mean, f"{key}_std": value.std}
                    if mean_and_std
                    else {key: value}
                )
            writer.writerow([_datum(flat.get(key)) for key in keys])
    return stream.getvalue()


def _datum(value: Any) -> Any:
    """Empty for what is absent; text that no spreadsheet takes for a formula."""
    if isinstance(value, str):
        return csv_cell(value)
    return "" if absent(value) else value


def _parts(table: Table, key: str) -> list[str]:
    """A mean and its spread are two columns of data."""
    if any(isinstance(row.get(key), Spread) for row in table.rows):
        return [f"{key}_mean", f"{key}_std"]
    return [key]


def _json(tables: Sequence[Table]) -> str:
    document = [
        {
            "title": table.title,
            "columns": [{"key": c.key, "title": c.title} for c in table.columns],
            "rows": [{c.key: _value(row.get(c.key)) for c in table.columns} for row in table.rows],
            "notes": list(table.notes),
        }
        | ({"best": [list(cell) for cell in sorted(table.best)]} if table.best else {})
        for table in tables
    ]
    return json.dumps(document, indent=1, allow_nan=False) + "\n"


def _latex(tables: Sequence[Table], standalone: bool = False) -> str:
    from adaptor_bench.report.latex import latex

    return latex(tables, standalone)


def _html(tables: Sequence[Table], standalone: bool = False) -> str:
    """Fragments for a page with styles of its own, or a small page that needs nothing else."""
    from adaptor_bench.report.markup import templates

    title = next((table.title for table in tables if table.title), "Tables")
    page = templates().get_template("document.html" if standalone else "fragments.html")
    return page.render(tables=tables, title=title, site=False)


RENDERERS: dict[str, Callable[[Sequence[Table]], str]] = {
    "text": _text,
    "markdown": _markdown,
    "latex": _latex,
    "html": _html,
    "csv": _csv,
    "json": _json,
}
DOCUMENTS: dict[str, Callable[[Sequence[Table], bool], str]] = {"latex": _latex, "html": _html}


def _value(value: Any) -> Any:
    if isinstance(value, Spread):
        return {"mean": _value(value.mean), "std": _value(value.std)}
    if hasattr(value, "to_json"):
        return value.to_json()
    return None if absent(value) else value
