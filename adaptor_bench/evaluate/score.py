"""Score predictions against labels: counts and matched pairs per frame, never a mean.

The *label* set is walked; a prediction is looked up for each of its frames by surgery, video and
stem. Predictions for frames that have no label are listed, not scored.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from adaptor_bench.data.frames import Frame
from adaptor_bench.data.labels import read_points
from adaptor_bench.errors import InputError
from adaptor_bench.evaluate.matching import match
from adaptor_bench.evaluate.pointfiles import find_point_files, natural_order
from adaptor_bench.evaluate.scorefile import MISSING, FoldScore, FrameScore, MatchSettings

__all__ = ["MISSING", "FoldScore", "FrameScore", "MatchSettings", "score", "score_frame"]

_LAYOUT = "Expected <root>/[sim|intraop/]<folder>/<subfolder>/[point_labels/]<stem>.json."


def score_frame(
    key: str, predictions: ArrayLike | None, labels: ArrayLike, settings: MatchSettings
) -> FrameScore:
    """Match one frame. ``predictions`` (P, 2) or None when there is no prediction file.

    ``labels`` has shape (L, 2); both in pixels of the frame, order x, y.
    """
    found = match(
        np.empty((0, 2)) if predictions is None else predictions,
        labels,
        settings.radius,
        settings.rule,
        settings.inclusive,
    )
    pairs = tuple(
        (int(p), int(j), float(d)) for (p, j), d in zip(found.pairs, found.distances, strict=True)
    )
    return FrameScore(key, found.predictions, found.labels, pairs, missing=predictions is None)


def score(
    predictions: Path,
    labels: Path | Iterable[Frame],
    settings: MatchSettings | None = None,
) -> FoldScore:
    """Score the prediction folder against a label folder, or against the labels of ``frames``.

    Raises InputError, listing every file concerned, when a folder does not exist, no label is
    found, two files claim one frame, a file is not readable, or (missing policy ``error``) a
    labelled frame has no prediction.
    """
    settings = settings or MatchSettings()
    label_files = _label_files(labels)
    found = find_point_files(predictions)
    found.require_unique()
    absent = [key for key in label_files if key not in found.frames]
    if absent and settings.missing == "error":
        raise InputError.collect(
            f"{predictions}: {len(absent)} of {len(label_files)} labelled frames have no "
            "prediction:",
            absent,
            hint=f"{_LAYOUT} Frames without any point need a file with an empty list.",
        )
    frames: list[FrameScore] = []
    problems: list[str] = []
    for key, label_file in label_files.items():
        truth = _read(label_file, problems)
        prediction_file = found.frames.get(key)
        points = None if prediction_file is None else _read(prediction_file, problems)
        if truth is not None and not problems:
            frames.append(score_frame(key, points, truth, settings))
    if problems:
        raise InputError.collect(
            f"{len(problems)} file(s) cannot be read:",
            problems,
            hint="`bench validate` lists everything that is wrong with a prediction folder.",
        )
    unknown = [path for key, path in found.frames.items() if key not in label_files]
    return FoldScore(
        settings,
        tuple(frames),
        tuple(sorted(p.relative_to(predictions).as_posix() for p in unknown + found.misplaced)),
    )


def _label_files(labels: Path | Iterable[Frame]) -> dict[str, Path]:
    """Frame key to label file, in natural order."""
    if isinstance(labels, Path):
        files = find_point_files(labels)
        files.require_unique()
        if not files.frames:
            raise InputError(f"{labels}: no label files found", hint=_LAYOUT)
        return {key: files.frames[key] for key in natural_order(files.frames)}
    frames = list(labels)
    by_key = {frame.key: frame.label for frame in frames}
    if not frames:
        raise InputError("there are no labelled frames to score")
    if len(by_key) != len(frames):
        raise InputError("the frames to score are not unique: a surgery/video/stem occurs twice")
    return by_key


def _read(path: Path, problems: list[str]) -> NDArray[np.float64] | None:
    """The points of a file; what is wrong with it goes to ``problems`` instead."""
    try:
        return read_points(path).points
    except InputError as error:
        problems.append(error.message)
        return None
