"""``bench check``: what keeps to the rules passes, and what does not is told by fold and line."""

from __future__ import annotations

import importlib
import json
import re
import sys
import zipfile
from pathlib import Path

import pytest
from commands import invoke, invoke_json
from method_files import put_method

from adaptor_bench.testing import CHECKS, check_method

EXAMPLE = Path(__file__).parent / "example_package"
PREDICT = "yield Prediction(np.array([[X, 100.0]]), None)"
CENTRE = (PREDICT, "yield Prediction(np.array([[frame.size[0] / 2, 9.0]]), np.ones(1))")


@pytest.fixture
def check(tmp_path):
    """The outcomes that failed of a small method with texts replaced."""

    def run(*changes, code=1):
        if not any(change[0] == PREDICT for change in changes):
            changes = (*changes, CENTRE)
        mine = put_method(tmp_path / "mine", *changes)
        found = invoke_json("check", "point", "--methods-from", mine, code=code)
        assert found["conforms"] is (code == 0) and found["file"] == str(mine / "point.py")
        return [one for one in found["checks"] if one["outcome"] == "failed"]

    return run


def test_a_method_that_keeps_to_the_rules_passes(check, tmp_path):
    assert check(code=0) == []
    shown, _ = invoke("check", "point", "--methods-from", tmp_path / "mine")
    assert "point: conforms; 12 passed, 0 failed, 1 skipped" in shown


def test_a_fold_that_fails_is_told_by_line_recorded_and_the_others_go_on(tmp_path):
    first = "task.domain == 'sim' and task.train[0].frame.surgery == 'case_2'"
    fails = ("self.task = task", f"if {first}:\n            raise RuntimeError('no luck')")
    mine = put_method(tmp_path / "mine", fails, CENTRE)
    kept = tmp_path / "kept"
    shown, _ = invoke("check", "point", "--methods-from", mine, "--keep", kept, code=1)
    lines = (mine / "point.py").read_text().splitlines()
    line = lines.index("            raise RuntimeError('no luck')") + 1
    assert f"sim fold 1: fit: RuntimeError: no luck ({mine / 'point.py'}:{line})" in shown
    assert "passed  save and load" in shown and "passed  determinism" in shown
    places = {p.parent.name + "/" + p.name for p in kept.glob("runs/*/point/*/fold_*")}
    assert places == {"sim/fold_1.failed", "sim/fold_2", "intraop/fold_1", "intraop/fold_2"}
    assert f"runs and tracebacks: {kept}" in shown
    _, told = invoke("check", "point", "--methods-from", mine, "--keep", kept, code=1)
    assert "already exists" in told


@pytest.mark.parametrize(
    ("change", "fails", "says"),
    [
        (("def load(self", "def read(self"), "members", "lacks load"),
        (("def save", "def keep"), "members", "lacks save"),
        (("def save", "fit = None\n\n    def save"), "members", "lacks fit"),
        ((PREDICT, "yield Prediction(np.zeros((1, 3)))"), "folds", "points have shape (1, 3)"),
        ((PREDICT, "yield Prediction(np.random.default_rng().uniform(0, 30, (1, 2)))"),
         "determinism", "a second training gives other points in case_"),
        (("def load(self, directory):\n        pass",
          "def load(self, directory):\n        global X\n        X = 7.0"),
         "save and load", "the loaded method gives other points"),
        ((PREDICT, "yield Prediction(np.ones((1, 2)) / frame.image.max())"),
         "empty frame", "not finite"),
        ((PREDICT, "yield Prediction(frame.image[80, 90:, :2] * 0.0)"), "odd sizes", "IndexError"),
        ((PREDICT, "yield Prediction(np.full((1, 2), 1 / np.ptp(frame.image[40, 60] * 1.0)))"),
         "grey frame", "not finite"),
        ((PREDICT, "yield Prediction(np.array([[99.0, 50.0]]))"), "points in frame",
         "[99.0, 50.0] in a frame of 97x61"),
        ((PREDICT, "yield Prediction(np.ones((1, 2)), np.ones(1) if frame.image.any() else None)"),
         "scores", "some frames have scores, others none"),
        (("self.task = task", "open('debug.txt', 'w').close()"), "own folder", "debug.txt in fit"),
        (("self.task = task",
          "[p.read_text() for p in task.train[0].frame.label.parents[3].rglob('*.json')]"),
         "labels", ".json in fit"),
    ],
)  # fmt: skip
def test_each_rule_can_be_broken(check, change, fails, says):
    if fails == "save and load":
        failed = check(change, (PREDICT, "yield Prediction(np.array([[X / 2, 9.0]]))"))
    elif fails in ("empty frame", "grey frame"):
        failed = check(
            ("import json", "import json, warnings; warnings.simplefilter('ignore')"), change
        )
    else:
        failed = check(change)
    assert fails in {one["check"] for one in failed}, failed
    one = next(one for one in failed if one["check"] == fails)
    assert says in one["reason"] and "point.py" in one["file"]


def test_a_fault_of_all_frames_is_told_as_such(check, tmp_path):
    change = (PREDICT, "yield Prediction(np.array([[-50.0, 9999.0]]))")
    *shown, more = [one["reason"] for one in check(change) if one["check"] == "points in frame"]
    assert len(shown) == 3 and re.fullmatch(r"and \d+ more points of other frames and folds", more)
    told, _ = invoke("check", "point", "--methods-from", tmp_path / "mine", code=1)
    assert f"{len(CHECKS) - 2} passed, 1 failed, 1 skipped" in told  # a check counts once


def test_what_does_not_exist_is_wrong_usage():
    assert "Did you mean 'stern'" in invoke("check", "sterm", code=2)[1]
    assert "no parameter 'x'" in invoke("check", "stern", "--set", "x=1", code=2)[1]


@pytest.mark.parametrize("name", ["oracle", "ridge_ends", "template", "unet_peaks"])
def test_shipped_methods_conform(name):
    """One of each kind; the others take seconds each: `bench check NAME`."""
    verdict = check_method(name)
    for check in CHECKS:
        verdict.require(check)


@pytest.fixture
def installed(tmp_path, monkeypatch) -> Path:
    """The example package as pip would have installed it, from a wheel of its own."""
    builder = pytest.importorskip("hatchling.builders.wheel").WheelBuilder(str(EXAMPLE))
    (wheel,) = builder.build(directory=str(tmp_path / "dist"), versions=["standard"])
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    yield tmp_path / "site"
    for name in [n for n in sys.modules if n.partition(".")[0] == "bright_marks"]:
        del sys.modules[name]
    importlib.invalidate_caches()


def test_a_package_adds_a_method_and_a_decoder(installed):
    for path in (EXAMPLE / "bright_marks").glob("*.py"):
        assert len(path.read_text("utf-8").splitlines()) < 25, path
    listed = invoke_json("methods")
    assert not listed["unavailable"]
    assert "bright_marks" in {row["method"] for row in listed["methods"]}
    assert listed["parts"]["decode"]["bright_pixels"] == {"number": 3}
    found = invoke_json("check", "bright_marks")
    assert found["conforms"], json.dumps(found, indent=1)
    assert Path(found["file"]).is_relative_to(installed)
