"""What becomes of the cells of a run, written down as it happens, for whoever wants to look.

``<out>/<dataset>/journal/`` has a file for every process that works on the run: lines of JSON, only
ever appended to. One writer each, so that lines never mix, whatever the file system; a line that a
killed process left torn is skipped. Results do not depend on it: what cannot be written down is
not, and what is finished or failed is told from its folder.
"""

from __future__ import annotations

import json
import math
import os
import platform
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adaptor_bench.bounded import open_file, parse_json
from adaptor_bench.errors import InputError
from adaptor_bench.harness.plan import Cell
from adaptor_bench.progress import Bar, Job, Progress

FOLDER = "journal"
EVERY = 5.0  # seconds between two notes of the same stage
_MOST = 64 << 20  # bytes of a file that are read at a time
_NAME = 400  # characters of a cell's name


def name_of(cell: Cell) -> str:
    """How a cell is called here: its place below the dataset's results."""
    return f"{cell.spec.name}/{cell.domain}/fold_{cell.fold.number}"


class Journal:
    """Writes down what this process does. A file that cannot be written is done without."""

    def __init__(self, root: Path, clock: Callable[[], float] = time.time) -> None:
        self._folder = root / FOLDER
        self._clock = clock
        self._descriptor: int | None = None

    def plans(self, cells: Iterable[str]) -> None:
        """All cells of the run, by name: ``method/domain/fold_1``."""
        host = " ".join(filter(None, (platform.node(), _scheduled())))
        self._note("plans", cells=list(cells), host=host, pid=os.getpid())

    def begins(self, cell: str) -> None:
        """A cell is taken in hand."""
        self._note("begins", cell=cell)

    def puts_off(self, cell: str) -> None:
        """What it needs is being made by another process; it comes later."""
        self._note("puts off", cell=cell)

    def ends(self, cell: str, f1: float, seconds: float) -> None:
        """A cell is finished: F1 from 0 to 1, NaN for 0/0, and the seconds it took."""
        self._note("ends", cell=cell, f1=None if math.isnan(f1) else f1, seconds=seconds)

    def fails(self, cell: str, reason: str) -> None:
        """The method did not get through the cell."""
        self._note("fails", cell=cell, reason=reason)

    def following(self, progress: Progress, cell: str) -> Progress:
        """``progress``, whose bars are written down as steps of ``cell``, too."""
        return _Followed(progress, self, cell)

    def step(self, cell: str, stage: str, done: float, total: float) -> None:
        """So many of the steps of a stage are done; none of none: it begins."""
        self._note("step", cell=cell, stage=stage, done=done, total=total)

    def close(self) -> None:
        """Nothing more is written."""
        if self._descriptor is not None:
            os.close(self._descriptor)
        self._descriptor = None

    def _note(self, event: str, **more: Any) -> None:
        line = json.dumps({"time": round(self._clock(), 3), "event": event, **more}) + "\n"
        with suppress(OSError):
            if self._descriptor is None:
                self._folder.mkdir(parents=True, exist_ok=True)
                name = f"{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}-{uuid.uuid4().hex[:12]}"
                path = self._folder / f"{name}.jsonl"
                self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            os.write(self._descriptor, line.encode())


class _Followed(Progress):
    def __init__(self, inner: Progress, journal: Journal, cell: str) -> None:
        super().__init__(inner.live, inner.label, lines=inner.lines, job=inner.job)
        self._inner, self._journal, self._cell = inner, journal, cell

    def labelled(self, label: str, job: Job | None = None) -> Progress:
        return _Followed(self._inner.labelled(label, job), self._journal, self._cell)

    def begin(self) -> None:
        self._inner.begin()

    @contextmanager
    def bar(self, title: str) -> Iterator[Bar]:
        self._journal.step(self._cell, title, 0, 0)
        told = -math.inf
        with self._inner.bar(title) as update:

            def both(done: int, total: int, note: str = "") -> None:
                nonlocal told
                update(done, total, note)
                if time.monotonic() - told >= EVERY:
                    told = time.monotonic()
                    self._journal.step(self._cell, title, done, total)

            yield both


def _scheduled() -> str:
    """The scheduler's name for the work of this process, if it has one."""
    job = os.environ.get("SLURM_ARRAY_JOB_ID"), os.environ.get("SLURM_ARRAY_TASK_ID")
    if all(job):
        return f"job {job[0]}_{job[1]}"
    alone = os.environ.get("SLURM_JOB_ID", "")
    return f"job {alone}" if alone else ""


@dataclass
class Course:
    """What the journal says of one cell. Times are seconds since 1970 by the writer's clock.

    ``first`` and ``latest`` are (time, steps done) of the present stage.
    """

    event: str = ""
    host: str = ""
    attempts: int = 0
    began: float = math.nan
    stage: str = ""
    total: float = 0
    first: tuple[float, float] | None = None
    latest: tuple[float, float] | None = None
    f1: float | None = None
    seconds: float | None = None
    reason: str = ""

    def left(self, now: float) -> float:
        """Seconds until the present stage is done, NaN where that cannot be told."""
        if self.first is None or self.latest is None or self.latest[1] <= self.first[1]:
            return math.nan
        pace = (self.latest[0] - self.first[0]) / (self.latest[1] - self.first[1])
        return max(0.0, pace * (self.total - self.latest[1]) - max(0.0, now - self.latest[0]))

    def take(self, event: str, time: float, host: str, note: dict[str, Any]) -> None:
        """One line of the journal. Raises ValueError, TypeError, KeyError for what is none."""
        if event == "plans":
            return
        if event == "begins":
            self.attempts += 1
            self.began, self.stage, self.first, self.latest = time, "", None, None
        elif event == "puts off":
            self.attempts -= 1
        elif event == "step":
            done, total = _number(note["done"]), _number(note["total"])
            if note["stage"] != self.stage or not total:
                self.stage, self.first, self.latest, self.total = str(note["stage"]), None, None, 0
            if total:
                self.first = self.first or (time, done)
                self.latest, self.total = (time, done), total
        elif event == "ends":
            self.f1 = None if note["f1"] is None else _number(note["f1"])
            self.seconds = _number(note["seconds"])
        elif event == "fails":
            self.reason = str(note["reason"])
        else:
            raise ValueError(event)
        self.event, self.host = event, host


class Journals:
    """Reads what all processes wrote down about a run, and afterwards what is new."""

    def __init__(self, root: Path) -> None:
        self._folder = root / FOLDER
        self._read: dict[Path, int] = {}
        self._hosts: dict[Path, str] = {}
        self.courses: dict[str, Course] = {}

    def read(self) -> dict[str, Course]:
        """What is known of every cell that was planned, by name. Lines that say nothing that can be
        understood are skipped."""
        new = []
        for path in sorted(self._folder.glob("*.jsonl")):
            for line in self._lines(path):
                with suppress(InputError, ValueError, TypeError, KeyError, AttributeError):
                    note = parse_json(line, path.name)
                    new.append((_number(note["time"]), str(note["event"]), path, note))
        for time_, event, path, note in sorted(new, key=lambda one: one[0]):
            with suppress(ValueError, TypeError, KeyError):
                if event == "plans":
                    self._hosts[path] = str(note["host"])
                named = note["cells"] if event == "plans" else [note["cell"]]
                for name in named:
                    if _is_cell(name):
                        course = self.courses.setdefault(name, Course())
                        course.take(event, time_, self._hosts.get(path, ""), note)
        return self.courses

    def _lines(self, path: Path) -> list[bytes]:
        """The whole lines that were added since the last time."""
        begin = self._read.get(path, 0)
        try:
            descriptor = open_file(path, follow=False)
        except OSError:
            return []
        with os.fdopen(descriptor, "rb") as stream:
            stream.seek(begin)
            whole, end, _ = stream.read(_MOST).rpartition(b"\n")
        self._read[path] = begin + len(whole) + len(end)
        return whole.split(b"\n") if end else []


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e15:
        raise ValueError(f"{value!r} is not a number")
    return float(value)


def _is_cell(name: Any) -> bool:
    """Whether it can be ``method/domain/fold_1``, a place below the run's folder."""
    if not isinstance(name, str) or len(name) > _NAME or "\0" in name or "\\" in name:
        return False
    *parts, fold = name.split("/")
    placed = len(parts) >= 2 and not any(part.strip(".") == "" for part in parts)
    return placed and fold.startswith("fold_") and fold[5:].isdecimal()
