"""The committed results hang together: tables, floor, and what the documents say of them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from commands import invoke
from oracles.readme_results import BEGIN, END, PAGES, details

from adaptor_bench.entries.entry import read_board, read_entries
from adaptor_bench.phantom import GENERATOR_VERSION

ROOT = Path(__file__).parent.parent
BOARD = ROOT / "leaderboards" / "phantom-mini"


def rows(name: str) -> dict[tuple[str, str], dict]:
    """Measured rows of a committed leaderboard by (method, domain)."""
    document = json.loads((BOARD / name).read_text("utf-8"))
    return {(r["method"], r["domain"]): r for r in document if r["source"] == "measured"}


def test_floors_do_not_solve_the_phantom_and_a_ceiling_does():
    measured = rows("table.json")
    for (method, _), row in measured.items():
        if row.get("role"):
            assert row["rank"] is None and row["tier"] is None
        if row.get("role") == "floor":
            assert row["f1"]["mean"] < (10 if method in ("constant", "random") else 50)
    assert {d for (method, d), _ in measured.items() if method == "template"} == {"sim", "intraop"}
    assert measured["oracle", "sim"]["role"] == "ceiling"
    assert measured["oracle", "sim"]["f1"]["mean"] >= 97


def test_improved_heatmap_learns_on_sim_in_every_fold():
    measured = rows("table.json")
    row, floor = measured["improved_heatmap", "sim"], measured["template", "sim"]
    assert row["f1"]["mean"] >= 50
    for fold, value in row["f1"]["folds"].items():
        assert value > floor["f1"]["folds"][fold]


def test_every_row_is_complete():
    for row in rows("table.json").values():
        assert not row.get("missing_folds")
        assert all(value is not None for value in row["f1"]["folds"].values())


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_the_readmes_show_what_is_committed(page):
    between = page.read_text("utf-8").partition(BEGIN)[2].partition(END)[0]
    assert between == PAGES[page]()


def test_an_answer_is_that_of_the_card(tmp_path, monkeypatch):
    """Nothing in the pages turns a sign into an answer."""
    card = (BOARD / "card.md").read_text("utf-8")
    answers = re.findall(r"^- [^:\n]+: (yes|no|undecided) \(", card, re.M)
    assert answers
    bold = re.findall(r"\*\*(yes|no)\*\*", details())
    assert sorted(bold) == sorted(a for a in answers if a != "undecided")
    (tmp_path / "card.md").write_text(re.sub(r": (yes|no) \(", ": undecided (", card), "utf-8")
    (tmp_path / "table.json").symlink_to(BOARD / "table.json")
    monkeypatch.setattr("oracles.readme_results.BOARD", tmp_path)
    assert "**yes**" not in details() and "**no**" not in details()


def test_the_entries_score_as_they_say(tmp_path, monkeypatch):
    monkeypatch.setenv("ADAPTOR_BENCH_CACHE", str(tmp_path))
    board = read_board(BOARD)
    if board.version != GENERATOR_VERSION:
        _, told = invoke("verify", "phantom-mini", code=1)
        assert f"made with version {board.version} of the phantom" in told
        pytest.skip("the board was made with another version of the phantom")
    entries = len(read_entries(board))
    assert f"{entries} of {entries} entries verified" in invoke("verify", "phantom-mini")[0]


def test_the_card_is_that_of_the_entries():
    card, _ = invoke("card", "--board", "phantom-mini", "--format", "markdown")
    assert card == (BOARD / "card.md").read_text("utf-8")
