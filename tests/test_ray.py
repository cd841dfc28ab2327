"""Cells on a real Ray of this machine, which the command starts; and what can be told without."""

from __future__ import annotations

import os
import pickle

import pytest
from commands import invoke_json
from method_files import put_method, run_mine
from test_slurm import predictions

from adaptor_bench import extras
from adaptor_bench.errors import InputError, UsageError
from adaptor_bench.harness.executors import on_ray
from adaptor_bench.harness.executors.cell import CellTask

FATE = """
        import os, signal
        self.task, here = task, {str(f.frame.surgery) for f in task.train}
        if here == {"b", "c"} and os.getpid() != HERE:
            try:
                open(MARK, "x").close()
                os.kill(os.getpid(), signal.SIGKILL)
            except FileExistsError:
                pass
        if here == {"a", "b"}:
            raise ValueError("no such luck")
"""


def test_a_run_on_ray(tmp_path, monkeypatch):
    """A worker is killed in the middle of a cell: Ray runs it again. A method that fails is told
    as ever, and all is as without Ray."""
    pytest.importorskip("ray")
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    fate = FATE.replace("MARK", repr(str(tmp_path / "killed"))).replace("HERE", str(os.getpid()))
    put_method(tmp_path / "mine", ("        self.task = task\n", fate))
    shown, told = run_mine(
        tmp_path, "--executor", "ray", "--workers", "2", "--out", "runs/r", code=1
    )
    assert (tmp_path / "killed").exists()
    assert told.count("  F1 100.0  ") == 2
    assert "point intraop fold 3: failed: fit: ValueError: no such luck" in told
    assert "1 of 3 folds failed:" in told
    (board,) = invoke_json("status", "runs/r")
    states = [(row["fold"], row["state"], row["attempts"]) for row in board["rows"]]
    assert states == [(1, "done", 2), (2, "done", 1), (3, "failed", 1)]
    alone, _ = run_mine(tmp_path, "--out", "runs/l", code=1)
    assert shown == alone
    assert predictions(tmp_path / "runs/r") == predictions(tmp_path / "runs/l") != {}
    again, told = run_mine(tmp_path, "--out", "runs/r", "--fold", "1", "--executor", "ray")
    assert again == shown and told.count("already finished, kept") == 1  # and no Ray is started


def refusing(**_):
    raise InputError("these data are bad", hint="Repair them.")


def cancelled(**_):
    raise KeyboardInterrupt


def test_what_a_cell_refuses_reaches_the_command():
    task = pickle.loads(pickle.dumps(CellTask(refusing, 1, 3)))
    error = on_ray.attempt(task)
    assert isinstance(error, InputError)
    assert (error.message, error.hint) == ("these data are bad", "Repair them.")
    with pytest.raises(KeyboardInterrupt):
        on_ray.attempt(CellTask(cancelled, 1, 3))


def test_without_ray(monkeypatch):
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match="runs on Ray need ray"):
        on_ray.make({})
