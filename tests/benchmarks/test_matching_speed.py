"""Matching against the obvious loop: cdist and linear_sum_assignment, once per frame.

The obvious loop does not sort its points, so ties depend on their order, and it hides a constant
in its costs. What being exact costs is bounded here. Run: ``pytest tests/benchmarks``.
"""

from __future__ import annotations

import time

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from adaptor_bench.evaluate.matching import RULES, match

FRAMES = 500
AT_MOST = 25  # times the obvious loop


def frames():
    """About 12 labels a frame, as in AdaptOR 2021; most found within 2 px, some in pairs."""
    rng = np.random.default_rng(0)
    for _ in range(FRAMES):
        labels = rng.uniform(100, 220, (12, 2))
        yield labels[:10] + rng.normal(0, 2, (10, 2)), labels


def obvious(pairs):
    for predictions, labels in pairs:
        distance = cdist(predictions, labels)
        linear_sum_assignment(np.where(distance <= 6, distance, 1e3))


def seconds(function, pairs):
    """The best of three."""
    times = []
    for _ in range(3):
        began = time.perf_counter()
        function(pairs)
        times.append(time.perf_counter() - began)
    return min(times)


@pytest.mark.parametrize("rule", RULES)
def test_ratio_to_the_obvious_loop(benchmark, rule):
    pairs = list(frames())

    def ours(pairs):
        for predictions, labels in pairs:
            match(predictions, labels, rule=rule)

    benchmark.pedantic(ours, args=(pairs,), rounds=3, warmup_rounds=1)
    ratio = seconds(ours, pairs) / seconds(obvious, pairs)
    benchmark.extra_info["ratio"] = round(ratio, 1)
    assert ratio < AT_MOST
