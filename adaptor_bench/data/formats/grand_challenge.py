"""grand-challenge.org: "Multiple points", a JSON per image; the z of a picture is 0."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from adaptor_bench.data.formats.challenge import MULTIPLE_POINTS
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
from adaptor_bench.errors import InputError


def _read(file: RawFile, where: str) -> dict[str, PointFile]:
    rows: list[tuple[float, float]] = []
    scores: list[float | None] = []
    for n, entry in enumerate(file.document["points"]):
        at = f"{where}: /points/{n}"
        place = entry.get("point") if isinstance(entry, dict) else None
        if not isinstance(place, list) or len(place) != 3:
            raise InputError(f"{at} has no point of three numbers")
        if not file.options.wanted(entry.get("name")):
            continue
        x, y, _ = (finite(value, f"{at}/point/{i}") for i, value in enumerate(place))
        rows.append((x, y))
        score = entry.get("probability")
        scores.append(None if score is None else finite(score, f"{at}/probability"))
    return {"": gathered(rows, scores)}


def _write(frames: Sequence[FramePoints], options: WriteOptions) -> dict[str, bytes]:
    return {f"{f.folder}/{f.stem}.json": _document(f, options) for f in frames}


def _document(frame: FramePoints, options: WriteOptions) -> bytes:
    points: list[dict[str, Any]] = [
        {"name": options.label, "point": [px(x), px(y), 0.0]} for x, y in frame.file.points
    ]
    if frame.file.scores is not None:
        for entry, score in zip(points, frame.file.scores, strict=True):
            entry["probability"] = round(float(score), 6)
    document = {
        "name": options.label,
        "type": MULTIPLE_POINTS,
        "points": points,
        "version": {"major": 1, "minor": 0},
    }
    return json.dumps(document).encode()


FORMATS = (
    Format(
        "grand-challenge.org",
        lambda f: f.lists("points") and f.document.get("type") == MULTIPLE_POINTS,
        'the first two numbers of each point become {"x": .., "y": ..}',
        read=_read,
        key="grand-challenge",
        write=_write,
    ),
)
