"""Score predictions against labels: counts and matched pairs per frame, never a mean."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from pathlib import Path

from adaptor_bench.data.frames import Frame
from adaptor_bench.matching.match import match_frames
from adaptor_bench.matching.settings import MatchSettings
from adaptor_bench.progress import Progress
from adaptor_bench.scoring.reading import Batches, read_batches
from adaptor_bench.scoring.scorefile import FoldScore, FrameScore

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
        # Rows of the batches become indices within the frame.
        prediction, label = (
            rows - side.starts[matches.frame]
            for rows, side in zip((matches.prediction, matches.label), part, strict=True)
        )
        pairs = zip(prediction.tolist(), label.tolist(), matches.distance.tolist(), strict=True)
        columns = matches.predictions, matches.labels, matches.tp, batches.missing[first:last]
        for key, p, q, tp, missing in zip(
            batches.keys[first:last], *(column.tolist() for column in columns), strict=True
        ):
            frames.append(FrameScore(key, p, q, tuple(islice(pairs, tp)), missing))
    return FoldScore(settings, tuple(frames), batches.unknown)
