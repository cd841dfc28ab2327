"""Resampling all methods at once against one resample after the other.

10,000 nested resamples of 20 methods on 2,376 frames of four surgeries, counts pooled per fold.
Run: ``pytest tests/benchmarks/test_resampling_speed.py``.
"""

from __future__ import annotations

import time

import numpy as np
import pytest

from adaptor_bench.scoring.metrics import METRICS
from adaptor_bench.scoring.uncertainty.estimands import resampled
from adaptor_bench.scoring.uncertainty.resampling import enumerate_draws, resample
from adaptor_bench.scoring.uncertainty.tally import Tally

METHODS, RESAMPLES = 20, 10_000
FRAMES = (686, 372, 524, 794)  # the intraoperative surgeries


@pytest.fixture(scope="module")
def paired():
    total = sum(FRAMES)
    counts = np.random.default_rng(0).integers(0, 12, (METHODS, total, 3))
    return Tally(
        tuple(f"m{i}" for i in range(METHODS)),
        tuple("abcd"),
        (1, 2, 3, 4),
        tuple(f"f{i}" for i in range(total)),
        counts,
        np.arange(METHODS),
        np.repeat(np.arange(4), FRAMES),
        np.arange(4),
    )


def obvious(tally, resamples, seed=0):
    """One resample after the other, by fancy indexing."""
    rng = np.random.default_rng(seed)
    frames = [np.flatnonzero(tally.surgery == s) for s in range(4)]
    values = np.empty((resamples, METHODS))
    for b in range(resamples):
        drawn = rng.integers(0, 4, 4)
        of_surgery = []
        for s in drawn:
            again = rng.choice(frames[s], len(frames[s]))
            of_surgery.append(METRICS["f1"].of_last_axis(tally.counts[:, again].sum(axis=1)))
        values[b] = np.mean(of_surgery, axis=0)
    return values


def ours(tally):
    return resampled(tally, resample(tally, RESAMPLES, nested=True))


def test_nested_resamples(benchmark, paired):
    part = RESAMPLES // 100
    start = time.perf_counter()
    obvious(paired, part)
    reference = (time.perf_counter() - start) * 100
    values = benchmark.pedantic(ours, (paired,), rounds=5, warmup_rounds=1)
    assert values.shape == (RESAMPLES, METHODS)
    ratio = benchmark.stats.stats.min / reference
    benchmark.extra_info["ratio to the loop"] = round(ratio, 4)
    assert ratio < 0.2


def test_all_draws_of_ten_surgeries(benchmark):
    """92,378 draws; the reference writes each out as the ten surgeries drawn."""
    weights, _ = benchmark.pedantic(enumerate_draws, (10,), rounds=3)
    assert weights.shape == (92_378, 10)
