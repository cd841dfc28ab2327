"""Telling of cells that others run, from what appears in the run's folder."""

from __future__ import annotations

import time
from collections.abc import Iterable

from adaptor_bench.bounded import read_json
from adaptor_bench.errors import InputError, WorkerError
from adaptor_bench.harness.executors.cell import named
from adaptor_bench.harness.failures import Failure, find_failures, place_of_failure
from adaptor_bench.harness.fold import FoldResult
from adaptor_bench.harness.job import Bench
from adaptor_bench.harness.journal import Journal, name_of
from adaptor_bench.harness.plan import Cell
from adaptor_bench.harness.resume import COMPUTING
from adaptor_bench.harness.sharing import KEPT, standing
from adaptor_bench.progress import LINE_EVERY, message
from adaptor_bench.scoring.scorefile import FoldScore


class Following:
    """What becomes of ``cells``, which are run elsewhere. ``open`` are those without an end yet."""

    def __init__(self, bench: Bench, cells: Iterable[Cell], where: str) -> None:
        self.bench, self.where = bench, where
        self.open = list(cells)
        self.lost: list[Cell] = []
        self.failures: list[Failure] = []
        self._before = {cell: standing(cell.directory) for cell in self.open}
        self._told = time.monotonic()
        for cell in bench.cells:
            if cell not in self._before:
                message(f"{cell.title}: {KEPT}")
        journal = Journal(bench.root)
        journal.plans(map(name_of, bench.cells))
        journal.close()

    def look(self) -> None:
        """Tell of the cells that have ended since the last time, and now and then of the others."""
        for cell in list(self.open):
            now = standing(cell.directory)
            if now not in (self._before[cell], (None, None)):
                self.open.remove(cell)
                self._tell(cell)
        if self.open and time.monotonic() - self._told >= LINE_EVERY:
            self._told = time.monotonic()
            message(
                f"{len(self.open)} of {len(self.bench.cells)} cells are still with {self.where}; "
                f"`bench status {self.bench.root}` shows what they are at"
            )

    def lose(self, cell: Cell, why: str, grace: float = 0.0) -> None:
        """A cell has ended without a result, if none is seen here within ``grace`` seconds."""
        until = time.monotonic() + grace
        self.look()
        while cell in self.open and time.monotonic() < until:
            time.sleep(0.2)
            self.look()
        if cell in self.open:
            self.open.remove(cell)
            self.lost.append(cell)
            message(f"warning: {cell.title}: {why}")

    def end(self) -> list[Failure]:
        """The folds that failed. Raises WorkerError for those that left nothing."""
        if note := _unlike(self.bench.cells):
            message(f"warning: {note}")
        if self.lost:
            raise WorkerError(
                f"ended without a result: {named(self.lost)}",
                hint="Rerun the same command to try them again; finished folds are kept.",
            )
        order = {cell.directory: number for number, cell in enumerate(self.bench.cells)}
        of = {place_of_failure(directory): number for directory, number in order.items()}
        return sorted(self.failures, key=lambda failure: of[failure.path])

    def _tell(self, cell: Cell) -> None:
        self._told = time.monotonic()
        failure = next(iter(find_failures([place_of_failure(cell.directory)])), None)
        if failure is not None:
            self.failures.append(failure)
            message(f"{cell.title}: failed: {failure.reason}; see {failure.traceback}")
            return
        try:
            seconds = read_json(cell.directory / "run.json")["seconds"]
            score = FoldScore.load(cell.directory / "score.json")
            message(f"{cell.title}  {FoldResult(score, seconds)}")
        except (InputError, KeyError, TypeError) as error:
            message(f"{cell.title}: finished; {error}")


def _unlike(cells: Iterable[Cell]) -> str:
    """What is to be said of cells that machines of several kinds have computed; "" otherwise."""
    kinds: dict[tuple[str, ...], int] = {}
    for cell in cells:
        try:
            record = read_json(cell.directory / "run.json")
        except InputError:
            continue
        kind = tuple(f"{key} {record.get(key)}" for key in COMPUTING)
        kinds[kind] = kinds.get(kind, 0) + 1
    if len(kinds) < 2:
        return ""
    told = "; ".join(f"{number} with {', '.join(kind)}" for kind, number in kinds.items())
    return f"the folds were not computed alike ({told}); they will not be resumed as one run"
