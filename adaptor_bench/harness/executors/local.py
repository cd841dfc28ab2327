"""Cells by worker processes of this machine."""

from __future__ import annotations

from collections.abc import Mapping

from adaptor_bench.harness.failures import Failure
from adaptor_bench.harness.job import Bench
from adaptor_bench.harness.worker import Make
from adaptor_bench.harness.workers import run_with, usual_workers


class Local:
    """An executor; see :class:`adaptor_bench.harness.executors.Executor`."""

    def run(self, bench: Bench, make: Make, workers: int | None) -> list[Failure]:
        request = bench.request
        usual = usual_workers(request.profile, request.device, request.devices)
        return run_with(bench, make, workers or usual)


def make(settings: Mapping[str, str]) -> Local:
    """It has no settings."""
    return Local()
