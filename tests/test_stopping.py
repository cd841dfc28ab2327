"""Told to stop, killed, or beside others: what a process leaves and what it leaves alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

from adaptor_bench import locks
from adaptor_bench.atomic import atomic_directory, claim, claimed, remove_abandoned
from adaptor_bench.harness.sharing import FAILED, FINISHED, KEPT, share
from adaptor_bench.phantom import write_phantom

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals and flock are of Unix")
GIVE_UP = 100  # seconds, on the busiest of machines


@contextmanager
def process(code, *arguments):
    """A Python process; ``code`` may read and write lines. Ctrl-C and the end of the terminal reach
    it, whatever the tests were started by (nohup, say)."""
    start = "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    if hasattr(signal, "SIGHUP"):
        start += "signal.signal(signal.SIGHUP, signal.SIG_DFL)\n"
    with subprocess.Popen(
        [sys.executable, "-c", start + code, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        try:
            yield running
        finally:
            running.kill()


DRAW = """
from adaptor_bench.cli import main
from adaptor_bench.phantom import dataset, write_phantom
def draw(root, *rest):
    (root / "half").write_text("a frame")
    try:
        print("drawing", flush=True)
        sys.stdin.read()
    finally:
        print("tidying", flush=True)
        while sys.stdin.readline() != "done\\n": pass
dataset._draw_all = draw
sys.argv = ["bench", "data", "phantom", sys.argv[1]]
main()
"""


@pytest.mark.parametrize(
    ("number", "code", "word"),
    [
        (signal.SIGINT, 130, "interrupted"),
        (signal.SIGTERM, 143, "terminated"),
        (signal.SIGHUP, 129, "hung up"),
    ],
)
def test_a_command_told_to_stop_says_one_line_and_leaves_nothing(tmp_path, number, code, word):
    with process(DRAW, tmp_path / "out") as command:
        assert command.stdout.readline() == "drawing\n"
        command.send_signal(number)
        assert command.stdout.readline() == "tidying\n"
        _, told = command.communicate("done\n", timeout=GIVE_UP)
    assert command.returncode == code
    assert told == f"{word}; nothing was left half-written. Rerun the same command to resume.\n"
    assert list(tmp_path.iterdir()) == []


def test_a_second_control_c_lets_it_tidy_up_and_a_third_ends_it(tmp_path):
    for presses, left in ((2, 0), (3, 2)):
        with process(DRAW, tmp_path / "out") as command:
            assert command.stdout.readline() == "drawing\n"
            command.send_signal(signal.SIGINT)
            assert command.stdout.readline() == "tidying\n"
            command.send_signal(signal.SIGINT)
            said = command.stderr.readline()
            assert said == "still cleaning up; interrupt again to stop at once\n"
            if presses == 3:
                command.send_signal(signal.SIGINT)
                command.wait(GIVE_UP)
            rest = command.communicate("done\n" if presses == 2 else None, timeout=GIVE_UP)[1]
        assert command.returncode == 130
        assert "Traceback" not in rest
        assert len(list(tmp_path.iterdir())) == left
    remove_abandoned(tmp_path)
    assert list(tmp_path.iterdir()) == []


STEPS = """
from adaptor_bench.stopping import held_off, stop_if_told, stoppable, told_to_stop
def work(steps):
    with held_off():
        for step in range(1, steps + 1):
            if step == steps:
                print("step", flush=True)
                while not told_to_stop(): pass
                print("held", flush=True)
                sys.stdin.readline()
                print("kept", flush=True)
            if step < 3:
                stop_if_told()
"""


@pytest.mark.parametrize("steps", [1, 3])
@pytest.mark.parametrize("signals", [1, 2])
def test_work_in_steps_is_left_after_the_step_and_a_second_signal_does_not_wait(steps, signals):
    """With the last step, where nobody asks any more, the block ends it."""
    code = f"{STEPS}\nwith stoppable(for_good=True):\n    work({steps})\n    print('went on')"
    with process(code) as command:
        assert command.stdout.readline() == "step\n"
        command.send_signal(signal.SIGTERM)
        assert command.stdout.readline() == "held\n"
        if signals == 2:
            command.send_signal(signal.SIGTERM)
            command.wait(GIVE_UP)
        said, told = command.communicate("\n" if signals == 1 else None, timeout=GIVE_UP)
    assert "KeyboardInterrupt" in told
    assert said == ("kept\n" if signals == 1 else "")


def test_a_worker_whose_master_is_gone_leaves_after_the_step():
    code = f"""{STEPS}
from multiprocessing import Pipe
from adaptor_bench.stopping import end_with
end, other = Pipe(duplex=False)
end_with(end, tidying=100)
other.close()
try:
    with held_off():
        while not told_to_stop():
            pass
        print("kept", flush=True)
        stop_if_told()
finally:
    print("left", flush=True)
"""
    with process(code) as command:
        said, _ = command.communicate(timeout=GIVE_UP)
    assert said == "kept\nleft\n"


def test_the_container_is_stopped_like_any_command(tmp_path):
    code = """
from adaptor_bench import container
def find(root):
    print("looking", flush=True)
    sys.stdin.read()
container.find_images = find
sys.argv = ["container", "landmark_detection"]
sys.exit(container.main())
"""
    with process(code) as command:
        assert command.stdout.readline() == "looking\n"
        command.send_signal(signal.SIGTERM)
        _, told = command.communicate(timeout=GIVE_UP)
    assert command.returncode == 143
    assert told.startswith("terminated;") and len(told.splitlines()) == 1


def test_the_end_of_a_file_is_no_control_c(tmp_path, beside):
    from commands import invoke

    def short(*_, **__):
        raise EOFError("No data left in file")

    beside(write_phantom, "_draw_all", short)
    _, told = invoke("data", "phantom", tmp_path / "out", code=3)
    assert "No data left in file" in told and "interrupted" not in told


def test_those_who_draw_end_with_a_killed_parent(tmp_path):
    """They have its output open: its end is theirs."""
    code = """
from pathlib import Path
from adaptor_bench.phantom import write_phantom
if __name__ == "__main__":
    write_phantom(Path(sys.argv[1]), "paper", workers=2)
"""
    with process(code, tmp_path / "out") as drawing:
        until = time.monotonic() + GIVE_UP
        while not list(tmp_path.glob(".partial-*/*/*/images/*.png")):
            assert time.monotonic() < until and drawing.poll() is None
        drawing.kill()
        drawing.communicate(timeout=GIVE_UP)
        count = len(list(tmp_path.rglob("*.png")))
    assert 0 < count < 1000
    with atomic_directory(tmp_path / "out"):
        pass
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


# --- locks ----------------------------------------------------------------------------------------

HOLD = """
from pathlib import Path
from adaptor_bench.atomic import claim
with claim(Path(sys.argv[1])) as ours:
    print(ours, flush=True)
    for line in sys.stdin:
        exec(line)
        print("did", flush=True)
"""


def test_a_lock_holds_across_processes_and_ends_with_its_holder(tmp_path):
    place = tmp_path / "fold_1"
    with process(HOLD, place) as other:
        assert other.stdout.readline() == "True\n"
        with claim(place) as ours:
            assert not ours
        other.kill()
        other.wait(GIVE_UP)
        with claim(place) as ours:
            assert ours
    assert list(tmp_path.iterdir()) == []


def test_what_is_held_is_waited_for(tmp_path, monkeypatch):
    place = tmp_path / "network"
    with process(HOLD, place) as other:
        assert other.stdout.readline() == "True\n"
        told = []

        def waiting():
            told.append(place.name)
            other.stdin.close()

        with claimed(place, waiting):
            assert told == ["network"]
    with claimed(place, lambda: pytest.fail("nobody holds it")):
        pass


@pytest.mark.parametrize("flock", [True, False], ids=["flock", "without flock"])
def test_a_lock_of_another_machine_holds_until_it_is_silent(tmp_path, monkeypatch, flock):
    """Process numbers and the kernel's locks say nothing about it: only its heartbeat does."""
    monkeypatch.setattr(locks, "POLL", 0)
    if not flock:
        monkeypatch.setattr(locks, "_flock", lambda _: None)
    place, lock = tmp_path / "fold_1", tmp_path / ".partial-fold_1.lock"
    lock.write_text("another-kernel 1\n0123")
    with claim(place) as ours:
        assert not ours
    assert lock.read_text() == "another-kernel 1\n0123"
    half = tmp_path / ".partial-0123456789abcdef"
    half.mkdir()
    half.with_name(f"{half.name}.lock").write_text("another-kernel 1\n0123")
    remove_abandoned(tmp_path)
    assert half.is_dir()
    past = time.time() - locks.SILENT - 1
    for path in tmp_path.glob("*.lock"):
        os.utime(path, (past, past))
    remove_abandoned(tmp_path)
    assert not half.exists()
    with claim(place) as ours:
        assert ours


def test_a_holder_shows_that_it_is_alive(tmp_path, monkeypatch):
    beats = iter([0.0])
    with claim(tmp_path / "fold_1") as ours:
        assert ours
        lock = tmp_path / ".partial-fold_1.lock"
        os.utime(lock, (0, 0))

        def once(_):
            if next(beats, None) is None:
                raise StopIteration

        monkeypatch.setattr(locks.time, "sleep", once)
        with pytest.raises(StopIteration):
            locks._beat()
        assert lock.stat().st_mtime > 0


# --- one run, several processes -------------------------------------------------------------------


def taking(turns):
    turn = next(turns, None)
    return turn and (turn.number, turn.theirs)


@pytest.mark.parametrize("end", ["finishes", "fails", "dies"])
def test_what_another_process_has_in_hand_comes_last(tmp_path, end, capsys):
    first, second, third = folds = [tmp_path / "m" / "sim" / f"fold_{k}" for k in (1, 2, 3)]
    third.mkdir(parents=True)
    with process(HOLD, first) as other:
        assert other.stdout.readline() == "True\n"
        turns = share(folds, again=False)
        assert taking(turns) == (1, None)
        second.mkdir()
        assert taking(turns) == (2, KEPT)
        if end == "dies":
            other.kill()
        else:
            name = {"finishes": "fold_1", "fails": "fold_1.failed"}[end]
            other.stdin.write(f"Path({str(first.with_name(name))!r}).mkdir()\n")
            other.stdin.flush()
            assert other.stdout.readline() == "did\n"
            other.stdin.close()
        other.wait(GIVE_UP)
        assert taking(turns) == (0, {"finishes": FINISHED, "fails": FAILED, "dies": None}[end])
        assert taking(turns) is None


def test_a_restart_does_not_run_again_what_another_process_just_did(tmp_path):
    first, second = folds = [tmp_path / f"fold_{k}" for k in (1, 2)]
    first.mkdir()
    second.mkdir()
    turns = share(folds, again=True)
    assert taking(turns) == (0, None)
    with atomic_directory(second, replace=True):
        pass
    assert taking(turns) == (1, FINISHED)


def test_what_was_put_off_comes_after_the_others_and_is_waited_for_when_nothing_else_is_left(
    tmp_path,
):
    folds = [tmp_path / "m" / "sim" / f"fold_{k}" for k in (1, 2, 3)]
    seen = []
    for turn in share(folds, again=False):
        seen.append((turn.number, turn.last))
        turn.later = turn.number == 0 and not turn.last
        if not turn.later:
            folds[turn.number].mkdir(parents=True)
    assert seen == [(0, False), (1, False), (2, False), (0, False), (0, True)]


def test_that_all_is_in_other_hands_is_said_once(tmp_path):
    folds = [tmp_path / f"fold_{k}" for k in (1, 2)]
    told = []
    with process(HOLD, folds[0]) as other:
        assert other.stdout.readline() == "True\n"

        def waiting(numbers):
            told.append(numbers)
            other.stdin.close()

        turns = share(folds, again=False, waiting=waiting)
        assert taking(turns) == (1, None)
        assert taking(turns) == (0, None)
    assert told == [[0]]
