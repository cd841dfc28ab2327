"""``bench status``: what every cell of a run is at, whatever runs it and however it ended."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from commands import invoke, invoke_json, outcome
from finished_runs import put_fold
from method_files import put_method, run_mine

from adaptor_bench.atomic import claim
from adaptor_bench.harness.failures import record_failure
from adaptor_bench.harness.journal import Journal, Journals
from adaptor_bench.progress import Progress
from adaptor_bench.report.status import duration
from adaptor_bench.results.status import CellStatus, RunStatus, Watch

DATASET = "phantom-x"


def cell(fold, method="m"):
    return f"{method}/sim/fold_{fold}"


@pytest.fixture
def root(tmp_path):
    return tmp_path / "runs" / DATASET


def rows(*arguments):
    (table,) = invoke_json("status", *arguments)
    return {row["fold"]: row for row in table["rows"]}, table


def fail(place, fold, reason):
    record = {"dataset": {"name": DATASET}, "method": "m", "domain": "sim", "fold": fold}
    record_failure(place, record, reason, ValueError(reason))


def test_every_cell_is_told_with_what_is_known_of_it(tmp_path, root):
    now = [1000.0]
    journal = Journal(root, clock=lambda: now[0])
    journal.plans([cell(n) for n in (1, 2, 3, 4, 5)])
    journal.begins(cell(1))
    put_fold(tmp_path / "runs", "m", 1, [("a/V/0", 5, 5, 5)], domain="sim")
    journal.ends(cell(1), 0.5, 40.0)
    journal.begins(cell(2))
    fail(root / cell(2), 2, "no such luck")
    journal.fails(cell(2), "no such luck")
    put_fold(tmp_path / "runs", "m", 5, [("a/V/0", 10, 0, 0)], domain="sim", seconds={"total": 7.5})
    with claim(root / cell(3)) as ours:
        assert ours
        journal.begins(cell(3))
        with journal.following(Progress(live=False), cell(3)).bar("network") as bar:
            bar(10, 100)
            now[0] += 20
            journal.step(cell(3), "network", 50, 100)
        (run,) = Watch([root]).look(now[0] + 5)
        found, table = rows("runs")
    assert [c.state for c in run.cells] == ["done", "failed", "running", "queued", "done"]
    assert run.cells[2].left == 20 and run.cells[2].elapsed == 25  # half a second a step
    assert run.left == pytest.approx((40 + 7.5) / 2)  # a queued one; the running one is over due
    assert (found[1]["f1"], found[1]["seconds"], found[1]["attempts"]) == (50, 40, 1)
    assert (found[2]["reason"], found[2]["attempts"]) == ("no such luck", 1)
    assert (found[3]["at"], found[3]["steps"], found[3]["total"]) == ("network 50/100", 50, 100)
    assert (found[4]["state"], found[4]["f1"], found[4]["host"]) == ("queued", None, None)
    assert (found[5]["f1"], found[5]["seconds"], found[5]["attempts"]) == (100, 7.5, 0)
    assert table["notes"] == ["5 cells: 1 failed, 2 done, 1 running, 1 queued; about 0:24 left."]
    shown, _ = invoke("status")
    assert "was interrupted" in shown  # nobody holds the third any more


KILLED = """
import os, sys
from pathlib import Path
from adaptor_bench.atomic import claim
from adaptor_bench.harness.journal import Journal
root = Path(sys.argv[1])
journal = Journal(root)
journal.plans(["m/intraop/fold_1"])
with claim(root / "m/intraop/fold_1"):
    journal.begins("m/intraop/fold_1")
    print("begun", flush=True)
    sys.stdin.read()
"""


def test_a_killed_process_leaves_its_cell_queued_and_the_attempts_are_counted(root):
    for attempt in (1, 2):
        with subprocess.Popen(
            [sys.executable, "-c", KILLED, root], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as process:
            assert process.stdout.readline() == b"begun\n"
            assert rows(root)[0][1]["state"] == "running"
            process.kill()
        row = rows(root)[0][1]
        assert (row["state"], row["attempts"]) == ("queued", attempt)
        assert row["reason"] == "was interrupted"


def test_lines_that_are_torn_or_make_no_sense_are_skipped(root):
    journal = Journal(root)
    journal.plans([cell(1), cell(2)])
    journal.begins(cell(1))
    (path,) = (root / "journal").iterdir()
    strange = [str(root.parent / "fold_9"), 7, "a/../fold_1", "x\0/y/fold_1", "y/fold_1"]
    junk = [
        b"\xff\xfe\x00", b"[]", b"null", b'{"time": NaN, "event": "begins"}', b"[" * 5000,
        json.dumps({"time": 1, "event": "begins", "cell": "../../fold_9"}).encode(),
        json.dumps({"time": 1, "event": "plans", "host": 3, "cells": strange}).encode(),
        json.dumps({"time": 1, "event": "step", "cell": cell(2), "stage": "s", "done": "1",
                    "total": 2}).encode(),
        json.dumps({"time": "now", "event": "ends", "cell": cell(2), "f1": 1}).encode(),
        json.dumps({"time": 5, "event": "fails", "cell": cell(2), "reason": "\x1b[2J"}).encode(),
    ]  # fmt: skip
    with path.open("ab") as stream:
        stream.write(b"\n".join(junk) + b'\n{"time": 3, "event": "begins", "cell": "' + b"m/intr")
    (root / "journal" / "pipe.jsonl").mkdir()
    (root / "journal" / "link.jsonl").symlink_to(path)
    fail(root / cell(2), 2, "\x1b[2J")
    shown, _ = invoke("status", root)
    assert "2 cells: 1 failed, 1 queued." in shown and "\x1b" not in shown
    journals = Journals(root)
    assert sorted(journals.read()) == [cell(1), cell(2)]
    journal.begins(cell(2))  # ends the torn line, and is lost with it
    journal.ends(cell(2), 1.0, 2.0)
    assert journals.read()[cell(2)].event == "ends"


def test_many_writers_at_once_lose_nothing(root):
    body = (
        "import sys; from pathlib import Path; from adaptor_bench.harness.journal import Journal\n"
        "j = Journal(Path(sys.argv[1])); n = sys.argv[2]\n"
        "j.plans([f'm{n}/d/fold_1', 'm/d/fold_1'])\n"
        "for k in range(200): j.begins(f'm{n}/d/fold_1'); j.begins('m/d/fold_1')\n"
    )
    writers = [subprocess.Popen([sys.executable, "-c", body, root, str(n)]) for n in range(3)]
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    courses = Journals(root).read()
    assert {name: c.attempts for name, c in courses.items()} == {
        "m/d/fold_1": 600, **{f"m{n}/d/fold_1": 200 for n in range(3)},
    }  # fmt: skip


def test_a_run_goes_on_where_its_journal_cannot_be_written(tmp_path):
    put_method(tmp_path / "mine")
    (tmp_path / "runs" / "data").mkdir(parents=True)
    (tmp_path / "runs" / "data" / "journal").write_text("no folder")
    run_mine(tmp_path)
    assert "no run has a journal here" in outcome("status")[2]


def test_a_run_tells_and_what_comes_later_counts(tmp_path):
    """Failed, then repaired: what stands there decides, and both attempts are known."""
    put_method(
        tmp_path / "mine", ("        self.task = task\n", "        raise ValueError('no')\n")
    )
    run_mine(tmp_path, code=1)
    failed, _ = rows()
    assert {r["state"] for r in failed.values()} == {"failed"}
    assert failed[1]["reason"] == "fit: ValueError: no"
    put_method(tmp_path / "mine")
    run_mine(tmp_path, "--shard", "2/3")
    mended, _ = rows()
    assert [mended[n]["state"] for n in (1, 2, 3)] == ["failed", "done", "failed"]
    assert [mended[n]["attempts"] for n in (1, 2, 3)] == [1, 2, 1]
    assert (mended[2]["f1"], mended[2]["reason"]) == (100, None)
    run_mine(tmp_path)
    shown, _ = invoke("status", "--watch")
    assert "3 cells: 3 done." in shown and shown.count("100.0") == 3


def test_shards_are_every_nth_cell_and_all_that_does_not_go_together_is_told(tmp_path):
    put_method(tmp_path / "mine")
    _, told = run_mine(tmp_path, "--shard", "4/4")
    assert told == "Nothing to do: the run has 3 cells in all.\n"
    _, told = run_mine(tmp_path, "--shard", "1/2")
    assert "fold 1  F1" in told and "fold 3  F1" in told and "fold 2" not in told
    states = [row["state"] for row in rows()[0].values()]
    assert states == ["done", "queued", "done"]
    run_mine(tmp_path, "--shard", "2/2")
    assert {row["state"] for row in rows()[0].values()} == {"done"}
    for wrong in ("0/2", "3/2", "2", "a/b", "-1/2", "1/2/3"):
        assert "is not i/n" in run_mine(tmp_path, "--shard", wrong, code=2)[1]
    _, told = run_mine(
        tmp_path, "--executor", "ray", "--shard", "1/2", "--device", "cuda:1", "--slurm", "time=5",
        "--restart",
        code=2,
    )  # fmt: skip
    assert [
        told.count(o) for o in ("--shard", "--device cuda:1", "--restart", "--executor slurm")
    ] == [1] * 4
    for pair, why in (("time", "KEY=VALUE"), ("=5", "KEY=VALUE")):
        assert why in run_mine(tmp_path, "--executor", "slurm", "--slurm", pair, code=2)[1]


def test_what_can_not_be_shown(tmp_path):
    (tmp_path / "empty").mkdir()
    code, _, told = outcome("status", "empty")
    assert code == 1 and "no run has a journal here" in told
    assert outcome("status")[0] == 1
    assert outcome("status", "--watch", "--format", "json")[0] == 2


def test_durations_and_what_is_left():
    assert [duration(s) for s in (0, 61, 3725.4, float("nan"))] == ["0:00", "1:01", "1:02:05", "-"]
    done = CellStatus("m", "d", 1, "done", seconds=100.0)
    running = CellStatus("m", "d", 2, "running", elapsed=40.0)
    queued = CellStatus("m", "d", 3, "queued")
    assert RunStatus(None, (done, running, queued)).left == 160
    assert RunStatus(None, (done, running, running, queued)).left == 110
    assert RunStatus(None, (running, queued)).left != RunStatus(None, (running,)).left  # NaN


def test_watching_ends_when_all_is_over(tmp_path, root):
    """It shows what has changed, and follows a run that another process works on."""
    journal = Journal(root)
    journal.plans([cell(1)])
    with subprocess.Popen(
        [sys.executable, "-m", "adaptor_bench", "status", "--watch", root],
        stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"},
    ) as watch:  # fmt: skip
        for line in watch.stdout:
            if "1 queued" in line:
                put_fold(tmp_path / "runs", "m", 1, [("a/V/0", 10, 0, 0)], domain="sim")
                journal.begins(cell(1))
                journal.ends(cell(1), 1.0, 3.0)
            last = line
        assert watch.wait(timeout=60) == 0
    assert last.strip() == "" or "1 done" in last
