"""The one reader and writer of points: labels, predictions and submissions alike.

Conventions: x to the right, y down, pixels of the frame, pixel centres at integers. The challenge's
JSON is written; it, and every format that has a reader, is read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from adaptor_bench.bounded import read_file, read_json
from adaptor_bench.data.formats.challenge import CHALLENGE, is_challenge
from adaptor_bench.data.formats.format import PointFile, RawFile
from adaptor_bench.data.formats.known import foreign_beside, recognised
from adaptor_bench.errors import InputError, plural

_NOTHING = PointFile(np.empty((0, 2)))
_STEP = 1000  # files between two steps of a progress bar


def read_points(path: Path | str) -> PointFile:
    """Read the points of one frame from a file.

    Raises InputError, naming file and key, when the file is missing, is no regular file, is of no
    format that is read (NaN and Infinity are not JSON), or a point is not a pair of finite numbers.
    """
    if str(path)[-5:].lower() != ".json":
        return _read(RawFile(content=read_file(path)), str(path))
    try:
        document = read_json(path)
    except InputError as error:
        beside = foreign_beside(Path(path))
        if beside is None:
            raise
        name, found = beside
        there = Path(path).with_name(name)
        raise InputError(
            f"{error.message}; there is {name}, {found.what}. {found.todo(there)}"
        ) from error
    return parse_points(document, str(path))


def parse_points(document: Any, where: str) -> PointFile:
    """The points in a decoded JSON file; ``where`` names it in errors (InputError)."""
    return _read(RawFile(document), where)


def _read(file: RawFile, where: str) -> PointFile:
    found = CHALLENGE if is_challenge(file) else recognised(file)
    if found is None and file.content:
        raise InputError(f"{where}: of no format that is read")
    found = found or CHALLENGE  # whose reader says what a JSON lacks
    if found.read is None or not found.in_place:
        raise InputError(f"{where}: {found.what}. {found.todo(where)}")
    frames = found.read(file, where)
    if len(frames) != 1:
        raise InputError(f"{where}: {found.what} about {len(frames)} frames, where one is expected")
    return next(iter(frames.values()))


def read_all(
    paths: Sequence[Path | str | None],
    what: str = "file",
    several: str | None = None,
    *,
    hint: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> list[PointFile]:
    """The points in many files; None stands for a frame without any.

    Raises one InputError for all that cannot be read; ``what`` it calls one.
    """
    files, problems = [], []
    for n, path in enumerate(paths):
        try:
            files.append(_NOTHING if path is None else read_points(path))
        except InputError as error:
            problems.append(error.message)
        if progress is not None and n % _STEP == 0:
            progress(n, len(paths))
    if problems:
        headline = f"{plural(len(problems), what, several)} cannot be read:"
        raise InputError.collect(headline, problems, hint=hint)
    return files
