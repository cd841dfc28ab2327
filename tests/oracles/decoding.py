"""The decoders of the package by scikit-image, step by step as their documents say: the slow way.

Points, scores and masks of ``Otsu`` and ``Peaks`` must be these to the bit.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.ndimage import label as plateaus_of
from skimage.filters import threshold_otsu
from skimage.measure import label, regionprops
from skimage.morphology import disk, local_maxima, opening

from adaptor_bench.stages.decoders.otsu import Otsu
from adaptor_bench.stages.decoders.peaks import Peaks, refine_centroid, refine_quadratic
from adaptor_bench.stages.maps import as_stored, from_stored, resize_map
from adaptor_bench.stages.targets.gaussian import draw_heatmap

SIZE = (512, 288)


def random_map(rng: np.random.Generator) -> np.ndarray:
    """A map (1, 72, 128) as networks draw them: blobs of one width and of several heights on
    ripples; one in eight in coarse steps, which makes plateaus, one in eight saturated; seven in
    eight as they are kept on disk."""
    points = rng.random((rng.integers(0, 16), 2)) * (127, 71)
    drawn = draw_heatmap(points, (128, 72), rng.choice([1.0, 1.5, 4.0]), "max") * rng.random()
    drawn = drawn + rng.choice([0, 0.01, 0.05]) * rng.random((72, 128))
    kind = rng.integers(8)
    if kind == 0:
        drawn = np.round(16 * drawn) / 16
    if kind == 1:
        drawn = 3 * drawn
    maps = np.clip(drawn, 0, 1).astype(np.float32)[None]
    return maps if kind == 2 else from_stored(as_stored(maps))


def decoded(decoder: Otsu | Peaks, maps: np.ndarray, size: tuple[int, int]):
    """Points (N, 2), scores (N,) and the masks of all steps."""
    heatmap = resize_map(maps[0], size)
    return (by_regions if isinstance(decoder, Otsu) else by_peaks)(decoder, heatmap)


def by_regions(otsu: Otsu, heatmap: np.ndarray):
    binary = np.zeros(heatmap.shape, bool)
    if heatmap.min() < heatmap.max():
        threshold = otsu.threshold
        if threshold is None:
            threshold = max(float(threshold_otsu(heatmap)), otsu.floor)
        binary = heatmap >= threshold
    opened = binary
    if otsu.opening_radius and binary.any():
        opened = opening(binary, disk(otsu.opening_radius))
    cut = opened
    for _ in range(otsu.cut_passes if otsu.cut else 0):
        cut = cut_in_two(cut, otsu.cut_factor)
    regions = regionprops(label(cut, connectivity=2), intensity_image=heatmap)
    points = np.array([r.centroid[::-1] for r in regions], dtype=float).reshape(-1, 2)
    scores = np.array([r.intensity_max for r in regions], dtype=float)
    return points, scores, (binary, opened, cut)


def cut_in_two(mask: np.ndarray, factor: float) -> np.ndarray:
    regions = regionprops(label(mask, connectivity=2))
    result = mask.copy()
    limit = factor * int(np.mean([r.area for r in regions])) if regions else 0
    for region in regions:
        top, left, bottom, right = region.bbox
        row, column = (int(c) for c in region.centroid)
        if region.area > limit and right - left <= bottom - top:
            result[row, left:right] = False
        elif region.area > limit:
            result[top:bottom, column] = False
    return result


def by_peaks(peaks: Peaks, heatmap: np.ndarray):
    smooth = gaussian_filter(heatmap, peaks.blur) if peaks.blur else heatmap
    threshold = 0.02 if peaks.threshold is None else peaks.threshold
    pixels = highest(smooth, threshold, peaks.distance)
    mask = np.zeros(heatmap.shape, bool)
    mask[pixels[:, 1], pixels[:, 0]] = True
    refine = {"quadratic": refine_quadratic, "centroid": refine_centroid}.get(peaks.refine)
    points = refine(smooth, pixels) if refine else pixels.astype(float)
    scores = smooth[pixels[:, 1], pixels[:, 0]].astype(float)
    return points, scores, (smooth >= threshold, mask)


def highest(heatmap: np.ndarray, threshold: float, distance: float) -> np.ndarray:
    framed = np.pad(heatmap, 1, constant_values=-np.inf)
    maxima = local_maxima(framed, connectivity=2)[1:-1, 1:-1] & (heatmap >= threshold)
    if not maxima.any() or heatmap.min() == heatmap.max():
        return np.empty((0, 2), np.intp)
    plateaus, number = plateaus_of(maxima, np.ones((3, 3)))
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
    left, kept = np.column_stack([columns, rows])[order], []
    while len(left):
        kept.append(left[0])
        left = left[1:][np.hypot(*(left[1:] - left[0]).T) >= distance]
    return np.array(kept)
