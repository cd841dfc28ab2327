"""Progress on stderr: a live bar on a terminal, nothing otherwise."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from adaptor_bench.names import printable, terminal

__all__ = ["Bar", "Progress", "message"]


class Bar(Protocol):
    """One running piece of work."""

    def __call__(self, done: int, total: int, note: str = "") -> None:
        """``done`` of ``total`` steps are finished; ``note`` is shown behind (epoch, loss)."""


def _silent(done: int, total: int, note: str = "") -> None:
    pass


class Progress:
    """Hands out bars. Live only when stderr is a terminal (or ``live`` says otherwise)."""

    def __init__(self, live: bool | None = None, label: str = "") -> None:
        self.live = sys.stderr.isatty() if live is None else live
        self.label = label

    def labelled(self, label: str) -> Progress:
        """The same, with ``label`` in front of every title."""
        return Progress(self.live, f"{label}: ")

    @contextmanager
    def bar(self, title: str) -> Iterator[Bar]:
        """A bar that lives as long as the block, with elapsed and remaining time."""
        if not self.live:
            yield _silent
            return
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
        from rich.progress import Progress as RichProgress

        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.completed:>4.0f}/{task.total:.0f}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}", markup=False),
        )
        with RichProgress(*columns, console=Console(stderr=True), transient=True) as live:
            work = live.add_task(printable(self.label + title), total=1, note="")

            def update(done: int, total: int, note: str = "") -> None:
                live.update(work, completed=done, total=total, note=printable(note))

            yield update


def message(text: str) -> None:
    """Plain lines to stderr, whatever the names in them hold."""
    print(terminal(text), file=sys.stderr, flush=True)  # noqa: T201
