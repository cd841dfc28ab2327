"""The torchmetrics metric counts as ``bench evaluate`` does, alone and in several processes."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest
from commands import invoke_json
from frame_files import put_points

pytest.importorskip("torchmetrics", reason="torchmetrics is not installed")

import torch

from adaptor_bench.errors import UsageError
from adaptor_bench.train.metric import LandmarkF1


def frames(seed=0, number=12):
    """Predictions and labels of frames, as arrays (N, 2); one without a point, one without both."""
    rng = np.random.default_rng(seed)
    labels = [rng.uniform((0, 0), (512, 288), (k % 6, 2)).round(1) for k in range(number)]
    found = [np.vstack([p + rng.normal(0, 4, p.shape), rng.uniform(0, 280, (2, 2))]).round(1)
             for p in labels]  # fmt: skip
    found[3] = found[0] = np.empty((0, 2))
    return found, labels


@pytest.mark.parametrize(("rule", "radius"), [("hungarian", 6), ("official", 3), ("nearest", 8)])
def test_it_is_what_bench_evaluate_says(tmp_path, rule, radius):
    found, labels = frames()
    for name, points in (("found", found), ("labels", labels)):
        for k, one in enumerate(points):
            put_points(tmp_path / name, f"aicm1/V/{k:06}", one)
    told = invoke_json("evaluate", tmp_path / "found", tmp_path / "labels", "--matching", rule,
                       "--radius", radius)  # fmt: skip
    metric = LandmarkF1(radius=radius, matching=rule)
    for first in range(0, len(found), 5):  # in batches
        some = slice(first, first + 5)
        metric.update(
            [torch.tensor(p) for p in found[some]], [torch.tensor(p) for p in labels[some]]
        )
    assert {"tp": int(metric.tp), "fp": int(metric.fp), "fn": int(metric.fn)} == told["counts"]
    assert metric.compute().item() == pytest.approx(told["metrics"]["f1"], abs=1e-7)
    assert 0 < metric.compute() < 1


def test_forward_gives_the_batch_and_reset_forgets():
    metric = LandmarkF1()
    assert metric([[(1, 1)]], [[(1, 1)]]) == 1
    assert metric([[(1, 1)]], [[(50, 1)]]) == 0
    assert metric.compute() == 0.5
    metric.reset()
    assert math.isnan(metric.compute())
    assert math.isnan(LandmarkF1()([[]], [[]]))


def test_what_is_wrong_is_told():
    with pytest.raises(ValueError, match="predictions of 1 frames, labels of 2"):
        LandmarkF1().update([[]], [[], []])
    with pytest.raises(ValueError, match="2"):
        LandmarkF1().update([[(1, 2, 3)]], [[]])
    with pytest.raises(UsageError):
        LandmarkF1(matching="hungry")


WORKER = """
import sys
import torch
from torch import distributed
sys.path.insert(0, {tests!r})
from test_landmark_f1 import frames
from adaptor_bench.train.metric import LandmarkF1
rank = int(sys.argv[1])
distributed.init_process_group("gloo", init_method="file://{file}", rank=rank, world_size=2)
found, labels = frames()
metric = LandmarkF1()
metric.update(found[rank::2], labels[rank::2])
print(metric.compute().item())
distributed.destroy_process_group()
"""


def test_two_processes_get_the_f1_of_all_frames(tmp_path):
    from pathlib import Path

    code = WORKER.format(tests=str(Path(__file__).parent), file=tmp_path / "meet")
    processes = [
        subprocess.Popen([sys.executable, "-c", code, str(rank)], stdout=subprocess.PIPE, text=True)
        for rank in range(2)
    ]
    told = [float(process.communicate(timeout=240)[0]) for process in processes]
    whole = LandmarkF1()
    whole.update(*frames())
    assert told == [whole.compute().item()] * 2
