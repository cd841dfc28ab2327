"""What is written of predictions: the challenge's files, a CSV, a JSON, pictures with points."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from adaptor_bench.atomic import write_json
from adaptor_bench.data.formats.challenge import write_points
from adaptor_bench.data.frames import Frame
from adaptor_bench.data.images import write_image
from adaptor_bench.method import Prediction
from adaptor_bench.names import csv_cell

OVERLAYS = "overlays"
_INK, _RIM = (64, 255, 64), (0, 0, 0)
Found = tuple[Frame, tuple[int, int], Prediction]
"""A picture, its (width, height), and what was found in it."""


def write_prediction(frame: Frame, prediction: Prediction, root: Path) -> None:
    """Write one frame's prediction below ``root`` in the challenge's layout and form."""
    surgery, video, stem = frame.written
    write_points(
        frame.prediction_path(root),
        prediction.points,
        folder=surgery,
        subfolder=video,
        image=f"{stem}.png",
        scores=prediction.scores,
    )


def write_csv(found: list[Found], root: Path, out: Path, about: dict[str, Any]) -> None:
    """``out/points.csv``: a line a point, with the path of its picture below ``root``; one line
    without numbers for a picture without points, so that it is known to have been looked at."""
    with (out / "points.csv").open("w", encoding="utf-8", newline="") as stream:
        rows = csv.writer(stream, lineterminator="\n")
        rows.writerow(["image", "x", "y", "score"])
        for frame, _, prediction in found:
            for point in _points(prediction) or [{}]:
                cells = [point.get(key, "") for key in ("x", "y", "score")]
                rows.writerow([csv_cell(_name(frame, root)), *cells])


def write_document(found: list[Found], root: Path, out: Path, about: dict[str, Any]) -> None:
    """``out/points.json``: ``about``, and every picture with its size and points."""
    images = [
        {"image": _name(frame, root), "width": w, "height": h, "points": _points(prediction)}
        for frame, (w, h), prediction in found
    ]
    write_json(out / "points.json", {**about, "images": images})


def write_challenge(found: list[Found], root: Path, out: Path, about: dict[str, Any]) -> None:
    """A file a picture, as a submission has it."""
    for frame, _, prediction in found:
        write_prediction(frame, prediction, out)


FORMATS: dict[str, Callable[[list[Found], Path, Path, dict[str, Any]], None]] = {
    "challenge": write_challenge,
    "csv": write_csv,
    "json": write_document,
}


def write_overlay(
    frame: Frame, image: NDArray[np.uint8], prediction: Prediction, root: Path, out: Path
) -> None:
    """The picture (H, W, 3) with a ring around every point, as PNG below ``out/overlays``."""
    drawn = Image.fromarray(image.copy())
    pen = ImageDraw.Draw(drawn)
    radius = max(3, round(max(drawn.size) / 100))
    thick = max(1, radius // 3)
    for x, y in prediction.points:
        for more, colour, width in ((thick, _RIM, 3 * thick), (0, _INK, thick)):
            reach = radius + more
            pen.ellipse((x - reach, y - reach, x + reach, y + reach), outline=colour, width=width)
    # The ending stays in the name: a.png and a.tif may lie side by side.
    write_image(out / OVERLAYS / f"{_name(frame, root)}.png", np.asarray(drawn), compression=1)


def _name(frame: Frame, root: Path) -> str:
    return frame.image.relative_to(root).as_posix()


def _points(prediction: Prediction) -> list[dict[str, float]]:
    """To 1/1000 px."""
    points = [{"x": round(float(x), 3), "y": round(float(y), 3)} for x, y in prediction.points]
    if prediction.scores is not None:
        for point, score in zip(points, prediction.scores, strict=True):
            point["score"] = round(float(score), 6)
    return points
