"""Decoding against the same steps by scikit-image, on random maps: same points, less time.

Run: ``pytest tests/benchmarks/test_decoding_speed.py``; ``MAPS=10000`` compares that many. Both
sides decode each map in turn, in one thread; CPU seconds, so that other programs do not matter.
"""

from __future__ import annotations

import os
import time

import cv2
import numpy as np
import pytest
from oracles import decoding as oracle

from adaptor_bench.stages.decoders.otsu import Otsu
from adaptor_bench.stages.decoders.peaks import Peaks

MAPS = int(os.environ.get("MAPS", "300"))


@pytest.mark.parametrize(
    ("what", "decoder", "times"),
    [
        ("Otsu, opening, cutting, centroids", Otsu(), 5.0),
        ("peaks", Peaks(), 3.2),
        ("peaks, threshold yet to be chosen", Peaks(threshold=None), 6.0),
    ],
)
def test_decoding(held, what, decoder, times):
    cv2.setNumThreads(1)  # as the harness does
    rng = np.random.default_rng(1)
    costs = []
    for _ in range(MAPS):
        maps = oracle.random_map(rng)
        marks = [time.thread_time()]
        points, scores, _ = oracle.decoded(decoder, maps, oracle.SIZE)
        marks.append(time.thread_time())
        found = decoder.decode(maps, oracle.SIZE)
        marks.append(time.thread_time())
        costs.append(np.diff(marks))
        assert found.points.tobytes() == points.tobytes()
        assert found.scores.tobytes() == scores.tobytes()
    theirs, ours = np.sum(costs, axis=0)
    held(f"{what}: times as fast as scikit-image", theirs / ours, times, least=True)
    held(f"{what}: a frame", 1e3 * ours / MAPS, 10, " ms")
