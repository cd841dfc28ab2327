"""Threshold, opening, cutting, centroids: the reference implementation of Yao et al. 2021, 2.5.

Where the text leaves a choice open, the authors' public code decides; each such choice is named
below.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.parameters import Number
from adaptor_bench.stages.maps import resize_map
from adaptor_bench.stages.protocols import Decoded, Step
from adaptor_bench.stages.regions import opened, otsu_threshold, regions_of
from adaptor_bench.stages.registry import stage


@stage("decode", "otsu")
@dataclass(frozen=True)
class Otsu:
    """Regions above Otsu's threshold, opened, the large ones cut; points are their centroids.

    ``threshold`` None is Otsu's of each frame, never less than ``floor`` (0 is the paper, which has
    no outcome "nothing here"); a number is a fixed one. Pixels at or above it count.
    ``opening_radius`` is the radius of the disk of the opening in px, 0 for none. ``cut`` turns
    cutting on; a region is cut when its area exceeds ``cut_factor`` times the mean area (1.0 is
    the paper), in ``cut_passes`` passes over all regions (1 is the paper).
    """

    threshold: Annotated[float | None, Number(0, 1)] = None
    floor: Annotated[float, Number(0, 1)] = 0.0
    opening_radius: Annotated[int, Number(0, 100)] = 2
    cut: bool = True
    cut_factor: Annotated[float, Number(0, 1000, above=True)] = 1.0
    cut_passes: Annotated[int, Number(1, 100)] = 1

    def decode(self, maps: NDArray[np.floating], size: tuple[int, int]) -> Decoded:
        """Decode the first of ``maps`` (C, H, W), values in [0, 1], at ``size`` (width, height).

        A constant map yields no points: Otsu's threshold would be that constant and mark every
        pixel. Regions are 8-connected; a point is the unweighted centroid of its region, its score
        the largest value there.
        """
        heatmap = resize_map(np.asarray(maps[0], dtype=np.float32), size)
        threshold = self._threshold(heatmap)
        if np.isnan(threshold):
            binary, title = np.zeros(heatmap.shape, bool), "No threshold: the map is constant"
        else:
            binary = heatmap >= threshold
            title = f"{'Otsu' if self.threshold is None else 'Threshold'} {threshold:.3f}"
        after_opening = opened(binary, self.opening_radius)
        cut = after_opening
        if self.cut:
            for _ in range(self.cut_passes):
                cut = cut_large_regions(cut, self.cut_factor)
        regions = regions_of(cut)
        return Decoded(
            regions.centroids,
            regions.largest(heatmap),
            heatmap,
            (
                Step(title, binary),
                Step("Opening" if self.opening_radius else "No opening", after_opening),
                Step("Cutting" if self.cut else "No cutting", cut, "cut out"),
            ),
        )

    def _threshold(self, heatmap: NDArray[np.float32]) -> float:
        """Threshold on the float map; NaN when the map is constant or not finite."""
        low, high = float(heatmap.min()), float(heatmap.max())
        if not np.isfinite([low, high]).all() or high <= low:
            return float("nan")
        if self.threshold is None:
            return max(otsu_threshold(heatmap), self.floor)
        return self.threshold


def cut_large_regions(mask: NDArray[np.bool_], factor: float = 1.0) -> NDArray[np.bool_]:
    """Cut every region whose area exceeds ``factor`` times the mean area in two.

    The cut removes one line of pixels through the centroid, across the longer side of the
    bounding box (equal sides count as tall), from end to end of the bounding box. As in the
    public code the mean area and the centroid are truncated to whole numbers.
    """
    regions = regions_of(mask)
    result = mask.copy()
    if not len(regions.areas):
        return result
    large = np.flatnonzero(regions.areas > factor * int(np.mean(regions.areas)))
    if len(large):
        boxes, centroids = regions.boxes, regions.centroids
    for number in large:
        top, left, bottom, right = boxes[number]
        column, row = centroids[number].astype(int)
        if right - left <= bottom - top:
            result[row, left:right] = False
        else:
            result[top:bottom, column] = False
    return result
