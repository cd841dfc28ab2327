"""What cannot go together is wrong usage: one line, exit code 2, and nothing is written."""

from __future__ import annotations

import pytest
from commands import invoke
from finished_runs import put_fold
from frame_files import write_frame

from adaptor_bench.registry import discover

DECODER = """
from dataclasses import dataclass
import numpy as np
from adaptor_bench.stages.protocols import Decoded
from adaptor_bench.stages.registry import stage

@stage("decode", "bare")
@dataclass(frozen=True)
class Bare:
    def decode(self, maps, size):
        return Decoded(np.array([[1.0, 2.0], [3.0, 4.0]]), None, maps[0])
"""


def refused(*arguments) -> str:
    """What is told, which is one line and a hint at most."""
    shown, told = invoke(*arguments, code=2)
    lines = [line for line in told.splitlines() if line != "predicting"]
    assert shown == "" and lines[0].startswith("error: ") and len(lines) <= 2, told
    return told


@pytest.fixture
def run(make_dataset, tmp_path):
    root = make_dataset()

    def call(*more):
        told = refused("run", "--method", "stern", "--data", root, "--profile", "smoke", *more)
        assert not (tmp_path / "runs").exists()
        return told

    return call


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("decode=nosuch", "'decode' must be one of"),
        ("network=resnext", "Did you mean"),
        ("training.budget=0", "'training.budget' must be a number above 0"),
        ("training.steps=0", "'training.steps' must be"),
        ("training.epochs=0", "'training.epochs' must be"),
    ],
)
def test_parts_and_budgets_that_cannot_be(run, setting, says):
    assert says in run("--set", setting)


def test_a_decoder_that_gives_no_scores(run, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "bare.py").write_text(DECODER)
    told = run("--methods-from", tmp_path / "mine", "--set", "decode=bare")
    assert "must give a score for each point, and gives none for 2 points" in told
    assert f"decode=bare ({tmp_path / 'mine' / 'bare.py'})" in told


def test_a_decoder_that_gives_something_else(run, tmp_path):
    (tmp_path / "mine").mkdir()
    other = DECODER.replace('"bare"', '"array"').replace("return", "return maps[0];")
    (tmp_path / "mine" / "array.py").write_text(other)
    told = run("--methods-from", tmp_path / "mine", "--set", "decode=array")
    assert "array.py) must give a Decoded, and gives ndarray" in told


def test_a_part_whose_file_could_not_be_loaded(run, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "bare.py").write_text(DECODER.replace("def decode", "def recode"))
    more = "--methods-from", tmp_path / "mine", "--set"
    told = run(*more, "decode=bare")
    assert "'decode' must be one of" in told
    assert "bare.py could not be loaded: TypeError: decode=bare (Bare) lacks decode" in told
    assert "could not be loaded" not in run(*more, "training.budget=0")


def test_a_translator_with_nothing_to_translate(run):
    for name in ("histogram", "fourier"):
        told = run("--set", f"translate={name}")
        assert f"translate={name} has nothing to translate" in told
        assert "the dataset has frames of intraop alone" in told


def test_a_translator_into_another_domain(tmp_path):
    for surgery in ("aicm1", "aicm2", "aicm11", "aicm12"):
        write_frame(tmp_path / "data", surgery, "000000", [(400, 100), (30, 40)])
    told = refused(
        "run", "--method", "stern", "--data", tmp_path / "data", "--profile", "smoke",
        "--domain", "sim", "--set", "translate=histogram", "--out", tmp_path / "runs",
    )  # fmt: skip
    assert "nothing to translate for sim: here it only translates sim into intraop" in told


def test_weights_of_another_architecture(make_dataset, tmp_path):
    torch = pytest.importorskip("torch")
    from adaptor_bench.train.weights import write_weights

    spec = discover().methods["stern"]
    run = put_fold(tmp_path, "stern", 1, [], parameters=spec.resolve("smoke"))
    write_weights(run / "network.safetensors", {"layer.weight": torch.zeros(3)})
    told = refused("predict", run, "--input", make_dataset(), "--output", tmp_path / "out")
    assert "network.safetensors: weights of another architecture" in told
    assert not (tmp_path / "out").exists()


def test_names_that_are_neither_run_nor_weights(make_dataset, tmp_path):
    root = make_dataset()
    for name, says in (("sterm", "neither a finished run nor"), ("stern", "without trained weig")):
        told = refused("predict", name, "--input", root, "--output", tmp_path / "out")
        assert says in told
        assert not (tmp_path / "out").exists()
