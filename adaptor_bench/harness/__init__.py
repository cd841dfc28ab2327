"""Method x domain x fold -> run directory, and what is done with a finished one."""

from adaptor_bench.harness.job import Bench
from adaptor_bench.harness.plan import Cell, RunRequest, requested_domains

__all__ = ["Bench", "Cell", "RunRequest", "requested_domains"]
