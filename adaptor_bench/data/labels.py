"""The one reader and writer of point JSON: labels, predictions and submissions alike.

Conventions: x to the right, y down, pixels of the frame, pixel centres at integers. A file holds
``points: [{"x": .., "y": ..}, ..]``, which may be empty; labels add ``imageWidth`` and
``imageHeight``, predictions add ``folderName``, ``subfolderName``, ``imageFileName`` and may give
each point a ``score``. Other keys are kept out of the way.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.atomic import write_text
from adaptor_bench.bounded import read_json
from adaptor_bench.data.foreign import foreign_beside, foreign_document
from adaptor_bench.errors import InputError

__all__ = ["PointFile", "parse_points", "read_points", "whole_size", "write_points"]

Points = NDArray[np.float64]
_LARGEST = 1 << 24  # px; a size beyond it is no frame's, and may be no number of numpy's


@dataclass(frozen=True)
class PointFile:
    """What one point JSON says.

    ``points`` has shape (N, 2), order x, y, in pixels of the frame; ``scores`` has shape (N,) or
    is None when no point carries a score. ``size`` is (width, height) where the file states it.
    """

    points: Points
    scores: NDArray[np.float64] | None = None
    size: tuple[int, int] | None = None
    names: dict[str, str] = field(default_factory=dict)


def read_points(path: Path | str) -> PointFile:
    """Read one point JSON.

    Raises InputError, naming file and key, when the file is missing, is no regular file, is not
    JSON (NaN and Infinity are not), or a point is not a pair of finite numbers.
    """
    try:
        document = read_json(path)
    except InputError as error:
        beside = foreign_beside(Path(path))
        if beside is None:
            raise
        name, (what, todo) = beside
        raise InputError(f"{error.message}; there is {name}, {what}. {todo}") from error
    return parse_points(document, str(path))


def parse_points(document: Any, where: str) -> PointFile:
    """The content of a decoded point JSON; ``where`` names it in errors (InputError)."""
    if foreign := foreign_document(document):
        raise InputError(f"{where}: {foreign.what}. {foreign.todo}")
    if not isinstance(document, dict):
        raise InputError(f"{where}: expected an object with a key 'points', found a list or value")
    entries = document.get("points")
    if not isinstance(entries, list):
        raise InputError(f"{where}: key 'points' is missing or not a list")
    points = np.empty((len(entries), 2))
    scores = np.full(len(entries), math.nan)
    for i, entry in enumerate(entries):
        if not isinstance(entry, dict):
            raise InputError(f"{where}: /points/{i} is not an object with x and y")
        points[i] = _number(entry, "x", i, where), _number(entry, "y", i, where)
        if "score" in entry:
            scores[i] = _number(entry, "score", i, where)
    has_scores = bool(entries) and not np.isnan(scores).any()
    return PointFile(
        points=points,
        scores=scores if has_scores else None,
        size=_size(document, where),
        names={
            key: document[key]
            for key in ("folderName", "subfolderName", "imageFileName")
            if isinstance(document.get(key), str)
        },
    )


def write_points(
    path: Path,
    points: Points,
    *,
    folder: str,
    subfolder: str,
    image: str,
    size: tuple[int, int] | None = None,
    scores: NDArray[np.float64] | None = None,
) -> None:
    """Write one point JSON in the challenge's form, atomically.

    ``points`` has shape (N, 2); ``size`` (width, height) is written for labels. Coordinates are
    rounded to 1/1000 px. Raises ValueError on a non-finite coordinate.
    """
    points = np.asarray(points, dtype=float).reshape(-1, 2)
    if not np.isfinite(points).all():
        raise ValueError(f"{path}: refusing to write a point that is not finite")
    entries: list[dict[str, float]] = [
        {"x": round(float(x), 3), "y": round(float(y), 3)} for x, y in points
    ]
    if scores is not None:
        for entry, score in zip(entries, scores, strict=True):
            entry["score"] = round(float(score), 6)
    document: dict[str, Any] = {
        "folderName": folder,
        "subfolderName": subfolder,
        "imageFileName": image,
    }
    if size is not None:
        document |= {"imageWidth": int(size[0]), "imageHeight": int(size[1])}
    document["points"] = entries
    write_text(path, json.dumps(document, allow_nan=False) + "\n", durable=False)


def _number(entry: dict[str, Any], key: str, index: int, where: str) -> float:
    value = entry.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InputError(f"{where}: /points/{index}/{key} is missing or not a number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise InputError(f"{where}: /points/{index}/{key} is not finite")
    return number


def _size(document: dict[str, Any], where: str) -> tuple[int, int] | None:
    if "imageWidth" not in document and "imageHeight" not in document:
        return None
    width, height = whole_size(document.get("imageWidth")), whole_size(document.get("imageHeight"))
    if width is None or height is None:
        raise InputError(f"{where}: imageWidth and imageHeight must be positive whole numbers")
    return width, height


def whole_size(value: Any) -> int | None:
    """A decoded imageWidth or imageHeight in pixels; None if it is none.

    512.0 is one: JSON does not tell it from 512.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= _LARGEST:
        return None
    return int(value) if value == int(value) else None
