"""Folds at the same time: the same results, and one end for all of them however it comes."""

from __future__ import annotations

import _thread
import json
import os
import shutil
import signal
import time
from functools import partial
from multiprocessing import get_context
from types import SimpleNamespace

import pytest
from commands import invoke, invoke_json
from frame_files import write_frame
from killed_runs import without_cost
from method_files import put_method
from test_stopping import GIVE_UP, process

from adaptor_bench.blame import MethodFailedError
from adaptor_bench.harness import worker, workers
from adaptor_bench.harness.worker import portable
from adaptor_bench.harness.workers import usual_workers
from adaptor_bench.progress import Progress
from adaptor_bench.stopping import held_off, stoppable, told_to_stop
from adaptor_bench.train.gpu import certainly_cpu

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals are of Unix")


def content(root, name):
    return {p.relative_to(root): p.read_bytes() for p in root.rglob(name)}


def test_workers_divide_the_memory_for_pixels():
    bench = SimpleNamespace(
        cells=[], store=SimpleNamespace(root=None), progress=Progress(),
        request=SimpleNamespace(frame_memory=512),
    )  # fmt: skip
    make = partial(dict, frame_memory=512, seed=3)
    for number, each in ((2, 256), (3, 170)):
        crew = workers._Crew(bench, make, number)
        assert crew.make(teller=None) == {"frame_memory": each, "seed": 3, "teller": None}


def test_two_processes_and_two_shards_reach_what_one_does(tmp_path, phantom_cache):
    """Trained networks and predictions, bit for bit; every fold is told once, as it is known."""
    (whole,) = phantom_cache.iterdir()
    data = tmp_path / "part"
    for surgery in (1, 13, 14):
        shutil.copytree(whole / f"aicm{surgery}", data / f"aicm{surgery}")
    method = "improved_heatmap/colour_statistics"
    train = ("run", "--method", method, "--data", data, "--profile", "smoke")
    train = (*train, "--domain", "intraop", "--format", "json")
    shown, told = {}, {}
    for number in (1, 2):
        out = tmp_path / str(number)
        shown[number], told[number] = invoke(*train, "--out", out, "--workers", number)
    for shard in ("1/2", "2/2"):
        shown[3], _ = invoke(*train, "--out", tmp_path / "3", "--shard", shard)
    for pattern in ("predictions/**/*.json", "*.safetensors"):
        one, two, three = (content(tmp_path / n, pattern) for n in ("1", "2", "3"))
        assert one and one == two == three
    boards = [without_cost(json.loads(text)) for text in shown.values()]
    assert boards[0] == boards[1] == boards[2]
    for number in (1, 2, 3):
        (board,) = invoke_json("status", tmp_path / str(number))
        assert [(row["state"], row["attempts"]) for row in board["rows"]] == [("done", 1)] * 2
    lines = told[2].splitlines()
    for fold in (1, 2):
        begins = f"{method} intraop fold {fold}  F1 "
        assert sum(line.startswith(begins) for line in lines) == 1
        assert f"[{fold}/2] {method} intraop fold {fold}: network" in lines
    assert lines.count("reading frames") == 1
    assert "another process" not in told[2]
    for text in content(tmp_path / "2", "run.json").values():
        assert json.loads(text)["threads"] == 1
        assert json.loads(text)["cpu_seconds"]["network"] > 0
    assert not list(tmp_path.rglob(".partial-*"))


def run_points(place, surgeries):
    """What is told of a run of the method in ``mine`` by two workers, some folds of which fail."""
    for surgery in surgeries:
        write_frame(place / "data", surgery, "000000", [(100, 100)])
    return invoke(
        "run", "--method", "point", "--methods-from", place / "mine", "--data",
        place / "data", "--out", place / "runs", "--profile", "smoke", "--workers", 2, code=1,
    )[1]  # fmt: skip


def test_the_others_take_over_from_one_that_is_killed_and_go_on_after_one_that_fails(tmp_path):
    fate = f"""
        import os, signal
        self.task, others = task, {{f.frame.surgery for f in task.train}}
        if others == {{"b", "c"}} and not os.path.exists({str(tmp_path / "killed")!r}):
            open({str(tmp_path / "killed")!r}, "w").close()
            os.kill(os.getpid(), signal.SIGKILL)
        if others == {{"a", "b"}}:
            raise ValueError("no such luck")
"""
    put_method(tmp_path / "mine", ("        self.task = task\n", fate))
    told = run_points(tmp_path, "abc")
    assert "a process that trains was killed (SIGKILL: is there enough memory?)" in told
    assert "point intraop fold 3: failed in fit: ValueError: no such luck" in told
    assert told.count("  F1 100.0  ") == 2
    assert "1 of 3 folds failed:" in told
    assert not list(tmp_path.rglob(".partial-*"))


def test_a_fold_that_crashes_a_library_fails_and_the_others_go_on(tmp_path):
    """Not by one worker after the other, until none is left."""
    fate = """
        import os, signal
        self.task, others = task, {f.frame.surgery for f in task.train}
        if "d" in others | {f.frame.surgery for f in task.selection}:
            os.kill(os.getpid(), signal.SIGSEGV)
"""
    put_method(tmp_path / "mine", ("        self.task = task\n", fate))
    told = run_points(tmp_path, "abcd")
    assert "3 of 4 folds failed:" in told and told.count("  F1 100.0  ") == 1, told
    for fold in (1, 2, 3):
        said = f"point intraop fold {fold}: the process crashed inside a library (SIGSEGV)"
        assert told.count(said) == 2, told  # when it happens, and at the end
        text = (tmp_path / f"runs/data/point/intraop/fold_{fold}.failed/traceback.txt").read_text()
        assert "PYTHONFAULTHANDLER=1" in text
    (board,) = invoke_json("status", tmp_path / "runs")
    assert sorted(row["state"] for row in board["rows"]) == ["done", "failed", "failed", "failed"]
    assert not list(tmp_path.rglob(".partial-*"))


def test_errors_reach_the_process_that_tells_them():
    full = portable(OSError(28, "No space left on device", "score.json"))
    assert (full.errno, full.filename) == (28, "score.json")
    assert isinstance(portable(MemoryError()), MemoryError)
    told = portable(MethodFailedError("fit: no", hint="Look."))
    assert isinstance(told, MethodFailedError) and (told.message, told.hint) == ("fit: no", "Look.")

    class Strange(Exception):
        def __init__(self, a, b):
            super().__init__(f"{a} and {b}")

    assert str(portable(Strange(1, 2))) == "Strange: 1 and 2"


@pytest.fixture
def interruptible():
    """A shell ignores interruptions of what it runs in the background, these tests too."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_a_worker_that_nobody_hears_is_told_to_stop_once():
    """The broken pipe and the end of the lifeline are one event, whichever is noticed first."""
    reader, writer = get_context("spawn").Pipe(duplex=False)
    reader.close()
    report, tidied = worker._Report(writer), []
    with stoppable(for_good=False), pytest.raises(KeyboardInterrupt):
        try:
            report("step", 1, 2)
        finally:
            report("idle")
            _thread.interrupt_main()
            tidied.append(True)
    assert tidied


@pytest.mark.usefixtures("interruptible")
def test_a_broken_pipe_does_not_hurry_a_worker_that_is_told_to_stop_already():
    reader, writer = get_context("spawn").Pipe(duplex=False)
    reader.close()
    kept = False
    with stoppable(for_good=False), pytest.raises(KeyboardInterrupt), held_off():
        signal.raise_signal(signal.SIGINT)
        worker._Report(writer)("step", 1, 2)
        kept = told_to_stop()  # the step, and its savepoint, are still to come
    assert kept


def test_how_many_are_started_unasked(monkeypatch):
    monkeypatch.setattr(workers, "cores", lambda: 8)
    assert [usual_workers(p, "cpu") for p in ("smoke", "quick", "paper")] == [1, 2, 2]
    assert certainly_cpu("auto"), "no accelerator is shown to tests"
    assert usual_workers("quick", "auto") == 2
    monkeypatch.setattr(workers, "cores", lambda: 1)
    assert usual_workers("quick", "cpu") == 1


# --- the end of all of them, with benches that compute nothing ------------------------------------

CREW = """
import os, sys, time
from pathlib import Path
from types import SimpleNamespace

ROOT, WHAT = Path(sys.argv[1]), sys.argv[2]

class Fake:
    def __init__(self, root, progress):
        self.progress, self.root = progress, root
        self.request = SimpleNamespace(restart=False, frame_memory=512)
        self.store = SimpleNamespace(root=root / "store")
        places = [root / f"fold_{k}" for k in (1, 2)]
        self.cells = [SimpleNamespace(directory=p, title=p.name) for p in places]

    def run(self):
        from adaptor_bench.atomic import atomic_directory
        from adaptor_bench.errors import InputError, WriteError
        if WHAT == "refuse":
            raise InputError("these data are bad", hint="Repair them.")
        if WHAT == "bug":
            raise ZeroDivisionError("a bug")
        if WHAT == "killed":
            os.kill(os.getpid(), 9)
        if WHAT == "crashed":
            os.kill(os.getpid(), 11)
        with atomic_directory(self.root / f"fold_{os.getpid()}") as half:
            (half / "half").write_text("")
            with self.progress.bar("network") as bar:
                (self.root / f"at work {os.getpid()}").write_text("")
                while True:
                    time.sleep(0.01)
                    bar(1, 2)

def make(progress=None, teller=None, frame_memory=None):
    return Fake(ROOT, progress)

def go():
    from adaptor_bench import cli
    from adaptor_bench.harness.workers import run_with
    from adaptor_bench.progress import Progress
    import click

    @click.command()
    def command():
        run_with(make(Progress(lines=True)), make, 2)

    cli.LazyGroup.get_command = lambda *_: command
    cli.main(["run"])
"""


@pytest.fixture
def crew(tmp_path):
    (tmp_path / "crew.py").write_text(CREW)
    (tmp_path / "out").mkdir()

    def start(what):
        code = f"sys.path.insert(0, {str(tmp_path)!r}); import crew; crew.go()"
        return process(code, tmp_path / "out", what)

    return start


@pytest.mark.parametrize(
    ("what", "code", "says"),
    [
        ("refuse", 1, ["error: these data are bad", "Repair them."]),
        ("bug", 3, ["internal error: ZeroDivisionError: a bug"]),
        ("killed", 1, ["was killed (SIGKILL", "error: all processes that trained were killed"]),
        ("crashed", 1, ["crashed inside a library (SIGSEGV)", "PYTHONFAULTHANDLER=1"]),
    ],
)
def test_what_goes_wrong_in_one_is_told_as_in_a_single_process(crew, what, code, says):
    with crew(what) as command:
        _, told = command.communicate(timeout=GIVE_UP)
    assert command.returncode == code
    assert "Traceback" not in told
    for text in says:
        assert told.count(text) == 1 or "ed" in what, told


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_all_end_with_the_one_that_started_them(crew, tmp_path, number):
    """They have its output open: its end is theirs. Told to stop, they tidy up."""
    out = tmp_path / "out"
    with crew("work") as command:
        until = time.monotonic() + GIVE_UP
        while len(list(out.glob("at work *"))) < 2:
            assert time.monotonic() < until and command.poll() is None
        command.send_signal(number)
        _, told = command.communicate(timeout=GIVE_UP)
    assert not list(out.glob("fold_*")) and not list(out.glob(".partial-*"))
    if number != signal.SIGKILL:
        assert command.returncode == 128 + number
        assert told.splitlines()[-1].endswith("Rerun the same command to resume.")
        assert "Traceback" not in told
