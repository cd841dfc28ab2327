"""Floors and ceilings: they run like methods, and nothing takes them for one."""

from __future__ import annotations

import json

import numpy as np
import pytest
from commands import invoke, invoke_json
from frame_files import write_frame

from adaptor_bench.errors import InputError
from adaptor_bench.registry import discover
from adaptor_bench.stages.ceiling import perfect_points

FLOORS = ("constant", "random", "template", "colour")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Three surgeries of two frames: labels are bright squares on dark ground."""
    root, rng = tmp_path_factory.mktemp("spots"), np.random.default_rng(0)
    for surgery in ("a", "b", "c"):
        for number in range(2):
            points = rng.uniform((20, 20), (492, 268), (6, 2)).round()
            write_frame(root, surgery, f"{number:06d}", points, size=(512, 288))
    return root


@pytest.fixture(scope="module")
def runs(data, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs")
    asked = [word for name in (*FLOORS, "oracle") for word in ("--method", name)]
    invoke("run", *asked, "--data", data, "--out", out, "--profile", "smoke", "--device", "cpu")
    return out


def test_what_is_there_to_be_seen_is_found(runs):
    rows = {r["method"]: r for r in invoke_json("leaderboard", runs) if r["source"] == "measured"}
    assert rows["template"]["f1"]["mean"] > 90
    assert rows["colour"]["f1"]["mean"] > 90
    assert rows["oracle"]["f1"]["mean"] == 100
    assert rows["random"]["f1"]["mean"] < 30
    assert [rows[name]["role"] for name in (*FLOORS, "oracle")] == ["floor"] * 4 + ["ceiling"]
    assert all(row["rank"] is None for row in rows.values())


def test_no_study_and_no_tier_counts_them(runs):
    text, _ = invoke("leaderboard", runs)
    assert "template (floor)" in text and "oracle (ceiling)" in text
    _, told = invoke("card", runs, code=1)
    assert "no board with two complete methods" in told


def test_a_floor_predicts_again_from_its_checkpoint(runs, data, tmp_path):
    for name in FLOORS:
        (run,) = runs.rglob(f"{name}/*/fold_1")
        invoke("predict", run, "--input", data, "--output", tmp_path / name)
        for path in sorted((run / "predictions").rglob("*.json")):
            again = tmp_path / name / path.relative_to(run / "predictions")
            assert json.loads(path.read_text())["points"] == json.loads(again.read_text())["points"]
    (ceiling,) = runs.rglob("oracle/*/fold_1")
    told = invoke("predict", ceiling, "--input", data, "--output", tmp_path / "oracle", code=1)[1]
    assert "'oracle' is a ceiling" in told


SNEAKY = """
from adaptor_bench.method import Card, Prediction
from adaptor_bench.registry import method

class Sees:
    input_size = None
    def other_domains(self, domain, available): return ()
    def fit(self, task): pass
    def predict(self, frames, task): return iter(())
    def predict_labelled(self, frames, task): return (Prediction(f.points) for f in frames)
    def save(self, directory): pass

@method("sneaky", card=Card(title="Sneaky"{role}))
def build(): return Sees()
"""


def test_labels_are_for_ceilings_alone(tmp_path):
    (tmp_path / "sneaky.py").write_text(SNEAKY.replace("{role}", ""))
    spec = discover([tmp_path]).get("sneaky")
    with pytest.raises(InputError, match='role="ceiling" go together'):
        spec.build({})
    (tmp_path / "sneaky.py").write_text(SNEAKY.replace("{role}", ', role="winner"'))
    registry = discover([tmp_path])
    assert "unknown role 'winner'" in "".join(registry.unavailable.values())


def test_a_ceiling_is_what_target_and_decoder_leave():
    """Of two points 3 px apart narrow kernels and peaks keep both, the paper's keep one region."""
    methods = discover().methods
    points = np.array([[100.0, 100], [106, 100], [300, 200]])
    oracle = methods["oracle"].build(methods["oracle"].resolve("quick"))
    found, _ = perfect_points(oracle, points, (512, 288))
    assert len(found) == 3 and np.abs(np.sort(found[:, 0]) - points[:, 0]).max() < 1.5
    uncut = methods["oracle"].resolve(
        "quick",
        {"decode": "otsu", "decode.cut": False, "target.sigma": 5.657,
         "target.combine": "sum_minmax"},
    )  # fmt: skip
    merged, _ = perfect_points(methods["oracle"].build(uncut), points, (512, 288))
    assert len(merged) < 3
