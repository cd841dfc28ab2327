"""Local maxima, thinned out and refined below a pixel: one point a peak, whatever its width."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.parameters import Number, OneOf
from adaptor_bench.stages.maps import resize_map
from adaptor_bench.stages.protocols import Decoded, Step
from adaptor_bench.stages.regions import regions_of
from adaptor_bench.stages.registry import stage

REFINEMENTS = ("quadratic", "centroid", "none")
Map = NDArray[np.float32]
_LOWEST = 0.02
_SQUARE = np.ones((3, 3), np.uint8)


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
        smooth = smoothed(heatmap, self.blur, threshold) if self.blur else heatmap
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


def smoothed(heatmap: Map, blur: float, threshold: float) -> Map:
    """``heatmap`` (H, W) smoothed by a Gaussian of ``blur`` px, as far as peaks depend on it.

    It is ``scipy.ndimage.gaussian_filter``'s to the bit at and around every peak of at least
    ``threshold``, on the same side of the threshold everywhere, and elsewhere within a hundred
    thousandth of the highest value: there a faster filter is used, which rounds otherwise.
    """
    import cv2
    from scipy.ndimage import gaussian_filter

    radius = int(4 * blur + 0.5)  # where gaussian_filter cuts off
    steps = np.arange(-radius, radius + 1)
    weights = np.exp(-0.5 * (steps / blur) ** 2)
    weights /= weights.sum()
    rough = cv2.sepFilter2D(heatmap, -1, weights, weights, borderType=cv2.BORDER_REFLECT)
    near = 1e-5 * float(np.abs([heatmap.min(), heatmap.max()]).max())
    pixels = np.flatnonzero(rough >= threshold - near)
    value, highest = rough.ravel()[pixels], cv2.dilate(rough, _SQUARE).ravel()[pixels]
    exact: NDArray[np.uint8] = np.zeros(heatmap.shape, np.uint8)
    exact.ravel()[pixels[value >= highest - 2 * near]] = 1
    exact = np.asarray(cv2.dilate(exact, _SQUARE), np.uint8)  # a peak is told by its neighbours
    exact.ravel()[pixels[value <= threshold + near]] = 1
    rows, columns = np.divmod(np.flatnonzero(exact), heatmap.shape[1])
    if not np.isfinite(near) or 2 * len(rows) * len(steps) ** 2 > heatmap.size:
        return np.asarray(gaussian_filter(heatmap, blur))
    rough[rows, columns] = _gaussian_at(heatmap, blur, radius, rows, columns)
    return np.asarray(rough, np.float32)


def _gaussian_at(
    heatmap: Map, blur: float, radius: int, rows: NDArray[np.intp], columns: NDArray[np.intp]
) -> NDArray[np.float32]:
    """``gaussian_filter``'s values at single pixels (N,), from what lies within ``radius``."""
    from scipy.ndimage import gaussian_filter1d

    steps = np.arange(2 * radius + 1)
    down, right = (np.pad(np.arange(n), radius, mode="symmetric") for n in heatmap.shape)
    windows = heatmap[
        down[rows[:, None] + steps][:, :, None], right[columns[:, None] + steps][:, None]
    ]
    along = gaussian_filter1d(windows, blur, axis=1)[:, radius]
    return gaussian_filter1d(along, blur, axis=1)[:, radius]


def _around(
    rows: NDArray[np.intp], columns: NDArray[np.intp], shape: tuple[int, ...]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and columns (N, 9) of the pixels themselves and of their neighbours; beyond the border
    of a map of ``shape`` come those beside it once more."""
    down, right = np.divmod(np.arange(9), 3)
    return (
        np.clip(rows[:, None] + down - 1, 0, shape[0] - 1),
        np.clip(columns[:, None] + right - 1, 0, shape[1] - 1),
    )


def find_peaks(heatmap: Map, threshold: float, distance: float = 0.0) -> NDArray[np.intp]:
    """Pixels (N, 2), order x, y, of the local maxima of ``heatmap`` (H, W), the highest first.

    A local maximum is a pixel, or an 8-connected plateau of equal ones, with nothing but lower
    pixels around it, of at least ``threshold``; the border of the map counts as lower. A plateau
    is told by its pixel nearest to its centroid. Of maxima nearer to each other than ``distance``
    px (Euclidean) the higher stays, of equal ones the first by row, then by column. A constant map
    has no maximum.
    """
    import cv2

    pixels = np.flatnonzero(heatmap >= threshold)
    level = heatmap.ravel()[pixels]
    highest = level >= cv2.dilate(heatmap, _SQUARE).ravel()[pixels]
    pixels, level = pixels[highest], level[highest]
    if len(pixels) in (0, heatmap.size):
        return np.empty((0, 2), np.intp)
    rows, columns = np.divmod(pixels, heatmap.shape[1])
    beside = _around(rows, columns, heatmap.shape)
    equal = heatmap[beside] == level[:, None]
    belongs, off_centre = np.arange(len(rows)), np.zeros(len(rows))
    if np.count_nonzero(equal) > len(rows):
        among = np.zeros(heatmap.shape, bool)
        among[rows, columns] = True
        plateaus = regions_of(among)
        # Of a plateau that rises somewhere, only the px beside the rise are not among these.
        rises = (equal & ~among[beside]).any(1)
        peak = ~np.isin(plateaus.of, plateaus.of[rises])
        rows, columns, belongs = rows[peak], columns[peak], plateaus.of[peak]
        centres = plateaus.centroids[belongs]
        off_centre = np.hypot(rows - centres[:, 1], columns - centres[:, 0])
    order = np.lexsort((columns, rows, off_centre, belongs))
    if not len(order):
        return np.empty((0, 2), np.intp)
    first = order[np.unique(belongs[order], return_index=True)[1]]
    rows, columns = rows[first], columns[first]
    order = np.lexsort((columns, rows, -heatmap[rows, columns].astype(float)))
    return _thinned(np.column_stack([columns, rows])[order], distance, heatmap.shape)


def _thinned(pixels: NDArray[np.intp], distance: float, shape: tuple[int, ...]) -> NDArray[np.intp]:
    """Those of ``pixels`` (N, 2), order x, y, that are not nearer than ``distance`` to one that
    stands before them and is kept."""
    if distance <= 0:
        return pixels
    reach = min(int(np.ceil(distance)), max(shape))
    steps = np.arange(-reach, reach + 1)
    disk = np.hypot(steps[None, :], steps[:, None]) < distance
    taken = np.zeros((shape[0] + 2 * reach, shape[1] + 2 * reach), bool)
    kept = []
    for place, (x, y) in enumerate(pixels.tolist()):
        if not taken[y + reach, x + reach]:
            kept.append(place)
            taken[y : y + len(steps), x : x + len(steps)] |= disk
    return pixels[kept]


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
