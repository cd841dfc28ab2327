"""A fold in which nothing is labelled counts for nobody, whatever is predicted there."""

from __future__ import annotations

import csv
import json
import math
from itertools import product
from pathlib import Path

import commands
import numpy as np
import pytest
from finished_runs import SURGERIES, put_fold
from frame_files import put_points
from method_files import put_method
from small_board import predict, put_board, put_data, rows, submit

from adaptor_bench.entries.entry import read_board, read_entries
from adaptor_bench.report.card import ranking_cards
from adaptor_bench.report.leaderboard import render_entries, render_leaderboard
from adaptor_bench.report.paper.ablation import ablation_tables
from adaptor_bench.report.paper.results import result_tables
from adaptor_bench.results.board import boards_of
from adaptor_bench.results.load import load_results
from adaptor_bench.scoring.aggregate import aggregate
from adaptor_bench.scoring.metrics import Counts
from adaptor_bench.scoring.uncertainty.study import study
from adaptor_bench.scoring.uncertainty.tally import Tally

FALSE = {"good": 3, "good/part": 0, "poor": 7}  # predicted where nothing is labelled


def put(out: Path, folds, *, skip: bool = False) -> Path:
    """Three methods on ``folds``; of four folds the third has no label."""
    rng = np.random.default_rng(0)
    matching = {"missing": "skip" if skip else "empty"}
    for (method, skill), fold in product(
        {"good": 0.9, "good/part": 0.8, "poor": 0.5}.items(), range(1, 5)
    ):
        hits = rng.binomial(10, skill, 6)
        frames = [
            (f"{SURGERIES[fold - 1]}/V/{k}", int(n), 1, 10 - int(n)) for k, n in enumerate(hits)
        ]
        if fold == 3:
            frames = [(key, 0, FALSE[method] * (k == 0), 0) for k, (key, *_) in enumerate(frames)]
        if fold in folds:
            put_fold(out, method, fold, frames, folds=list(folds), matching=matching)
    return out


@pytest.fixture
def runs(tmp_path):
    """With the empty fold, and as if it did not exist."""
    return put(tmp_path / "with", (1, 2, 3, 4)), put(tmp_path / "without", (1, 2, 4))


# --- one row ------------------------------------------------------------------------------------


def test_a_fold_without_labels_changes_no_number():
    folds = {1: Counts(8, 1, 2), 2: Counts(5, 0, 5), 4: Counts(9, 3, 1)}
    plain = aggregate({0: folds, 1: folds}, (1, 2, 4))
    for a, b in product((0, 9), repeat=2):
        found = aggregate({0: folds | {3: Counts(0, a, 0)}, 1: folds | {3: Counts(0, b, 0)}},
                          (1, 2, 3, 4), unlabelled={3})  # fmt: skip
        for key, one in plain.items():
            other = found[key]
            assert (other.folds, other.mean, other.std, other.seed_std, other.n, other.missing) == (
                one.folds, one.mean, one.std, one.seed_std, one.n, one.missing
            )  # fmt: skip
            assert other.unlabelled == {3: (a + b) / 2}


def test_a_missing_fold_still_leaves_no_mean_and_nothing_labelled_no_number():
    found = aggregate({0: {1: Counts(8, 1, 2), 3: Counts(0, 2, 0)}}, (1, 2, 3), unlabelled={3})
    assert (found["f1"].mean, found["f1"].missing, found["f1"].n) == (None, (2,), 1)
    found = aggregate({0: {1: Counts(0, 2, 0)}}, (1,), unlabelled={1})["f1"]
    assert math.isnan(found.mean) and found.n == 0


# --- tables and cards ---------------------------------------------------------------------------


def test_leaderboard(runs):
    found, plain = (json.loads(render_leaderboard([out], "intraop", "json")) for out in runs)
    assert [r["rank"] for r in found if r["source"] == "measured"] == [1, 2, 3]
    false = {r["method"]: r.pop("unlabelled_false_points", None) for r in found}
    assert [false[name] for name in ("good", "good/part", "poor")] == [
        {"f3": 3}, {"f3": 0}, {"f3": 7}
    ]  # fmt: skip
    for one, other in zip(found, plain, strict=True):
        assert one.pop("unlabelled_folds", []) == (["f3"] if one["source"] == "measured" else [])
        assert one == other
    text = " ".join(render_leaderboard([runs[0]], "intraop").split())
    assert (
        "Fold f3 has no labels and counts for no method: means and ranks are over the other folds. "
        "False points there: good 3, good/part 0, poor 7." in text
    )
    assert "over n = 3 folds" in text and "3/4" in text and "0/0" not in text
    assert "no labels" not in render_leaderboard([runs[1]], "intraop")
    lines = render_leaderboard([runs[0]], "intraop", "csv").splitlines()
    row = next(csv.DictReader(lines))
    assert (row["unlabelled_folds"], row["unlabelled_false_points_f3"]) == ("f3", "3.0")


def test_what_was_skipped_is_not_without_labels(tmp_path):
    """A method without predictions for a labelled fold is not ranked on the other folds."""
    put(tmp_path, (1, 2, 4), skip=True)
    path = tmp_path / "phantom-x" / "good" / "intraop" / "fold_2" / "score.json"
    document = json.loads(path.read_text())
    for frame in document["frames"]:
        frame |= {"predictions": 0, "pairs": [], "missing": True}
    path.write_text(json.dumps(document))
    (good,) = [r for r in json.loads(render_leaderboard([tmp_path], "intraop", "json"))
               if r["method"] == "good"]  # fmt: skip
    assert good["rank"] is good["f1"]["mean"] is good["f1"]["folds"]["f2"] is None
    assert "unlabelled_folds" not in good


def test_paper_tables(runs):
    def numbers(tables):
        return [
            {k: v for k, v in row.items() if k != "f3"} for table in tables for row in table.rows
        ]

    for tables in (lambda out: result_tables("intraop", [out]), lambda out: ablation_tables([out])):
        found, plain = tables(runs[0]), tables(runs[1])
        assert numbers(found) == numbers(plain)
        notes = " ".join(note for table in found for note in table.notes)
        assert "False points there: good 3, good/part 0" in notes
        assert "0/0" not in notes


def test_card_and_comparison(runs):
    cards = [ranking_cards(boards_of(load_results(out)))[0] for out in runs]
    told = [s for s in cards[0].sentences if s.startswith("Fold f3 has no labels")]
    assert len(told) == 1 and "False points there: good 3, good/part 0, poor 7." in told[0]
    assert [s for s in cards[0].sentences if "Fold f3" not in s] == list(cards[1].sentences)
    assert cards[0].facts == cards[1].facts
    tables = [card.to_json()["tables"] for card in cards]
    assert tables[0] == tables[1]
    for metric in ("f1", "precision", "sensitivity"):
        found, plain = (
            json.loads(commands.invoke("compare", "good", "poor", "--runs", out, "--metric", metric,
                                       "--format", "json")[0])[0]
            for out in runs
        )  # fmt: skip
        found["sentences"] = [s for s in found["sentences"] if "Fold f3" not in s]
        assert found == plain


def test_site(runs, tmp_path):
    pages = []
    for i, out in enumerate(runs):
        commands.invoke("report", out, "--out", tmp_path / f"site{i}")
        pages.append((tmp_path / f"site{i}" / "index.html").read_text())
    assert "Fold f3 has no labels and counts for no method" in pages[0]
    assert ">3/4</td>" in pages[0] and ">3/4</td>" not in pages[1]


def test_entries(tmp_path):
    """Of two that are equal on all labels, the one without false points is not placed behind."""
    data = put_data(tmp_path / "data")
    for label in (data / "case_3").rglob("*.json"):
        put_points(data, f"case_3/v/{label.stem}", np.empty((0, 2)))
    board = put_board(tmp_path / "small", data)
    everywhere = predict(tmp_path / "everywhere", data, 1)
    right = predict(tmp_path / "right", data, 1, ("case_1", "case_2"))
    for k in range(2):
        put_points(right, f"case_3/v/{k}", np.empty((0, 2)))
    for name, folder in (("everywhere", everywhere), ("right", right)):
        submit(folder, board, data, "--claim", "intraop:f1=100", method=name)
    found = rows(board)
    for name in ("everywhere", "right"):
        assert (found[name]["rank"], found[name]["f1"]["mean"], found[name]["n"]) == (1, 100, 2)
        assert found[name]["unlabelled_folds"] == ["f3"]
    assert [found[n]["unlabelled_false_points"]["f3"] for n in ("everywhere", "right")] == [6, 0]
    definition = read_board(board)
    text = render_entries(definition, read_entries(definition), "text")
    assert "False points there: everywhere 6, right 0" in " ".join(text.split())
    assert "(!)" not in text
    commands.invoke("verify", board, "--data", data)


def test_nothing_is_chosen_on_a_surgery_without_labels(make_dataset, tmp_path):
    data = make_dataset(tuple("abcde"), frames=1, size=(64, 36))
    for label in (data / "a").rglob("*.json"):
        label.write_text('{"points": []}')
    method = put_method(tmp_path / "methods")
    which = ("--method", "point", "--methods-from", method, "--data", data)
    shown, told = commands.invoke("run", *which, "--profile", "smoke", "--out", "out")
    records = [json.loads(p.read_text()) for p in sorted(Path("out").rglob("run.json"))]
    assert [r["selection"] for r in records] == [["b"], ["c"], ["b"], ["b"], ["b"]]
    assert "a" in records[1]["train"]
    assert "nothing is labelled in surgery a (intraop)" in told
    assert "Fold f1 has no labels and counts for no method" in " ".join(shown.split())


# --- surgeries ----------------------------------------------------------------------------------


def test_a_surgery_without_labels_takes_no_part_in_any_scheme():
    """Its false points count where its fold is pooled; its F1, 0 or 0/0, counts nowhere."""
    counts = np.array([
        [[9, 0, 1], [0, 4, 0], [8, 0, 2], [9, 2, 1]],
        [[6, 0, 4], [0, 0, 0], [7, 1, 3], [2, 0, 8]],
    ])  # fmt: skip
    fold = np.array([0, 0, 1, 1])
    found = study(Tally(("a", "b"), ("s0", "s1", "s2", "s3"), (1, 2), counts, np.arange(2), fold,
                        np.zeros(2, int)))  # fmt: skip
    assert found.tally.labelled.tolist() == [True, False, True, True]
    assert len(found.pairs["a", "b"].difference.by_fold) == 2
    assert found.values[0, 0] == pytest.approx(18 / 23)  # (9, 4, 1) pooled
    assert found.schemes["surgeries"] == {"a": 1, "b": 2}
