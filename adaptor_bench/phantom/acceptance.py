"""What is measured of drawn frames, beside detectors, to say whether they are hard for the right
reasons: distances between landmarks, what a landmark looks like, colours.

Points are (N, 2), order x, y, px; images (H, W, 3) uint8 RGB.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
Floats = NDArray[np.float64]

DARK = 15.0  # grey levels that a dark centre lies below what is around it
_CENTRE, _INNER, _OUTER = 2.0, 5.0, 9.0  # px: radius of a centre, and of the ring around it


def nearest_neighbours(frames: Iterable[Points]) -> Floats:
    """Of every point the distance in px to the nearest other one of its frame, shape (K,); points
    that are alone in theirs are left out."""
    found = [np.empty(0)]
    for points in frames:
        if len(points) > 1:
            away = np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1))
            np.fill_diagonal(away, np.inf)
            found.append(away.min(axis=1))
    return np.concatenate(found)


def centre_depths(image: NDArray[np.uint8], points: Points) -> Floats:
    """How much darker, in grey levels, each point's centre is than the ring around it, shape (N,).

    The centre is the darkest 3x3 mean within 2 px, the ring the median of what is 5 to 9 px away;
    px outside the frame repeat its border.
    """
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    smooth = cv2.blur(grey, (3, 3)).astype(float)
    height, width = grey.shape
    reach = int(_OUTER)
    offsets = np.array(
        [(x, y) for y in range(-reach, reach + 1) for x in range(-reach, reach + 1)], dtype=int
    )
    away = np.hypot(*offsets.T)
    at = np.round(points).astype(int)[:, None] + offsets
    column, row = at[..., 0].clip(0, width - 1), at[..., 1].clip(0, height - 1)
    centre = smooth[row, column][:, away <= _CENTRE].min(axis=1, initial=255)
    ring = grey[row, column][:, (away >= _INNER) & (away <= _OUTER)]
    if not len(points):
        return np.empty(0)
    return np.asarray(np.median(ring, axis=1) - centre)


def anywhere(rng: np.random.Generator, number: int, size: tuple[int, int]) -> Points:
    """``number`` random points of a frame of ``size`` (width, height): what chance would show."""
    return rng.uniform((0, 0), (size[0] - 1, size[1] - 1), (number, 2))


def mean_colour(images: Sequence[NDArray[np.uint8]]) -> Floats:
    """Mean L*, a*, b* (CIELAB; L* 0..100) over all px of ``images``, shape (3,).

    Of every other px, which differ in no digit that is shown.
    """
    means = []
    for image in images:
        shares: NDArray[np.float32] = image[::2, ::2].astype(np.float32) / np.float32(255)
        means.append(cv2.cvtColor(shares, cv2.COLOR_RGB2LAB).reshape(-1, 3).mean(axis=0))
    return np.asarray(np.mean(means, axis=0, dtype=float))
