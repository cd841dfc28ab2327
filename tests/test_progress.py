"""What is told while something runs: live on a terminal, plain lines without one."""

from __future__ import annotations

import io
import math
from functools import partial

import pytest
from method_files import put_method, run_mine

from adaptor_bench import progress
from adaptor_bench.progress import Job, Progress, message


class Clock:
    """Seconds that pass when told to."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock():
    return Clock()


def test_a_stage_without_a_terminal_is_told_when_it_begins_and_every_half_minute(capsys, clock):
    told = Progress(live=False, lines=True, clock=clock).labelled("[2/9] m sim fold 2")
    with told.bar("network") as bar:
        for step in range(1, 101):
            clock.now += 1
            bar(step, 100, "loss 0.5")
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.splitlines() == [
        "[2/9] m sim fold 2: network",
        "[2/9] m sim fold 2: network 30/100  loss 0.5",
        "[2/9] m sim fold 2: network 60/100  loss 0.5",
        "[2/9] m sim fold 2: network 90/100  loss 0.5",
    ]


def test_other_commands_stay_silent_without_a_terminal(capsys):
    with Progress(live=False).bar("reading") as bar:
        bar(1, 2)
    assert capsys.readouterr() == ("", "")


def test_how_long_the_whole_job_will_take(clock):
    job = Job(5, clock)
    assert math.isnan(job.left())
    job.start()
    clock.now += 7
    assert math.isnan(job.left()), "nothing is known yet"
    clock.now += 3
    job.stop()
    job.start()
    assert job.left() == 40
    clock.now += 4
    assert job.left() == 36
    clock.now += 20
    assert job.left() == 30, "a piece that is late takes no time off the others"
    clock.now -= 4
    job.stop()
    job.stop(counts=False)
    job.start()
    assert job.left() == 30, "the mean of 10 and 20 s, for two of four pieces"


def test_a_terminal_shows_what_runs_until_a_bar_or_a_line_takes_its_place(capsys):
    Progress(live=True, lines=True).labelled("[1/3] m sim fold 1").begin()
    message("done")
    message("next")
    assert capsys.readouterr().err == f"[1/3] m sim fold 1\r{' ' * 18}\rdone\nnext\n"


def test_a_bar_on_a_terminal_says_what_the_whole_will_take(monkeypatch, clock):
    screen = Terminal()
    monkeypatch.setattr(progress.sys, "stderr", screen)
    job = Job(60, clock)
    job.start()
    clock.now += 90
    job.stop()
    job.start()
    with Progress(lines=True).labelled("[2/60] m", job).bar("network") as bar:
        bar(1, 2, "loss 0.5")
    text = screen.getvalue()
    assert "[2/60] m: network" in text
    assert "whole job 1:28:30 left" in text


@pytest.fixture
def bench(tmp_path):
    put_method(tmp_path / "mine")
    return partial(run_mine, tmp_path)


def test_a_lasting_line_for_each_fold_and_nothing_but_the_table_on_stdout(bench):
    shown, told = bench()
    lines = [line.split() for line in told.splitlines() if "F1" in line]
    assert [line[:-2] for line in lines] == [
        ["point", "intraop", "fold", str(k), "F1", "100.0", "P", "100.0", "S", "100.0"]
        for k in (1, 2, 3)
    ]
    assert all(line[-1] == "s" and float(line[-2]) >= 0 for line in lines)
    assert "[2/3] point intraop fold 2" in told.splitlines()
    assert "intraop: measured on data" in shown
    assert "fold 1  F1" not in shown


def test_the_lines_last_on_a_terminal_too(bench, monkeypatch):
    monkeypatch.setattr(Progress, "__init__", lambda self, *_, **__: real(self, live=True))
    monkeypatch.setattr(Progress, "labelled", lambda self, label, job: self)
    _, told = bench()
    assert told.count("  F1 100.0  P 100.0  S 100.0  ") == 3
    assert "[2/3]" not in told


real = Progress.__init__
