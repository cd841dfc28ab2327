"""Labels and the predictions for them, frame by frame, in flat arrays.

The *label* set is walked; a prediction is looked up for each of its frames by surgery, video and
stem. Predictions for frames that have no label are listed, not scored.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.data.formats.format import PointFile
from adaptor_bench.data.formats.known import foreign_hint
from adaptor_bench.data.frames import Frame
from adaptor_bench.data.labels import read_all
from adaptor_bench.data.layout import EXPECTED, natural_order
from adaptor_bench.data.pointfiles import find_point_files
from adaptor_bench.data.sizes import frame_sizes
from adaptor_bench.errors import InputError
from adaptor_bench.matching.batch import PointBatch
from adaptor_bench.matching.settings import MatchSettings
from adaptor_bench.progress import Progress

_LAYOUT = f"Expected {EXPECTED}."


@dataclass(frozen=True)
class Batches:
    """All labelled frames, in natural order of their keys, and what was predicted for them.

    ``keys`` are ``surgery/video/stem``, F of them; ``missing``, shape (F,), marks frames without a
    prediction file, whose predictions are empty; ``sizes``, shape (F, 2), is width and height in
    pixels as the label says, else as its image does; ``unknown`` are JSON files below the
    prediction folder that belong to no labelled frame; ``guessed`` are the keys of frames of which
    nothing says the size, taken as 512x288.
    """

    keys: tuple[str, ...]
    predictions: PointBatch
    labels: PointBatch
    missing: NDArray[np.bool_]
    sizes: NDArray[np.int64]
    unknown: tuple[str, ...] = ()
    guessed: tuple[str, ...] = ()


def refuse_run(folder: Path) -> None:
    """Raise InputError for the folder of a run, which names that of its predictions."""
    if (folder / "run.json").is_file() and (folder / "predictions").is_dir():
        raise InputError(
            f"{folder}: this is the folder of a run",
            hint=f"Its predictions are in {folder / 'predictions'}.",
        )


def read_batches(
    predictions: Path,
    labels: Path | Iterable[Frame],
    settings: MatchSettings,
    progress: Progress | None = None,
) -> Batches:
    """Read a prediction folder and a label folder, or the labels of ``frames``.

    Raises InputError, listing every file concerned, when a folder does not exist, no label is
    found, two files claim one frame, a file is not readable, or (missing policy ``error``) a
    labelled frame has no prediction.
    """
    refuse_run(predictions)
    label_files = _label_files(labels)
    predicted = find_point_files(predictions)
    predicted.require_unique()
    if settings.missing == "error":
        absent = [key for key in label_files if key not in predicted.frames]
        if absent:
            raise InputError.collect(
                f"{predictions}: {len(absent)} of {len(label_files)} labelled frames have no "
                "prediction:",
                absent,
                hint=f"{_LAYOUT} Frames without any point need a file with an empty list.",
            )
    paths = [path for k, label in label_files.items() for path in (predicted.frames.get(k), label)]
    with (progress or Progress(live=False)).bar("read") as bar:
        files = read_all(
            paths,
            hint="`bench validate` lists everything that is wrong with a prediction folder.",
            progress=lambda n, total: bar(n // 2, total // 2),
        )
    stated = [file.size for file in files[1::2]]
    unknown = [path for key, path in predicted.frames.items() if key not in label_files]
    sizes, guessed = frame_sizes(zip(label_files.values(), stated, strict=True))
    return Batches(
        keys=tuple(label_files),
        predictions=_batch(files[0::2]),
        labels=_batch(files[1::2]),
        missing=np.array([key not in predicted.frames for key in label_files], dtype=bool),
        sizes=np.array(sizes).reshape(-1, 2),
        unknown=tuple(sorted(predicted.relative(path) for path in unknown + predicted.misplaced)),
        guessed=tuple(compress(label_files, guessed)),
    )


def pair_batches(
    points: Mapping[str, NDArray[np.float64]],
    keys: Sequence[str],
    labels: PointBatch,
    sizes: Sequence[tuple[int, int]] | None = None,
) -> Batches:
    """As :func:`read_batches`, of predictions and labels in memory.

    ``points`` maps the key of a frame to its predictions (N, 2), order x, y, px; a frame that it
    lacks is missing. ``labels``, and ``sizes`` (width, height; 0 where not known), are those of the
    frames called ``keys``.
    """
    nothing = np.empty((0, 2))
    return Batches(
        keys=tuple(keys),
        predictions=PointBatch.from_frames([points.get(key, nothing) for key in keys]),
        labels=labels,
        missing=np.array([key not in points for key in keys], dtype=bool),
        sizes=np.array(sizes or [(0, 0)] * len(keys), dtype=np.int64).reshape(-1, 2),
    )


def read_labels(frames: Sequence[Frame]) -> PointBatch:
    """The labels of ``frames``. Raises InputError naming every file that cannot be read."""
    return _batch(read_all([frame.label for frame in frames], "label file"))


def _batch(files: Sequence[PointFile]) -> PointBatch:
    scores = None
    if any(file.scores is not None for file in files):
        unknown = (np.full(len(file.points), np.nan) for file in files)
        scores = [u if f.scores is None else f.scores for f, u in zip(files, unknown, strict=True)]
    return PointBatch.from_frames([file.points for file in files], scores)


def _label_files(labels: Path | Iterable[Frame]) -> dict[str, str]:
    """Frame key to label file, in natural order."""
    if isinstance(labels, Path):
        files = find_point_files(labels)
        files.require_unique()
        if not files.frames:
            raise InputError(f"{labels}: no label files found", hint=foreign_hint(labels, _LAYOUT))
        return {key: files.frames[key] for key in natural_order(files.frames)}
    frames = list(labels)
    by_key = {frame.key: str(frame.label) for frame in frames}
    if not frames:
        raise InputError("there are no labelled frames to score")
    if len(by_key) != len(frames):
        raise InputError("the frames to score are not unique: a surgery/video/stem occurs twice")
    return by_key
