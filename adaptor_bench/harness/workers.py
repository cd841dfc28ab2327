"""Folds at the same time: processes that share a run as several commands would, told as one.

Each takes the next fold that nobody is working on (:mod:`adaptor_bench.harness.sharing`) and
computes as it would alone, so that results do not depend on how many there are. They report to the
process that started them, and end with it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any

from adaptor_bench.atomic import remove_abandoned
from adaptor_bench.errors import ElsewhereError, WorkerError
from adaptor_bench.harness.failures import Failure, record_failure
from adaptor_bench.harness.job import Bench
from adaptor_bench.harness.plan import Cell
from adaptor_bench.harness.sharing import standing
from adaptor_bench.harness.worker import TIDYING, Make, work
from adaptor_bench.progress import Job, Progress, Row, message
from adaptor_bench.stopping import crashed, how_it_ended, undisturbed
from adaptor_bench.train.gpu import certainly_cpu

MOST = 2  # workers that are started unasked
_SHOWS_WHERE = "PYTHONFAULTHANDLER=1 with --workers 1 shows where."


def cores() -> int:
    """The processor cores that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on this system
        return os.cpu_count() or 1


def usual_workers(profile: str, device: str, devices: int = 1) -> int:
    """How many are started unasked: none beside this process for a GPU, or for what is done in
    less time than they take to start. Each takes a core for each of its ``devices``."""
    if profile == "smoke":
        return 1
    if not certainly_cpu(device):
        from adaptor_bench.train.device import resolve_device

        if not resolve_device(device).startswith("cpu"):
            return 1
    return max(1, min(MOST, cores() // devices))


def run_with(bench: Bench, make: Make, workers: int) -> list[Failure]:
    """What ``bench.run()`` does, shared by ``workers`` processes; returns the folds that failed.

    Raises what a worker raises, and WorkerError when all of them were killed. The folds in the
    hands of one that was killed are taken over by the others.
    """
    again = bench.request.restart
    workers = min(workers, sum(again or not cell.directory.exists() for cell in bench.cells))
    if workers < 2:
        return bench.run()
    crew = _Crew(bench, make, workers)
    try:
        return crew.work()
    finally:
        crew.dismiss()


class _Crew:
    """The workers, and what is known of their work."""

    def __init__(self, bench: Bench, make: Make, workers: int) -> None:
        self.cells = {str(cell.directory): cell for cell in bench.cells}
        self.store = bench.store.root
        self.job = Job(len(self.cells), workers=workers)
        self.progress = Progress(bench.progress.live, lines=bench.progress.lines, job=self.job)
        # Each keeps its share of the pixels that the whole job may.
        self.make = partial(make, frame_memory=bench.request.frame_memory // workers)
        self.count = workers
        self.bench = bench
        self.processes: dict[int, SpawnProcess] = {}
        self.before = {cell.directory: standing(cell.directory) for cell in bench.cells}
        self.lifelines: list[Connection] = []
        self.reports: dict[Connection, int] = {}
        self.busy: dict[int, str] = {}
        self.ended: set[str] = set()
        self.failures: dict[str, Failure] = {}
        self.finished = False

    def work(self) -> list[Failure]:
        with self.progress.rows(self.count) as rows:
            with undisturbed():
                for number in range(self.count):
                    self._start(number)
            while self.reports:
                theirs = [e for report in self._ready() for e in self._heard(report, rows)]
                if theirs:
                    # What one of ours did is known before another finds it done.
                    theirs += [e for r in list(self.reports) for e in self._heard(r, rows)]
                    self._of_others(theirs)
        if not self.finished:
            told, hint = self._why_all_ended()
            raise WorkerError(told, hint=hint)
        order = list(self.cells)
        return [self.failures[p] for p in sorted(self.failures, key=order.index)]

    def _why_all_ended(self) -> tuple[str, str]:
        """What to say when no worker is left, and what to do."""
        if any(crashed(process.exitcode or 0) for process in self.processes.values()):
            return (
                "all processes that trained ended, by a crash inside a library",
                f"{_SHOWS_WHERE} Rerun the same command to resume.",
            )
        return (
            "all processes that trained were killed",
            "Is there enough memory? Rerun the same command to resume; --workers 1 needs the "
            "least.",
        )

    def dismiss(self) -> None:
        """Have those still at work end; nothing of theirs is left half-written."""
        for end in (*self.lifelines, *self.reports):
            end.close()
        until = time.monotonic() + TIDYING + 5
        for process in self.processes.values():
            process.join(max(0.0, until - time.monotonic()))
            if process.is_alive():
                process.kill()
                process.join()
        for parent in {cell.directory.parent for cell in self.cells.values()} | {self.store}:
            remove_abandoned(parent)

    def _start(self, number: int) -> None:
        # Spawned processes inherit no threads or locks of the caller's.
        context = get_context("spawn")
        watched, lifeline = context.Pipe(duplex=False)
        reader, writer = context.Pipe(duplex=False)
        process = context.Process(
            target=work, args=(self.make, watched, writer, number, self.before)
        )
        process.start()
        watched.close()
        writer.close()
        self.processes[number] = process
        self.lifelines.append(lifeline)
        self.reports[reader] = number

    def _ready(self) -> list[Connection]:
        return [end for end in wait(list(self.reports)) if isinstance(end, Connection)]

    def _heard(self, report: Connection, rows: Sequence[Row]) -> Iterator[tuple[Any, ...]]:
        """Take in all that a worker has reported; yields what it says of others' work."""
        number = self.reports[report]
        while True:
            try:
                if not report.poll():
                    return
                what, *rest = report.recv()
            except (EOFError, OSError):
                break
            if what == "waits" or (what == "ends" and not rest[2]):
                yield tuple(rest)
            else:
                self._take(number, rows[number], what, *rest)
        report.close()
        del self.reports[report]
        rows[number].clear()
        self._gone(number)

    def _take(self, number: int, row: Row, what: str, *rest: Any) -> None:
        if what == "say":
            message(rest[0])
        elif what == "bar":
            if self.progress.live or number in self.busy or number == 0:  # all read the same frames
                row.begin(*rest)
        elif what == "step":
            row.update(*rest)
        elif what == "idle":
            row.clear()
        elif what == "begins":
            self.busy[number] = rest[0]
            self.job.start(number)
        elif what == "put off":
            del self.busy[number]
            self.job.running.pop(number, None)
        elif what == "ends":
            del self.busy[number]
            self.job.stop(number)
            self._end(*rest)
        elif what == "done":
            self.finished = True
        elif what == "error":
            error, told = rest
            raise error from ElsewhereError(told)

    def _of_others(self, reports: Sequence[tuple[Any, ...]]) -> None:
        for place, *rest in reports:
            if not rest:
                strangers = [p for p in place if p not in self.busy.values()]
                if strangers:
                    names = ", ".join("/".join(self.cells[p].directory.parts[-3:]) for p in place)
                    message(f"waiting for folds that other processes are running: {names}")
            elif place not in self.ended:
                self.job.stop(-1, counts=False)
                self._end(place, *rest)

    def _end(self, place: str, text: str, ours: bool, failure: Failure | None) -> None:
        self.ended.add(place)
        message(f"{self.cells[place].title}{text}")
        if failure is not None:
            self.failures[place] = failure

    def _gone(self, number: int) -> None:
        """A worker has ended, by itself or not."""
        place = self.busy.pop(number, None)
        process = self.processes[number]
        process.join()
        if not process.exitcode:
            return
        ended = how_it_ended(process.exitcode)
        if place and crashed(process.exitcode):
            # Whoever took the fold over would crash as well: it has failed, and the others go on.
            self.job.stop(number)
            cell = self.cells[place]
            failure = crash_of(cell, self.bench.dataset.name, f"the process {ended}")
            self._end(place, f": {failure.reason}; see {failure.traceback}", True, failure)
            with undisturbed():
                self._start(number)
            return
        self.job.drop(number)
        others = "; the others take over its fold" if self.reports else ""
        at = f" at {self.cells[place].title}" if place else ""
        message(f"warning: a process that trains {ended}{at}{others}")


def crash_of(cell: Cell, dataset: str, reason: str) -> Failure:
    """Record that the process at work on a fold crashed, which it could not do itself."""
    spec, error = cell.spec, WorkerError(f"{reason}\n{_SHOWS_WHERE}")
    record = {
        "method": spec.name,
        "domain": cell.domain,
        "fold": cell.fold.number,
        "dataset": {"name": dataset},
    }
    return record_failure(cell.directory, record, reason, error, spec.origin)
