"""What is told of a run while it goes on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from adaptor_bench.harness.failures import Failure
from adaptor_bench.harness.plan import Cell
from adaptor_bench.progress import Job, message


class Teller(Protocol):
    """Hears of every fold as soon as there is something to say of it."""

    def begins(self, cell: Cell) -> None:
        """A fold is taken in hand."""

    def ends(self, cell: Cell, text: str, *, ours: bool, failure: Failure | None) -> None:
        """It is done, or, when not ``ours``, was done already or by another process."""

    def put_off(self, cell: Cell) -> None:
        """What it needs is being made by another process; it comes later."""

    def waits(self, cells: Sequence[Cell]) -> None:
        """All that is left is in the hands of other processes."""


class Aloud:
    """Says on stderr what there is to say; nothing of a fold that begins, which has a bar."""

    def __init__(self, cells: int) -> None:
        self.job = Job(cells)

    def begins(self, cell: Cell) -> None:
        self.job.start()

    def ends(self, cell: Cell, text: str, *, ours: bool, failure: Failure | None) -> None:
        message(f"{cell.title}{text}")
        self.job.stop(counts=ours)

    def put_off(self, cell: Cell) -> None:
        self.job.running.clear()

    def waits(self, cells: Sequence[Cell]) -> None:
        names = ", ".join("/".join(cell.directory.parts[-3:]) for cell in cells)
        message(f"waiting for folds that other processes are running: {names}")


class Silent:
    """Tells nobody."""

    def begins(self, cell: Cell) -> None: ...

    def ends(self, cell: Cell, text: str, *, ours: bool, failure: Failure | None) -> None: ...

    def put_off(self, cell: Cell) -> None: ...

    def waits(self, cells: Sequence[Cell]) -> None: ...
