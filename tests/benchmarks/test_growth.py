"""Time and memory of whole commands on 1, 4 and 16 times the data: both grow with it, no faster.

CPU seconds and peak memory of a process each, its start included. For Linux. Run:
``pytest tests/benchmarks/test_growth.py``.
"""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from finished_runs import put_fold
from folders import write_folders
from frame_files import put_points
from many_frames import write_frames

SIZES = (300, 1200, 4800)  # frames
RUNS = (100, 400, 1600)  # frames of a run, of 512x288
HEAP = 5000  # points on either side of one frame
NOISE = {"s": 0.1, " MiB": 3}  # what one measurement may be off
NOISE_OF_A_RUN = {"s": 0.5, " MiB": 5}  # it takes ten times as long


# Memory is asked of the process itself: what the system tells at its end is no less than the memory
# of the process that started it.
ITSELF = """
import sys
from adaptor_bench.cli import main
try:
    main(sys.argv[2:])
finally:
    with open("/proc/self/status") as status, open(sys.argv[1], "w") as told:
        told.write(next(line for line in status if line.startswith("VmHWM")).split()[1])
"""


def cost(*command: object, cwd) -> tuple[float, float]:
    """CPU seconds and peak MiB of ``bench COMMAND``."""
    words = [sys.executable, "-c", ITSELF, "peak", *map(str, command)]
    child = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=cwd)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0, command
    return usage.ru_utime + usage.ru_stime, int((cwd / "peak").read_text()) / 1024


def write_runs(out, frames):
    """Three methods on four folds, ``frames`` in all."""
    rng = np.random.default_rng(0)
    for method, skill in (("a", 0.9), ("b", 0.6), ("c", 0.4)):
        for fold in range(1, 5):
            hits = rng.binomial(10, skill, frames // 4)
            keys = (f"aicm{15 - fold}/V/{k:06d}" for k in range(len(hits)))
            counts = ((key, int(tp), 2, 10 - int(tp)) for key, tp in zip(keys, hits, strict=True))
            put_fold(out, method, fold, counts)


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    found = {}
    for frames in SIZES:
        found[frames] = tmp_path_factory.mktemp(f"frames{frames}")
        write_folders(found[frames], frames)
        write_runs(found[frames] / "runs", frames)
    return found


@pytest.mark.parametrize(
    "command",
    ["evaluate predictions labels", "validate predictions --reference labels",
     "audit predictions labels", "card runs", "report runs --frames 0 --out site"],
)  # fmt: skip
def test_growth(held, places, command):
    hold_linear(held, command, [cost(*command.split(), cwd=places[frames]) for frames in SIZES])


def test_growth_of_a_run(held, tmp_path):
    """The same number of steps on ever more frames, of whose pixels 38 are kept at a time."""
    command = (
        "run --method unet_peaks --profile smoke --domain sim --fold 1 --workers 1 "
        "--frame-memory 16 --data data --out runs"
    )
    costs = []
    for frames in RUNS:
        place = tmp_path / str(frames)
        write_frames(place, frames)
        costs.append(cost(*command.split(), cwd=place))
    hold_linear(held, command, costs, NOISE_OF_A_RUN)


def hold_linear(held, command, costs, noises=NOISE):
    """``costs``: CPU seconds and MiB with 1, 4 and 16 times the data."""
    for kind, (unit, noise) in enumerate(noises.items()):
        small, middle, large = (each[kind] for each in costs)
        # From 4 to 16 times the data it grows by four times what it does from 1 to 4.
        most = middle + 4 * max(middle - small, 0) * 1.25 + 4 * noise
        grown = " -> ".join(f"{each[kind]:.3g}" for each in costs)
        held(f"`bench {command.split()[0]}`: {grown}{unit}", large, round(most, 2), unit)


def test_a_card_of_a_board(held, tmp_path):
    seconds, _ = cost("card", "--board", "phantom-mini", cwd=tmp_path)
    held("`bench card --board phantom-mini`", seconds, 2, " s")


def test_audit_of_a_heap_of_points(held, tmp_path):
    rng = np.random.default_rng(0)
    labels = rng.random((HEAP, 2)) * (511, 287)
    for side, points in (("p", labels + rng.normal(0, 2, labels.shape)), ("q", labels)):
        put_points(tmp_path / side, "a/v/0", points, size=(512, 288))
    seconds, memory = cost("audit", "p", "q", cwd=tmp_path)
    held("`bench audit`, 5,000 x 5,000 points in a frame", seconds, 3, " s")
    held("`bench audit`, 5,000 x 5,000 points in a frame, memory", memory, 300, " MiB")
