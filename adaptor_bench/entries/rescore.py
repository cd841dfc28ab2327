"""Score points that are in memory against the labels of frames."""

from __future__ import annotations

from collections.abc import Sequence

from adaptor_bench.data.frames import Frame
from adaptor_bench.entries.packed import Points
from adaptor_bench.evaluate.reading import pair_batches, read_labels
from adaptor_bench.evaluate.score import score_batches
from adaptor_bench.evaluate.scorefile import FoldScore
from adaptor_bench.matching.settings import MatchSettings

__all__ = ["score_points"]


def score_points(points: Points, frames: Sequence[Frame], settings: MatchSettings) -> FoldScore:
    """As ``bench evaluate`` would score them; a frame without an entry in ``points`` is missing.

    Raises InputError for unreadable labels.
    """
    return score_batches(pair_batches(points, frames, read_labels(frames)), settings)
