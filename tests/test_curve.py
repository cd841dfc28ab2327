"""``bench curve``: runs with shares of the budget, what doubling gains, and what is said of it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from commands import invoke

from adaptor_bench.errors import InputError
from adaptor_bench.results.learning import LearningCurve, learning_curves
from adaptor_bench.scoring.uncertainty.intervals import Interval


def test_a_curve_is_made_of_ordinary_runs_and_resumed(phantom_cache, monkeypatch, tmp_path):
    monkeypatch.setenv("ADAPTOR_BENCH_CACHE", str(phantom_cache))
    command = (
        "curve", "improved_heatmap/no_cyclegan", "--profile", "smoke", "--domain", "sim",
        "--fold", 1, "--out", "out", "--budget", 0.5, "--format", "json",
    )  # fmt: skip
    invoke(*command, "--budget", 1)
    shown, told = invoke(*command, "--budget", 1, "--budget", 2)
    assert told.count("already finished, kept") == 2
    records = [json.loads(p.read_text()) for p in Path("out").rglob("run.json")]
    assert sorted(r["parameters"]["training.budget"] for r in records) == [0.5, 1, 2]
    (table,) = json.loads(shown)
    rows = table["rows"]
    assert [row["budget"] for row in rows] == [0.5, 1, 2]
    spent = [sum(r["cpu_seconds"].values()) for r in records]  # 0.0 where two steps take no time
    assert all(row["folds"] == 1 for row in rows)
    assert sorted(row["cpu_seconds"] for row in rows) == pytest.approx(sorted(spent), abs=0.1)
    assert all(row["by_fold"] == f"1: {row['f1']:.2f}" for row in rows)
    assert json.loads(Path("out/curve.json").read_text()) == [table]
    assert Path("out/curve.svg").read_text().startswith("<?xml")
    (said, _) = table["notes"]
    assert "is its budget enough (less than 1.5 points)? undecided." in said
    invoke("paper", "curve", "out", "--out", "again.svg")


def test_a_method_without_a_budget_is_refused_plainly(make_dataset):
    _, told = invoke("curve", "constant", "--data", make_dataset(), "--out", "out", code=2)
    assert "training.budget" in told


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [(-1, 1.4, "yes"), (1.6, 5, "no"), (-1, 5, "undecided"), (np.nan, np.nan, "undecided")],
)
def test_the_budget_is_enough_where_doubling_gains_surely_little(low, high, verdict):
    found = LearningCurve("d", "sim", "m", (), Interval(1, 0, 2), Interval(0.5, low, high))
    assert found.enough == verdict


def test_runs_without_a_budget_have_no_curve():
    with pytest.raises(InputError, match="none of these runs has a training budget"):
        learning_curves([])
