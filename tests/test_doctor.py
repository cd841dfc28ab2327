"""``bench doctor`` says what it finds, and ends with 1 where something is wrong."""

from __future__ import annotations

import shutil
import sys
from collections import namedtuple

import pytest
from commands import invoke, invoke_json

from adaptor_bench import doctor, extras
from adaptor_bench.doctor import OK, SLOW, WRONG


@pytest.fixture
def roomy(tmp_path, monkeypatch):
    """A machine with room, whose cache is a folder of the test."""
    monkeypatch.setenv("ADAPTOR_BENCH_CACHE", str(tmp_path / "cache"))
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(9e12, 0, 9e12))
    return tmp_path


def states(folder, code=0):
    document = invoke_json("doctor", "--out", folder, code=code)
    return {check["name"]: check for check in document["checks"]}


def test_all_is_looked_at_and_nothing_is_left_behind(roomy):
    found = states(roomy / "runs")
    assert set(found) >= {
        "python", "adaptor_bench", "libraries", "extra train", "device", "gpu", "bfloat16",
        "processor", "load", "cache folder", "results folder",
    }  # fmt: skip
    assert all(check["state"] in (OK, SLOW) for check in found.values())
    assert found["python"]["found"].startswith(sys.version.split()[0])
    assert "numpy" in found["libraries"]["found"] or "not known" in found["libraries"]["found"]
    assert "torch 2" in found["extra train"]["found"]
    assert list(roomy.iterdir()) == []
    text, _ = invoke("doctor", "--out", roomy / "runs")
    for name, check in found.items():
        assert any(line.startswith(name) for line in text.splitlines()), check


def test_a_full_disk_is_wrong(roomy, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: namedtuple("u", "free")(10))
    found = states(roomy, code=1)
    assert found["cache folder"]["state"] == WRONG
    assert "Make room" in found["results folder"]["remedy"]


def test_a_place_that_cannot_be_written_to_is_wrong(roomy):
    (roomy / "file").write_text("")
    found = states(roomy / "file", code=1)
    assert found["results folder"]["state"] == WRONG
    assert "--out" in found["results folder"]["remedy"]


def test_an_extra_in_pieces_is_wrong_and_one_that_is_absent_is_not(roomy, monkeypatch):
    pieces = {"whole": ("json",), "torn": ("json", "no_such_lib"), "absent": ("no_such_lib",)}
    monkeypatch.setattr(extras, "EXTRAS", pieces)
    monkeypatch.setattr(doctor, "EXTRAS", pieces)
    found = states(roomy, code=1)
    assert found["extra whole"]["state"] == found["extra absent"]["state"] == OK
    assert found["extra torn"]["state"] == WRONG
    assert "[torn]" in found["extra torn"]["remedy"]


def test_torch_that_cannot_be_loaded_is_wrong_and_told_plainly(roomy, monkeypatch):
    from adaptor_bench.train import device

    def broken(_):
        raise OSError("libcudart.so: cannot open shared object file\nmore")

    monkeypatch.setattr(device, "resolve_device", broken)
    found = states(roomy, code=1)
    assert "libcudart.so: cannot open" in found["torch"]["found"]
    assert "more" not in found["torch"]["found"]
