"""A Gaussian over a map, only where what is looked for can be: scipy's results, sooner."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

Map = NDArray[np.float32]
Area = tuple[int, int, int, int]
"""Top, left, bottom, right in px; bottom and right are the first px outside."""
_BLOCKS = 32  # along the longer side of a map
_MOST = 32  # areas: of more the whole map is sooner done


def reach_of(blur: float) -> int:
    """How many px away a Gaussian of ``blur`` px is cut off, as scipy does."""
    return int(4 * blur + 0.5)


def areas_above(heatmap: Map, threshold: float, size: tuple[int, int], margin: int) -> list[Area]:
    """Areas of a map (H, W), once it is resized to ``size`` (width, height), outside of which
    nothing within ``margin`` px reaches ``threshold``. None overlaps another one.

    Between pixels a map is never higher than at the highest of them.
    """
    import cv2

    width, height = size
    cell = -(-max(heatmap.shape) // _BLOCKS)
    high = heatmap >= threshold - 1e-5 * abs(threshold)  # between pixels it may be rounded up
    for axis in (0, 1):
        high = np.logical_or.reduceat(high, np.arange(0, high.shape[axis], cell), axis)
    found = cv2.connectedComponentsWithStats(high.view(np.uint8), connectivity=8)[2]
    if threshold <= 0 or len(found) > _MOST:
        return [(0, 0, height, width)]
    right, down = (new / old for new, old in zip(size, heatmap.shape[::-1], strict=True))
    areas: list[Area] = []
    for x, y, wide, tall, _ in found[1:].tolist():
        area = (
            max(int((y * cell - 1) * down) - margin - 1, 0),
            max(int((x * cell - 1) * right) - margin - 1, 0),
            min(int(((y + tall) * cell + 1) * down) + margin + 2, height),
            min(int(((x + wide) * cell + 1) * right) + margin + 2, width),
        )
        while beside := [other for other in areas if _overlap(area, other)]:
            areas = [other for other in areas if other not in beside]
            ends = list(zip(area, *beside, strict=True))
            area = (min(ends[0]), min(ends[1]), max(ends[2]), max(ends[3]))
        areas.append(area)
    return areas


def _overlap(one: Area, other: Area) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def smoothed(heatmap: Map, blur: float, areas: Iterable[Area]) -> Map:
    """``scipy.ndimage.gaussian_filter(heatmap, blur)`` of a map (H, W) within ``areas``, 0 outside,
    to the bit."""
    from scipy.ndimage import correlate1d

    reach = reach_of(blur)
    weights = np.exp(-0.5 / (blur * blur) * np.arange(-reach, reach + 1) ** 2)
    weights /= weights.sum()
    found = np.zeros(heatmap.shape, np.float32)
    for top, left, bottom, right in areas:
        above, before = max(top - reach, 0), max(left - reach, 0)
        around = heatmap[above : bottom + reach, before : right + reach]
        # It sums along lines that lie in one piece three times as fast.
        columns = correlate1d(np.ascontiguousarray(around.T), weights)
        rows = correlate1d(np.ascontiguousarray(columns.T), weights)
        found[top:bottom, left:right] = rows[top - above :, left - before :][
            : bottom - top, : right - left
        ]
    return found
