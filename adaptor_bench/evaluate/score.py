"""Score predictions against labels: counts and matched pairs per frame, never a mean."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from adaptor_bench.data.frames import Frame
from adaptor_bench.evaluate.reading import Batches, read_batches
from adaptor_bench.evaluate.scorefile import FoldScore, FrameScore
from adaptor_bench.matching.batch import Matches, PointBatch
from adaptor_bench.matching.match import match_frames
from adaptor_bench.matching.settings import MatchSettings
from adaptor_bench.progress import Progress

_AT_ONCE = 4096  # frames matched together: bounds the memory, costs nothing


def score(
    predictions: Path,
    labels: Path | Iterable[Frame],
    settings: MatchSettings | None = None,
    progress: Progress | None = None,
) -> FoldScore:
    """Score the prediction folder against a label folder, or against the labels of ``frames``.

    Raises InputError, listing every file concerned; see :func:`read_batches`.
    """
    settings = settings or MatchSettings()
    return score_batches(read_batches(predictions, labels, settings, progress), settings)


def score_batches(batches: Batches, settings: MatchSettings) -> FoldScore:
    """Match all frames under ``settings``."""
    frames: list[FrameScore] = []
    for first in range(0, len(batches.keys), _AT_ONCE):
        last = min(first + _AT_ONCE, len(batches.keys))
        part = batches.predictions.frames(first, last), batches.labels.frames(first, last)
        matches = match_frames(*part, settings.radius, settings.rule, settings.inclusive)
        missing = batches.missing[first:last].tolist()
        frames += _frame_scores(batches.keys[first:last], missing, matches, *part)
    return FoldScore(settings, tuple(frames), batches.unknown)


def _frame_scores(
    keys: tuple[str, ...],
    missing: list[bool],
    matches: Matches,
    predictions: PointBatch,
    labels: PointBatch,
) -> list[FrameScore]:
    """The frames' entries; rows of the batches become indices within the frame."""
    prediction = matches.prediction - predictions.starts[matches.frame]
    label = matches.label - labels.starts[matches.frame]
    columns = prediction.tolist(), label.tolist(), matches.distance.tolist()
    pairs = list(zip(*columns, strict=True))
    ends = np.cumsum(matches.tp).tolist()
    sizes = zip(matches.predictions.tolist(), matches.labels.tolist(), strict=True)
    first, frames = 0, []
    for key, absent, (p, q), end in zip(keys, missing, sizes, ends, strict=True):
        frames.append(FrameScore(key, p, q, tuple(pairs[first:end]), absent))
        first = end
    return frames
