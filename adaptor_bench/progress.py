"""Progress on stderr: a live bar on a terminal; otherwise nothing, or plain lines now and then."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from adaptor_bench.names import printable, terminal

LINE_EVERY = 30.0  # seconds between the plain lines of one stage
_WIDE = 140  # columns of a terminal that have room for all there is to say of a worker


class Bar(Protocol):
    """One running piece of work."""

    def __call__(self, done: int, total: int, note: str = "") -> None:
        """``done`` of ``total`` steps are finished; ``note`` is shown behind (epoch, loss)."""


def _silent(done: int, total: int, note: str = "") -> None:
    pass


@dataclass
class Job:
    """A job of ``pieces`` that take about equally long, done by so many ``workers`` at a time, and
    how long it will still take."""

    pieces: int
    clock: Callable[[], float] = time.monotonic
    workers: int = 1
    finished: list[float] = field(default_factory=list)
    running: dict[int, float] = field(default_factory=dict)

    def start(self, worker: int = 0) -> None:
        """A piece begins."""
        self.running[worker] = self.clock()

    def stop(self, worker: int = 0, *, counts: bool = True) -> None:
        """The piece is done; with ``counts=False`` there was nothing to do."""
        began = self.running.pop(worker, None)
        if counts and began is not None:
            self.finished.append(self.clock() - began)
        else:
            self.pieces -= 1

    def drop(self, worker: int) -> None:
        """The worker is gone, and its piece is as if it had not begun."""
        self.running.pop(worker, None)
        self.workers = max(1, self.workers - 1)

    def left(self) -> float:
        """Seconds until all pieces are done, NaN before the first is."""
        if not self.finished:
            return math.nan
        each = sum(self.finished) / len(self.finished)
        now = self.clock()
        current = [max(0.0, each - (now - began)) for began in self.running.values()]
        waiting = self.pieces - len(self.finished) - len(current)
        shared = (sum(current) + each * waiting) / self.workers
        return max([shared, *current])


class Progress:
    """Hands out bars. Live only when stderr is a terminal (or ``live`` says otherwise).

    With ``lines`` a stage that nobody watches live is told in plain lines: one when it begins,
    and one every half minute. A ``job`` adds to the bars how long the whole will take.
    """

    def __init__(
        self,
        live: bool | None = None,
        label: str = "",
        *,
        lines: bool = False,
        job: Job | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.live = sys.stderr.isatty() if live is None else live
        self.label = label
        self.lines = lines
        self.job = job
        self.clock = clock

    def labelled(self, label: str, job: Job | None = None) -> Progress:
        """The same, with ``label`` in front of every title, as a part of ``job``."""
        return Progress(self.live, f"{label}: ", lines=self.lines, job=job, clock=self.clock)

    def begin(self) -> None:
        """Say that what is labelled begins: in a plain line, or in one that gives way to the
        next bar or message."""
        if self.lines:
            text = self.label.removesuffix(": ")
            if self.live:
                _write(terminal(text), end="\r", gives_way=True)
            else:
                message(text)

    @contextmanager
    def bar(self, title: str) -> Iterator[Bar]:
        """A bar that lives as long as the block, with elapsed and remaining time."""
        if not self.live:
            yield self._plain(title) if self.lines else _silent
            return
        with _rich() as live:
            work = live.add_task(printable(self.label + title), total=1, note="", job="")

            def update(done: int, total: int, note: str = "") -> None:
                whole = self._whole()
                live.update(work, completed=done, total=total, note=printable(note), job=whole)

            yield update

    @contextmanager
    def rows(self, count: int) -> Iterator[list[Row]]:
        """What ``count`` workers are at, shown as long as the block lasts: a live bar for each, or
        plain lines of all. Messages stand above the bars and last."""
        if not self.live:
            yield [Row(self) for _ in range(count)]
            return
        with _rich(rows=True) as live:
            yield [Row(self, live) for _ in range(count)]

    def _plain(self, title: str) -> Bar:
        message(f"{self.label}{title}")
        told = self.clock()

        def update(done: int, total: int, note: str = "") -> None:
            nonlocal told
            if self.clock() - told >= LINE_EVERY and done < total:
                told = self.clock()
                parts = (f"{self.label}{title} {done}/{total}", note, self._whole())
                message("  ".join(part for part in parts if part))

        return update

    def _whole(self) -> str:
        seconds = self.job.left() if self.job else math.nan
        if math.isnan(seconds):
            return ""
        hours, minutes = divmod(round(seconds) // 60, 60)
        return f"whole job {hours}:{minutes:02}:{round(seconds) % 60:02} left"


class Row:
    """What one worker is at."""

    def __init__(self, progress: Progress, live: Any = None) -> None:
        self._progress = progress
        self._live = live
        self._task: Any = None
        self._bar: Bar = _silent

    def begin(self, title: str) -> None:
        """Another piece of work begins."""
        if self._live is None:
            self._bar = self._progress._plain(title) if self._progress.lines else _silent
            return
        self.clear()
        self._task = self._live.add_task(printable(title), total=1, note="", job="")

    def update(self, done: int, total: int, note: str = "") -> None:
        """As a :class:`Bar`."""
        if self._live is None:
            self._bar(done, total, note)
        elif self._task is not None:
            whole = self._progress._whole()
            self._live.update(
                self._task, completed=done, total=total, note=printable(note), job=whole
            )

    def clear(self) -> None:
        """It is at nothing."""
        if self._task is not None:
            self._live.remove_task(self._task)
            self._task = None


def _rich(rows: bool = False) -> Any:
    """A live display of bars on stderr, gone when it is closed. Several ``rows`` leave out what
    makes them too long for the terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as RichProgress

    console = Console(stderr=True)
    narrow = rows and console.width < _WIDE
    note = () if narrow else (TextColumn("{task.fields[note]}", markup=False),)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=8 if narrow else 24),
        TextColumn("{task.completed:>4.0f}/{task.total:.0f}"),
        *(() if narrow else (TimeElapsedColumn(),)),
        TextColumn("left"),
        TimeRemainingColumn(),
        *note,
        TextColumn("{task.fields[job]}", markup=False),
    )
    _write("", end="")
    return RichProgress(*columns, console=console, transient=True)


_hand_over: Callable[[str], None] | None = None


def hand_over(to: Callable[[str], None]) -> None:
    """From now on messages are handed ``to`` somebody else: the process that this one works for."""
    global _hand_over
    _hand_over = to


def message(text: str) -> None:
    """Plain lines to stderr, whatever the names in them hold."""
    if _hand_over is not None:
        _hand_over(text)
    else:
        _write(terminal(text))


_gives_way = 0  # characters on a terminal's line that the next writing replaces


def _write(text: str, *, end: str = "\n", gives_way: bool = False) -> None:
    global _gives_way
    if _gives_way:
        print(" " * _gives_way, end="\r", file=sys.stderr)  # noqa: T201
    print(text, end=end, file=sys.stderr, flush=True)  # noqa: T201
    _gives_way = len(text) if gives_way else 0
