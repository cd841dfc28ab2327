"""The one reader and writer of points: labels, predictions and submissions alike.

Conventions: x to the right, y down, pixels of the frame, pixel centres at integers. The challenge's
JSON is written; it, and every format that has a reader, is read.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.bounded import read_file, read_json
from adaptor_bench.data.formats.challenge import CHALLENGE, whole_size, write_points
from adaptor_bench.data.formats.format import PointFile, Sample
from adaptor_bench.data.formats.known import foreign_beside, recognised
from adaptor_bench.errors import InputError

__all__ = ["PointFile", "PointLists", "parse_points", "read_points", "whole_size", "write_points"]


def read_points(path: Path | str) -> PointFile:
    """Read the points of one frame from a file.

    Raises InputError, naming file and key, when the file is missing, is no regular file, is of no
    format that is read (NaN and Infinity are not JSON), or a point is not a pair of finite numbers.
    """
    if str(path)[-5:].lower() != ".json":
        return _read(Sample(content=read_file(path)), str(path))
    try:
        document = read_json(path)
    except InputError as error:
        beside = foreign_beside(Path(path))
        if beside is None:
            raise
        name, found = beside
        raise InputError(f"{error.message}; there is {name}, {found.what}. {found.todo}") from error
    return parse_points(document, str(path))


def parse_points(document: Any, where: str) -> PointFile:
    """The points in a decoded JSON file; ``where`` names it in errors (InputError)."""
    return _read(Sample(document), where)


def _read(sample: Sample, where: str) -> PointFile:
    found = None if CHALLENGE.recognise(sample) else recognised(sample)
    if found is not None and found.read is None:
        raise InputError(f"{where}: {found.what}. {found.todo}")
    reader = (found or CHALLENGE).read
    assert reader is not None
    return reader(sample, where)


class PointLists:
    """The points of very many files in little memory, one frame a file.

    ``counts`` has one entry a frame; ``sizes`` (width, height) in pixels, None where a file does
    not say.
    """

    def __init__(self) -> None:
        self.counts: list[int] = []
        self.sizes: list[tuple[int, int] | None] = []
        self._points: list[NDArray[np.float64]] = [np.empty((0, 2))]
        self._scores: list[NDArray[np.float64] | None] = [None]

    def read(self, path: str) -> None:
        """Add the frame in the file. Raises InputError, and adds nothing, if it is not usable."""
        self.add(read_points(path))

    def add(self, frame: PointFile) -> None:
        """Add a frame."""
        self.counts.append(len(frame.points))
        self.sizes.append(frame.size)
        self._points.append(frame.points)
        self._scores.append(frame.scores)

    def skip(self) -> None:
        """Add a frame without any point."""
        self.add(PointFile(self._points[0]))

    def points(self) -> NDArray[np.float64]:
        """All points, shape (N, 2), order x, y, pixels."""
        return np.concatenate(self._points)

    def scores(self) -> NDArray[np.float64] | None:
        """Shape (N,), NaN for a point without one; None if no point has any."""
        if all(scores is None for scores in self._scores):
            return None
        return np.concatenate(
            [
                np.full(len(points), math.nan) if scores is None else scores
                for points, scores in zip(self._points, self._scores, strict=True)
            ]
        )
