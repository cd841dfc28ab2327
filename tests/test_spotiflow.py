"""The package Spotiflow as a method, where it is installed; what is told where it is not."""

from __future__ import annotations

import json
from importlib.util import find_spec

import pytest
from commands import invoke

from adaptor_bench import extras
from adaptor_bench.registry import discover

ASKED = ("run", "--method", "spotiflow", "--profile", "smoke", "--device", "cpu")


def test_without_the_package_it_is_listed_with_a_way_to_get_it(make_dataset, tmp_path, monkeypatch):
    monkeypatch.setitem(extras.EXTRAS, "spotiflow", ("a_library_nobody_has",))
    command = 'pip install "adaptor-bench[spotiflow]"'
    (line,) = [x for x in invoke("methods")[0].splitlines() if x.startswith("spotiflow ")]
    assert line.endswith(f"; not installed, get it with: {command}")
    _, told = invoke(*ASKED, "--data", make_dataset(), "--out", tmp_path / "runs", code=2)
    assert told.splitlines() == [
        "error: runs of 'spotiflow' need a_library_nobody_has, which is not installed",
        f"Install it with: {command}",
    ]
    assert not (tmp_path / "runs").exists()


def test_other_methods_do_without_it():
    cards = {spec.name: spec.card.extra for spec in discover().methods.values()}
    assert {name for name, extra in cards.items() if extra} == {"spotiflow"}


@pytest.mark.skipif(find_spec("spotiflow") is None, reason="spotiflow is not installed")
def test_it_trains_and_predicts_the_same_again(make_dataset, tmp_path):
    data = make_dataset(size=(160, 90))
    for out in ("runs", "again"):
        invoke(*ASKED, "--data", data, "--fold", 1, "--out", tmp_path / out)
    (run,) = (tmp_path / "runs").rglob("fold_1")
    (other,) = (tmp_path / "again").rglob("fold_1")
    assert json.loads((run / "run.json").read_text())["parameters"]["width"] == 2
    invoke("predict", run, "--input", data, "--output", tmp_path / "used", "--device", "cpu")
    files = sorted((run / "predictions").rglob("*.json"))
    assert files
    for path in files:
        within = path.relative_to(run / "predictions")
        assert (other / "predictions" / within).read_bytes() == path.read_bytes()
        assert (tmp_path / "used" / within).read_bytes() == path.read_bytes()
