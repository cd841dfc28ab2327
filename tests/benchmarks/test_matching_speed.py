"""Matching against the obvious loop: cdist and linear_sum_assignment, once per frame.

The obvious loop does not put its points in order, so its ties depend on the file, and it hides a
constant in its costs; its counts are the same. Ratios are taken within one run, best of several.
Run: ``pytest tests/benchmarks``; the tables of docs/performance.md: ``tests/benchmarks/table.py``.
"""

from __future__ import annotations

import time

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from adaptor_bench.matching.batch import PointBatch
from adaptor_bench.matching.match import match_frames, match_rules
from adaptor_bench.matching.rules import ranked_rules

FRAMES = 2376  # as in the intraoperative part of the challenge
RADII = range(1, 16)


def spread(frames=FRAMES):
    """10 points a frame anywhere in it, each found within about 2 px."""
    rng = np.random.default_rng(0)
    for _ in range(frames):
        labels = rng.uniform(0, 1, (10, 2)) * (512, 288)
        yield labels + rng.normal(0, 2, (10, 2)), labels


def crowded(frames=FRAMES):
    """12 labels in a quarter of the frame's width, 10 found within 3 px, 3 invented: rivals."""
    rng = np.random.default_rng(0)
    for _ in range(frames):
        labels = rng.uniform(100, 220, (12, 2))
        invented = rng.uniform(100, 220, (3, 2))
        yield np.concatenate([labels[:10] + rng.normal(0, 3, (10, 2)), invented]), labels


SCENES = {"spread": spread, "crowded": crowded}


def obvious(pairs):
    tp = 0
    for predictions, labels in pairs:
        distance = cdist(predictions, labels)
        i, j = linear_sum_assignment(np.where(distance <= 6, distance, 1e3))
        tp += np.count_nonzero(distance[i, j] <= 6)
    return tp


def batches(pairs):
    """Part of what is measured: the loop, too, starts from one array a frame."""
    return (
        PointBatch.from_frames([p for p, _ in pairs]),
        PointBatch.from_frames([q for _, q in pairs]),
    )


def one_rule(pairs, rule="hungarian"):
    return int(match_frames(*batches(pairs), rule=rule).tp.sum())


def every_rule(pairs):
    return match_rules(*batches(pairs))


def curve(pairs):
    points = batches(pairs)
    return [int(match_frames(*points, radius).tp.sum()) for radius in RADII]


def seconds(function, *given, rounds=7):
    """The best of several rounds: what the machine can do when nothing else disturbs it."""
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        function(*given)
        times.append(time.perf_counter() - began)
    return min(times)


def ratio(benchmark, ours, reference, pairs, at_most):
    benchmark.pedantic(ours, args=(pairs,), rounds=3, warmup_rounds=1)
    found = seconds(ours, pairs) / seconds(reference, pairs)
    benchmark.extra_info["ratio"] = round(found, 2)
    assert found <= at_most


@pytest.mark.parametrize("scene", SCENES)
def test_matching_is_not_slower_than_the_obvious_loop(benchmark, scene):
    pairs = list(SCENES[scene]())
    assert one_rule(pairs) == obvious(pairs)
    ratio(benchmark, one_rule, obvious, pairs, 1)


@pytest.mark.parametrize("rule", ranked_rules())
def test_other_rules_cost_no_more(benchmark, rule):
    ratio(benchmark, lambda pairs: one_rule(pairs, rule), obvious, list(spread()), 1)


def test_four_rules_cost_at_most_twice_one(benchmark):
    ratio(benchmark, every_rule, one_rule, list(spread()), 2)


def test_four_rules_in_crowded_frames(benchmark):
    """There `ungated` has to solve every frame as a whole, which no other rule has to."""
    ratio(benchmark, every_rule, obvious, list(crowded()), 4)
