"""What strangers wrote, in every medium: nothing of it steers, hides, or is run."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adaptor_bench.names import alike, csv_cell, html, markdown, printable, refusal, terminal
from adaptor_bench.report.render import RENDERERS, render
from adaptor_bench.report.table import Column, Table

pytestmark = pytest.mark.quick

HOSTILE = "\x1b[2J\x1b]0;pwned\x07A\nB\u202ex\x9b1m\u200b\udcff\x00"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Team 7, Zürich ± 队", "Team 7, Zürich ± 队"),
        ("a\x1b[31mb", "a\\x1b[31mb"),
        ("a\nb\tc", "a\\nb\\tc"),
        ("\u202e\u2066", "\\u202e\\u2066"),
        ("\udcff", "\\udcff"),
    ],
)
def test_printable(text, expected):
    assert printable(text) == printable(printable(text)) == expected


def test_a_terminal_keeps_lines_and_wide_spaces():
    assert terminal("a\n\tb \u2007±\n") == "a\n\tb \u2007±\n"
    assert terminal("a\r\x1b[2Jb\x85\u2028\u202e\ufeff\U000e0041") == (
        "a\\r\\x1b[2Jb\\x85\\u2028\\u202e\\ufeff\\U000e0041"
    )


@given(st.text(max_size=20))
@settings(max_examples=50, deadline=None)
def test_nothing_that_steers_is_left(text):
    shown = terminal(text)
    assert all(c in "\n\t" or c.isprintable() or c.isspace() or ord(c) > 0x9F for c in shown)
    assert not set(shown) & set("\x1b\x9b\r\x07\u202e\u2066\u200b\u2028")
    shown.encode()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("=1+1", "'=1+1"),
        ("+HYPERLINK()", "'+HYPERLINK()"),
        ("-cmd|' /C calc'!A0", "'-cmd|' /C calc'!A0"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("  =1+1", "'  =1+1"),
        ("\uff1d1+1", "'\uff1d1+1"),
        ("-1.74", "-1.74"),
        ("+3e-5", "+3e-5"),
        ("-", "'-"),
        ("a=b", "a=b"),
        ("", ""),
        ("\t=1", "\\t=1"),
    ],
)
def test_no_cell_is_a_formula(text, expected):
    assert csv_cell(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a|b", "a\\|b"),
        ("a\\|b", "a\\\\\\|b"),
        ("<script>x</script>", "&lt;script>x&lt;/script>"),
        ("<!-- x", "&lt;!-- x"),
        ("2 < 3 <= 4 > 1", "2 < 3 <= 4 > 1"),
        ("**best**", "\\*\\*best\\*\\*"),
        ("`rm`", "\\`rm\\`"),
        ("![x](http://t/p.png)", "![x]\\(http://t/p.png)"),
        ("&lt;b&#62; R&D", "&amp;lt;b&amp;#62; R&D"),
        ("improved_heatmap/no_cutting", "improved_heatmap/no_cutting"),
        ("two\nlines", "two lines"),
        ("65.17 [58.91, 71.43]", "65.17 [58.91, 71.43]"),
    ],
)
def test_markdown(text, expected):
    assert markdown(text) == expected


def test_html_is_text_in_attributes_too():
    assert html('<a href="x">\'\x1b') == "&lt;a href=&quot;x&quot;&gt;&#x27;\\x1b"


@pytest.mark.parametrize("format", sorted(RENDERERS))
@pytest.mark.parametrize("name", [HOSTILE, "<img src=x>", "=cmd|A1", "a|b\r\nc"])
def test_a_table_of_hostile_names(format, name):
    columns = (Column("name", name, role="label"), Column("v", "V", "right"))
    table = Table(name, columns, [{"name": name, "v": -1.74}], (name,))
    shown = render([table], format)
    assert all(c == "\n" or c.isprintable() for c in shown)
    if format == "csv":
        (_, row) = csv.reader(io.StringIO(shown))
        assert row == [csv_cell(name), "-1.74"]
    if format == "markdown":
        assert len([line for line in shown.splitlines() if line.startswith("|")]) == 3


@pytest.mark.parametrize("blank", ["", " ", "\t\n", "\u3164", "\u2800 \u2800", "\u115f"])
def test_blank_names_are_refused(blank):
    assert refusal(blank, 10) == "is blank"


@pytest.mark.parametrize("name", ["a\x1b[2J", "a\nb", "a\u202eb", "a\u200bb", "a\xa0b", "a\u3164"])
def test_names_with_what_cannot_be_seen_are_refused(name):
    told = refusal(name, 100)
    assert "cannot be seen (U+" in told
    assert told.isprintable()


def test_names_have_a_length():
    assert refusal("a" * 11, 10) == "has 11 characters, 10 are allowed"
    for name in ("a" * 10, "Zürich 7", "队伍", "R&D <net>", "🦊"):
        assert refusal(name, 10) == ""


def test_names_that_readers_take_for_the_same():
    for same in ("Müller Lab", "muller-lab", "MULLER  LAB", "Ｍüller Lab", "Mu\u0308ller_Lab"):
        assert alike(same) == "mullerlab"
    assert alike("net 2") != alike("net 3")
