"""Maps (H, W) at another size, and as whole numbers on disk."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

STEPS = 65535  # far finer than the 256 bins of Otsu's histogram


def resize_map(heatmap: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    """Bilinear resize to ``size`` (width, height), pixel centres at integers (see scale_points)."""
    if (heatmap.shape[1], heatmap.shape[0]) == size:
        return heatmap
    import cv2

    return np.asarray(cv2.resize(heatmap, size, interpolation=cv2.INTER_LINEAR))


def as_stored(maps: NDArray[np.float32]) -> NDArray[np.uint16]:
    """Values in [0, 1] in steps of 1 / 65535."""
    return np.round(maps * STEPS).astype(np.uint16)


def from_stored(maps: NDArray[np.uint16]) -> NDArray[np.float32]:
    """What :func:`as_stored` made whole numbers of."""
    return maps.astype(np.float32) / np.float32(STEPS)
