"""Frames that are not 512x288: one unit, from the network's image to the footer of a table."""

from __future__ import annotations

import json

import pytest
from commands import invoke
from conftest import write_frame

POINT = """
import numpy as np
from adaptor_bench.method import Card, Prediction
from adaptor_bench.registry import method

class Fixed:
    input_size = None
    def other_domains(self, domain, available): return ()
    def fit(self, task): pass
    def predict(self, frames, task): return self.predict_frames(frames, task.device)
    def predict_frames(self, frames, device):
        for _ in frames: yield Prediction(np.array([[110.0, 100.0]]))
    def save(self, directory): pass
    def load(self, directory): pass

@method("fixed", card=Card(title="Fixed"))
def build(*, k: int = 1):
    return Fixed()
"""


@pytest.fixture
def bench_run(tmp_path):
    """``bench run`` of a method that always says (110, 100), where every label is (100, 100)."""
    (tmp_path / "methods").mkdir()
    (tmp_path / "methods" / "fixed.py").write_text(POINT)

    def run(*arguments, size=(1024, 576), code=0):
        data = tmp_path / f"{size[0]}x{size[1]}"
        if not data.exists():
            for surgery in ("a", "b", "c"):
                write_frame(data, surgery, "000000", [(100, 100)], size=size)
        return invoke(
            "run", "--method", "fixed", "--methods-from", tmp_path / "methods", "--data", data,
            "--profile", "smoke", "--out", tmp_path / "runs", *arguments, code=code,
        )  # fmt: skip

    return run


def mean_f1(shown):
    return [row["f1"]["mean"] for row in json.loads(shown) if row["source"] == "measured"]


def test_a_run_is_scored_as_it_is_asked_for(bench_run, tmp_path):
    assert mean_f1(bench_run("--format", "json")[0]) == [0.0], "10 px off is more than 6 px"
    for options, expected, matching in (
        (["--radius", "12"], 100.0, ["hungarian", 12.0, True, "empty"]),
        (["--radius", "10", "--strict"], 0.0, ["hungarian", 10.0, False, "empty"]),
        (["--radius", "10", "--matching", "official", "--missing", "skip"], 100.0,
         ["official", 10.0, True, "skip"]),
    ):  # fmt: skip
        shown, _ = bench_run(*options, "--restart", "--format", "json")
        assert mean_f1(shown) == [expected]
        for record in (tmp_path / "runs").rglob("run.json"):
            document = json.loads(record.read_text())
            score = json.loads(record.with_name("score.json").read_text())
            assert list(document["matching"].values()) == matching
            assert document["matching"] == score["matching"]
            assert document["frame_sizes"] == {"1024x576": 1}


def test_folds_scored_otherwise_are_not_kept_as_if_they_were_the_same(bench_run, tmp_path):
    bench_run("--radius", "12")
    _, told = bench_run("--radius", "16", code=1)
    assert "radius 12.0, now 16.0" in told and "--restart" in told
    _, told = bench_run("--radius", "12", "--matching", "official", code=1)
    assert "rule 'hungarian', now 'official'" in told
    _, told = bench_run("--radius", "12")
    assert told.count("already finished, kept") == 3
    for record in (tmp_path / "runs").rglob("run.json"):  # as runs were written once: 6 px, unsaid
        document = json.loads(record.read_text())
        del document["matching"], document["frame_sizes"]
        record.write_text(json.dumps(document))
    _, told = bench_run("--radius", "12", code=1)
    assert "radius 6.0, now 12.0" in told


def test_a_radius_that_is_none_is_wrong_usage(bench_run, tmp_path):
    for radius in ("0", "-1", "nan", "inf"):
        _, told = bench_run("--radius", radius, code=2)
        assert "radius" in told
    assert not (tmp_path / "runs").exists()
