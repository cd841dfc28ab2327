"""Score points that are in memory against the labels of frames."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from adaptor_bench.data.columns import PointColumns
from adaptor_bench.data.frames import Frame
from adaptor_bench.entries.packed import Points
from adaptor_bench.evaluate.batch import PointBatch
from adaptor_bench.evaluate.reading import Batches
from adaptor_bench.evaluate.score import score_batches
from adaptor_bench.evaluate.scorefile import FoldScore, MatchSettings

__all__ = ["score_points"]


def score_points(points: Points, frames: Sequence[Frame], settings: MatchSettings) -> FoldScore:
    """As ``bench evaluate`` would score them; a frame without an entry in ``points`` is missing.

    Raises InputError for an unreadable label.
    """
    labels = PointColumns()
    for frame in frames:
        labels.read(str(frame.label))
    nothing = np.empty((0, 2))
    batches = Batches(
        keys=tuple(frame.key for frame in frames),
        predictions=PointBatch.from_frames([points.get(f.key, nothing) for f in frames]),
        labels=PointBatch.from_counts(labels.points(), labels.counts, labels.scores()),
        missing=np.array([frame.key not in points for frame in frames], dtype=bool),
        sizes=np.zeros((len(frames), 2), dtype=np.int64),
    )
    return score_batches(batches, settings)
