"""Local maxima, thinned out and refined below a pixel: one point a peak, whatever its width."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.parameters import Number, OneOf
from adaptor_bench.stages.maps import resize_map
from adaptor_bench.stages.protocols import Decoded, Step
from adaptor_bench.stages.registry import stage

REFINEMENTS = ("quadratic", "centroid", "none")
Map = NDArray[np.float32]
_LOWEST = 0.02


@stage("decode", "peaks")
@dataclass(frozen=True)
class Peaks:
    """Local maxima of at least ``threshold``, no two nearer than ``distance`` px.

    ``threshold`` none is chosen on training frames, after the training; without any, all above
    0.02 is found.

    The map is smoothed by a Gaussian of ``blur`` px first (0: not), so that what the network draws
    with ripples is one peak. ``refine`` says how a point is placed between pixels.
    """

    threshold: Annotated[float | None, Number(0, 1)] = 0.3
    distance: Annotated[float, Number(0, 500)] = 4.0
    blur: Annotated[float, Number(0, 100)] = 0.6
    refine: Annotated[str, OneOf(*REFINEMENTS)] = "quadratic"
    chooses_threshold: ClassVar[bool] = True

    def decode(self, maps: NDArray[np.floating], size: tuple[int, int]) -> Decoded:
        """Decode the first of ``maps`` (C, H, W) at ``size`` (width, height).

        A score is the smoothed map's value at the peak.
        """
        from scipy.ndimage import gaussian_filter

        heatmap = resize_map(np.asarray(maps[0], dtype=np.float32), size)
        smooth = gaussian_filter(heatmap, self.blur) if self.blur else heatmap
        threshold = _LOWEST if self.threshold is None else self.threshold
        pixels = find_peaks(smooth, threshold, self.distance)
        peaks = np.zeros(heatmap.shape, bool)
        peaks[pixels[:, 1], pixels[:, 0]] = True
        points = pixels.astype(float)
        if self.refine == "quadratic":
            points = refine_quadratic(smooth, pixels)
        elif self.refine == "centroid":
            points = refine_centroid(smooth, pixels)
        above = Step(f"Threshold {threshold:.3f}", smooth >= threshold)
        scores = smooth[pixels[:, 1], pixels[:, 0]].astype(float)
        return Decoded(points, scores, heatmap, (above, Step("Peaks", peaks, "passed over")))


def find_peaks(heatmap: Map, threshold: float, distance: float = 0.0) -> NDArray[np.intp]:
    """Pixels (N, 2), order x, y, of the local maxima of ``heatmap`` (H, W), the highest first.

    A local maximum is a pixel, or an 8-connected plateau of equal ones, with nothing but lower
    pixels around it, of at least ``threshold``; the border of the map counts as lower. A plateau
    is told by its pixel nearest to its centroid. Of maxima nearer to each other than ``distance``
    px (Euclidean) the higher stays, of equal ones the first by row, then by column. A constant map
    has no maximum.
    """
    from scipy.ndimage import label
    from skimage.morphology import local_maxima

    # A frame of lower pixels, so that a maximum at the border is one.
    framed = np.pad(heatmap, 1, constant_values=-np.inf)
    maxima = local_maxima(framed, connectivity=2)[1:-1, 1:-1] & (heatmap >= threshold)
    if not maxima.any() or heatmap.min() == heatmap.max():
        return np.empty((0, 2), np.intp)
    plateaus, number = label(maxima, np.ones((3, 3)))
    rows, columns = np.nonzero(maxima)
    belongs = plateaus[rows, columns] - 1
    sizes = np.bincount(belongs, minlength=number)
    off_centre = np.hypot(
        rows - (np.bincount(belongs, rows) / sizes)[belongs],
        columns - (np.bincount(belongs, columns) / sizes)[belongs],
    )
    order = np.lexsort((columns, rows, off_centre, belongs))
    first = order[np.unique(belongs[order], return_index=True)[1]]
    rows, columns = rows[first], columns[first]
    order = np.lexsort((columns, rows, -heatmap[rows, columns].astype(float)))
    left = np.column_stack([columns, rows])[order]
    kept = []
    while len(left):
        kept.append(left[0])
        left = left[1:][np.hypot(*(left[1:] - left[0]).T) >= distance]
    return np.array(kept)


def refine_quadratic(heatmap: Map, pixels: NDArray[np.intp]) -> NDArray[np.float64]:
    """The vertex of the parabola through each pixel (N, 2), order x, y, and its neighbours, along
    either axis: at most half a pixel away. A coordinate at the border stays."""
    points = pixels.astype(float)
    for axis, along in ((0, heatmap), (1, heatmap.T)):
        length = along.shape[1]
        at, line = pixels[:, axis], along[pixels[:, 1 - axis]].astype(float)
        inside = (at > 0) & (at < length - 1)
        each = np.arange(len(at))
        before, here, after = (line[each, np.clip(at + d, 0, length - 1)] for d in (-1, 0, 1))
        bend = before - 2 * here + after
        shift = np.divide(before - after, 2 * bend, out=np.zeros_like(bend), where=bend < 0)
        points[:, axis] += np.where(inside, np.clip(shift, -0.5, 0.5), 0)
    return points


def refine_centroid(heatmap: Map, pixels: NDArray[np.intp]) -> NDArray[np.float64]:
    """The centre of mass of the 3x3 pixels around each (N, 2), order x, y; outside is 0."""
    framed = np.pad(heatmap.astype(float), 1)
    steps = np.array([(x, y) for y in (-1, 0, 1) for x in (-1, 0, 1)])
    around = pixels[:, None] + steps + 1
    weights = framed[around[..., 1], around[..., 0]]
    total = weights.sum(1, keepdims=True)
    weights = np.divide(weights, total, out=np.zeros_like(weights), where=total > 0)
    return pixels + weights @ steps
