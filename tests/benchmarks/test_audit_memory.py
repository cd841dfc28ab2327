"""``bench audit`` on a heap of points: one frame of 5,000 predictions and as many labels.

Against the obvious way for one of the four rules: all distances, one assignment. Peak memory is
that of the whole process. Run: ``pytest tests/benchmarks/test_audit_memory.py``.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time

import numpy as np

from adaptor_bench.data.labels import write_points

POINTS = 5000
OBVIOUS = """
import json, sys
import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist
a, b = ([[p["x"], p["y"]] for p in json.load(open(f))["points"]] for f in sys.argv[1:])
linear_sum_assignment(cdist(a, b))
"""


def measured(*command: object) -> tuple[float, float]:
    """Seconds and peak MiB of a process."""
    began = time.perf_counter()
    child = subprocess.Popen([sys.executable, *map(str, command)], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = status
    assert status == 0
    return time.perf_counter() - began, usage.ru_maxrss / 1024


def test_a_heap_of_points(benchmark, tmp_path):
    rng = np.random.default_rng(0)
    labels = rng.random((POINTS, 2)) * (511, 287)
    for side, points in (("p", labels + rng.normal(0, 2, labels.shape)), ("q", labels)):
        path = tmp_path / side / "a" / "v" / "0.json"
        write_points(path, points, folder="a", subfolder="v", image="0.png", size=(512, 288))
    p, q = tmp_path / "p", tmp_path / "q"
    files = [side / "a" / "v" / "0.json" for side in (p, q)]
    bare, _ = min(measured("-c", OBVIOUS, *files) for _ in range(3))
    audit = ("-m", "adaptor_bench", "audit", p, q)
    ours, memory = benchmark.pedantic(lambda: min(measured(*audit) for _ in range(3)), rounds=1)
    benchmark.extra_info |= {"ratio to one rule": round(ours / bare, 2), "MiB": round(memory)}
    assert ours < 4 * bare
    assert memory < 320
