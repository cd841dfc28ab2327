"""``ab.napari_layers`` and ``ab.fiftyone_samples``: labels and predictions in other programs.

Points are told apart as in the gallery of the site: *found* (a hit), *false* (a false point), and
*missed* (a label without a hit). Neither library is imported before it is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.api.datasets import LabelledDataset, LabelledFrame
from adaptor_bench.api.scoring import PointSource, points_by_frame
from adaptor_bench.data.images import image_size, read_image
from adaptor_bench.errors import InputError
from adaptor_bench.extras import require
from adaptor_bench.matching.match import match
from adaptor_bench.matching.settings import RADIUS, MatchSettings

Points = NDArray[np.float64]
Layer = tuple[Any, dict[str, Any], str]
"""Data, settings and kind of a layer, as plugins of napari hand them over."""

FOUND, FALSE, MISSED = "found", "false", "missed"
_INK = {FOUND: "#5ec8ff", FALSE: "#ff9440", MISSED: "#fff04d"}
_SYMBOL = {FOUND: "disc", FALSE: "x", MISSED: "ring"}


@dataclass(frozen=True)
class Seen:
    """What there is to see in a frame of ``size`` (width, height): of every method by its name
    points (N, 2) and what each is, or None where it has no prediction."""

    frame: LabelledFrame
    size: tuple[int, int]
    marks: Mapping[str, tuple[Points, list[str]] | None]


def napari_layers(
    data: LabelledDataset,
    predictions: Mapping[str, PointSource] | None = None,
    radius: float = RADIUS,
    matching: str = "hungarian",
    inclusive: bool | None = None,
) -> list[Layer]:
    """Frames, labels and predictions as layers of napari: one stack of all frames.

    ``predictions`` maps a name to what ``ab.evaluate`` takes; frames that none of them has are left
    out. ``radius`` (px), ``matching`` and ``inclusive`` are as in ``ab.match``. The result has a
    layer of pixels (frames, height, width, 3), read when they are looked at; one of the labels;
    and one a name, of which the first is visible: points (frame, y, x) with the features ``frame``
    (its key) and ``outcome`` (found, false, missed). Frames smaller than the largest are padded.
    ``viewer.add_layer(napari.layers.Layer.create(*layer))`` adds each to a viewer.

    Raises UsageError without napari (the extra ``napari``), InputError for points or images that
    cannot be read, and where no frame is left.
    """
    require("napari", "views in napari")
    import dask.array
    from dask import delayed

    seen = _seen(data, predictions or {}, MatchSettings(matching, radius, inclusive))
    width, height = (max(s.size[i] for s in seen) for i in (0, 1))
    read = delayed(_padded)
    frames = [
        dask.array.from_delayed(read(s.frame, width, height), (height, width, 3), np.uint8)
        for s in seen
    ]
    names = [s.frame.key for s in seen]
    layers: list[Layer] = [
        (dask.array.stack(frames), {"name": "frames", "rgb": True, "metadata": {"keys": names}},
         "image")
    ]  # fmt: skip
    labels = [(s.frame.points, ["label"] * len(s.frame.points)) for s in seen]
    layers.append(_points("labels", names, labels, radius, visible=True))
    for number, name in enumerate(predictions or {}):
        marks = [s.marks[name] or (np.empty((0, 2)), []) for s in seen]
        layers.append(_points(name, names, marks, radius, visible=number == 0))
    return layers


def fiftyone_samples(
    data: LabelledDataset,
    predictions: Mapping[str, PointSource] | None = None,
    radius: float = RADIUS,
    matching: str = "hungarian",
    inclusive: bool | None = None,
) -> list[Any]:
    """Frames with labels and predictions as samples of FiftyOne, which can be filtered by them.

    Arguments and errors are those of ``ab.napari_layers``; the extra is ``fiftyone``. A sample has
    the fields ``domain``, ``surgery``, ``video``, ``labels`` (keypoints), and for each name, spelt
    with letters, digits and underscores, keypoints labelled found, false or missed, with their
    numbers in ``<name>_false`` and ``<name>_missed``. ``dataset.add_samples(samples)`` adds them.
    """
    require("fiftyone", "views in FiftyOne")
    import fiftyone

    def keypoints(points: Points, labels: Iterable[str], size: tuple[int, int]) -> Any:
        # Fractions of the picture, whose first pixel has its middle at half a pixel.
        places = ((points + 0.5) / size).tolist()
        return fiftyone.Keypoints(
            keypoints=[
                fiftyone.Keypoint(label=label, points=[tuple(place)])
                for place, label in zip(places, labels, strict=True)
            ]
        )

    samples = []
    for seen in _seen(data, predictions or {}, MatchSettings(matching, radius, inclusive)):
        frame, size = seen.frame, seen.size
        fields: dict[str, Any] = {
            "domain": frame.domain, "surgery": frame.surgery, "video": frame.video,
            "labels": keypoints(frame.points, ["label"] * len(frame.points), size),
        }  # fmt: skip
        for field, marks in zip(_fields(seen.marks), seen.marks.values(), strict=True):
            if marks is not None:
                fields[field] = keypoints(*marks, size)
                fields |= {f"{field}_{kind}": marks[1].count(kind) for kind in (FALSE, MISSED)}
        about = fiftyone.ImageMetadata(width=size[0], height=size[1], num_channels=3)
        file = str(Path(frame.image_file).resolve())
        samples.append(fiftyone.Sample(filepath=file, metadata=about, **fields))
    return samples


def _seen(
    data: LabelledDataset, predictions: Mapping[str, PointSource], settings: MatchSettings
) -> list[Seen]:
    by_name = {n: points_by_frame(s, f"predictions {n!r}") for n, s in predictions.items()}
    data.labels()  # tells of all that cannot be read, and of frames of the same key
    shown = [f for f in data if not by_name or any(f.key in of for of in by_name.values())]
    if not shown:
        raise InputError(f"{data.root}: no frame of it has a prediction")
    return [
        Seen(f, image_size(f.image_file), {n: _marks(f, of, settings) for n, of in by_name.items()})
        for f in shown
    ]


def _marks(
    frame: LabelledFrame, predicted: Mapping[str, Points], settings: MatchSettings
) -> tuple[Points, list[str]] | None:
    if frame.key not in predicted:
        return None
    points, labels = predicted[frame.key], frame.points
    pairs = match(points, labels, settings.radius, settings.rule, settings.inclusive).pairs
    missed = np.delete(labels, pairs[:, 1], axis=0)
    found = set(pairs[:, 0].tolist())
    outcomes = [FOUND if i in found else FALSE for i in range(len(points))]
    return np.concatenate([points, missed]), outcomes + [MISSED] * len(missed)


def _points(
    name: str, keys: Sequence[str], marks: Sequence[tuple[Points, list[str]]], radius: float, *,
    visible: bool,
) -> Layer:  # fmt: skip
    counts = [len(points) for points, _ in marks]
    outcomes = [outcome for _, of in marks for outcome in of]
    number = np.repeat(np.arange(len(marks)), counts)
    places = np.concatenate([points for points, _ in marks])
    settings = {
        "name": name,
        "ndim": 3,
        "visible": visible,
        "size": [2 * radius if o == MISSED else radius for o in outcomes] or radius,
        "features": {"frame": np.repeat(keys, counts).tolist(), "outcome": outcomes},
    }
    if outcomes:  # napari has no colours for no points
        settings["symbol"] = [_SYMBOL.get(o, "cross") for o in outcomes]
        settings["face_color"] = [_INK.get(o, "white") for o in outcomes]
    return np.column_stack([number, places[:, ::-1]]), settings, "points"


def _padded(frame: LabelledFrame, width: int, height: int) -> NDArray[np.uint8]:
    image = read_image(frame.image_file)
    below, right = height - image.shape[0], width - image.shape[1]
    return np.pad(image, ((0, below), (0, right), (0, 0)))


def _fields(names: Iterable[str]) -> Iterator[str]:
    """Names of fields: letters, digits and underscores, none twice, none of a sample's own."""
    taken = {"labels", "domain", "surgery", "video", "id", "tags", "filepath", "metadata"}
    for name in names:
        spelt = field = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_") or "method"
        number = 2
        while field in taken or not field[0].isalpha():
            field, number = f"{'method_' * (not spelt[0].isalpha())}{spelt}_{number}", number + 1
        taken.add(field)
        yield field
