"""The whole analysis on as many frames as the challenge's intraoperative training set.

Run: ``pytest tests/benchmarks/test_analysis_speed.py``.
"""

from __future__ import annotations

import numpy as np
import pytest

from adaptor_bench.matching.batch import PointBatch
from adaptor_bench.matching.settings import MatchSettings
from adaptor_bench.scoring.analysis.analyse import analyse
from adaptor_bench.scoring.reading import Batches

FRAMES = 2376
AT_MOST = 4.0  # seconds; both chance floors included


def world():
    """About 10 labels a frame in the middle of the picture, four in five found, 3 inventions."""
    rng = np.random.default_rng(0)
    edge = np.array((511, 287))
    labels = [rng.normal((256, 144), (90, 50), (n, 2)) for n in rng.integers(0, 20, FRAMES)]
    labels = [np.clip(q, 0, edge) for q in labels]
    predictions = []
    for q in labels:
        found = q[rng.random(len(q)) < 0.8]
        invented = rng.random((rng.poisson(3), 2)) * edge
        predictions.append(np.concatenate([found + rng.normal(0, 2, found.shape), invented]))
    points = PointBatch.from_frames(predictions)
    return Batches(
        keys=tuple(f"aicm{11 + f * 4 // FRAMES}/VID000_0/{f:06d}" for f in range(FRAMES)),
        predictions=PointBatch(points.points, points.starts, rng.random(len(points.points))),
        labels=PointBatch.from_frames(labels),
        missing=np.zeros(FRAMES, dtype=bool),
        sizes=np.tile((512, 288), (FRAMES, 1)),
    )


@pytest.mark.parametrize("rule", ["hungarian", "official", "nearest"])
def test_the_whole_analysis(benchmark, rule):
    batches = world()
    found = benchmark.pedantic(
        analyse, args=(batches, MatchSettings(rule)), rounds=3, warmup_rounds=1
    )
    assert found.chance.uniform.standard_error < 0.001
    assert found.chance.prior.standard_error < 0.001
    assert benchmark.stats.stats.min < AT_MOST
