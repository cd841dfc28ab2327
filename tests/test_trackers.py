"""Experiment trackers are handed every finished fold, once, by their real clients, offline."""

from __future__ import annotations

import csv
import json
from importlib.util import find_spec

import pytest
from commands import invoke, outcome, python
from finished_runs import put_fold

from adaptor_bench import extras, trackers
from adaptor_bench.trackers import TRACKERS, track
from adaptor_bench.train.curves import FILE

CURVES = """part,metric,step,value
network,loss,10,0.9
network,loss,20,0.5
network,selection_f1,20,0.25
"""


@pytest.fixture
def fold(tmp_path):
    """A finished fold of F1 0.75, and the folder of the results of its dataset."""
    place = put_fold(tmp_path, "m/a", 1, [("aicm14/V/000000", 3, 1, 1)], seconds={"total": 7.5})
    (place / FILE).write_text(CURVES)
    return place, tmp_path / "phantom-x"


def needs(library):
    there = find_spec(library) is not None
    return pytest.mark.skipif(not there, reason=f"{library} is not installed")


def handed_over(name, fold, capfd):
    """Where the tracker keeps what it was handed; nothing was said of it."""
    place, root = fold
    track([name], root, place)
    assert "warning" not in capfd.readouterr().err
    return root / "trackers" / name


def test_csv_has_every_value_once_however_often_it_is_handed_over(fold, capfd):
    place, _ = fold
    for _ in range(2):
        table = handed_over("csv", fold, capfd) / "metrics.csv"
    rows = list(csv.DictReader(table.read_text().splitlines()))
    assert [(row["metric"], row["step"], float(row["value"])) for row in rows] == [
        ("network/loss", "10", 0.9), ("network/loss", "20", 0.5),
        ("network/selection_f1", "20", 0.25), ("precision", "", 0.75),
        ("sensitivity", "", 0.75), ("f1", "", 0.75), ("seconds", "", 7.5),
    ]  # fmt: skip
    assert {row["run"] for row in rows} == {"m/a/intraop/fold_1"}
    record = json.loads((place / "run.json").read_text())
    (place / "run.json").write_text(json.dumps(record | {"seed": 1}))  # it was run again
    handed_over("csv", fold, capfd)
    assert len(list(csv.DictReader(table.read_text().splitlines()))) == 14
    assert table.read_text().count("run,method") == 1


@needs("tensorboard")
def test_tensorboard(fold, capfd):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(handed_over("tensorboard", fold, capfd) / "m/a/intraop/fold_1"))
    events.Reload()
    told = {tag: [(e.step, e.value) for e in events.Scalars(tag)] for tag in events.scalars.Keys()}
    assert told["network/loss"] == [(10, pytest.approx(0.9)), (20, 0.5)]
    assert told["fold/f1"] == [(20, 0.75)]
    (settings,) = events.Tensors("settings")
    assert b"| lr | 0.001 |" in settings.tensor_proto.string_val[0]


@needs("mlflow")
@needs("sqlalchemy")
def test_mlflow(fold, capfd, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    # In a process of its own: it warns of things that are none of ours, and starts threads.
    place, root = fold
    check = f"""
from pathlib import Path
from adaptor_bench.trackers import track
root = Path({str(root)!r})
track(["mlflow"], root, Path({str(place)!r}))
from mlflow.tracking import MlflowClient
client = MlflowClient(tracking_uri=f"sqlite:///{{root}}/trackers/mlflow/mlflow.db")
experiment = client.get_experiment_by_name("phantom-x")
run, = client.search_runs([experiment.experiment_id])
assert run.info.status == "FINISHED", run.info
assert run.data.params["lr"] == "0.001", run.data.params
assert run.data.metrics["fold/f1"] == 0.75, run.data.metrics
history = client.get_metric_history(run.info.run_id, "network/loss")
assert [(m.step, m.value) for m in history] == [(10, 0.9), (20, 0.5)], history
print(run.info.run_name)
"""
    assert python("-c", check)[0].strip().endswith("m/a/intraop/fold_1")


@needs("wandb")
def test_wandb_writes_a_file_and_sends_nothing(fold, tmp_path):
    place, root = fold
    code = f"""
import socket
from pathlib import Path
real = socket.socket.connect
def connect(self, address):
    assert self.family == socket.AF_UNIX or address[0] in ("127.0.0.1", "::1"), address
    return real(self, address)
socket.socket.connect = connect
from adaptor_bench.trackers import track
track(["wandb"], Path({str(root)!r}), Path({str(place)!r}))
"""
    told = python("-c", code, env={"WANDB_MODE": "offline", "HOME": str(tmp_path)})
    assert "warning" not in told[1], told
    (kept,) = (root / "trackers" / "wandb" / "wandb").glob("offline-run-*/*.wandb")
    content = kept.read_bytes()
    for said in (b"network/loss", b"selection_f1", b"fold/f1", b"m/a/intraop/fold_1", b"phantom-x"):
        assert said in content, said


@needs("trackio")
def test_trackio(fold, tmp_path):
    place, root = fold
    code = f"""
from pathlib import Path
from adaptor_bench.trackers import track
track(["trackio"], Path({str(root)!r}), Path({str(place)!r}))
"""
    shown, told = python("-c", code, env={"HOME": str(tmp_path), "HF_HUB_OFFLINE": "1"})
    assert shown == "", "stdout is for results"
    assert "warning" not in told
    check = """
import sqlite3, sys
with sqlite3.connect(sys.argv[1]) as database:
    rows = database.execute("select run_name, step, metrics from metrics order by step").fetchall()
print(rows)
"""
    shown, _ = python("-c", check, root / "trackers" / "trackio" / "phantom-x.db")
    for said in ("m/a/intraop/fold_1", "network/loss", "network/selection_f1", "fold/f1", "0.75"):
        assert said in shown, said


def test_a_tracker_that_fails_costs_no_result_and_is_tried_again(fold, capfd, monkeypatch):
    place, root = fold
    monkeypatch.setitem(trackers.TRACKERS, "csv", "to_nowhere")
    track(["csv"], root, place)
    told = capfd.readouterr().err
    assert told.startswith("warning: csv could not take ")
    assert "the fold itself is kept" in told
    monkeypatch.undo()
    assert (handed_over("csv", fold, capfd) / "metrics.csv").is_file()


def test_a_client_that_is_missing_is_told_before_anything_is_trained(monkeypatch):
    real = extras.find_spec
    monkeypatch.setattr(extras, "find_spec", lambda n: None if n == "wandb" else real(n))
    code, _, told = outcome("run", "--method", "stern", "--logger", "wandb")
    assert code == 2
    assert "runs with --logger wandb need wandb, which is not installed" in told
    assert 'pip install "adaptor-bench[wandb]"' in told


def test_there_are_as_many_as_the_help_says():
    shown = " ".join(invoke("run", "--help")[0].split())
    assert f"--logger [{'|'.join(TRACKERS)}]" in shown
    assert set(TRACKERS) - {"csv"} <= set(extras.EXTRAS)
    code, _, told = outcome("run", "--method", "stern", "--logger", "wandbb")
    assert code == 2
    assert "wandbb" in told


def test_a_run_hands_its_folds_over_and_those_it_finds_finished(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = ("run", "--method", "template", "--profile", "smoke", "--domain", "intraop",
             "--fold", "1", "--fold", "2")  # fmt: skip
    invoke(*words, "--fold", "1")
    invoke(*words, "--logger", "csv")
    table = tmp_path / "runs" / "phantom-tiny" / "trackers" / "csv" / "metrics.csv"
    found = {row["run"] for row in csv.DictReader(table.read_text().splitlines())}
    assert found == {f"template/intraop/fold_{k}" for k in (1, 2)}
    before = table.read_bytes()
    invoke(*words, "--logger", "csv")
    assert table.read_bytes() == before
    assert [path.name for path in table.parent.parent.iterdir()] == ["csv"]
