"""What a submission is compared with: which frames there are, how large, and their labels.

A folder of labels says all of it. Where labels are not given out, the images of the test set say
which frames are expected; no pixel is decoded, a PNG states its size in its first bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePath

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.data.columns import PointColumns
from adaptor_bench.data.frames import DOMAINS
from adaptor_bench.errors import InputError
from adaptor_bench.evaluate.pointfiles import PointFiles, find_point_files
from adaptor_bench.submission.rules import FRAME_SIZE

__all__ = ["Reference", "read_reference"]

_PNG = b"\x89PNG\r\n\x1a\n"
_LAYOUT = (
    "Expected <root>/[sim|intraop/]<folder>/<subfolder>/[point_labels/]<stem>.json, "
    "or images/<stem>.png."
)


@dataclass(frozen=True)
class Reference:
    """The frames that are expected.

    ``sizes`` maps ``surgery/video/stem`` to (width, height) in pixels. ``points`` maps it to the
    labels, (N, 2), order x, y; it is empty when the reference is a folder of images.
    """

    sizes: dict[str, tuple[int, int]]
    points: dict[str, NDArray[np.float64]] = field(default_factory=dict)


def read_reference(root: Path) -> Reference:
    """The labels below ``root``; if there are none, the PNG images.

    A dataset has both: then its labels count, for only what is labelled can be scored. Where a
    label does not state a size, its image does, else it is 512x288. Raises InputError with every
    file that cannot be used, when two files claim a frame, or when nothing is found.
    """
    files = find_point_files(root)
    files.require_unique()
    if files.frames:
        return _from_labels(files)
    return _from_images(root)


def _from_labels(files: PointFiles) -> Reference:
    columns, problems = PointColumns(), []
    for path in files.frames.values():
        try:
            columns.read(path)
        except InputError as error:
            problems.append(error.message)
    if problems:
        raise InputError.collect("the reference itself cannot be read:", problems)
    ends = np.cumsum(columns.counts)
    parts = np.split(columns.points(), ends[:-1])
    return Reference(
        {
            key: size or _size_beside(Path(path)) or FRAME_SIZE
            for (key, path), size in zip(files.frames.items(), columns.sizes, strict=True)
        },
        dict(zip(files.frames, parts, strict=True)),
    )


def _size_beside(label: Path) -> tuple[int, int] | None:
    """Of ``images/<stem>.png`` beside ``point_labels``, if it is there."""
    try:
        return _png_size(label.parent.parent / "images" / f"{label.stem}.png")
    except OSError:
        return None


def _from_images(root: Path) -> Reference:
    sizes: dict[str, tuple[int, int]] = {}
    problems = []
    for path in sorted(_images(root)):
        key = _image_key(path.relative_to(root))
        if key is None:
            continue
        try:
            size = _png_size(path)
        except OSError as error:
            problems.append(f"{path}: cannot be read: {error.strerror}")
            continue
        if size is None:
            problems.append(f"{path}: not a PNG image")
        elif key in sizes:
            problems.append(f"{path}: a second image of frame {key}")
        else:
            sizes[key] = size
    if problems:
        raise InputError.collect("the reference itself cannot be read:", problems)
    if not sizes:
        raise InputError(f"{root}: no label files and no PNG images found", hint=_LAYOUT)
    return Reference(sizes)


def _images(root: Path) -> Iterator[Path]:
    return (p for p in root.rglob("*.png") if not p.name.startswith("."))


def _image_key(relative: PurePath) -> str | None:
    """``surgery/video/stem``; None at a wrong place."""
    parts = [*relative.parts[:-1], relative.stem]
    if len(parts) >= 4 and parts[-2] == "images":
        del parts[-2]
    if len(parts) == 4 and parts[0] in DOMAINS:
        del parts[0]
    return "/".join(parts) if len(parts) == 3 else None


def _png_size(path: Path) -> tuple[int, int] | None:
    """Width and height from the header; None if the file is no PNG. Raises OSError."""
    with path.open("rb") as stream:
        head = stream.read(24)
    if len(head) < 24 or not head.startswith(_PNG) or head[12:16] != b"IHDR":
        return None
    width, height = struct.unpack(">II", head[16:24])
    return width, height
