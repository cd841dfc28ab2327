"""Masks with a dot a landmark, a PNG per image: what is not black is a dot, its middle the place.

Nothing tells such a mask from a picture, so it is read where it is said to be one, never guessed.
"""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

import numpy as np

from adaptor_bench.data.formats.format import (
    Format,
    FramePoints,
    PointFile,
    RawFile,
    WriteOptions,
    gathered,
)
from adaptor_bench.errors import InputError

_MOST = 100_000  # dots of a mask


def _read(file: RawFile, where: str) -> dict[str, PointFile]:
    from scipy import ndimage

    from adaptor_bench.data.images import read_image

    if file.path is None:
        raise InputError(f"{where}: a mask is read from a file alone")
    mask = read_image(file.path).any(axis=2)
    dots, number = ndimage.label(mask, np.ones((3, 3)))
    if number > _MOST or mask.mean() > 0.5:
        raise InputError(f"{where}: not a mask of dots: most of it is not black")
    middles = ndimage.center_of_mass(mask, dots, range(1, number + 1))
    return {"": gathered([(x, y) for y, x in middles], size=(mask.shape[1], mask.shape[0]))}


def _write(frames: Sequence[FramePoints], options: WriteOptions) -> dict[str, bytes]:
    problems: list[str] = []
    files = {f"{f.folder}/{f.stem}.png": _mask(f, problems) for f in frames}
    if problems:
        raise InputError.collect("frames that a mask of dots cannot hold:", problems)
    return files


def _mask(frame: FramePoints, problems: list[str]) -> bytes:
    from PIL import Image

    width, height = frame.size
    where = f"{frame.folder}/{frame.stem}"
    mask = np.zeros((height, width), np.uint8)
    columns, rows = np.rint(frame.file.points).astype(int).T
    if not ((columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)).all():
        problems.append(f"{where}: a landmark outside the frame")
        return b""
    for x, y in zip(columns, rows, strict=True):
        if mask[max(y - 1, 0) : y + 2, max(x - 1, 0) : x + 2].any():
            problems.append(f"{where}: two landmarks on neighbouring pixels, at x {x}, y {y}")
            break
        mask[y, x] = 255
    content = BytesIO()
    Image.fromarray(mask).save(content, "PNG")
    return content.getvalue()


FORMATS = (
    Format(
        "dot mask",
        None,
        'the middle of each dot becomes {"x": .., "y": ..}',
        (".png",),
        read=_read,
        title="a mask of dots",
        key="dot-mask",
        in_place=False,
        write=_write,
        precision=0.5,
        sizes=True,
        centre="0",
    ),
)
