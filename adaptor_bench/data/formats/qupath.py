"""QuPath: GeoJSON, a file per image, features of points."""

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
    gathered,
    pair,
    px,
)
from adaptor_bench.errors import InputError


def _recognise(file: RawFile) -> bool:
    found = _features(file.document)
    if file.lists("features"):
        return file.document.get("type") == "FeatureCollection"
    return bool(found) and isinstance(found[0], dict) and found[0].get("type") == "Feature"


def _features(document: Any) -> list[Any]:
    if isinstance(document, dict):
        document = document.get("features", [document])
    return document if isinstance(document, list) else []


def _read(file: RawFile, where: str) -> dict[str, PointFile]:
    return {"": gathered(list(_places(file, where)))}


def _places(file: RawFile, where: str) -> Iterator[tuple[float, float]]:
    for n, feature in enumerate(_features(file.document)):
        at = f"{where}: feature {n}"
        geometry = feature.get("geometry") if isinstance(feature, dict) else None
        if not isinstance(geometry, dict):
            raise InputError(f"{at} has no geometry")
        if not file.options.wanted(_class(feature)):
            continue
        kind, places = geometry.get("type"), geometry.get("coordinates")
        if kind == "Point":
            places = [places]
        elif kind != "MultiPoint":
            raise InputError(
                f"{at} is a {str(kind)[:20]!r}, not a point; --label NAME takes some classes only"
            )
        if not isinstance(places, list):
            raise InputError(f"{at} has no coordinates")
        for place in places:
            yield pair(place[:2] if isinstance(place, list) else place, at)


def _class(feature: dict[str, Any]) -> Any:
    properties = feature.get("properties")
    kind = properties.get("classification") if isinstance(properties, dict) else None
    return kind.get("name") if isinstance(kind, dict) else None


def _write(frames: Sequence[FramePoints], options: WriteOptions) -> dict[str, bytes]:
    return {f"{f.folder}/{f.stem}.geojson": _document(f, options) for f in frames}


def _document(frame: FramePoints, options: WriteOptions) -> bytes:
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [px(x), px(y)]},
            "properties": {
                "objectType": "annotation",
                "classification": {"name": options.label},
            },
        }
        for x, y in frame.file.points
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


FORMATS = (
    Format(
        "QuPath",
        _recognise,
        'the coordinates of each feature of points become {"x": .., "y": ..}',
        (".geojson", ".json"),
        read=_read,
        title="a file of QuPath (GeoJSON)",
        key="qupath",
        in_place=False,
        write=_write,
        centre="0.5",
    ),
)
