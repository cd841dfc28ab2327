"""A network trained by several processes together, seen from the one that waits for them.

Each process, a *rank*, has a device of its own (:mod:`adaptor_bench.train.rank`). None of them
outlives this one, and when one ends by itself the others are ended: nothing waits for what will
not come.
"""

from __future__ import annotations

import os
import pickle
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from stat import S_ISDIR
from tempfile import gettempdir
from typing import Any

import torch

from adaptor_bench.atomic import scratch_directory
from adaptor_bench.errors import BenchError, ElsewhereError, InputError, WorkerError
from adaptor_bench.matching.settings import MatchSettings
from adaptor_bench.progress import Bar, message
from adaptor_bench.room import told_as
from adaptor_bench.stopping import how_it_ended, stop_if_told, told_to_stop, undisturbed
from adaptor_bench.train.fit import Fitted, Work, fit_network
from adaptor_bench.train.rank_process import WORK, Orders, files_of, serve
from adaptor_bench.train.samples import Sample
from adaptor_bench.train.savepoints import Savepoint, State, UnusableSavepoint
from adaptor_bench.train.settings import Parts

TIMEOUT = 1800.0
"""Seconds that a rank waits for another one's part of a step."""
_GRACE = 2.0  # seconds in which the death of a rank is noticed that another one stumbled over
_LEAVING = 5.0  # seconds that ranks may take to end
_LOOK = 0.2  # seconds between two looks at whether to stop
_RESUME = "Rerun the same command: the training goes on from its last savepoint."


def fit_on(
    devices: Sequence[str],
    parts: Parts,
    train: Sequence[Sample],
    selection: Sequence[Sample],
    *,
    seed: int,
    bar: Bar,
    savepoint: Savepoint,
    matching: MatchSettings,
    translated: Sequence[Sample] = (),
) -> Fitted:
    """What :func:`adaptor_bench.train.fit.fit_network` does, on one device in this process, or on
    several, a process for each.

    Raises what that does, and WorkerError for whatever else goes wrong in one of several processes,
    and when one ends by itself.
    """
    if len(devices) == 1:
        return fit_network(
            parts, train, selection, seed=seed, device=devices[0], bar=bar, matching=matching,
            translated=translated, savepoint=savepoint,
        )  # fmt: skip
    work = Work(parts, train, selection, seed, matching, translated)

    def run(resumed: State | None) -> Fitted:
        ranks = _Ranks(work, devices, savepoint, bar)
        with scratch_directory(_own_directory()) as folder:
            try:
                ranks.start(folder, resumed=resumed is not None)
                return ranks.follow()
            finally:
                ranks.end()

    return savepoint.resumed(run)


def _own_directory() -> Path:
    """Where ranks meet: below the temporary directory, and this user's alone, for what lies there
    is unpickled, and what a killed command left is removed. Raises InputError where it is not."""
    if not hasattr(os, "getuid"):  # Windows: the temporary directory is the user's own
        return Path(gettempdir())
    place = Path(gettempdir()) / f"adaptor_bench-{os.getuid()}"
    with told_as(place):
        with suppress(FileExistsError):
            place.mkdir(0o700)
        found = place.lstat()
    if not S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise InputError(
            f"{place}: is no folder that is yours alone, as processes need that train together",
            hint="Remove it, or name another temporary directory in TMPDIR.",
        )
    return place


class _Ranks:
    """The processes, and what they report."""

    def __init__(self, work: Work, devices: Sequence[str], savepoint: Savepoint, bar: Bar) -> None:
        self.work, self.devices = work, devices
        self.savepoint, self.bar = savepoint, bar
        self.context = get_context("spawn")  # a forked process cannot use a GPU
        self.spent = self.context.RawArray("d", len(devices))
        self.tried = self.context.RawArray("q", 1)
        self.processes: list[SpawnProcess] = []
        self.lifelines: list[Connection] = []
        self.reports: list[Connection] = []
        self.stepping = False

    def start(self, folder: Path, *, resumed: bool) -> None:
        """Start them, with a private ``folder`` for their work and to find each other."""
        files = dict(files_of(self.work.parts))
        # A file: one who is started would have to load torch first to take so much from a pipe.
        (folder / WORK).write_bytes(pickle.dumps(self.work))
        with undisturbed():
            for number in range(len(self.devices)):
                orders = Orders(
                    number, self.devices, files, folder, torch.get_num_threads(), TIMEOUT,
                    self.savepoint.path, resumed,
                )  # fmt: skip
                watched, lifeline = self.context.Pipe(duplex=False)
                reader, writer = self.context.Pipe(duplex=False)
                process = self.context.Process(
                    target=serve, args=(orders, self.spent, self.tried, watched, writer)
                )
                self.lifelines.append(lifeline)
                self.reports.append(reader)
                with _quiet():
                    process.start()
                self.processes.append(process)
                watched.close()
                writer.close()

    def follow(self) -> Fitted:
        """Wait for what becomes of the work. Told to stop, have the first rank keep its state, if
        there is any: before the first step is told of, leave at once."""
        told = False
        while True:
            if told_to_stop() and not told:
                if not self.stepping:
                    stop_if_told()
                told = True
                with suppress(OSError):
                    self.lifelines[0].send_bytes(b"stop")
            wait([*self.reports, *(p.sentinel for p in self.processes)], _LOOK)
            for number, report in enumerate(self.reports):
                for what, *rest in self._heard(number, report):
                    if what == "done":
                        weights, history = rest
                        return Fitted({n: torch.from_numpy(w) for n, w in weights.items()}, history)
                    self._take(number, what, *rest)

    def end(self) -> None:
        """End those that are still there: at once while they start, when nothing is half-written
        and they would only notice after loading torch."""
        for end in self.lifelines:
            end.close()
        until = time.monotonic() + (_LEAVING if self.stepping else 0)
        for process in self.processes:
            process.join(max(0.0, until - time.monotonic()))
            if process.is_alive():
                process.kill()
                process.join()
        for end in self.reports:
            end.close()
        self.savepoint.add(sum(self.spent))

    def _heard(self, number: int, report: Connection) -> Iterator[tuple[Any, ...]]:
        try:
            while report.poll():
                yield report.recv()
        except (EOFError, OSError):
            raise self._ended(number) from None

    def _take(self, number: int, what: str, *rest: Any) -> None:
        if what == "step":
            self.stepping = True
            self.bar(*rest)
        elif what == "say":
            message(rest[0])
        elif what == "stopped":
            stop_if_told()
            raise KeyboardInterrupt
        elif what == "unusable":
            raise UnusableSavepoint(rest[0])
        elif what == "failed":
            error, told = rest
            if isinstance(error, BenchError | OSError | MemoryError):
                raise error from ElsewhereError(told)
            if isinstance(error, RuntimeError):  # perhaps of a connection that has ended
                wait([p.sentinel for p in self.processes], _GRACE)
                for other, process in enumerate(self.processes):
                    if not process.is_alive():
                        raise self._ended(other) from ElsewhereError(told)
            text = f"{self._named(number)}: {type(error).__name__}: {error}"
            if isinstance(error, RuntimeError) and "timed out" in str(error).lower():
                text = f"{self._named(number)} waited {TIMEOUT:g} s for another one in vain"
            raise WorkerError(text, hint=_RESUME) from ElsewhereError(told)

    def _ended(self, number: int) -> WorkerError:
        process = self.processes[number]
        process.join(_GRACE)
        how = how_it_ended(process.exitcode or 0)
        return WorkerError(f"{self._named(number)} {how}", hint=_RESUME)

    def _named(self, number: int) -> str:
        return f"rank {number} of {len(self.devices)} ({self.devices[number]})"


@contextmanager
def _quiet() -> Iterator[None]:
    """Processes started in the block print no warnings of torch's own; it reads this when it is
    loaded. One is of a setting that is meant: see Rank.shared."""
    before = os.environ.get("TORCH_CPP_LOG_LEVEL")
    os.environ["TORCH_CPP_LOG_LEVEL"] = before or "ERROR"
    try:
        yield
    finally:
        if before is None:
            del os.environ["TORCH_CPP_LOG_LEVEL"]
