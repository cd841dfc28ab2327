"""How far a run is: what every one of its cells is at, from its journal and what stands there."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from adaptor_bench.atomic import is_claimed
from adaptor_bench.errors import InputError
from adaptor_bench.harness.failures import find_failures, place_of_failure
from adaptor_bench.harness.journal import FOLDER, Course, Journals
from adaptor_bench.results.runs import Run
from adaptor_bench.scoring.metrics import f1

State = Literal["queued", "running", "done", "failed"]
STATES: tuple[State, ...] = ("queued", "running", "done", "failed")


@dataclass(frozen=True)
class CellStatus:
    """One cell. ``f1`` in percent and ``seconds`` once it is done; ``stage``, ``steps`` done of
    ``total``, ``left`` (seconds until the stage is done) and ``elapsed`` while it is running;
    what is not known is NaN. ``attempts``: how often it was taken in hand; ``reason``: why it
    failed, or waits again."""

    method: str
    domain: str
    fold: int
    state: State
    attempts: int = 0
    host: str = ""
    stage: str = ""
    steps: float = math.nan
    total: float = math.nan
    left: float = math.nan
    elapsed: float = math.nan
    f1: float = math.nan
    seconds: float = math.nan
    reason: str = ""


@dataclass(frozen=True)
class RunStatus:
    """All cells of the results of one dataset, by method, domain and fold."""

    root: Path
    cells: tuple[CellStatus, ...]

    def count(self, state: State) -> int:
        """How many are at that."""
        return sum(cell.state == state for cell in self.cells)

    @property
    def over(self) -> bool:
        """Whether nothing is left to do."""
        return not self.count("queued") and not self.count("running")

    @property
    def left(self) -> float:
        """Seconds until all are done, as far as those that are tell; NaN before."""
        took = [c.seconds for c in self.cells if c.state == "done" and not math.isnan(c.seconds)]
        running = [c for c in self.cells if c.state == "running"]
        if not took or not running:
            return math.nan
        each = sum(took) / len(took)
        begun = [max(0.0, each - c.elapsed) for c in running if not math.isnan(c.elapsed)]
        shared = (sum(begun) + each * self.count("queued")) / len(running)
        return max([shared, *begun])


class Watch:
    """The runs below ``folders``, looked at as often as one likes.

    Raises InputError for a folder that is not there, and when no run below them has a journal.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        if missing := [str(folder) for folder in folders if not folder.is_dir()]:
            raise InputError(f"{', '.join(missing)}: no such folder")
        self._journals = {root: Journals(root) for root in _roots(folders)}
        if not self._journals:
            raise InputError(
                f"{', '.join(map(str, folders))}: no run has a journal here",
                hint="`bench run` writes <out>/<dataset>/journal/; `bench leaderboard` shows what "
                "finished before there was one.",
            )

    def look(self, now: float) -> list[RunStatus]:
        """What the cells are at ``now``, in seconds since 1970."""
        return [
            RunStatus(root, tuple(_cells(root, journals.read(), now)))
            for root, journals in self._journals.items()
        ]


def _roots(folders: Iterable[Path]) -> list[Path]:
    """Folders of results, one a dataset, that have a journal."""
    found: dict[Path, Path] = {}
    for top in folders:
        for folder, subfolders, files in os.walk(top):
            path = Path(folder)
            if FOLDER in subfolders and any((path / FOLDER).glob("*.jsonl")):
                found.setdefault(path.resolve(), path)
                subfolders.clear()
            if "run.json" in files or "key.json" in files:  # a finished fold, an artefact
                subfolders.clear()
            subfolders[:] = sorted(n for n in subfolders if not n.startswith("."))
    return list(found.values())


def _cells(root: Path, courses: dict[str, Course], now: float) -> list[CellStatus]:
    cells = []
    for name, course in courses.items():
        method, domain, fold = name.rsplit("/", 2)
        cell = _status(root / name, course, now)
        cells.append(CellStatus(method, domain, int(fold.removeprefix("fold_")), **cell))
    return sorted(cells, key=lambda c: (c.method, c.domain, c.fold))


def _status(place: Path, course: Course, now: float) -> dict[str, Any]:
    """All of a :class:`CellStatus` but what cell it is. A cell is running while its place is
    claimed: what was killed is not."""
    told: dict[str, Any] = {"attempts": course.attempts, "host": course.host}
    begun = course.event in ("begins", "step")
    if begun and is_claimed(place):
        steps = course.latest[1] if course.latest else math.nan
        return told | {
            "state": "running",
            "stage": course.stage,
            "steps": steps,
            "total": course.total if course.latest else math.nan,
            "left": course.left(now),
            "elapsed": max(0.0, now - course.began),
        }
    if (place / "run.json").is_file():
        found, seconds = course.f1, course.seconds
        if seconds is None:
            found, seconds = _recorded(place)
        percent = math.nan if found is None else 100 * found
        return told | {"state": "done", "f1": percent, "seconds": seconds}
    if (place_of_failure(place)).is_dir():
        failure = next(iter(find_failures([place_of_failure(place)])), None)
        reason = failure.reason if failure else course.reason
        return told | {"state": "failed", "reason": reason}
    return told | {"state": "queued", "reason": "was interrupted" if begun else ""}


def _recorded(place: Path) -> tuple[float, float]:
    """F1 and seconds of a fold that was finished before there was a journal; NaN if unreadable."""
    try:
        run = Run.load(place)
        return f1(run.score().counts), float(run.seconds.get("total", math.nan))
    except (InputError, TypeError, ValueError):
        return math.nan, math.nan
