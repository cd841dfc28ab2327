"""A predicted heatmap to points: threshold, opening, cutting, centroids.

The reference implementation of Yao et al. 2021, section 2.5. Where the text leaves a choice open,
the authors' public code decides; each such choice is named below.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from skimage.filters import threshold_otsu
from skimage.measure import label, regionprops
from skimage.morphology import disk, opening

__all__ = ["DecodeSettings", "Decoded", "cut_large_regions", "decode_heatmap"]


@dataclass(frozen=True)
class DecodeSettings:
    """How a heatmap becomes points.

    ``threshold`` is ``"otsu"`` or a fixed value in [0, 1]; pixels at or above it count.
    ``opening_radius`` is the radius of the disk of the opening in px, 0 for none. ``cut`` turns
    cutting on; a region is cut when its area exceeds ``cut_factor`` times the mean area (1.0 is
    the paper), in ``cut_passes`` passes over all regions (1 is the paper). ``floor`` is the least
    threshold Otsu may return (0 is the paper, which has no outcome "nothing here").
    """

    threshold: float | str = "otsu"
    opening_radius: int = 2
    cut: bool = True
    cut_factor: float = 1.0
    cut_passes: int = 1
    floor: float = 0.0


@dataclass(frozen=True)
class Decoded:
    """Every stage of one decoding, for figures and for tests.

    ``points`` (N, 2), order x, y, px of the heatmap; ``scores`` (N,) the heatmap's largest value
    in each region; the masks have the heatmap's shape; ``threshold`` is NaN for a constant map.
    """

    points: NDArray[np.float64]
    scores: NDArray[np.float64]
    threshold: float
    binary: NDArray[np.bool_]
    opened: NDArray[np.bool_]
    cut: NDArray[np.bool_]


def decode_heatmap(heatmap: NDArray[np.floating], settings: DecodeSettings) -> Decoded:
    """Decode one heatmap of shape (height, width) with values in [0, 1].

    A constant heatmap yields no points: Otsu's threshold would be that constant and mark every
    pixel. Regions are 8-connected; a point is the unweighted centroid of its region.
    """
    heatmap = np.asarray(heatmap, dtype=np.float32)
    threshold = _threshold(heatmap, settings)
    binary = np.zeros(heatmap.shape, bool) if np.isnan(threshold) else heatmap >= threshold
    opened = _open(binary, settings.opening_radius)
    cut = opened
    if settings.cut:
        for _ in range(settings.cut_passes):
            cut = cut_large_regions(cut, settings.cut_factor)
    regions = regionprops(label(cut, connectivity=2), intensity_image=heatmap)
    points = np.array([region.centroid[::-1] for region in regions], dtype=float).reshape(-1, 2)
    scores = np.array([region.intensity_max for region in regions], dtype=float)
    return Decoded(points, scores, threshold, binary, opened, cut)


def cut_large_regions(mask: NDArray[np.bool_], factor: float = 1.0) -> NDArray[np.bool_]:
    """Cut every region whose area exceeds ``factor`` times the mean area in two.

    The cut removes one line of pixels through the centroid, across the longer side of the
    bounding box (equal sides count as tall), from end to end of the bounding box. As in the
    public code the mean area and the centroid are truncated to whole numbers.
    """
    regions = regionprops(label(mask, connectivity=2))
    result = mask.copy()
    if not regions:
        return result
    limit = factor * int(np.mean([region.area for region in regions]))
    for region in regions:
        if region.area <= limit:
            continue
        top, left, bottom, right = region.bbox
        row, column = (int(c) for c in region.centroid)
        if right - left <= bottom - top:
            result[row, left:right] = False
        else:
            result[top:bottom, column] = False
    return result


def _threshold(heatmap: NDArray[np.float32], settings: DecodeSettings) -> float:
    """Threshold on the float map; NaN when the map is constant or not finite."""
    low, high = float(heatmap.min()), float(heatmap.max())
    if not np.isfinite([low, high]).all() or high <= low:
        return float("nan")
    if settings.threshold == "otsu":
        return max(float(threshold_otsu(heatmap)), settings.floor)
    return float(settings.threshold)


def _open(binary: NDArray[np.bool_], radius: int) -> NDArray[np.bool_]:
    if radius <= 0 or not binary.any():
        return binary
    opened: NDArray[np.bool_] = opening(binary, disk(radius))
    return opened
