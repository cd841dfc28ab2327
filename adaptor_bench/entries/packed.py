"""Predictions of an entry in one small file, so that anybody can score them again.

``predictions/<entry>.ndjson.gz``: one frame a line, ``{"domain", "seed", "frame", "points"}``,
frame ``surgery/video/stem``, points ``[[x, y], ..]`` in px at the labels' size. Same points, same
bytes. Scores of points are not kept: they do not rank.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import math
import os
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from adaptor_bench.atomic import complete_file
from adaptor_bench.bounded import open_file, refuse_constant
from adaptor_bench.data.labels import read_points
from adaptor_bench.data.layout import natural_order
from adaptor_bench.data.pointfiles import find_point_files
from adaptor_bench.errors import InputError

LIMIT = 256 << 20  # bytes of unpacked text: 100,000 frames of 60 points are half of it
LINE = 1 << 20  # bytes of one frame: 50,000 points
PACKED = ".ndjson.gz"
"""Ending of the files."""
FRAMES = 300_000  # of all seeds together
Points = dict[str, npt.NDArray[np.float64]]  # frame -> (N, 2), order x, y
Packed = dict[tuple[str, int], Points]  # (domain, seed) -> points


def read_folder(root: Path) -> Points:
    """All predictions below ``root`` (challenge layout). Raises InputError for unreadable ones."""
    files = find_point_files(root)
    files.require_unique()
    found, problems = {}, []
    for key in natural_order(files.frames):
        try:
            found[key] = read_points(files.frames[key]).points
        except InputError as error:
            problems.append(error.message)
    if problems:
        raise InputError.collect(f"{root}: predictions cannot be read:", problems)
    return found


def digest(points: Points) -> str:
    """SHA-256 of the points of all frames, whatever the order of frames and of points.

    Coordinates count to 1/1000 px, the precision predictions are written in.
    """
    lines = []
    for key in sorted(points):
        rounded = sorted((_text(x), _text(y)) for x, y in points[key].tolist())
        lines.append(f"{key} {' '.join(f'{x},{y}' for x, y in rounded)}")
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def pack(path: Path, content: Mapping[tuple[str, int], Points]) -> None:
    """Write the points of every (domain, seed) to ``path``, replacing it in one step."""
    lines = []
    for domain, seed in sorted(content):
        points = content[domain, seed]
        for key in sorted(points):
            rows = [[_number(x), _number(y)] for x, y in points[key].tolist()]
            line = {"domain": domain, "seed": seed, "frame": key, "points": rows}
            lines.append(json.dumps(line, separators=(",", ":"), allow_nan=False) + "\n")
    # Neither the time nor the file's name: the same points give the same bytes.
    with (
        complete_file(path) as temporary,
        temporary.open("wb") as raw,
        gzip.GzipFile("", "wb", 9, raw, mtime=0) as stream,
    ):
        stream.write("".join(lines).encode())


def unpack(path: Path) -> Packed:
    """Inverse of :func:`pack`. Raises InputError when the file is not one, or far too large."""
    found: Packed = {}
    for number, line in enumerate(_lines(path), start=1):
        try:
            domain, seed, frame, points = _frame(line)
        except (KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
            raise InputError(f"{path}: line {number}: not a packed frame: {error}") from error
        if number > FRAMES:
            raise InputError(f"{path}: more than {FRAMES:,} frames")
        frames = found.setdefault((domain, seed), {})
        if frame in frames:
            raise InputError(f"{path}: line {number}: {frame} occurs twice")
        frames[frame] = points
    return found


def _lines(path: Path) -> Iterator[bytes]:
    """Line by line, so that a small file with one endless line takes no memory."""
    read = 0
    try:
        with os.fdopen(open_file(path), "rb") as raw, gzip.GzipFile(fileobj=raw) as stream:
            text = io.BufferedReader(stream)
            while line := text.readline(LINE + 1):
                read += len(line)
                if len(line) > LINE:
                    raise InputError(f"{path}: has a line of more than {LINE >> 20} MiB")
                if read > LIMIT:
                    raise InputError(f"{path}: unpacks to more than {LIMIT >> 20} MiB")
                yield line
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file") from error
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path}: cannot be unpacked: {error}") from error


def _frame(line: bytes) -> tuple[str, int, str, npt.NDArray[np.float64]]:
    entry: Any = json.loads(line, parse_constant=refuse_constant)
    domain, seed, frame, points = (entry[k] for k in ("domain", "seed", "frame", "points"))
    if not isinstance(domain, str) or not isinstance(frame, str) or frame.count("/") != 2:
        raise ValueError("domain or frame is not what it should be")
    f"{domain}{frame}".encode()  # a lone surrogate is in no name of a file (ValueError)
    if isinstance(seed, bool) or not isinstance(seed, int):
        raise ValueError("seed is not a whole number")
    if not _pairs(points):
        raise ValueError("points are not pairs of finite numbers")
    return domain, seed, frame, np.array(points, float).reshape(-1, 2)


def _pairs(points: Any) -> bool:
    return isinstance(points, list) and all(
        isinstance(point, list)
        and len(point) == 2
        and all(isinstance(v, int | float) and not isinstance(v, bool) for v in point)
        and all(math.isfinite(v) for v in point)
        for point in points
    )


def _number(value: float) -> float | int:
    rounded = round(value, 3) + 0.0  # no minus zero
    return int(rounded) if rounded.is_integer() else rounded


def _text(value: float) -> str:
    return f"{round(value, 3) + 0.0:.3f}"
