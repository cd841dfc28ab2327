"""Whole commands, process start included, against a bare script that only parses the files.

``pytest tests/benchmarks/test_commands_speed.py``; ``-k "not hundred"`` leaves out what takes
minutes to write, ``FRAMES=100000`` validates that many frames.
"""

from __future__ import annotations

import os
import shutil

import numpy as np
import pytest
from folders import BARE, measured, write_folders

from adaptor_bench.data.formats.challenge import write_points

BENCH = ("-m", "adaptor_bench")
FRAMES = int(os.environ.get("FRAMES", "5000"))
POINTS = 5000
OBVIOUS = """
import json, sys
import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist
a, b = ([[p["x"], p["y"]] for p in json.load(open(f))["points"]] for f in sys.argv[1:])
linear_sum_assignment(cdist(a, b))
"""


def best(predictions, labels, rounds):
    """``bench evaluate`` and the bare script, best of several rounds in turn: their seconds, and
    the peak MiB of the command."""
    pairs = [
        (
            measured("-c", BARE, labels, predictions),
            measured(*BENCH, "evaluate", predictions, labels),
        )
        for _ in range(rounds)
    ]
    bare, ours = (min(side) for side in zip(*pairs, strict=True))
    return bare[0], *ours


@pytest.mark.parametrize(
    ("frames", "rounds", "ratio", "more"), [(2376, 5, 1, 0.4), (100_000, 2, 1.5, 0)],
    ids=["as many as the challenge has", "a hundred thousand"],
)  # fmt: skip
def test_evaluate(benchmark, tmp_path, frames, rounds, ratio, more):
    folders = write_folders(tmp_path, frames)
    bare, ours, memory = benchmark.pedantic(best, args=(*folders, rounds), rounds=1)
    benchmark.extra_info |= {"bare": round(bare, 3), "ours": round(ours, 3), "MiB": round(memory)}
    assert ours <= ratio * bare + more
    assert memory < 1024


@pytest.mark.parametrize("kind", ["folder", "folder with reference", "zip", "gztar"])
def test_validate(benchmark, tmp_path, kind):
    predictions, labels = write_folders(tmp_path, FRAMES)
    bare, _ = measured("-c", BARE, predictions, *[labels] * ("ref" in kind), rounds=3)
    given = [predictions]
    if "folder" not in kind:
        given = [shutil.make_archive(str(tmp_path / "team"), kind, predictions)]
    command = (*BENCH, "validate", *given, *["--reference", labels] * ("ref" in kind))
    ours, memory = benchmark.pedantic(lambda: measured(*command, rounds=3), rounds=1)
    benchmark.extra_info |= {"ratio": round(ours / bare, 2), "MiB": round(memory)}
    assert ours < 3 * bare + 0.5
    assert memory < 1024


def test_audit_of_a_heap_of_points(benchmark, tmp_path):
    """One frame of 5,000 predictions and as many labels, against the obvious way for one of the
    four rules: all distances, one assignment."""
    rng = np.random.default_rng(0)
    labels = rng.random((POINTS, 2)) * (511, 287)
    files = [tmp_path / side / "a" / "v" / "0.json" for side in "pq"]
    for path, points in zip(files, (labels + rng.normal(0, 2, labels.shape), labels), strict=True):
        write_points(path, points, folder="a", subfolder="v", image="0.png", size=(512, 288))
    bare, _ = measured("-c", OBVIOUS, *files, rounds=3)
    audit = (*BENCH, "audit", tmp_path / "p", tmp_path / "q")
    ours, memory = benchmark.pedantic(lambda: measured(*audit, rounds=3), rounds=1)
    benchmark.extra_info |= {"ratio to one rule": round(ours / bare, 2), "MiB": round(memory)}
    assert ours < 4 * bare
    assert memory < 320
