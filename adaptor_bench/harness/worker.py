"""A process that shares a run with others like it, and reports to the one that started it."""

from __future__ import annotations

import signal
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Lock
from typing import Any

from adaptor_bench.errors import portable
from adaptor_bench.harness.failures import Failure
from adaptor_bench.harness.job import Bench
from adaptor_bench.harness.plan import Cell
from adaptor_bench.harness.sharing import Standing
from adaptor_bench.progress import Bar, Job, Progress, hand_over
from adaptor_bench.stopping import end_with, told_to_stop

Make = Callable[..., Bench]
"""Makes the bench in a worker, given its ``progress`` and ``teller``; it must be picklable."""

TIDYING = 15.0  # seconds that a worker that is told to stop has to remove what is half-written
_OFTEN = 0.2  # seconds between two reports of the same work


def work(
    make: Make,
    lifeline: Connection,
    reports: Connection,
    number: int,
    before: Mapping[Path, Standing],
) -> None:
    """What such a process does: run the bench that ``make`` gives, and report to ``reports``.

    It ends when the other end of ``lifeline`` is closed. The first (``number`` 0) tells what all
    of them find in the data. ``before`` is how its folds stood when the first of them
    began: one that was started later does not try again what failed since.
    """
    code = 0
    try:
        end_with(lifeline, tidying=TIDYING)
        try:
            _run(make, _Report(reports), number, before)
        finally:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # all is done: end in peace
    except KeyboardInterrupt:
        code = 130
        with suppress(KeyboardInterrupt):
            signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.exit(code)


def _run(make: Make, report: _Report, number: int, before: Mapping[Path, Standing]) -> None:
    hand_over(lambda text: report("say", text))
    try:
        bench = make(progress=_Relayed(report), teller=_Reporter(report))
        bench.leads = number == 0
        bench.before = before
        bench.run()
        report("done")
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        report("error", portable(error), "".join(traceback.format_exception(error)))


class _Report:
    """Sends; when nobody listens any more, the work is to end."""

    def __init__(self, to: Connection) -> None:
        self._to = to
        self._lock = Lock()
        self._heard = True

    def __call__(self, *event: Any) -> None:
        if not self._heard:
            return
        try:
            with self._lock:
                self._to.send(event)
        except OSError:
            self._heard = False
            # As a signal, so that the end of the lifeline is the second, and disturbs no tidying.
            # Told already, it would take this for a second one, and stop at once.
            if not told_to_stop():
                signal.raise_signal(signal.SIGINT)


class _Relayed(Progress):
    """Progress that is shown by the process that is reported to."""

    def __init__(self, report: _Report, label: str = "") -> None:
        super().__init__(live=False, label=label, lines=True)
        self._report = report

    def labelled(self, label: str, job: Job | None = None) -> Progress:
        return _Relayed(self._report, f"{label}: ")

    def begin(self) -> None:
        self._report("bar", self.label.removesuffix(": "))

    @contextmanager
    def bar(self, title: str) -> Iterator[Bar]:
        self._report("bar", self.label + title)
        told = 0.0

        def update(done: int, total: int, note: str = "") -> None:
            nonlocal told
            if self.clock() - told >= _OFTEN or done >= total:
                told = self.clock()
                self._report("step", done, total, note)

        yield update
        self._report("idle")


class _Reporter:
    """Reports what becomes of the folds."""

    def __init__(self, report: _Report) -> None:
        self._report = report

    def begins(self, cell: Cell) -> None:
        self._report("begins", str(cell.directory))

    def ends(self, cell: Cell, text: str, *, ours: bool, failure: Failure | None) -> None:
        self._report("ends", str(cell.directory), text, ours, failure)

    def put_off(self, cell: Cell) -> None:
        self._report("put off", str(cell.directory))

    def waits(self, cells: Sequence[Cell]) -> None:
        self._report("waits", [str(cell.directory) for cell in cells])
