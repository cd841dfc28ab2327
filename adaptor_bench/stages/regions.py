"""Connected regions of a mask, and Otsu's threshold of a map: scikit-image's results, sooner.

Every frame passes through here, when it is predicted and whenever a state of a training is tried.
Tests hold all of it to scikit-image, to the bit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BINS = 256
_BLOCK = 1 << 15
_TINY = 1e-30  # below, what it takes to count may not be a float
_FINE = 256  # parts of a bin; those beside an edge are doubtful
_DOUBTFUL = 1e-3  # of a bin: single precision errs by less than a tenth of that


@dataclass(frozen=True)
class Regions:
    """The 8-connected regions of a mask, in the order of their first pixels, row after row.

    ``rows`` and ``columns`` (P,) are the pixels of the mask, row after row; ``of`` (P,) says which
    region each belongs to; ``areas`` (N,) are the regions' pixels.
    """

    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    of: NDArray[np.intp]
    areas: NDArray[np.intp]

    @property
    def centroids(self) -> NDArray[np.float64]:
        """(N, 2), order x, y: the mean of the pixels of each."""
        sums = [np.bincount(self.of, along, len(self.areas)) for along in (self.columns, self.rows)]
        return np.column_stack(sums) / self.areas[:, None]

    @property
    def boxes(self) -> NDArray[np.intp]:
        """(N, 4): top, left, bottom, right of each; bottom and right are the first px outside."""
        found = np.empty((len(self.areas), 4), np.intp)
        found[self.of[::-1], 0] = self.rows[::-1]  # of several values the last one stays
        found[self.of, 2] = self.rows + 1
        found[:, 1], found[:, 3] = np.iinfo(np.intp).max, -1
        np.minimum.at(found[:, 1], self.of, self.columns)
        np.maximum.at(found[:, 3], self.of, self.columns + 1)
        return found

    def largest(self, values: NDArray[np.float32]) -> NDArray[np.float64]:
        """(N,): the largest of ``values`` (H, W) within each."""
        found = np.full(len(self.areas), -np.inf)
        np.maximum.at(found, self.of, values[self.rows, self.columns].astype(float))
        return found


def regions_of(mask: NDArray[np.bool_]) -> Regions:
    """The regions of a mask (H, W)."""
    import cv2

    # There is at most one region in four px. Half the bytes are half the pages to ask for.
    kind = cv2.CV_16U if mask.size < 1 << 18 else cv2.CV_32S
    number, labels = cv2.connectedComponents(mask.view(np.uint8), connectivity=8, ltype=kind)
    pixels = np.flatnonzero(mask)
    rows = pixels // mask.shape[1]
    columns = pixels - rows * mask.shape[1]
    given = np.asarray(labels).ravel()[pixels].astype(np.intp) - 1
    # OpenCV numbers them as it pleases. Of several values for one place the last one stays.
    first = np.empty(number - 1, np.intp)
    first[given[::-1]] = np.arange(len(pixels))[::-1]
    place = np.empty_like(first)
    place[np.argsort(first)] = np.arange(number - 1)
    of = place[given]
    return Regions(rows, columns, of, np.bincount(of, minlength=number - 1))


def opened(mask: NDArray[np.bool_], radius: int) -> NDArray[np.bool_]:
    """The opening of a mask (H, W) by the disk of ``radius`` px; the mask itself for radius 0.

    What lies outside is neither in nor out: the disk is cut off at the border.
    """
    if radius <= 0 or not mask.any():
        return mask
    import cv2

    steps = np.arange(-radius, radius + 1)
    disk = (steps[:, None] ** 2 + steps**2 <= radius**2).astype(np.uint8)
    found = cv2.morphologyEx(mask.view(np.uint8), cv2.MORPH_OPEN, disk)
    return np.asarray(found).view(np.bool_)


def otsu_threshold(values: NDArray[np.float32]) -> float:
    """The centre of the bin, of 256, that splits finite ``values`` into two classes with the
    largest variance between them (Otsu 1979), in single precision as scikit-image has it.

    ``values`` are not all equal.
    """
    low, high = values.min(), values.max()
    edges = np.linspace(low, high, BINS + 1, dtype=values.dtype)
    counts = counts_between(values, edges).astype(np.float32)
    centres = (edges[:-1] + edges[1:]) / 2
    below, above = np.cumsum(counts), np.cumsum(counts[::-1])[::-1]
    mean_below = np.cumsum(counts * centres) / below
    mean_above = (np.cumsum((counts * centres)[::-1]) / above[::-1])[::-1]
    between = below[:-1] * above[1:] * (mean_below[:-1] - mean_above[1:]) ** 2
    return float(centres[np.argmax(between)])


def counts_between(values: NDArray[np.float32], edges: NDArray[np.float32]) -> NDArray[np.integer]:
    """How many ``values`` lie in each of 256 equal bins, ``numpy.histogram``'s counts.

    ``edges`` (257,) go from the least to the largest value. Bins are computed in whole numbers at
    once, and looked up for the few values that lie too close to an edge for that.
    """
    import cv2

    low, high = float(edges[0]), float(edges[-1])
    error = 2**-23 * max(abs(low), abs(high)) * BINS / (high - low)
    if error > _DOUBTFUL or high - low < _TINY:  # edges so near to each other are rounded
        return np.histogram(values, BINS)[0]
    flat, scale = values.ravel(), np.float32(_FINE * BINS / (high - low))
    bins, doubtful = np.empty(len(flat), np.uint8), []
    own = np.empty(min(_BLOCK, len(flat)), np.float32)
    # The last bin has both its edges, and below the first one there is none. numpy compares with
    # arrays much faster than with a number.
    most = np.full(len(own), _FINE * BINS - 2, np.float32)
    least = np.ones(len(own), np.uint16)
    for start in range(0, len(flat), _BLOCK):  # what is computed stays in the cache
        part = flat[start : start + _BLOCK]
        place = np.subtract(part, edges[0], out=own[: len(part)])
        place *= scale
        np.minimum(place, most[: len(part)], out=place)
        fine = np.maximum(place.astype(np.uint16), least[: len(part)])
        bins[start : start + len(part)] = fine // _FINE
        doubtful.append(np.flatnonzero((fine + 1).astype(np.uint8) <= 1) + start)
    counts = np.asarray(cv2.calcHist([bins], [0], None, [BINS], [0, BINS])).ravel().astype(np.intp)
    again = np.concatenate(doubtful)
    exact = np.searchsorted(edges, flat[again], "right") - 1
    counts -= np.bincount(bins[again], minlength=BINS)
    counts += np.bincount(np.minimum(exact, BINS - 1), minlength=BINS)
    return counts
