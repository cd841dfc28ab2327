"""The scripts in leaderboards/experiments, on tiny data with the smoke profile."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import numpy as np
import pytest
import small_board
from commands import invoke
from scipy.stats import kendalltau

from adaptor_bench.entries.entry import read_board

FOLDER = Path(__file__).parents[1] / "leaderboards" / "experiments"


@pytest.fixture(autouse=True)
def beside_each_other(monkeypatch):
    """A script's folder comes first where modules are looked for."""
    monkeypatch.syspath_prepend(FOLDER)


def test_arms_that_differ_in_their_decoding_train_once(phantom_cache, monkeypatch, tmp_path):
    import kernel_cutting

    monkeypatch.setenv("ADAPTOR_BENCH_CACHE", str(phantom_cache))
    monkeypatch.setattr(kernel_cutting, "KERNELS", dict(list(kernel_cutting.KERNELS.items())[:2]))
    monkeypatch.setattr(sys, "argv", [
        "kernel_cutting.py", "--data", "phantom-tiny", "--profile", "smoke", "--domain", "sim",
        "--fold", "1", "--workers", "1", "--runs", "runs", "--out", str(tmp_path / "out"),
    ])  # fmt: skip
    kernel_cutting.main()
    with (tmp_path / "out" / "kernel_cutting.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 6 and {r["domain"] for r in rows} == {"sim"}
    assert len(list(Path("runs").glob("*/*/artefacts/network-*"))) == 2
    text = (tmp_path / "out" / "kernel_cutting.md").read_text()
    assert text.startswith("### sim\n") and len(text.splitlines()) == 2 + 2 + 2


def test_what_else_could_be_made_of_trained_networks(phantom_cache, monkeypatch, tmp_path):
    import after_training

    monkeypatch.setenv("ADAPTOR_BENCH_CACHE", str(phantom_cache))
    invoke("run", "--method", "muon_peaks", "--data", "phantom-tiny", "--profile", "smoke",
           "--domain", "sim", "--fold", "1")  # fmt: skip
    monkeypatch.setattr(sys, "argv", [
        "after_training.py", "runs/phantom-tiny/muon_peaks", "--data", "phantom-tiny",
        "--out", str(tmp_path / "out"),
    ])  # fmt: skip
    after_training.main()
    with (tmp_path / "out" / "after_training.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert [r["arm"] for r in rows][:2] == ["as it is", "0.8 times the threshold"]
    assert len({int(r["tp"]) + int(r["fn"]) for r in rows}) == 1  # the labels
    text = (tmp_path / "out" / "after_training.md").read_text()
    assert text.startswith("### sim\n") and len(text.splitlines()) == 2 + 2 + len(rows)


def test_as_many_points_as_are_expected():
    """Of points that are hits as often as their scores say, the best number is kept."""
    from after_training import expected

    near, far = np.array([(10.0, 10)]), np.array([(99.0, 99)])
    sure = [(near, np.array([0.9]), near)] * 9 + [(near, np.array([0.9]), far)]
    doubtful = [(near, np.array([0.2]), near)] + [(near, np.array([0.2]), far)] * 9
    keep = expected(sure + doubtful)
    assert keep(np.array([0.2, 0.9, 0.2])).tolist() == [False, True, False]
    assert keep(np.array([0.2])).tolist() == [True]  # one of some is better than none
    assert keep(np.empty(0)).tolist() == []


def test_labels_are_moved_and_dropped_as_told():
    from label_noise import perturbed

    labels = {str(f): np.full((50, 2), 100.0) for f in range(200)}
    same = perturbed(labels, 0.0, 0.0, np.random.default_rng(0))
    assert all((a == b).all() for a, b in zip(same, labels.values(), strict=True))
    moved = np.concatenate(perturbed(labels, 2.0, 0.0, np.random.default_rng(0)))
    assert moved.std(axis=0) == pytest.approx([2, 2], rel=0.03)
    kept = sum(map(len, perturbed(labels, 0.0, 0.2, np.random.default_rng(0))))
    assert kept == pytest.approx(8000, rel=0.02)


def test_tau_is_that_of_scipy():
    from label_noise import kendall

    rng = np.random.default_rng(0)
    for n in (2, 3, 7):
        a, b = rng.integers(0, 4, (2, n)).astype(float)
        expected = kendalltau(a, b).statistic
        assert kendall(a, b) == pytest.approx(expected, nan_ok=True)


def test_noise_of_labels_lowers_f1_and_a_far_better_entry_keeps_its_place(tmp_path, monkeypatch):
    import label_noise

    data = small_board.put_data(tmp_path / "data")
    board = small_board.put_board(tmp_path / "small", data)
    for name, shift in (("near", 0), ("far", 5), ("lost", 9)):
        found = small_board.predict(tmp_path / name, data, shift)
        small_board.submit(found, board, data, method=name)
    about = read_board(board).fingerprints["intraop"]
    runs = small_board.finished(tmp_path / "runs", data, board, about, method="oracle")
    for path in runs.rglob("run.json"):  # a ceiling leads everywhere, but takes no part
        path.write_text(json.dumps(json.loads(path.read_text()) | {"role": "ceiling"}))
    small_board.submit_runs(runs, board, "--data", data)
    monkeypatch.setattr(sys, "argv", [
        "label_noise.py", "--board", str(board), "--data", str(data), "--draws", "3",
        "--out", str(tmp_path / "out"),
    ])  # fmt: skip
    label_noise.main()
    with (tmp_path / "out" / "label_noise.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 3 * (1 + 6 * 3) and not any("oracle" in r["entry"] for r in rows)
    plain = {r["entry"]: float(r["f1"]) for r in rows if r["setting"] == "none"}
    assert sorted(plain.values()) == [0, 100, 100]
    text = (tmp_path / "out" / "label_noise.md").read_text()
    assert "| intraop | moved by 2 px |" in text and "Board small; 3 draws a line" in text
    dropped = [r for r in rows if r["setting"] == "20% dropped" and float(r["f1"]) > 0]
    assert dropped and all(float(r["f1"]) < 100 for r in dropped)
