"""VGG Image Annotator 1 and 2: a project or an export as JSON, or a table, for all images."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from adaptor_bench.data.formats.format import (
    Format,
    FramePoints,
    PointFile,
    RawFile,
    WriteOptions,
    finite,
    gathered,
    px,
)
from adaptor_bench.data.formats.rows import rows_of
from adaptor_bench.errors import InputError


def _recognise(file: RawFile) -> bool:
    if isinstance(file.document, dict):
        some = next(iter(file.document.values()), None)
        return "_via_img_metadata" in file.document or (
            isinstance(some, dict) and "regions" in some
        )
    return file.columns[:2] == ["filename", "file_size"]


def _read(file: RawFile, where: str) -> dict[str, PointFile]:
    rows: dict[str, list[tuple[float, float]]] = {}
    for name, shape, attributes, at in _regions(file, where):
        mine = rows.setdefault(name, [])
        if shape is None or not _wanted(file, attributes):
            continue
        if shape.get("name") != "point":
            raise InputError(
                f"{at} is a {str(shape.get('name'))[:20]!r}, not a point; --label NAME takes some "
                "regions only"
            )
        mine.append((finite(shape.get("cx"), f"{at}: cx"), finite(shape.get("cy"), f"{at}: cy")))
    return {name: gathered(found) for name, found in rows.items()}


def _wanted(file: RawFile, attributes: Any) -> bool:
    """Programs call the attribute with the name of the class as they like."""
    values = list(attributes.values()) if isinstance(attributes, dict) else []
    return not file.options.labels or any(map(file.options.wanted, values))


Region = tuple[str, dict[str, Any] | None, Any, str]


def _regions(file: RawFile, where: str) -> Iterator[Region]:
    """Name of the image, shape (None: it has no regions), attributes, and what to call it."""
    if file.content:
        for n, row in enumerate(rows_of(file, where), 2):
            at = f"{where}: line {n}"
            try:
                shape = json.loads(row.get("region_shape_attributes") or "{}")
                attributes = json.loads(row.get("region_attributes") or "{}")
            except (ValueError, RecursionError) as error:
                raise InputError(f"{at}: attributes that are not JSON") from error
            known = shape if isinstance(shape, dict) and shape else None
            yield row["filename"], known, attributes, at
        return
    images = file.document.get("_via_img_metadata", file.document)
    for key, image in images.items() if isinstance(images, dict) else ():
        at = f"{where}: {str(key)[:80]!r}"
        if not isinstance(image, dict) or not isinstance(image.get("filename"), str):
            raise InputError(f"{at} has no filename")
        yield image["filename"], None, {}, at
        regions = image.get("regions") or []
        listed = regions.values() if isinstance(regions, dict) else regions  # version 1 numbers
        for n, region in enumerate(listed):
            shape = region.get("shape_attributes") if isinstance(region, dict) else None
            if not isinstance(shape, dict):
                raise InputError(f"{at}: region {n} has no shape_attributes")
            yield image["filename"], shape, region.get("region_attributes"), f"{at}: region {n}"


def _write(frames: Sequence[FramePoints], options: WriteOptions) -> dict[str, bytes]:
    images = {
        f"{frame.image}-1": {
            "filename": frame.image,
            "size": -1,
            "regions": [
                {
                    "shape_attributes": {"name": "point", "cx": px(x), "cy": px(y)},
                    "region_attributes": {"class": options.label},
                }
                for x, y in frame.file.points
            ],
            "file_attributes": {},
        }
        for frame in frames
    }
    return {"": json.dumps(images, indent=1).encode()}


FORMATS = (
    Format(
        "VGG Image Annotator",
        _recognise,
        'cx and cy of each point region become {"x": .., "y": ..}',
        (".json", ".csv"),
        read=_read,
        key="via",
        in_place=False,
        many=True,
        write=_write,
    ),
)
