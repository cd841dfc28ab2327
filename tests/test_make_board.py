"""``leaderboards/make_board.py`` makes a whole leaderboard from its recipe."""

from __future__ import annotations

import json
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
from commands import invoke
from method_files import put_method

from adaptor_bench.entries.entry import read_board, read_entries
from adaptor_bench.report.leaderboard import render_entries
from adaptor_bench.results.published import load_published, recompute

LEADERBOARDS = Path(__file__).parent.parent / "leaderboards"
RECIPE = """
title = "Small"
dataset = "data"
radius = 9
profile = "smoke"
seeds = [0, 3]
methods = ["point", "other", "constant"]
once = ["constant"]
notes = ["Where the frames are from."]
"""


@pytest.fixture
def make_board(monkeypatch):
    """The script, its commands run in this process."""
    spec = spec_from_file_location("make_board", LEADERBOARDS / "make_board.py")
    script = module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "make_board", script)
    spec.loader.exec_module(script)

    def bench(*arguments, may_fail=False):
        return invoke(*arguments)[0]

    monkeypatch.setattr(script, "bench", bench)
    return lambda *words, code=0: script.main([*map(str, words)]) == code


def test_one_command_makes_a_board(tmp_path, make_dataset, make_board, capsys):
    data, home = make_dataset(name="data"), tmp_path / "small"
    (home / "published").mkdir(parents=True)
    (home / "recipe.toml").write_text(RECIPE)
    (home / "old-entry.json").write_text("{}")
    for path in (LEADERBOARDS / "urban_trees" / "published").glob("*.json"):
        (home / "published" / path.name).write_bytes(path.read_bytes())
    put_method(tmp_path / "mine")
    put_method(tmp_path / "mine", ("X = 100.0", "X = 120.0"), name="other")
    assert make_board(home, "--data", data, "--run", "--methods-from", tmp_path / "mine")
    board = read_board(home)
    assert (board.title, board.settings.radius) == ("Small", 9.0)
    assert "Where the frames are from." in board.notes and board.labels
    entries = {entry.method: entry for entry in read_entries(board)}
    seeds = {m: list(e.measured["intraop"]) for m, e in entries.items()}
    assert seeds == {"constant": [0], "other": [0, 3], "point": [0, 3]}
    text = (home / "table.md").read_text()
    assert text == render_entries(board, [*entries.values()], "markdown")
    assert "distance <= 9 px" in text and "near-infrared" in text
    table = json.loads((home / "table.json").read_text())
    assert [row["source"] for row in table] == ["measured"] * 3 + ["published"] * 2
    assert [row["rank"] for row in table[2:]] == [None] * 3  # the floor and what is published
    invoke("report", "--board", home, "--data", data, "--out", tmp_path / "site", "--public")
    page = (tmp_path / "site" / "index.html").read_text("utf-8")
    assert "published on data under other protocols, not ranked" in page
    assert not (home / "old-entry.json").exists() and (home / "card.md").stat().st_size > 100
    (home / "recipe.toml").write_text(RECIPE.replace('"data"', '"other"'))
    before = {path: path.read_bytes() for path in home.rglob("*.json")}
    assert make_board(home, "--data", data, code=2)
    assert "the board's is 'other'" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in home.rglob("*.json")} == before


def test_what_is_published_about_a_board_agrees_with_itself():
    for folder in LEADERBOARDS.glob("*/published"):
        for result in load_published(folder):
            assert recompute(result) == result.discrepancies == ()


def test_a_budget_goes_to_a_method_and_its_ablations(
    monkeypatch, tmp_path, make_board, make_dataset
):
    said = []
    script = sys.modules["make_board"]
    monkeypatch.setattr(script, "bench", lambda *words, **_: said.append([*map(str, words)]))
    home = tmp_path / "small"
    home.mkdir()
    methods = ["stern", "improved_heatmap/no_cutting", "constant", "improved_heatmap"]
    (home / "recipe.toml").write_text(
        f'title = "Small"\ndataset = "data"\nmethods = {methods}\nonce = ["constant"]\n'
        "[budgets]\nimproved_heatmap = 2\nstern = 0.5\n"
    )
    assert make_board(home, "--data", make_dataset(name="data"), "--no-board")
    runs = [(w[2::2][: w[1::2].count("--method")], w[w.index("--out") + 2 :]) for w in said]
    assert runs == [
        (["stern"], ["--set", "training.budget=0.5"]),
        (["improved_heatmap/no_cutting", "improved_heatmap"], ["--set", "training.budget=2"]),
        (["constant"], []),
    ]


def test_costs_are_measured_fold_by_fold(monkeypatch, tmp_path, make_board, make_dataset):
    said = []
    script = sys.modules["make_board"]
    monkeypatch.setattr(script, "bench", lambda *words, **_: said.append([*map(str, words)]))
    home = tmp_path / "small"
    home.mkdir()
    (home / "recipe.toml").write_text(
        'title = "Small"\ndataset = "data"\nmethods = ["stern", "constant"]\nseeds = [0, 1]\n'
        "[budgets]\nstern = 2\n"
    )
    assert make_board(home, "--data", make_dataset(name="data"), "--costs")
    runs = [w for w in said if w[0] == "run"]
    assert [(w[w.index("--method") + 1], w[w.index("--fold") + 1]) for w in runs] == [
        ("stern", "1"), ("constant", "1"), ("stern", "2"), ("constant", "2"),
    ]  # fmt: skip
    assert all("training.budget=2" in w for w in runs if "stern" in w)
    (out,) = {w[w.index("--out") + 1] for w in runs}
    assert said[-2:] == [
        ["board", "costs", str(home), out], ["leaderboard", "--board", str(home), "--write"],
    ]  # fmt: skip
