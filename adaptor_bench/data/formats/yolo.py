"""YOLO pose: a text per image, a row a landmark, everything in fractions of the image."""

from __future__ import annotations

import re
from collections.abc import Sequence

from adaptor_bench.data.formats.format import (
    SIZE,
    Format,
    FramePoints,
    PointFile,
    RawFile,
    Size,
    WriteOptions,
    finite,
    gathered,
)
from adaptor_bench.errors import InputError

_FRACTIONS = re.compile(r"[0-9]+(\s+-?[0-9.]+(e-?[0-9]+)?){4,}\s*", re.IGNORECASE)
_BOX = 12.0  # px


def _recognise(file: RawFile) -> bool:
    lines = file.text.splitlines()[:5]
    return bool(lines) and all(map(_FRACTIONS.fullmatch, lines))


def _read(file: RawFile, where: str) -> dict[str, PointFile]:
    size = file.options.size_of("")
    if size is None:
        raise InputError(
            f"{where}: is in fractions of an image that was not found; give --images or --size"
        )
    rows: list[tuple[float, float]] = []
    for n, line in enumerate(file.text.splitlines(), 1):
        at = f"{where}: line {n}"
        numbers = [finite(word, f"{at}: {word[:20]!r}") for word in line.split()]
        if not numbers or not file.options.wanted(int(numbers[0])):
            continue
        if len(numbers) == 7:  # class, box, one keypoint
            numbers.append(2)
        if len(numbers) < 8 or (len(numbers) - 5) % 3:
            raise InputError(
                f"{at} has {len(numbers)} numbers; read are class, box, and keypoints x, y, v"
            )
        keypoints = zip(numbers[5::3], numbers[6::3], numbers[7::3], strict=True)
        rows += [(x * size[0], y * size[1]) for x, y, visible in keypoints if visible > 0]
    return {"": gathered(rows, size=size)}


def _write(frames: Sequence[FramePoints], options: WriteOptions) -> dict[str, bytes]:
    files = {
        f"labels/{frame.folder}/{frame.stem}.txt": "".join(
            _row(x, y, frame.size) for x, y in frame.file.points
        )
        for frame in frames
    }
    files["data.yaml"] = (
        "# One row a landmark, each with one keypoint.\n"
        "path: .\ntrain: images\nval: images\nkpt_shape: [1, 3]\nflip_idx: [0]\n"
        f"names:\n  0: {options.label!r}\n"
    )
    return {name: text.encode() for name, text in files.items()}


def _row(x: float, y: float, size: Size) -> str:
    """Class, a box around the landmark as far as it is in the image, the landmark, its v."""
    numbers: list[float] = []
    extents: list[float] = []
    place = [float(value) / side for value, side in zip((x, y), size, strict=True)]
    for middle, side in zip(place, size, strict=True):
        low, high = (min(max(middle + part * _BOX / 2 / side, 0), 1) for part in (-1, 1))
        numbers.append((low + high) / 2)
        extents.append(high - low)
    return f"0 {' '.join(f'{value:.7f}' for value in (*numbers, *extents, *place))} 2\n"


FORMATS = (
    Format(
        "YOLO pose",
        _recognise,
        'keypoints, as fractions, become {"x": .., "y": ..} in pixels',
        (".txt",),
        read=_read,
        key="yolo-pose",
        in_place=False,
        write=_write,
        images="images",
        asks=lambda file: (SIZE, "WxH"),
        centre="0.5",
    ),
)
