"""The renderers of tables: whatever is in a table, what is written is well-formed and says it."""

from __future__ import annotations

import csv
import io
import json
import math
import re
import string
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from commands import typeset
from hypothesis import given, settings
from hypothesis import strategies as st

from adaptor_bench.errors import UsageError
from adaptor_bench.names import csv_cell, terminal
from adaptor_bench.report.latex import escape
from adaptor_bench.report.render import DOCUMENTS, RENDERERS, render
from adaptor_bench.report.table import Column, Spread, Table, number, signed, spread

pytestmark = pytest.mark.quick

COLUMNS = (
    Column("group", "Group", role="label", group=True),
    Column("name", "Name", role="label"),
    Column("n", "N", "right", over="Both"),
    Column("m", "M", "right", show=number(1), over="Both"),
    Column("value", "Value", role="metric", show=spread(2)),
    Column("hidden", "Hidden", data=True),
)
ROWS = [
    {"group": "A", "name": "x", "n": 1, "m": 0.5, "value": Spread(100.0, 2.0), "hidden": "h"},
    {"group": "A", "name": "y", "n": 2, "m": -3.0, "value": Spread(7.5), "hidden": "h"},
    {"group": "B", "name": "z", "n": None, "m": math.nan, "value": Spread(None), "hidden": "h"},
]
TABLE = Table("Title", COLUMNS, ROWS, ("Note.",), frozenset({(0, "value"), (1, "n")}))


def named(text: str) -> Table:
    """``text`` at every place where a table holds text."""
    columns = (
        Column("a", text, group=True),
        Column("b", "b", over=text or "over"),
        Column("c", text, "right"),
    )
    rows = [{"a": text, "b": text, "c": 1}, {"a": text, "b": "other", "c": text}]
    return Table(text, columns, rows, (text,), frozenset({(0, "b")}))


# -- the model -------------------------------------------------------------------------------------


def test_groups():
    assert TABLE.groups() == [range(2), range(2, 3)]
    assert Table("", COLUMNS[1:], ROWS).groups() == [range(3)]
    assert Table("", COLUMNS, []).groups() == []


@pytest.mark.parametrize(
    ("value", "shown"),
    [(1.234, "+1.23"), (-1.235, "-1.24"), (0.004, "0.00"), (-0.004, "0.00"), (0.0, "0.00")],
)
def test_signed(value, shown):
    assert signed(2)(value) == shown


def test_nothing_has_no_sign():
    assert signed(2)(None) == signed(2)(math.nan) == "-"
    assert spread(2, sign=True)(Spread(1.0, 2.0)).split() == ["+1.00", "±", "2.00"]
    assert spread(2)(None).strip() == "-"


@pytest.mark.parametrize("format", sorted(set(RENDERERS) - set(DOCUMENTS)))
def test_no_document_in_this_format(format):
    with pytest.raises(UsageError, match="standalone"):
        render([TABLE], format, standalone=True)


# -- text, markdown, csv, json ---------------------------------------------------------------------


def test_text_stars_the_best_and_keeps_columns_straight():
    assert render([TABLE], "text") == (
        "Title\n\n"
        "Group    Name      N     M  Value\n"
        "-------  ------  ---  ----  ---------------\n"
        "A        x        1    0.5  100.00 ±  2.00*\n"
        "         y        2*  -3.0    7.50\n"
        "B        z        -      -    -\n"
        "\nNote.\n"
    )


def test_markdown_bold():
    shown = render([TABLE], "markdown")
    assert "| **100.00 ± 2.00** |" in shown
    assert "| **2** |" in shown
    assert shown.count("**") == 4


def test_csv_has_what_is_hidden_and_splits_spreads():
    found = list(csv.DictReader(io.StringIO(render([TABLE], "csv"))))
    assert found[0] == {
        "group": "A", "name": "x", "n": "1", "m": "0.5", "value_mean": "100.0",
        "value_std": "2.0", "hidden": "h",
    }  # fmt: skip
    assert (found[2]["n"], found[2]["m"], found[2]["value_mean"]) == ("", "", "")


def test_csv_of_tables_with_the_same_columns_is_one_table():
    one = render([TABLE], "csv")
    assert render([TABLE, TABLE], "csv") == one + one.partition("\n")[2]
    other = Table("Other", (Column("x", "x"),), [{"x": 1}])
    assert render([TABLE, other], "csv") == one + "x\n1\n"


@given(st.lists(st.tuples(st.text(max_size=8), st.none() | st.floats(-1e6, 1e6)), max_size=5))
def test_csv_round_trip(content):
    columns = (Column("name", "n"), Column("value", "v"))
    table = Table("", columns, [{"name": name, "value": value} for name, value in content])
    read = list(csv.reader(io.StringIO(render([table], "csv"), newline="")))
    back = [(name, float(value) if value else None) for name, value in read[1:]]
    assert back == [(csv_cell(name), value) for name, value in content]
    assert all(name.isprintable() for name, _ in back)


def test_json_lists_the_best_and_knows_no_nan():
    (document,) = json.loads(render([TABLE], "json"), parse_constant=pytest.fail)
    assert document["best"] == [[0, "value"], [1, "n"]]
    assert document["rows"][2]["m"] is None
    assert document["rows"][0]["value"] == {"mean": 100.0, "std": 2.0}
    assert document["rows"][0]["hidden"] == "h"


# -- latex -----------------------------------------------------------------------------------------


def check_latex(source: str) -> None:
    """Braces and environments are balanced; every row has as many cells as there are columns."""
    source = re.sub(r"(?<!\\)%.*", "", source)
    bare = re.sub(r"\\[\\{}%$&#_]", "", source)
    depth = 0
    for character in bare:
        depth += {"{": 1, "}": -1}.get(character, 0)
        assert depth >= 0
    assert depth == 0
    assert bare.count("$") % 2 == 0
    assert "#" not in bare
    stack = []
    for kind, name in re.findall(r"\\(begin|end)\{(\w+)\}", bare):
        if kind == "begin":
            stack.append(name)
        else:
            assert stack.pop() == name
    assert not stack
    for spec, body in re.findall(
        r"\\begin\{tabular\}\{@\{\}([lr]+)@\{\}\}(.*?)\\end\{tabular\}", source, re.S
    ):
        for row in re.findall(r"^(.*) \\\\$", body, re.M):
            cells = len(re.findall(r"(?<!\\)&", row)) + 1
            spans = [int(n) for n in re.findall(r"\\multicolumn\{(\d+)\}", row)]
            assert cells + sum(spans) - len(spans) == len(spec)


def test_latex():
    shown = render([TABLE], "latex")
    check_latex(shown)
    lines = shown.splitlines()
    assert r"A & x & 1 & 0.5 & \textbf{100.00 $\pm$ 2.00} \\" in lines
    assert r" & y & \textbf{2} & $-$3.0 & \phantom{00}7.50 \\" in lines
    assert r"B & z & -- & -- & -- \\" in lines
    assert r" &  & \multicolumn{2}{c}{Both} &  \\" in lines
    assert r"\cmidrule(lr){3-4}" in lines
    assert lines.count(r"\midrule") == 2
    for rule in (r"\toprule", r"\caption{Title}", r"\label{tab:title}", r"Note.\par"):
        assert rule in lines
    assert "Hidden" not in shown
    twice = render([TABLE, TABLE, replace(TABLE, label="mine 2")], "latex", standalone=True)
    check_latex(twice)
    assert re.findall(r"label\{(.*)\}", twice) == ["tab:title", "tab:title--2", "tab:mine-2"]


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("a_b", r"a\_b"),
        ("50 % & #1", r"50 \% \& \#1"),
        ("$x^2 ~ {y}", r"\$x\textasciicircum{}2 \textasciitilde{} \{y\}"),
        ("\\end", r"\textbackslash{}end"),
        ("--ddof", "-{}-ddof"),
        ("[0, 1]*", "{[}0, 1]{*}"),
        ("± ≤ <= ->", r"$\pm$ $\leq$ $\leq$ $\to$"),
        ("Müller Çelik", r"M\"{u}ller \c{C}elik"),
        ("two\nlines", "two lines"),
        ("瓣", "(U+74E3)"),
    ],
)
def test_escape(text, written):
    assert escape(text) == written


_WRITTEN = {
    r"\textbackslash{}": "\\", r"\textasciitilde{}": "~", r"\textasciicircum{}": "^",
    r"\textasciigrave{}": "`", r"\textquotedblright{}": '"', "$<$": "<", "$>$": ">", "$|$": "|",
    r"$\leq$": "<=", r"$\geq$": ">=", r"$\to$": "->", "{[}": "[", "{*}": "*",
    r"\{": "{", r"\}": "}", r"\_": "_", r"\&": "&", r"\%": "%", r"\#": "#", r"\$": "$", "{}": "",
}  # fmt: skip


@given(st.text(string.printable, max_size=30))
def test_nothing_is_lost_in_ascii(text):
    tokens = "|".join(re.escape(written) for written in _WRITTEN)
    read = re.sub(tokens, lambda match: _WRITTEN[match[0]], escape(text))
    assert read == " ".join(text.split())


@given(st.text(max_size=30) | st.text("\\{}$&#_%^~[]*-'\"` \n", max_size=12))
def test_latex_is_well_formed_whatever_it_says(text):
    shown = render([named(text)], "latex")
    check_latex(shown)
    assert shown.isascii()


def test_pdflatex_compiles_every_character(tmp_path):
    awkward = [
        string.punctuation,
        "[x] *y \\\\[2pt] \\end{tabular} %",
        "--- ,, '' `` ?` !` << >> $$ ^^M",
        "±≤≥≠≈×·→←−∞∈°²³αβγδΔεθλμµπρστφ–—‘’“”…\u00a0§©",
        "ßæÆøØœŒłŁı äöüÄÖÜáàâãåçñőčşţżǧ Ǻ 瓣膜 🫀 \u0007 \u202e x\u0301\u0302",
        "",
    ]
    tables = [named(text) for text in awkward] + [TABLE, Table("empty", COLUMNS, [])]
    typeset(render(tables, "latex", standalone=True), tmp_path)
    log = (tmp_path / "t.log").read_text("utf-8", errors="replace")
    assert "Missing character" not in log


# -- html ------------------------------------------------------------------------------------------


class Page(HTMLParser):
    """Fails on a tag that is not closed or closed in the wrong order; keeps texts by tag."""

    VOID = frozenset({"meta"})

    def __init__(self, source: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(source)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if data.strip():
            self.texts.append((self.open[-1] if self.open else "", data))


def test_html():
    shown = render([TABLE], "html")
    page = Page(shown)
    assert page.tags[0] == ("table", {"class": "bench"})
    assert ("caption", "Title") in page.texts
    assert ("strong", "100.00 ± 2.00") in page.texts
    assert ("td", "\u22123.0") in page.texts
    assert ("td", "\u2007\u20077.50") in page.texts
    assert [text for tag, text in page.texts if text == "\u2013"] == ["\u2013"] * 3
    assert page.texts[-1] == ("li", "Note.")
    scopes = [attrs.get("scope") for tag, attrs in page.tags if tag == "th"]
    assert None not in scopes
    assert scopes.count("rowgroup") == 1
    assert [tag for tag, _ in page.tags].count("tbody") == 2
    assert "style" not in shown
    assert "Hidden" not in shown


def test_every_row_of_a_html_table_fills_its_columns():
    rows = re.findall(r"<tr>(.*?)</tr>", render([TABLE], "html"))
    open_rows = 0  # cells of rows above that reach down
    for row in rows:
        cells = re.findall(r"<t[hd]([^>]*)>", row)
        width = sum(int((re.search(r'colspan="(\d+)"', c) or [0, 1])[1]) for c in cells)
        assert width + open_rows == 5
        down = [c for c in cells if "rowspan" in c]
        open_rows = len(down)


@given(st.text(max_size=30) | st.text("<>&\"'/=ab ", max_size=15))
def test_html_is_well_formed_whatever_it_says(text):
    for standalone in (False, True):
        page = Page(render([named(text)], "html", standalone=standalone))
        if text.strip():
            notes = [shown for tag, shown in page.texts if tag == "li"]
            assert notes == [terminal(text)]
        assert {tag for tag, _ in page.tags} <= {
            "html", "head", "meta", "title", "style", "body", "div", "table", "caption", "thead",
            "tbody", "tr", "th", "td", "strong", "ul", "li",
        }  # fmt: skip


@settings(max_examples=20)
@given(st.sampled_from(sorted(RENDERERS)), st.text(max_size=20))
def test_the_same_table_gives_the_same_bytes(format, text):
    first, second = (render([named(text)], format) for _ in range(2))
    assert first == second
    assert first.endswith("\n")
