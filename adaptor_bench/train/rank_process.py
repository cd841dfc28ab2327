"""What a process does that trains a network together with others, from its start to its end."""

from __future__ import annotations

import os
import pickle
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Iterator, MutableSequence, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields, is_dataclass
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import torch

from adaptor_bench.errors import portable
from adaptor_bench.progress import hand_over
from adaptor_bench.resources import module_from
from adaptor_bench.stopping import held_off, stop_with
from adaptor_bench.train.fit import Fitted, Work, fit_here
from adaptor_bench.train.rank import Rank
from adaptor_bench.train.savepoints import Savepoint, UnusableSavepoint

WORK = "work"  # the name of the file that holds it


@dataclass(frozen=True)
class Orders:
    """What a rank is told. ``files`` are method files by the name of the module; ``folder`` is
    private, holds the work and is where ranks find each other."""

    number: int
    devices: Sequence[str]
    files: dict[str, str]
    folder: Path
    threads: int
    timeout: float
    savepoint: Path | None
    resumed: bool


def serve(
    orders: Orders,
    spent: MutableSequence[float],
    tried: MutableSequence[int],
    lifeline: Connection,
    reports: Connection,
) -> None:
    """What a rank does: its part of the work; then it waits to be ended, for to leave would
    disturb those that still work."""
    with suppress(OSError):  # nobody listens any more
        try:
            stop_with(lifeline)
            fitted = _fitted(orders, spent, tried, reports)
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


def _fitted(
    orders: Orders,
    spent: MutableSequence[float],
    tried: MutableSequence[int],
    reports: Connection,
) -> Fitted:
    leads, of, device = orders.number == 0, len(orders.devices), orders.devices[orders.number]
    hand_over(lambda text: reports.send(("say", text)) if leads else None)
    warnings.simplefilter("ignore")  # of torch's, which the first rank's user has no use for
    for name, path in orders.files.items():
        module_from(path, name)
    with (orders.folder / WORK).open("rb") as kept:
        work: Work = pickle.load(kept)  # our own, of this moment
    torch.set_num_threads(orders.threads)
    _meet(orders, device)
    # Savepoints are compared by the kind of the first device, whichever rank reads them.
    savepoint = Savepoint(orders.savepoint, orders.devices[0], cpu=lambda: sum(spent))
    resumed = savepoint.read() if orders.resumed else None
    if not leads:
        savepoint.path = None
    # From here: to start, and to load torch, costs the same whatever is trained.
    rank = Rank(orders.number, of, device, work.seed, spent, tried, time.process_time())

    def bar(done: int, total: int, note: str = "") -> None:
        if leads:
            reports.send(("step", done, total, note))

    with held_off():
        fitted = fit_here(work, device, bar, savepoint, resumed, rank)
    rank.tell_spent()
    return fitted


def _meet(orders: Orders, device: str) -> None:
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
    store = dist.FileStore(str(orders.folder / "meeting"), of)  # type: ignore[attr-defined]
    dist.init_process_group(
        backend, store=store, rank=orders.number, world_size=of,
        timeout=timedelta(seconds=orders.timeout),
    )  # fmt: skip


def files_of(part: Any) -> Iterator[tuple[str, str]]:
    """The method files that a part's class and those of its own parts are from."""
    module = sys.modules.get(type(part).__module__)
    if module is not None and module.__name__.startswith("adaptor_bench._method_files."):
        yield module.__name__, str(module.__file__)
    if is_dataclass(part) and not isinstance(part, type):
        for field in fields(part):
            yield from files_of(getattr(part, field.name))
