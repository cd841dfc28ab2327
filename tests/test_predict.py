"""A finished run predicts on any folder of frames, and gives what it gave in its fold."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from commands import invoke
from finished_runs import put_fold
from PIL import Image

from adaptor_bench.data.labels import read_points
from adaptor_bench.registry import discover


def predict(run, data, place, code=0):
    return invoke("predict", run, "--input", data, "--output", place / "predicted", code=code)


@pytest.fixture
def finished(make_dataset, tmp_path) -> tuple[Path, Path]:
    """A dataset and the run directory of a smoke run on its fold 1."""
    root = make_dataset()
    invoke("run", "--method", "stern", "--data", root, "--profile", "smoke", "--fold", 1)
    return root, tmp_path / "runs" / "dataset" / "stern" / "intraop" / "fold_1"


def test_predictions_of_the_fold_are_repeated(finished, tmp_path):
    root, fold = finished
    predict(fold, root, tmp_path)
    written = sorted((tmp_path / "predicted").rglob("*.json"))
    assert len(written) == 6
    for original in sorted((fold / "predictions").rglob("*.json")):
        again = tmp_path / "predicted" / original.relative_to(fold / "predictions")
        assert json.loads(again.read_text()) == json.loads(original.read_text())


def test_labels_are_not_needed(finished, tmp_path):
    root, fold = finished
    for label in root.rglob("point_labels/*.json"):
        label.unlink()
    predict(fold, root, tmp_path)
    assert len(list((tmp_path / "predicted").rglob("*.json"))) == 6


def test_an_existing_output_is_kept(finished, tmp_path):
    root, fold = finished
    (tmp_path / "predicted").mkdir()
    assert "already exists" in predict(fold, root, tmp_path, code=1)[1]


def test_what_is_not_a_run_is_named(make_dataset, tmp_path):
    root = make_dataset()
    assert "not a finished run" in predict(tmp_path, root, tmp_path, code=1)[1]


def test_a_damaged_checkpoint_is_named(finished, tmp_path):
    root, fold = finished
    weights = fold / "network.safetensors"
    weights.unlink()
    weights.write_bytes(b"not weights")
    assert (
        "network.safetensors: not readable as network weights"
        in predict(fold, root, tmp_path, code=1)[1]
    )
    assert not (tmp_path / "predicted").exists()
    assert read_points(next(fold.rglob("predictions/**/*.json"))).points.shape[1] == 2


@pytest.mark.parametrize("change", [{"input_size": [2_000_000, 2_000_000]},
                                    {"translate.width": 10**6}, {"decode.threshold": "peaks"},
                                    {"decode": "no"}, {"no_such": 1}])  # fmt: skip
def test_a_run_that_asks_for_the_impossible_is_refused(change, make_dataset, tmp_path):
    spec = discover().methods["improved_heatmap"]
    run = put_fold(tmp_path, spec.name, 1, [], parameters=spec.resolve("smoke") | change)
    for arguments in (
        ("predict", run, "--input", make_dataset(), "--output", tmp_path / "out"),
        ("translate", run, "--input", make_dataset(), "--output", tmp_path / "out",
         "--to", "sim"),
    ):  # fmt: skip
        _, told = invoke(*arguments, code=1)
        assert told.startswith(f"error: {run / 'run.json'}: ")
        assert next(iter(change)) in told


def test_a_run_of_before_there_were_parts_is_called_that(make_dataset, tmp_path):
    run = put_fold(tmp_path, "stern", 1, [], parameters={"sigma": 1.0, "threshold": 0.5})
    assert "made by an earlier version" in predict(run, make_dataset(), tmp_path, code=1)[1]


def test_pictures_of_a_kind_that_is_refused_are_told_together_and_first(tmp_path):
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    Image.new("F", (40, 30)).save(pictures / "float.tif")
    pages = [Image.new("RGB", (40, 30), colour) for colour in ("red", "blue")]
    pages[0].save(pictures / "pages.tif", save_all=True, append_images=pages[1:])
    (pictures / "empty.png").touch()
    Image.new("CMYK", (40, 30)).save(pictures / "print.jpg")  # can be shown
    _, told = invoke("predict", "unet_peaks", "--input", pictures, code=1)
    for name, says in (("float.tif", "32 bits"), ("pages.tif", "several"), ("empty.png", "empty")):
        assert re.search(rf"{name}: .*{says}", told), told
    assert "print.jpg" not in told and "predicting" not in told
