"""A network trained by several processes together, seen from the one that waits for them.

Each process, a *rank*, has a device of its own (:mod:`adaptor_bench.train.rank`). None of them
outlives this one, and when one ends by itself the others are ended: nothing waits for what will
not come.
"""

from __future__ import annotations

import importlib.util
import os
import pickle
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Iterator, MutableSequence, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields, is_dataclass
from datetime import timedelta
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from adaptor_bench.errors import BenchError, ElsewhereError, WorkerError, portable
from adaptor_bench.matching.settings import MatchSettings
from adaptor_bench.progress import Bar, hand_over, message
from adaptor_bench.stopping import (
    held_off,
    how_it_ended,
    stop_if_told,
    stop_with,
    told_to_stop,
    undisturbed,
)
from adaptor_bench.train.fit import Fitted, Work, fit_here, fit_network
from adaptor_bench.train.rank import Rank
from adaptor_bench.train.samples import Sample
from adaptor_bench.train.savepoints import Savepoint, State, UnusableSavepoint
from adaptor_bench.train.settings import Parts

TIMEOUT = 1800.0
"""Seconds that a rank waits for another, above all for the first to try the network."""
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
        with TemporaryDirectory(prefix="adaptor_bench-ranks-") as folder:
            try:
                ranks.start(Path(folder), resumed=resumed is not None)
                return ranks.follow()
            finally:
                ranks.end()

    return savepoint.resumed(run)


@dataclass(frozen=True)
class _Orders:
    """What a rank is told. ``files`` are method files by the name of the module; ``meeting`` is
    where ranks find each other."""

    number: int
    devices: Sequence[str]
    files: dict[str, str]
    work: bytes
    threads: int
    meeting: str
    timeout: float
    savepoint: Path | None
    resumed: bool


class _Ranks:
    """The processes, and what they report."""

    def __init__(self, work: Work, devices: Sequence[str], savepoint: Savepoint, bar: Bar) -> None:
        self.work, self.devices = work, devices
        self.savepoint, self.bar = savepoint, bar
        self.context = get_context("spawn")  # a forked process cannot use a GPU
        self.spent = self.context.RawArray("d", len(devices))
        self.processes: list[SpawnProcess] = []
        self.lifelines: list[Connection] = []
        self.reports: list[Connection] = []
        self.stepping = False

    def start(self, folder: Path, *, resumed: bool) -> None:
        """Start them, with a private ``folder`` to find each other."""
        files, work = dict(_files_of(self.work.parts)), pickle.dumps(self.work)
        with undisturbed():
            for number in range(len(self.devices)):
                orders = _Orders(
                    number, self.devices, files, work, torch.get_num_threads(),
                    str(folder / "meeting"), TIMEOUT, self.savepoint.path, resumed,
                )  # fmt: skip
                watched, lifeline = self.context.Pipe(duplex=False)
                reader, writer = self.context.Pipe(duplex=False)
                process = self.context.Process(
                    target=_serve, args=(orders, self.spent, watched, writer)
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
        """End those that are still there."""
        for end in self.lifelines:
            end.close()
        until = time.monotonic() + _LEAVING
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


def _serve(
    orders: _Orders, spent: MutableSequence[float], lifeline: Connection, reports: Connection
) -> None:
    """What a rank does: its part of the work; then it waits to be ended, for to leave would
    disturb those that still work."""
    with suppress(OSError):  # nobody listens any more
        try:
            stop_with(lifeline)
            fitted = _fitted(orders, spent, reports)
            if orders.number == 0:
                weights = {name: tensor.numpy() for name, tensor in fitted.weights.items()}
                reports.send(("done", weights, fitted.history))
        except KeyboardInterrupt:
            reports.send(("stopped",))
        except UnusableSavepoint as error:
            reports.send(("unusable", str(error)))
        except BaseException as error:
            told = "".join(traceback.format_exception(error))
            reports.send(("failed", portable(error), told))
    threading.Event().wait()


def _fitted(orders: _Orders, spent: MutableSequence[float], reports: Connection) -> Fitted:
    leads, of, device = orders.number == 0, len(orders.devices), orders.devices[orders.number]
    hand_over(lambda text: reports.send(("say", text)) if leads else None)
    warnings.simplefilter("ignore")  # of torch's, which the first rank's user has no use for
    for name, path in orders.files.items():
        _load(name, path)
    work: Work = pickle.loads(orders.work)  # our own, of this moment
    torch.set_num_threads(orders.threads)
    _meet(orders, device)
    # Savepoints are compared by the kind of the first device, whichever rank reads them.
    savepoint = Savepoint(orders.savepoint, orders.devices[0], cpu=lambda: sum(spent))
    resumed = savepoint.read() if orders.resumed else None
    if not leads:
        savepoint.path = None
    # From here: to start, and to load torch, costs the same whatever is trained.
    rank = Rank(orders.number, of, device, work.seed, spent, time.process_time())

    def bar(done: int, total: int, note: str = "") -> None:
        if leads:
            reports.send(("step", done, total, note))

    with held_off():
        fitted = fit_here(work, device, bar, savepoint, resumed, rank)
    rank.tell_spent()
    return fitted


def _meet(orders: _Orders, device: str) -> None:
    """Join the other ranks, over this machine's own interface."""
    import torch.distributed as dist

    for name in ("GLOO_SOCKET_IFNAME", "NCCL_SOCKET_IFNAME"):
        if sys.platform in ("linux", "darwin"):
            os.environ.setdefault(name, "lo" if sys.platform == "linux" else "lo0")
    backend = "gloo"
    if device.startswith("cuda"):
        backend = "cpu:gloo,cuda:nccl"
        torch.cuda.set_device(device)
    of = len(orders.devices)
    store = dist.FileStore(orders.meeting, of)  # type: ignore[attr-defined]
    dist.init_process_group(
        backend, store=store, rank=orders.number, world_size=of,
        timeout=timedelta(seconds=orders.timeout),
    )  # fmt: skip


def _files_of(part: Any) -> Iterator[tuple[str, str]]:
    """The method files that a part's class and those of its own parts are from."""
    module = sys.modules.get(type(part).__module__)
    if module is not None and module.__name__.startswith("adaptor_bench._method_files."):
        yield module.__name__, str(module.__file__)
    if is_dataclass(part) and not isinstance(part, type):
        for field in fields(part):
            yield from _files_of(getattr(part, field.name))


def _load(name: str, path: str) -> None:
    """A method file under the name that it has in the process that started this one."""
    specification = importlib.util.spec_from_file_location(name, path)
    assert specification is not None and specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules[name] = module
    specification.loader.exec_module(module)
