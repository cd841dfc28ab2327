"""Local maxima, thinned out and refined below a pixel: one point a peak, whatever its width."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.parameters import Number, OneOf
from adaptor_bench.stages.maps import resize_map
from adaptor_bench.stages.neighbours import nearest_of, pairs_within
from adaptor_bench.stages.protocols import Decoded, Step
from adaptor_bench.stages.regions import Regions, regions_of
from adaptor_bench.stages.registry import stage
from adaptor_bench.stages.smoothing import Area, areas_above, reach_of, smoothed

REFINEMENTS = ("quadratic", "centroid", "none")
Map = NDArray[np.float32]
_LOWEST = 0.02
_SQUARE = np.ones((3, 3), np.uint8)
_DOWN, _RIGHT = np.divmod(np.arange(9), 3) - np.ones(1, np.intp)
_CROSS = np.array([[(-1, 0), (0, 0), (1, 0)], [(0, -1), (0, 0), (0, 1)]])
_AT_ONCE = 2000


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
        heatmap = resize_map(np.asarray(maps[0], dtype=np.float32), size)
        threshold = _LOWEST if self.threshold is None else self.threshold
        smooth, areas = heatmap, None
        if self.blur:
            areas = areas_above(maps[0], threshold, size, reach_of(self.blur) + 1)
            smooth = smoothed(heatmap, self.blur, areas)
        pixels = find_peaks(smooth, threshold, self.distance, areas)
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


def find_peaks(
    heatmap: Map, threshold: float, distance: float = 0.0, areas: Sequence[Area] | None = None
) -> NDArray[np.intp]:
    """Pixels (N, 2), order x, y, of the local maxima of ``heatmap`` (H, W), the highest first.

    A local maximum is a pixel, or an 8-connected plateau of equal ones, with nothing but lower
    pixels around it, of at least ``threshold``; the border of the map counts as lower. A plateau
    is told by its pixel nearest to its centroid. Of maxima nearer to each other than ``distance``
    px (Euclidean) the higher stays, of equal ones the first by row, then by column. A constant map
    has no maximum. Pixels outside ``areas``, which do not overlap, and beside what is outside, are
    below ``threshold``.
    """
    whole = (0, 0, *heatmap.shape)
    rows, columns = _maxima(heatmap, threshold, [whole] if areas is None else areas)
    if len(rows) in (0, heatmap.size):
        return np.empty((0, 2), np.intp)
    down, right = _around(rows, columns, heatmap.shape)
    equal = heatmap[down, right] == heatmap[rows, columns, None]
    if np.count_nonzero(equal) > len(rows):
        among = np.zeros(heatmap.shape, bool)
        among[rows, columns] = True
        # Of a plateau that rises somewhere, only the px beside the rise are not among these.
        rises = (equal & ~among[down, right]).any(1)
        rows, columns = _one_of_each(regions_of(among), rises)
    order = np.lexsort((columns, rows, -heatmap[rows, columns].astype(float)))
    return _thinned(np.column_stack([columns, rows])[order], distance)


def _maxima(
    heatmap: Map, threshold: float, areas: Sequence[Area]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and columns (N,), row after row, of the pixels within ``areas`` of at least
    ``threshold`` with none higher beside them."""
    import cv2

    found = [np.empty(0, np.intp)]
    for top, left, bottom, right in areas:
        part = heatmap[top:bottom, left:right]
        highest = np.maximum(cv2.dilate(part, _SQUARE), np.float32(threshold))
        row, column = np.divmod(np.flatnonzero(part >= highest), right - left)
        found.append((row + top) * heatmap.shape[1] + column + left)
    pixels = np.sort(np.concatenate(found)) if len(areas) > 1 else found[-1]
    return np.divmod(pixels, heatmap.shape[1])


def _around(
    rows: NDArray[np.intp], columns: NDArray[np.intp], shape: tuple[int, ...]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and columns (N, 9) of the pixels themselves and of their neighbours; beyond the border
    of a map of ``shape`` come those beside it once more."""
    down = np.minimum(np.maximum(rows[:, None] + _DOWN, 0), shape[0] - 1)
    right = np.minimum(np.maximum(columns[:, None] + _RIGHT, 0), shape[1] - 1)
    return down, right


def _one_of_each(
    plateaus: Regions, left_out: NDArray[np.bool_]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Row and column of the pixel of each plateau that is nearest to its centroid, but of those
    with a pixel that is ``left_out`` (P,)."""
    of, (x, y) = plateaus.of, plateaus.centroids.T
    away = np.hypot(plateaus.rows - y[of], plateaus.columns - x[of])
    nearest = np.full(len(x), np.inf)
    np.minimum.at(nearest, of, away)
    nearest[of[left_out]] = -1
    at = np.flatnonzero(away == nearest[of])
    at = at[np.unique(of[at], return_index=True)[1]]
    return plateaus.rows[at], plateaus.columns[at]


def _thinned(pixels: NDArray[np.intp], distance: float) -> NDArray[np.intp]:
    """Those of ``pixels`` (N, 2), order x, y, that are not nearer than ``distance`` to one that
    stands before them and is kept."""
    kept = []
    while distance > 0 and len(pixels):
        few, pixels = pixels[:_AT_ONCE], pixels[_AT_ONCE:]  # of all there may be too many pairs
        pairs = pairs_within(few, distance)
        pairs = pairs[_near(few[pairs[:, 0]], few[pairs[:, 1]], distance)]
        stays = np.ones(len(few), bool)
        for before, after in pairs[np.argsort(pairs[:, 0])].tolist():
            if stays[before]:
                stays[after] = False
        kept.append(few[stays])
        if len(pixels):
            nearest = kept[-1][nearest_of(kept[-1], pixels)]
            pixels = pixels[~_near(pixels, nearest, distance)]
    return np.concatenate([*kept, pixels])


def _near(some: NDArray[np.intp], others: NDArray[np.intp], distance: float) -> NDArray[np.bool_]:
    """Whether each is nearer than ``distance`` to the other one, both (N, 2)."""
    return np.asarray(np.hypot(*(some - others).T) < distance)


def refine_quadratic(heatmap: Map, pixels: NDArray[np.intp]) -> NDArray[np.float64]:
    """The vertex of the parabola through each pixel (N, 2), order x, y, and its neighbours, along
    either axis: at most half a pixel away. A coordinate at the border stays."""
    last = np.array(heatmap.shape[::-1]) - 1
    x, y = np.moveaxis(np.minimum(np.maximum(pixels[:, None, None] + _CROSS, 0), last), -1, 0)
    before, here, after = np.moveaxis(heatmap[y, x].astype(float), -1, 0)
    bend = before - 2 * here + after
    inside = (bend < 0) & (pixels > 0) & (pixels < last)
    shift = np.divide(before - after, 2 * bend, out=np.zeros_like(bend), where=inside)
    return pixels + np.minimum(np.maximum(shift, -0.5), 0.5)


def refine_centroid(heatmap: Map, pixels: NDArray[np.intp]) -> NDArray[np.float64]:
    """The centre of mass of the 3x3 pixels around each (N, 2), order x, y; outside is 0."""
    framed = np.pad(heatmap.astype(float), 1)
    steps = np.array([(x, y) for y in (-1, 0, 1) for x in (-1, 0, 1)])
    around = pixels[:, None] + steps + 1
    weights = framed[around[..., 1], around[..., 0]]
    total = weights.sum(1, keepdims=True)
    weights = np.divide(weights, total, out=np.zeros_like(weights), where=total > 0)
    return pixels + weights @ steps
