"""Cells on a real Slurm of one node, which the test starts; and what can be told without one."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
import slurm_cluster
from commands import invoke, invoke_json
from finished_runs import put_hits
from method_files import put_method, run_mine

from adaptor_bench import extras
from adaptor_bench.errors import UsageError, WorkerError
from adaptor_bench.harness.executors import slurm
from adaptor_bench.harness.executors.following import Following
from adaptor_bench.harness.failures import record_failure
from adaptor_bench.harness.plan import Cell

FATE = """
        import os, signal
        self.task, here = task, {str(f.frame.surgery) for f in task.train}
        if here == {"a", "b"}:
            try:
                open(MARK, "x").close()
                os.kill(os.getpid(), signal.SIGUSR2)
            except FileExistsError:
                pass
        if here == {"a", "c"} and "SLURM_JOB_ID" in os.environ:
            os.kill(os.getpid(), signal.SIGKILL)
"""


def predictions(runs):
    return {p.relative_to(runs): p.read_bytes() for p in runs.rglob("predictions/**/*.json")}


def test_a_run_on_slurm(tmp_path, monkeypatch):
    """Two arrays for three cells. Slurm warns one that its time is up: it is requeued. One is
    killed: it is told, and the next command runs it. All is as without Slurm in the end."""
    pytest.importorskip("submitit")
    if why := slurm_cluster.absent():
        pytest.skip(why)
    monkeypatch.setattr(slurm, "GRACE", 1.0)
    monkeypatch.setattr(slurm, "_ASK", 1.0)
    fate = FATE.replace("MARK", repr(str(tmp_path / "warned")))
    put_method(tmp_path / "mine", ("        self.task = task\n", fate))
    (tmp_path / "cluster").mkdir()
    with slurm_cluster.running(tmp_path / "cluster", largest_array=3) as environment:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        _, told = run_mine(tmp_path, "--executor", "slurm", "--workers", "2", "--slurm", "mem=300",
                           "--out", "runs/s", code=1)  # fmt: skip
    assert told.count(" of Slurm: ") == 2, told
    assert "warning: point intraop fold 2: job " in told
    assert "error: ended without a result: point intraop fold 2\nRerun the same command" in told
    assert "point intraop fold 1  F1 100.0" in told and "point intraop fold 3  F1 100.0" in told
    (board,) = invoke_json("status", "runs/s")
    states = [(row["state"], row["attempts"]) for row in board["rows"]]
    assert sorted(states) == [("done", 1), ("done", 2), ("queued", 1)]
    assert all(" job " in row["host"] for row in board["rows"])
    assert (tmp_path / "runs/s/data/slurm").stat().st_mode & 0o777 == 0o700
    monkeypatch.delenv("SLURM_CONF")
    shown, _ = run_mine(tmp_path, "--out", "runs/s")
    alone, _ = run_mine(tmp_path, "--out", "runs/l")
    assert shown == alone
    assert not list((tmp_path / "runs").rglob(".partial-*"))
    assert predictions(tmp_path / "runs/s") == predictions(tmp_path / "runs/l") != {}


def test_what_slurm_cannot_be_told(monkeypatch, tmp_path):
    with pytest.raises(UsageError) as refused:
        slurm.make({"time": "8:00", "array": "0-3", "Mem!": "1"})
    assert [t in str(refused.value) for t in ("time=8:00", "array=", "mem!=")] == [True] * 2 + [
        False
    ]
    assert "Mem!=.. is no option" in str(refused.value)
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match="runs on Slurm need submitit"):
        slurm.make({})
    monkeypatch.setattr(extras, "find_spec", lambda name: name)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="there is no Slurm here"):
        slurm.make({})


def test_arrays_stay_below_what_slurm_allows(monkeypatch):
    for said, most in (
        ("MaxArraySize            = 101\n", 101),
        ("", 1001),
        ("MaxArraySize = 1", 2),
    ):
        monkeypatch.setattr(slurm, "_say", lambda *_, said=said: SimpleNamespace(stdout=said))
        assert slurm._largest_array() == most
    chunks = slurm._chunks(list(range(250)), 100)
    assert [len(chunk) for chunk in chunks] == [100, 100, 50]
    assert [n for chunk in chunks for n in chunk] == [*range(250)]


def test_a_queue_that_does_not_answer_is_not_an_empty_one(monkeypatch):
    def answering(code, out, err):
        say = SimpleNamespace(returncode=code, stdout=out, stderr=err)
        monkeypatch.setattr(slurm, "_say", lambda *_: say)
        return slurm._queued({"7_0", "7_1"})

    assert answering(0, "7_1\n", "") == {"7_1"}
    assert answering(1, "", "slurm_load_jobs error: Invalid job id specified") == set()
    assert answering(1, "", "Unable to contact slurm controller") is None


def test_what_becomes_of_cells_elsewhere_is_told_once(tmp_path, capsys):
    cells = [
        Cell(
            SimpleNamespace(name="m"), {}, "sim", None, SimpleNamespace(number=k),
            tmp_path / "phantom-x" / "m" / "sim" / f"fold_{k}",
        )
        for k in (1, 2, 3, 4)
    ]  # fmt: skip
    put_hits(tmp_path, "m", [10], domain="sim", device="cpu", seconds={"total": 12})
    bench = SimpleNamespace(cells=cells, root=tmp_path / "phantom-x")
    following = Following(bench, cells[1:], "Slurm")
    put_hits(tmp_path / "later", "m", [1, 5], domain="sim", device="cuda", seconds={"total": 3})
    (tmp_path / "later/phantom-x/m/sim/fold_2").rename(cells[1].directory)
    record = {"dataset": {"name": "x"}, "method": "m", "domain": "sim", "fold": 3}
    record_failure(cells[2].directory, record, "no such luck", ValueError("no"))
    for _ in range(2):
        following.look()
    following.lose(cells[3], "job 7 ended without a result")
    following.lose(cells[2], "is no news")
    assert not following.open
    with pytest.raises(WorkerError, match="ended without a result: m sim fold 4"):
        following.end()
    following.lost.clear()
    assert [failure.reason for failure in following.end()] == ["no such luck"]
    told = capsys.readouterr().err
    assert told.count("m sim fold 1: already finished, kept") == 1
    assert told.count("m sim fold 2  F1 66.7") == 1 and "3.0 s" in told
    assert told.count("m sim fold 3: failed: no such luck") == 1
    assert told.count("warning: m sim fold 4: job 7 ended without a result") == 1
    assert "the folds were not computed alike (1 with device cpu" in told


def test_what_was_submitted_is_not_read_when_it_is_looked_at(tmp_path):
    """submitit's files are Python objects; nothing of ours but a job opens them."""
    put_method(tmp_path / "mine")
    run_mine(tmp_path)
    (tmp_path / "runs/data/slurm").mkdir()
    (tmp_path / "runs/data/slurm/1_0_result.pkl").write_bytes(b"cos\nabort\n(tR.")
    assert "3 done" in invoke("status")[0]
    assert json.loads(invoke("leaderboard", "runs", "--format", "json")[0])
