"""What the main job takes: ``python tests/benchmarks/main_job.py [MORE OPTIONS OF bench run]``.

Runs ``bench run --method improved_heatmap`` in an empty folder and with an empty cache, so that
the phantom is drawn as well, and prints time on the clock, share of a core (200 % are two), and
the most memory that its processes held at a time: pages that they share count once (PSS), and
as often as they are held (RSS). Linux only; nothing else should run meanwhile.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

EVERY = 0.5  # seconds between two looks at the memory


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "adaptor_bench", "run", "--method", "improved_heatmap"]
        began, peaks = time.perf_counter(), (0, 0)
        job = subprocess.Popen(
            [*command, *sys.argv[1:]],
            cwd=folder,
            env=os.environ | {"ADAPTOR_BENCH_CACHE": str(Path(folder, "cache"))},
        )
        while job.poll() is None:
            held = [memory(pid) for pid in tree(job.pid)]
            peaks = tuple(
                max(p, sum(each)) for p, each in zip(peaks, zip(*held, strict=True), strict=True)
            )
            time.sleep(EVERY)
        seconds = time.perf_counter() - began
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    busy = used.ru_utime + used.ru_stime
    sys.stdout.write(
        f"{seconds // 60:.0f}:{seconds % 60:02.0f} min, {100 * busy / seconds:.0f} % of a core, "
        f"{peaks[0] / 2**20:.2f} GiB PSS, {peaks[1] / 2**20:.2f} GiB RSS\n"
    )
    return job.returncode


def tree(root: int) -> list[int]:
    """A process and all that it started, as far as they live."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue  # it has ended
        children.setdefault(parent, []).append(int(path.parent.name))
    found = [root]
    for pid in found:
        found += children.get(pid, [])
    return found


def memory(pid: int) -> tuple[int, int]:
    """PSS and RSS of a process, KiB."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    except OSError:
        return 0, 0
    sizes = {line.split(":")[0]: int(line.split()[1]) for line in lines}
    return sizes.get("Pss", 0), sizes.get("Rss", 0)


if __name__ == "__main__":
    sys.exit(main())
