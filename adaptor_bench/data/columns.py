"""Read very many point JSON files into a few flat arrays.

Accepts and refuses exactly what :func:`adaptor_bench.data.labels.read_points` does, which also
words the refusal; only the work per file is less, so that reading costs little more than parsing.
"""

from __future__ import annotations

import math
from array import array
from json import JSONDecoder

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.bounded import read_file, refuse_constant, require_shallow
from adaptor_bench.data.labels import read_points, whole_size
from adaptor_bench.errors import InputError

__all__ = ["PointColumns"]

_NUMBERS = {int, float}
_decode = JSONDecoder(parse_constant=refuse_constant).decode


class PointColumns:
    """The points of the files read so far, one frame a file.

    ``counts`` has one entry a frame; ``sizes`` (width, height) in pixels, None where a file does
    not say.
    """

    def __init__(self) -> None:
        self.counts: list[int] = []
        self.sizes: list[tuple[int, int] | None] = []
        self._coordinates = array("d")
        self._scores: array[float] | None = None

    def read(self, path: str) -> None:
        """Add the frame in the file. Raises InputError, and adds nothing, if it is not usable."""
        try:
            content = read_file(path)
            document = _decode(content.decode())
            entries = document["points"]
            if content.count(b"[") + content.count(b"{") > len(entries) + 2:
                require_shallow(document)
            flat = [value for entry in entries for value in (entry["x"], entry["y"])]
            if type(entries) is not list or not set(map(type, flat)) <= _NUMBERS:
                raise TypeError
            coordinates = array("d", flat)
            if not math.isfinite(sum(coordinates)):
                raise ValueError
            scores = None
            if sum(map(len, entries)) > len(flat):
                given = [entry["score"] for entry in entries if "score" in entry]
                scores = _scores(given, len(entries)) if given else None
            size = None
            if "imageWidth" in document or "imageHeight" in document:
                width = whole_size(document["imageWidth"])
                height = whole_size(document["imageHeight"])
                if width is None or height is None:
                    raise ValueError
                size = width, height
        except (InputError, ValueError, TypeError, KeyError, OverflowError, RecursionError):
            # Out of the ordinary, or at fault: the other reader decides, and says why.
            found = read_points(path)
            coordinates = array("d", found.points.ravel().tolist())
            scores = None if found.scores is None else array("d", found.scores.tolist())
            size = found.size
        self._add(coordinates, scores, size)

    def skip(self) -> None:
        """Add a frame without any point."""
        self._add(array("d"), None, None)

    def points(self) -> NDArray[np.float64]:
        """All points, shape (N, 2), order x, y, pixels."""
        return np.array(self._coordinates).reshape(-1, 2)

    def scores(self) -> NDArray[np.float64] | None:
        """Shape (N,), NaN for a point without one; None if no point has any."""
        return None if self._scores is None else np.array(self._scores)

    def _add(
        self,
        coordinates: array[float],
        scores: array[float] | None,
        size: tuple[int, int] | None,
    ) -> None:
        if scores is not None and self._scores is None:
            self._scores = array("d", [math.nan]) * (len(self._coordinates) // 2)
        number = len(coordinates) // 2
        self._coordinates += coordinates
        if self._scores is not None:
            self._scores += array("d", [math.nan]) * number if scores is None else scores
        self.counts.append(number)
        self.sizes.append(size)


def _scores(given: list[float], points: int) -> array[float] | None:
    """Scores count when every point of the file has one."""
    if not set(map(type, given)) <= _NUMBERS:
        raise TypeError
    scores = array("d", given)
    if not math.isfinite(sum(scores)):
        raise ValueError
    return scores if len(scores) == points else None
