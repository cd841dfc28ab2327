"""Frames of points in memory, as all of scoring takes them."""

from __future__ import annotations

import numpy as np

from adaptor_bench.matching.batch import PointBatch
from adaptor_bench.scoring.reading import Batches


def batches(pairs, keys=None, missing=None, scores=None, size=(512, 288)):
    """Of [(predictions or None for no file, labels), ..] a frame; ``scores`` in one array."""
    n = len(pairs)
    predicted = PointBatch.from_frames([[] if p is None else p for p, _ in pairs])
    return Batches(
        keys=tuple(keys or (f"s{f % 2}/v{f % 3}/{f:03d}" for f in range(n))),
        predictions=PointBatch(predicted.points, predicted.starts, scores),
        labels=PointBatch.from_frames([q for _, q in pairs]),
        missing=np.array(missing or [p is None for p, _ in pairs], dtype=bool),
        sizes=np.tile(size, (n, 1)),
    )
