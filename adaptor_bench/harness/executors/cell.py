"""One cell as a function that any engine can call on any machine that shares the run's folder."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from adaptor_bench.harness.job import Bench
from adaptor_bench.harness.plan import Cell
from adaptor_bench.harness.worker import Make
from adaptor_bench.progress import Progress


@dataclass(frozen=True)
class CellTask:
    """The ``number``-th, from 1, of the ``of`` cells of the run that ``make`` gives. It can be
    pickled; calling it leaves the cell's results in the run's folder, or the record of its failure,
    and nothing to do if they are there already."""

    make: Make
    number: int
    of: int

    def __call__(self) -> None:
        """Raises InputError and UsageError as ``Bench.run`` does."""
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        bench = self.make(progress=Progress(live=False, lines=True), shard=(self.number, self.of))
        bench.run()


def tasks_of(bench: Bench, make: Make) -> dict[Cell, CellTask]:
    """What is left to run, those that take longest first.

    Raises, before anything is handed out, what is wrong with methods, data and finished folds.
    """
    numbers = {cell: number for number, cell in enumerate(bench.cells, start=1)}
    bench.check()
    return {
        cell: CellTask(make, numbers[cell], len(numbers))
        for cell in bench.cells
        if not cell.directory.exists()
    }


def lines_of(error: Exception) -> list[str]:
    """What an engine says of what went wrong: at least one line."""
    return str(error).strip().splitlines() or [type(error).__name__]


def named(cells: Sequence[Cell]) -> str:
    """Cells by title, the first few of many."""
    more = f" and {len(cells) - 5} more" if len(cells) > 5 else ""
    return ", ".join(cell.title for cell in cells[:5]) + more
