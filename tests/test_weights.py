"""Weights that come with the package: small, whole, and of a method that is there."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest
from commands import invoke
from frame_files import write_frame

from adaptor_bench.harness import shipped
from adaptor_bench.harness.shipped import MOST_BYTES, shipped_weights
from adaptor_bench.registry import discover
from adaptor_bench.resources import bundled

WEIGHTS = shipped_weights()


def test_some_come_with_the_package():
    assert "unet_peaks" in WEIGHTS
    listed = (bundled("baselines") / "weights" / "README.md").read_text("utf-8")
    assert all(f"| `{name}` | " in listed for name in WEIGHTS)


@pytest.mark.parametrize("name", WEIGHTS)
def test_they_are_small_whole_and_described(name):
    folder = WEIGHTS[name]
    record = json.loads((folder / "run.json").read_text())
    assert sum(p.stat().st_size for p in folder.iterdir()) < MOST_BYTES
    for file, known in record["files"].items():
        assert hashlib.sha256((folder / file).read_bytes()).hexdigest() == known["sha256"]
    # The parameters are those that the method still has.
    assert discover().methods[name].resolve("paper", record["parameters"])
    assert not set(record["train"]) & set(record["validation"])
    card = (folder / "README.md").read_text("utf-8")
    assert "numbers about the phantom" in card and "What it is not" in card
    for domain, found in record["measured"].items():
        assert f"| {domain} | {found['f1']} |" in card


@pytest.mark.parametrize("name", WEIGHTS)
def test_they_predict_without_training(name, tmp_path):
    write_frame(tmp_path / "pictures", "a", "000000", [(100, 100)])
    _, told = invoke("predict", name, "--input", tmp_path / "pictures", "--format", "json")
    assert "written to predictions" in told
    document = json.loads(Path("predictions/points.json").read_text())
    assert document["method"] == name and len(document["images"]) == 1


def test_a_file_that_is_not_the_one_that_came_is_refused(tmp_path, monkeypatch):
    shutil.copytree(WEIGHTS["unet_peaks"].parent, tmp_path / "baselines" / "weights")
    shutil.copy(bundled("baselines") / "unet_peaks.py", tmp_path / "baselines")
    path = tmp_path / "baselines" / "weights" / "unet_peaks" / "network.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    monkeypatch.setattr(shipped, "bundled", lambda name: tmp_path / name)
    write_frame(tmp_path / "pictures", "a", "000000", [(100, 100)])
    for given in ("unet_peaks", path.parent):  # by name, and a copy of the folder
        _, told = invoke("predict", given, "--input", tmp_path / "pictures", code=1)
        assert "network.safetensors: is not the file whose hash stands in run.json" in told
        assert not Path("predictions").exists()
