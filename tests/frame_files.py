"""Files of points and images in the challenge's layout, as a test writes them."""

from __future__ import annotations

from pathlib import Path
from zlib import crc32

import numpy as np
from PIL import Image

from adaptor_bench.data.formats.challenge import write_points

SIZE = (512, 288)


def put_points(root: Path, key: str, points: object, *, inner="point_labels", **more) -> Path:
    """The points of frame ``key`` (surgery/video/stem), labels or predictions; returns the file.

    ``more`` goes to ``write_points``: size, scores.
    """
    *folders, stem = key.split("/")
    path = root.joinpath(*folders, inner, f"{stem}.json")
    names = {"folder": folders[-2], "subfolder": folders[-1], "image": f"{stem}.png"}
    write_points(path, points, **names, **more)
    return path


def write_frame(
    root: Path, surgery: str, stem: str, points: object, *, video="video_1", size=SIZE
) -> Path:
    """One frame with bright squares at its points; returns the label's path."""
    points = np.asarray(points, dtype=float).reshape(-1, 2)
    width, height = size
    seed = crc32(f"{surgery}/{stem}".encode())  # no two frames alike
    image = np.random.default_rng(seed).integers(40, 70, (height, width, 3), dtype=np.uint8)
    for x, y in np.round(points).astype(int):
        image[max(0, y - 2) : y + 3, max(0, x - 2) : x + 3] = 230
    images = root / surgery / video / "images"
    images.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(images / f"{stem}.png")
    return put_points(root, f"{surgery}/{video}/{stem}", points, size=size)
