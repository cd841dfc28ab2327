"""Tables in HTML: bare fragments for a page with styles of its own, or a small page.

Everything from a table is escaped. Headings carry ``scope``; numbers carry the class ``number``.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from adaptor_bench.names import html as escape
from adaptor_bench.report.table import DASH, Column, Spread, Table

__all__ = ["document", "fragments"]

_FIGURE_SPACE = "\u2007"  # as wide as a digit
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 68rem;
  padding: 0 1rem; }}
.wide {{ overflow-x: auto; }}
table {{ border-collapse: collapse; border-top: 2px solid; border-bottom: 2px solid;
  font-variant-numeric: tabular-nums; }}
caption {{ font-weight: 600; text-align: left; padding: .4rem 0; }}
th, td {{ padding: .2rem .7rem; text-align: left; vertical-align: top; white-space: nowrap; }}
th {{ font-weight: 500; }}
thead th.over {{ text-align: center; border-bottom: 1px solid; }}
.number {{ text-align: right; }}
tbody {{ border-top: 1px solid; }}
@media (max-width: 40rem) {{
  body {{ font-size: 13px; }}
  th {{ white-space: normal; }}
  th, td {{ padding: .2rem .35rem; }}
}}
ul {{ font-size: .87em; padding-left: 1.2em; margin: .6rem 0 2.4rem; max-width: 52rem; }}
</style>
</head>
<body>
{body}</body>
</html>
"""


def fragments(tables: Sequence[Table]) -> str:
    """One ``<table class="bench">`` each, notes as a list ``<ul class="bench-notes">`` below."""
    return "".join(_table(table) + _notes(table) for table in tables)


def document(tables: Sequence[Table]) -> str:
    """A complete page that needs nothing else."""
    title = next((table.title for table in tables if table.title), "Tables")
    # A wide table scrolls inside its own region, which the keyboard can reach.
    body = "".join(
        f'<div class="wide" role="region" tabindex="0" aria-label="{escape(table.title)}">\n'
        f"{_table(table)}</div>\n{_notes(table)}"
        for table in tables
    )
    return _PAGE.format(title=escape(title), body=body)


def _table(table: Table) -> str:
    lines = ['<table class="bench">']
    if table.title:
        lines.append(f"<caption>{escape(table.title)}</caption>")
    lines += ["<thead>", *_headings(table), "</thead>"]
    cells = table.cells()
    for group in table.groups():
        lines.append("<tbody>")
        for i in group:
            row = zip(table.shown, cells[i], strict=True)
            lines.append(f"<tr>{''.join(_cell(table, group, i, c, text) for c, text in row)}</tr>")
        lines.append("</tbody>")
    return "\n".join([*lines, "</table>", ""])


def _notes(table: Table) -> str:
    if not table.notes:
        return ""
    items = "".join(f"<li>{escape(note)}</li>\n" for note in table.notes)
    return f'<ul class="bench-notes">\n{items}</ul>\n'


def _headings(table: Table) -> list[str]:
    columns = table.shown
    two = any(c.over for c in columns)
    above, below = [], []
    for over, run in groupby(columns, key=lambda c: c.over):
        members = list(run)
        single = [_heading(table, c, ' rowspan="2"' if two and not over else "") for c in members]
        if over:
            span = f'class="over" colspan="{len(members)}" scope="colgroup"'
            above.append(f"<th {span}>{escape(over)}</th>")
            below += single
        else:
            above += single
    return [f"<tr>{''.join(row)}</tr>" for row in (above, below) if row]


def _heading(table: Table, column: Column, span: str) -> str:
    return f'<th scope="col"{span}{_class(table, column)}>{escape(column.title)}</th>'


def _cell(table: Table, group: range, i: int, column: Column, text: str) -> str:
    if column.group:
        span = f' rowspan="{len(group)}"' if len(group) > 1 else ""
        scope = "rowgroup" if span else "row"
        return f'<th scope="{scope}"{span}>{escape(text.strip())}</th>' if i == group[0] else ""
    shown = escape(_plain(table, column, text))
    if (i, column.key) in table.best:
        shown = f"<strong>{shown}</strong>"
    if column.role == "label":
        return f'<th scope="row">{shown}</th>'
    return f"<td{_class(table, column)}>{shown}</td>"


def _plain(table: Table, column: Column, text: str) -> str:
    """A dash and minus as printed; means line up by spaces as wide as a digit."""
    text = text.strip()
    if text == DASH:
        return "\u2013"
    if _spread(table, column):
        shown = [column.show(row.get(column.key)).partition("±")[0].strip() for row in table.rows]
        mean = text.partition("±")[0].strip()
        room = max(len(other) for other in shown) - len(mean)
        text = _FIGURE_SPACE * room + " ".join(text.split())
    return text.replace("-", "\u2212") if _number(text) else text


def _number(text: str) -> bool:
    body = text.strip()
    return body[:1] == "-" and body[1:2].isdigit()


def _spread(table: Table, column: Column) -> bool:
    return any(isinstance(row.get(column.key), Spread) for row in table.rows)


def _class(table: Table, column: Column) -> str:
    if _spread(table, column):
        return ' class="spread"'
    return ' class="number"' if column.align == "right" else ""
