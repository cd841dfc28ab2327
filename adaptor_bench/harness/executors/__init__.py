"""What runs the cells of a run: processes of this machine, Slurm, or Ray.

A cell is one function from a configuration to a folder (:mod:`.cell`); it neither knows nor cares
who calls it. Whoever does, results are the same to the bit on machines that compute alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Protocol

from adaptor_bench.errors import UsageError
from adaptor_bench.harness.failures import Failure
from adaptor_bench.harness.job import Bench
from adaptor_bench.harness.worker import Make

# name -> module; nothing is imported until an executor is chosen.
EXECUTORS = {"local": "local", "slurm": "slurm", "ray": "on_ray"}


class Executor(Protocol):
    """Sees all cells of a bench through."""

    def run(self, bench: Bench, make: Make, workers: int | None) -> list[Failure]:
        """Run what is not finished yet, at most ``workers`` cells at a time (None: as many as is
        usual here); returns the folds that failed.

        Raises what ``bench.run()`` raises, and WorkerError for cells that ended without a result.
        """


def executor_named(name: str, settings: Mapping[str, str]) -> Executor:
    """The executor; ``settings`` are options of Slurm's. Raises UsageError for settings that are
    none, or when what it needs is not installed."""
    executor: Executor = import_module(f"{__name__}.{EXECUTORS[name]}").make(settings)
    return executor


def refuse_conflicts(
    name: str,
    *,
    shard: tuple[int, int] | None,
    device: str,
    restart: bool,
    settings: Mapping[str, str],
) -> None:
    """Raise UsageError naming all that does not go together."""
    wrong = []
    if name != "local" and shard:
        wrong.append(
            f"--shard takes a part of the cells for a scheduler of your own; --executor {name} "
            "hands out all of them by itself"
        )
    if name != "local" and ":" in device:
        wrong.append(
            f"--device {device} names one GPU of this machine; with --executor {name} say "
            f"--device {device.partition(':')[0]}, and a cell gets the GPU that is free"
        )
    if name != "local" and restart:
        wrong.append(
            f"--restart would begin a cell anew whenever --executor {name} has to start it again; "
            "use another --out"
        )
    if name != "slurm" and settings:
        wrong.append("--slurm gives options to Slurm; it needs --executor slurm")
    if wrong:
        raise UsageError("\n".join(wrong))
