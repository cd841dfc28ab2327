"""COCO keypoints: one annotation a landmark, for a frame has any number of them.

With the area of 144 square px that is written, and a sigma of 0.2123 for the one keypoint, an
object keypoint similarity (OKS) of 0.5 is a distance of 6 px, to within 0.001 px:
exp(-d² / (2 · 144 · (2 · 0.2123)²)).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from adaptor_bench.data.formats.challenge import whole_size
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
from adaptor_bench.data.layout import composed
from adaptor_bench.errors import InputError

SIGMA = 0.2123
"""Of the one keypoint, for ``kpt_oks_sigmas``."""
AREA = 144.0
"""Square px of every annotation: that of a box of 12 by 12 px around the landmark."""
_BOX = 12.0


def _recognise(file: RawFile) -> bool:
    if file.lists("annotations") and "images" in file.document:
        return True
    some = file.document[:1] if isinstance(file.document, list) else []
    return bool(some) and isinstance(some[0], dict) and "image_id" in some[0]


def _read(file: RawFile, where: str) -> dict[str, PointFile]:
    document = file.document
    if isinstance(document, list):
        if file.options.index is None:
            raise InputError(
                f"{where}: results name images by number alone; give the file that has the "
                "images with --index"
            )
        document = {**_object(file.options.index, "the index"), "annotations": document}
    images = _images(_object(document, where), where)
    kinds = {
        kind.get("id"): kind.get("name")
        for kind in document.get("categories") or ()
        if isinstance(kind, dict) and isinstance(kind.get("id"), int)
    }
    rows: dict[Any, list[tuple[float, float]]] = {number: [] for number in images}
    scores: dict[Any, list[float | None]] = {number: [] for number in images}
    for n, entry in enumerate(document["annotations"]):
        at = f"{where}: annotation {n}"
        number = _object(entry, at).get("image_id")
        if not isinstance(number, int | str) or number not in images:
            raise InputError(f"{at} is of image {number!r}, which is not among the images")
        kind = entry.get("category_id")
        if not file.options.wanted(kinds.get(kind) if isinstance(kind, int) else None):
            continue
        for point in _keypoints(entry.get("keypoints"), at):
            rows[number].append(point)
            given = entry.get("score")
            scores[number].append(None if given is None else finite(given, f"{at}: its score"))
    return {
        name: gathered(rows[number], scores[number], size)
        for number, (name, size) in images.items()
    }


def _object(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InputError(f"{where} is not an object")
    return value


def _images(document: dict[str, Any], where: str) -> dict[Any, tuple[str, tuple[int, int] | None]]:
    """Number to name and size of each image."""
    found: dict[Any, tuple[str, tuple[int, int] | None]] = {}
    listed = document.get("images")
    for n, image in enumerate(listed if isinstance(listed, list) else ()):
        at = f"{where}: image {n}"
        number, name = _object(image, at).get("id"), image.get("file_name")
        if not isinstance(number, int | str) or not isinstance(name, str) or not name:
            raise InputError(f"{at} lacks an id or a file_name")
        width, height = whole_size(image.get("width")), whole_size(image.get("height"))
        if number in found:
            raise InputError(f"{at} has the id of another one: {number!r}")
        found[number] = name, (width, height) if width and height else None
    if len({name for name, _ in found.values()}) < len(found):
        raise InputError(f"{where}: two images have the same file_name")
    if not found:
        raise InputError(f"{where}: there are no images in it")
    return found


def _keypoints(flat: Any, at: str) -> list[tuple[float, float]]:
    if not isinstance(flat, list) or len(flat) % 3:
        raise InputError(f"{at}: keypoints are not triples x, y, v")
    numbers = [finite(value, f"{at}: /keypoints/{i}") for i, value in enumerate(flat)]
    triples = zip(numbers[0::3], numbers[1::3], numbers[2::3], strict=True)
    return [(x, y) for x, y, visible in triples if visible > 0]  # 0: not labelled


def _write(frames: Sequence[FramePoints], options: WriteOptions) -> dict[str, bytes]:
    numbers = {frame.image: n for n, frame in enumerate(frames, 1)}
    if options.index is not None:
        numbers = _numbers(frames, options.index)
        if missing := [f.image for f in frames if f.image not in numbers]:
            raise InputError.collect("images that are not in the index:", missing)
    entries: list[dict[str, Any]] = []
    for frame in frames:
        scores = frame.file.scores
        for i, (x, y) in enumerate(frame.file.points):
            x, y = px(x), px(y)
            entry = {"image_id": numbers[frame.image], "category_id": 1, "keypoints": [x, y, 2]}
            if options.predictions:
                entry["score"] = 1.0 if scores is None else round(float(scores[i]), 6)
            else:
                entry |= {"id": len(entries) + 1, "num_keypoints": 1, "area": AREA, "iscrowd": 0}
                entry["bbox"] = [px(x - _BOX / 2), px(y - _BOX / 2), _BOX, _BOX]
            entries.append(entry)
    if options.predictions:
        return {"": json.dumps(entries).encode()}
    images = [
        {"id": numbers[f.image], "file_name": f.image, "width": f.size[0], "height": f.size[1]}
        for f in frames
    ]
    kind = {"id": 1, "name": options.label, "supercategory": options.label,
            "keypoints": [options.label], "skeleton": []}  # fmt: skip
    document = {"images": images, "annotations": entries, "categories": [kind]}
    return {"": json.dumps(document).encode()}


def _numbers(frames: Sequence[FramePoints], index: Any) -> dict[str, Any]:
    """The ids of those images of frames that the index has: of the same name, or of a name that an
    import would take for the same frame."""
    images = {name: number for number, (name, _) in _images(index, "index").items()}
    if all(frame.image in images for frame in frames):
        return images
    from adaptor_bench.data.placing import Placing

    places = {Placing().place(name).key: number for name, number in images.items()}
    for frame in frames:
        place = composed(f"{frame.folder}/{frame.stem}").lower()
        without_domain = "/".join(place.split("/")[-3:])
        for name in (place, without_domain):
            if name in places:
                images.setdefault(frame.image, places[name])
    return images


FORMATS = (
    Format(
        "COCO keypoints",
        _recognise,
        'each triple x, y, v of keypoints becomes {"x": .., "y": ..} in the file of its image',
        read=_read,
        key="coco",
        in_place=False,
        many=True,
        write=_write,
        takes=frozenset({"--index", "--predictions"}),
        sizes=True,
        centre="0",
        asks=lambda f: ("--index", "FILE_WITH_IMAGES") if isinstance(f.document, list) else (),
    ),
)
