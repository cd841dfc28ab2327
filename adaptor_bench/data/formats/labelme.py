"""labelme: one JSON per image, one shape a landmark."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import PurePosixPath
from posixpath import normpath
from typing import Any

from adaptor_bench.data.formats.challenge import whole_size
from adaptor_bench.data.formats.format import (
    Format,
    FramePoints,
    PointFile,
    RawFile,
    WriteOptions,
    gathered,
    pair,
    px,
)
from adaptor_bench.errors import InputError

_VERSION = "5.5.0"


def _read(file: RawFile, where: str) -> dict[str, PointFile]:
    rows: list[tuple[float, float]] = []
    for n, shape in enumerate(file.document["shapes"]):
        at = f"{where}: /shapes/{n}"
        if not isinstance(shape, dict):
            raise InputError(f"{at} is not an object")
        if not file.options.wanted(shape.get("label")):
            continue
        kind, points = shape.get("shape_type", "polygon"), shape.get("points")
        if kind == "line" and not file.options.pairs:
            raise InputError(
                f"{at} is a line; where it joins two views in one picture, import with --stacked"
            )
        length = {"point": 1, "line": 2}.get(kind) if isinstance(kind, str) else None
        if length is None:
            raise InputError(
                f"{at} is a {str(kind)[:20]!r}, not a point; --label NAME takes some shapes only"
            )
        if not isinstance(points, list) or len(points) != length:
            raise InputError(f"{at} does not have {length} point{'s' * (length > 1)}")
        rows += [pair(point, f"{at}/points/{i}") for i, point in enumerate(points)]
    sides = [whole_size(file.document.get(key)) for key in ("imageWidth", "imageHeight")]
    size = (sides[0], sides[1]) if sides[0] and sides[1] else None
    return {"": gathered(rows, size=size)}


def _stacked(file: RawFile) -> tuple[str, ...]:
    """A line joins the two views of a landmark: above each other, or beside each other."""
    for shape in file.document["shapes"]:
        if isinstance(shape, dict) and shape.get("shape_type") == "line":
            try:
                (x, y), (other_x, other_y) = (pair(point, "") for point in shape["points"])
            except (InputError, KeyError, TypeError, ValueError):
                continue
            beside = abs(other_x - x) > abs(other_y - y)
            return ("--stacked", "horizontal" if beside else "vertical")
    return ()


def _write(frames: Sequence[FramePoints], options: WriteOptions) -> dict[str, bytes]:
    return {f"{f.folder}/{f.stem}.json": _document(f, options) for f in frames}


def _document(frame: FramePoints, options: WriteOptions) -> bytes:
    up = "../" * (frame.folder.count("/") + 1)
    beside = PurePosixPath(frame.image).name
    image = normpath(f"{up}{options.root}/{frame.image}") if options.root else beside
    shapes: list[dict[str, Any]] = [
        {
            "label": options.label,
            "points": [[px(x), px(y)]],
            "group_id": None,
            "description": "",
            "shape_type": "point",
            "flags": {},
        }
        for x, y in frame.file.points
    ]
    width, height = frame.size
    document: dict[str, Any] = {
        "version": _VERSION,
        "flags": {},
        "shapes": shapes,
        "imagePath": image,
        "imageData": None,
        "imageHeight": height,
        "imageWidth": width,
    }
    return (json.dumps(document, indent=2) + "\n").encode()


FORMATS = (
    Format(
        "labelme",
        lambda file: file.lists("shapes"),
        'each shape of type point becomes {"x": .., "y": ..}',
        read=_read,
        key="labelme",
        write=_write,
        sizes=True,
        centre="0.5",
        asks=_stacked,
    ),
)
