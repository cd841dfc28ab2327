"""What methods are checked on: tiny frames of two domains, and pictures that trip programs up."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.data.formats.challenge import write_points
from adaptor_bench.data.images import write_image
from adaptor_bench.data.layout import image_place, label_place

SIZE = (160, 90)
SURGERIES = {"sim": ("case_1", "case_2", "case_3"), "intraop": ("case_5", "case_6", "case_7")}
_VIDEO, _FRAMES, _POINTS, _MARGIN = "video", 3, 4, 12  # three in a row: some look at time


def write_frames(root: Path) -> None:
    """A dataset: bright marks on a noisy ground, darker and redder in intraop. The last frame of
    every domain has no landmark."""
    rng = np.random.default_rng(0)
    for domain, surgeries in SURGERIES.items():
        for surgery in surgeries:
            for number in range(_FRAMES):
                last = surgery == surgeries[-1] and number == _FRAMES - 1
                points = rng.uniform(_MARGIN, np.array(SIZE) - _MARGIN, (0 if last else _POINTS, 2))
                image = ground(rng, SIZE)
                if domain == "intraop":
                    image = (image * np.array([1.0, 0.6, 0.5])).astype(np.uint8)
                for x, y in points.round().astype(int):
                    image[y - 2 : y + 3, x - 2 : x + 3] = 230
                video, stem = root / domain / surgery / _VIDEO, f"{number:06d}"
                write_image(image_place(video, stem), image, compression=1)
                write_points(
                    label_place(video, stem), points, folder=surgery, subfolder=_VIDEO,
                    image=f"{stem}.png", size=SIZE,
                )  # fmt: skip


def ground(rng: np.random.Generator, size: tuple[int, int]) -> NDArray[np.uint8]:
    """Noise (H, W, 3) of ``size`` (width, height)."""
    return rng.integers(40, 90, (size[1], size[0], 3), dtype=np.uint8)


def pictures() -> dict[str, list[NDArray[np.uint8]]]:
    """By the check that they are for: (H, W, 3) uint8."""
    rng = np.random.default_rng(1)
    grey = np.repeat(ground(rng, SIZE)[..., :1], 3, axis=2)
    grey[40:45, 60:65] = 230
    return {
        "empty frame": [np.zeros((SIZE[1], SIZE[0], 3), np.uint8)],
        "odd sizes": [ground(rng, size) for size in ((97, 61), (61, 127), (35, 33))],
        "grey frame": [grey],
    }
