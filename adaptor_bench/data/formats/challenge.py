"""The challenge's point JSON: labels, predictions and submissions alike.

A file holds ``points: [{"x": .., "y": ..}, ..]``, which may be empty; labels add ``imageWidth`` and
``imageHeight``, predictions add ``folderName``, ``subfolderName``, ``imageFileName`` and may give
each point a ``score``. Other keys are kept out of the way.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.atomic import write_text
from adaptor_bench.data.formats.format import Format, PointFile, RawFile
from adaptor_bench.errors import InputError

NAMES = ("folderName", "subfolderName", "imageFileName")
SIZE_KEYS = ("imageWidth", "imageHeight")
MULTIPLE_POINTS = "Multiple points"
"""The ``type`` of a document of grand-challenge.org, which has a list of points, too."""
_LARGEST = 1 << 24  # px; a size beyond it is no frame's, and may be no number of numpy's
_NUMBERS = {int, float}


def _read(file: RawFile, where: str) -> dict[str, PointFile]:
    """Raises InputError with the first key that is not as it has to be."""
    document = file.document
    if not isinstance(document, dict):
        raise InputError(f"{where}: expected an object with a key 'points', found a list or value")
    entries = document.get("points")
    if not isinstance(entries, list):
        raise InputError(f"{where}: key 'points' is missing or not a list")
    try:
        flat = [value for entry in entries for value in (entry["x"], entry["y"])]
        given = [entry["score"] for entry in entries if "score" in entry]
        usual = set(map(type, flat)) | set(map(type, given)) <= _NUMBERS
        usual = usual and math.isfinite(sum(flat) + sum(given))
    except (TypeError, KeyError, OverflowError):
        usual = False
    if not usual:  # find out which it is
        flat = [_number(e, i, key, where) for i, e in enumerate(entries) for key in ("x", "y")]
        numbered = [(i, entry) for i, entry in enumerate(entries) if "score" in entry]
        given = [_number(entry, i, "score", where) for i, entry in numbered]
    points = PointFile(
        points=np.array(flat, dtype=np.float64).reshape(-1, 2),
        # Scores count when every point of the file has one.
        scores=np.array(given, dtype=np.float64) if given and 2 * len(given) == len(flat) else None,
        size=_size(document, where),
        names={key: document[key] for key in NAMES if isinstance(document.get(key), str)},
    )
    return {"": points}


def write_points(
    path: Path,
    points: NDArray[np.float64],
    *,
    folder: str,
    subfolder: str,
    image: str,
    size: tuple[int, int] | None = None,
    scores: NDArray[np.float64] | None = None,
) -> None:
    """Write one point JSON, atomically.

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
    document: dict[str, Any] = dict(zip(NAMES, (folder, subfolder, image), strict=True))
    if size is not None:
        document |= dict(zip(SIZE_KEYS, map(int, size), strict=True))
    document["points"] = entries
    write_text(path, json.dumps(document, allow_nan=False) + "\n", durable=False)


def _number(entry: Any, index: int, key: str, where: str) -> float:
    if not isinstance(entry, dict):
        raise InputError(f"{where}: /points/{index} is not an object with x and y")
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


def is_challenge(file: RawFile) -> bool:
    """Whether a document is the challenge's, or one that lacks something to be it."""
    return file.lists("points") and file.document.get("type") != MULTIPLE_POINTS


CHALLENGE = Format("the challenge", is_challenge, read=_read)
