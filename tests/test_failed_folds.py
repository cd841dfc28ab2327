"""What goes wrong in a method is told as the method's, recorded, and does not stop the others."""

from __future__ import annotations

import json

import pytest
from commands import invoke
from frame_files import write_frame
from method_files import put_method, run_mine

PREDICT = "yield Prediction(np.array([[X, 100.0]]), None)"


@pytest.fixture
def bench(tmp_path):
    return lambda *methods, code=0, more=(): run_mine(tmp_path, *more, methods=methods, code=code)


def folds(tmp_path, method):
    return sorted(p.name for p in (tmp_path / "runs/data" / method / "intraop").iterdir())


def test_one_failing_fold_is_recorded_and_the_rest_goes_on(bench, tmp_path):
    fails = (
        "self.task = task",
        "if task.train[1].frame.surgery == 'c' == task.train[-1].frame.surgery and "
        "task.train[0].frame.surgery == 'a': raise RuntimeError('no luck\\n\\x1b')",
    )
    mine = put_method(tmp_path / "mine", fails)
    put_method(mine, name="other")
    shown, told = bench("point", "other", code=1)
    assert folds(tmp_path, "point") == ["fold_1", "fold_2.failed", "fold_3"]
    assert folds(tmp_path, "other") == ["fold_1", "fold_2", "fold_3"]
    failed = tmp_path / "runs/data/point/intraop/fold_2.failed"
    assert "RuntimeError: no luck" in (failed / "traceback.txt").read_text()
    assert "in fit" in (failed / "traceback.txt").read_text(), "where, in the method's own file"
    record = json.loads((failed / "failure.json").read_text())
    assert (record["reason"], record["fold"]) == ("fit: RuntimeError: no luck", 2)
    assert "2/3" in shown
    assert "point, intraop: fold f2 failed (fit: RuntimeError: no luck)." in shown
    assert f"see {failed / 'traceback.txt'}" in told
    assert "1 of 6 folds failed" in told
    assert "internal error" not in told
    shown, _ = invoke("leaderboard", tmp_path / "runs", "--format", "json")
    rows = {row["method"]: row for row in json.loads(shown) if row["source"] == "measured"}
    assert (rows["point"]["failed_folds"], rows["point"]["rank"]) == (["f2"], None)
    assert (rows["other"]["failed_folds"], rows["other"]["rank"]) == ([], 1)


def test_a_failed_fold_is_tried_again_and_its_record_goes(bench, tmp_path):
    flag = tmp_path / "flag"
    put_method(
        tmp_path / "mine",
        ("self.task = task", f"import pathlib; pathlib.Path({str(flag)!r}).read_text()"),
    )
    bench("point", code=1)
    assert folds(tmp_path, "point") == [f"fold_{k}.failed" for k in (1, 2, 3)]
    _, told = bench("point", code=1)
    assert "already finished" not in told
    flag.write_text("")
    shown, told = bench("point")
    assert folds(tmp_path, "point") == ["fold_1", "fold_2", "fold_3"]
    assert "failed" not in told + shown


def test_nothing_finished_gives_no_table(bench, tmp_path):
    put_method(tmp_path / "mine", ("self.task = task", "raise RuntimeError"))
    shown, told = bench("point", code=1)
    assert shown == ""
    assert "3 of 3 folds failed" in told
    _, told = invoke("leaderboard", tmp_path / "runs", code=1)
    assert "no finished run" in told
    assert "point, intraop: fold f3 failed (fit: RuntimeError)." in told


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ((PREDICT, "raise SystemExit(0); yield"), "predict, frame a/video_1/000000: SystemExit: 0"),
        ((PREDICT, "yield Prediction(np.zeros((1, 3)))"), "points have shape (1, 3), expected"),
        ((PREDICT, "yield Prediction(np.array([1.0, 2.0]))"), "points have shape (2,), expected"),
        ((PREDICT, "yield Prediction(np.array([[1.0, np.nan]]))"), "a point is not finite"),
        ((PREDICT, "yield Prediction(np.array([['x', 'y']]))"), "could not convert string"),
        ((PREDICT, "yield Prediction(np.zeros((1, 2)), np.zeros(2))"), "scores have shape"),
        ((PREDICT, "yield Prediction(np.zeros((1, 2)), np.array([np.inf]))"), "score is not fini"),
        ((PREDICT, "yield 3"), "TypeError: a Prediction was expected, got int"),
        ((PREDICT, "if False: yield"), "0 predictions for 1 frames"),
        ((PREDICT, f"{PREDICT}; {PREDICT}"), "more predictions than the 1 frames"),
        (("return self.predict_frames(frames, task.device)", "return None"), "TypeError"),
        (("self.task = task", "raise SystemExit"), "fit: SystemExit"),
        (("self.task = task", "raise MemoryError"), "fit: MemoryError"),
        (("self.task = task", "raise GeneratorExit"), "fit: GeneratorExit"),
        ((PREDICT, "raise BaseException('cancelled'); yield"), "BaseException: cancelled"),
        (('(directory / "x.txt")', '(directory / "no" / "x.txt")'), "save: FileNotFoundError"),
        (('(directory / "x.txt")', '(directory / "score.json")'), "save: ValueError: it wrote"),
        (('(directory / "x.txt").write_text(str(X))', "directory.rmdir()"), "save: File"),
        ((PREDICT, "yield Prediction(np.array([[1j, 2]]))"), "points are complex numbers"),
    ],
)  # fmt: skip
def test_every_way_to_fail_is_named(bench, tmp_path, change, says):
    mine = put_method(tmp_path / "mine", change)
    put_method(mine, name="other")
    _, told = bench("point", "other", code=1, more=("--fold", 1))
    assert says in told
    assert folds(tmp_path, "point") == ["fold_1.failed"]
    assert folds(tmp_path, "other") == ["fold_1"]


@pytest.mark.parametrize("empty", ["np.array([])", "np.zeros((0, 2))", "[]"])
def test_no_points_is_no_failure(bench, tmp_path, empty):
    put_method(tmp_path / "mine", (PREDICT, f"yield Prediction({empty}, np.array([]))"))
    bench("point")
    assert folds(tmp_path, "point") == ["fold_1", "fold_2", "fold_3"]


def test_an_interruption_is_nobody_s_failure(bench, tmp_path):
    put_method(tmp_path / "mine", ("self.task = task", "raise KeyboardInterrupt"))
    _, told = bench("point", code=130)
    assert "interrupted" in told
    assert not list((tmp_path / "runs").rglob("*.failed"))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ([("def save", "def keep")], "lacks save: its factory gave Point"),
        (
            [("def fit", "def train"), ("    input_size = None\n", "")],
            "lacks input_size, fit: its factory gave Point",
        ),
        ([("return Point()", "pass")], "lacks input_size, other_domains, fit, predict, save"),
        ([("return Point()", "raise ValueError('why')")], "cannot be made: ValueError: why"),
        ([("return Point()", "raise SystemExit(0)")], "cannot be made: SystemExit: 0"),
        ([("input_size = None", "input_size = (0, 4)")], "input_size is (0, 4)"),
        ([("input_size = None", "input_size = 64")], "input_size is 64"),
        ([("input_size = None", "input_size = (10**9, 10**9)")], "input_size is (1000000000"),
        (
            [("    input_size = None\n", "    @property\n    def input_size(self): 1 / 0\n")],
            "cannot be used: ZeroDivisionError",
        ),
        ([("return ()", "raise KeyError('d')")], "other_domains: KeyError: 'd'"),
    ],
)
def test_a_method_that_cannot_be_one_is_refused_before_anything_is_trained(
    bench, tmp_path, changes, says
):
    mine = put_method(tmp_path / "mine", *changes)
    put_method(mine, name="other")
    shown, told = bench("other", "point", code=1)
    assert shown == ""
    assert says in told
    assert f"method 'point' ({mine / 'point.py'})" in told
    assert not (tmp_path / "runs").exists()


def test_all_methods_that_lack_something_are_named_at_once(bench, tmp_path):
    mine = put_method(tmp_path / "mine", ("def save", "def keep"))
    put_method(mine, ("def fit", "def train"), name="other")
    _, told = bench("point", "other", code=1)
    assert "lacks save" in told and "lacks fit" in told


@pytest.mark.parametrize(
    "raised", ["SystemExit", "SystemExit(0)", "RuntimeError('late')", "BaseException('cancelled')"]
)
def test_a_file_that_asks_to_leave_takes_nobody_down(bench, tmp_path, raised):
    mine = put_method(tmp_path / "mine")
    (mine / "bad.py").write_text(f"raise {raised}")
    bench("point", more=("--fold", 1))
    _, told = invoke("methods", "--methods-from", mine)
    assert "bad.py" in told


def test_predict_names_the_method_that_fails(bench, tmp_path):
    mine = put_method(tmp_path / "mine")
    bench("point", more=("--fold", 1))
    run = tmp_path / "runs/data/point/intraop/fold_1"
    predict = ["predict", run, "--input", tmp_path / "data", "--output", tmp_path / "found",
               "--methods-from", mine]  # fmt: skip
    for change, says in (
        (
            (PREDICT, "raise OSError('hm'); yield"),
            "Point.predict_frames, frame a/video_1/000000: OS",
        ),
        (("def load(self, directory):\n        pass", ""), "lacks load"),
        (("def load(self, directory):\n        pass", "def load(self, d): d / 3"), "load: TypeErr"),
    ):
        put_method(mine, change)
        _, told = invoke(*predict, code=1)
        assert says in told
        assert not (tmp_path / "found").exists()


@pytest.mark.parametrize("command", ["run", "methods", "predict", "translate", "report"])
def test_the_help_says_that_a_folder_of_methods_is_run(command):
    shown, _ = invoke(command, "--help")
    assert "whose code is run" in " ".join(shown.split())


def test_a_training_that_diverges_fails_its_folds_with_the_remedy(tmp_path):
    for surgery in ("a", "b"):
        write_frame(tmp_path / "data", surgery, "000000", [(100, 100)])
    _, told = invoke(
        "run", "--method", "stern", "--data", tmp_path / "data", "--out", tmp_path / "runs",
        "--profile", "smoke", "--set", "training.rate=1e6", "--fold", 1, code=1,
    )  # fmt: skip
    assert "stern intraop fold 1: failed in fit: the training diverged:" in told
    assert "Lower the learning rate: --set training.rate=" in told
    assert "1 of 1 fold failed" in told
    assert "RuntimeWarning" not in told
    assert folds(tmp_path, "stern") == ["fold_1.failed"]
    assert not list((tmp_path / "runs/data/artefacts").iterdir()), "nothing of it is kept"


def test_a_full_disk_is_no_failure_of_the_method(bench, tmp_path):
    """It concerns all folds: the command ends, whatever library met it."""
    for raised in (
        "OSError('55296 requested and 16320 written')",
        "ValueError('Error while serializing: No space left on device (os error 28)')",
        "OSError(27, 'File too large')",
    ):
        put_method(tmp_path / "mine", ("self.task = task", f"raise {raised}"))
        _, told = bench("point", code=1)
        error = next(line for line in told.splitlines() if line.startswith("error: "))
        assert "fold_1: " in error and " free)" in error
        assert told.splitlines()[-1].endswith("rerun the same command to resume.")
        assert folds(tmp_path, "point") == []
