"""Cells as tasks of Ray: of the cluster that RAY_ADDRESS names, or of one on this machine."""

from __future__ import annotations

import io
import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from typing import Any

from adaptor_bench.errors import WorkerError, portable
from adaptor_bench.extras import require
from adaptor_bench.harness.executors.cell import CellTask, lines_of, tasks_of
from adaptor_bench.harness.executors.following import Following
from adaptor_bench.harness.failures import Failure
from adaptor_bench.harness.job import Bench
from adaptor_bench.harness.plan import Cell
from adaptor_bench.harness.worker import TIDYING, Make
from adaptor_bench.harness.workers import cores
from adaptor_bench.progress import message

RETRIES = 3
"""Times that a cell whose process or node is lost is run again."""
_LOOK = 1.0  # seconds that are waited between two looks at the folder


def attempt(task: CellTask) -> BaseException | None:
    """What a task of Ray's calls: the cell; returns what went wrong, as another process can read
    it, for Ray would wrap it up."""
    try:
        task()
    except KeyboardInterrupt:  # cancelled
        raise
    except BaseException as error:
        return portable(error)
    return None


class OnRay:
    """An executor; see :class:`adaptor_bench.harness.executors.Executor`."""

    def run(self, bench: Bench, make: Make, workers: int | None) -> list[Failure]:
        tasks = tasks_of(bench, make)
        following = Following(bench, tasks, "Ray")
        if tasks:
            with _cluster(_cpus(bench)) as ray:
                self._work(ray, bench, tasks, following, workers or len(tasks))
        return following.end()

    def _work(
        self,
        ray: Any,
        bench: Bench,
        tasks: Mapping[Cell, CellTask],
        following: Following,
        most: int,
    ) -> None:
        gpus = bench.request.device != "cpu" and ray.cluster_resources().get("GPU", 0) >= 1
        remote = ray.remote(attempt).options(
            num_cpus=_cpus(bench),
            num_gpus=bench.request.devices * int(gpus),  # a cell without one sees none
            max_retries=RETRIES,
        )
        todo = list(tasks.items())
        at_work: dict[Any, Cell] = {}
        try:
            while todo or at_work:
                while todo and len(at_work) < most:
                    cell, task = todo.pop(0)
                    at_work[remote.remote(task)] = cell
                ended, _ = ray.wait(list(at_work), num_returns=1, timeout=_LOOK)
                following.look()
                for one in ended:
                    cell = at_work.pop(one)
                    try:
                        error = ray.get(one)
                    except ray.exceptions.RayError as lost:
                        following.lose(cell, f"Ray lost it: {str(lost).splitlines()[0]}")
                        continue
                    if error is not None:
                        raise error
                    following.lose(cell, "Ray ran it, but its results are not here", grace=10.0)
        except BaseException:
            for one in at_work:
                ray.cancel(one)
            if at_work:
                ray.wait(list(at_work), num_returns=len(at_work), timeout=TIDYING)
            raise


def _cpus(bench: Bench) -> int:
    """Those of a cell: ``--threads`` for each of its devices."""
    return (bench.request.threads or 1) * bench.request.devices


@contextmanager
def _cluster(threads: int) -> Iterator[Any]:
    """Ray, joined or started on this machine, for as long as the block lasts."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # it would report to its makers
    os.environ.setdefault("RAY_worker_niceness", "0")  # not last: the cells are what is waited for
    import ray

    address = os.environ.get("RAY_ADDRESS", "")
    own: dict[str, Any] = {}
    if not address:
        own = {"num_cpus": max(cores(), threads), "include_dashboard": False}
        if sys.platform == "linux":  # reached from this machine only; 127.0.0.1 would be replaced
            own["_node_ip_address"] = "127.0.0.2"
    try:
        ray.init(address or "local", log_to_driver=False, logging_level="ERROR", **own)
    except (ConnectionError, RuntimeError, OSError, ValueError) as error:
        raise WorkerError(f"Ray cannot be reached or started: {lines_of(error)[0]}") from error
    try:
        with redirect_stdout(_Told()):
            yield ray
    finally:
        ray.shutdown()


class _Told(io.StringIO):
    """What Ray prints of workers and nodes that are lost, as messages: results go to stdout."""

    def write(self, text: str) -> int:
        for line in text.splitlines():
            if plain := re.sub(r"\x1b\[[0-9;]*m", "", line).strip():
                message(f"{plain[:200]}{'...' if len(plain) > 200 else ''}")
        return len(text)


def make(settings: Mapping[str, str]) -> OnRay:
    """It has no settings. Raises UsageError when Ray is not installed."""
    require("ray", "runs on Ray")
    return OnRay()
