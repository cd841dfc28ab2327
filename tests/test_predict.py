"""A finished run predicts on any folder of frames, and gives what it gave in its fold."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from adaptor_bench.cli import bench
from adaptor_bench.data.labels import read_points
from adaptor_bench.errors import InputError


def run(*arguments: object) -> None:
    result = CliRunner().invoke(
        bench, [str(a) for a in arguments], catch_exceptions=False, standalone_mode=False
    )
    assert result.exception is None


@pytest.fixture
def finished(make_dataset, tmp_path) -> tuple[Path, Path]:
    """A dataset and the run directory of a smoke run on its fold 1."""
    root = make_dataset()
    out = tmp_path / "runs"
    run("run", "--method", "stern", "--data", root, "--profile", "smoke", "--fold", 1, "--out", out)
    return root, out / "dataset" / "stern" / "intraop" / "fold_1"


def test_predictions_of_the_fold_are_repeated(finished, tmp_path):
    root, fold = finished
    run("predict", fold, "--input", root, "--output", tmp_path / "predicted")
    written = sorted((tmp_path / "predicted").rglob("*.json"))
    assert len(written) == 6
    for original in sorted((fold / "predictions").rglob("*.json")):
        again = tmp_path / "predicted" / original.relative_to(fold / "predictions")
        assert json.loads(again.read_text()) == json.loads(original.read_text())


def test_labels_are_not_needed(finished, tmp_path):
    root, fold = finished
    for label in root.rglob("point_labels/*.json"):
        label.unlink()
    run("predict", fold, "--input", root, "--output", tmp_path / "predicted")
    assert len(list((tmp_path / "predicted").rglob("*.json"))) == 6


def test_an_existing_output_is_kept(finished, tmp_path):
    root, fold = finished
    (tmp_path / "predicted").mkdir()
    with pytest.raises(InputError, match="exists already"):
        run("predict", fold, "--input", root, "--output", tmp_path / "predicted")


def test_what_is_not_a_run_is_named(make_dataset, tmp_path):
    root = make_dataset()
    with pytest.raises(InputError, match="not a finished run"):
        run("predict", tmp_path, "--input", root, "--output", tmp_path / "predicted")


def test_a_damaged_checkpoint_is_named(finished, tmp_path):
    root, fold = finished
    weights = fold / "network.safetensors"
    weights.unlink()
    weights.write_bytes(b"not weights")
    with pytest.raises(InputError, match=r"network\.safetensors: not readable as network weights"):
        run("predict", fold, "--input", root, "--output", tmp_path / "predicted")
    assert not (tmp_path / "predicted").exists()
    assert read_points(next(fold.rglob("predictions/**/*.json"))).points.shape[1] == 2
