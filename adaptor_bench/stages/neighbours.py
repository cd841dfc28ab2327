"""Points near each other, by SciPy's k-d tree.

While a network trains, numbers too small to be normal count as zero in the thread that decodes.
SciPy parts points whose median is 0 at the smallest number above it, finds nobody parted, and goes
on until the process ends with a segmentation fault: so no coordinate it is given here is 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from scipy.spatial import cKDTree


def pairs_within(points: ArrayLike, distance: float) -> NDArray[np.intp]:
    """Indices (P, 2) of all pairs of ``points`` (N, 2) at most ``distance`` apart, the smaller
    first, in no order. Coordinates finite; distances of them moved near (1, 1), which whole numbers
    survive and others but for rounding."""
    tree, _ = _tree(points)
    return np.asarray(tree.query_pairs(distance, output_type="ndarray"), np.intp).reshape(-1, 2)


def nearest_of(points: ArrayLike, places: ArrayLike) -> NDArray[np.intp]:
    """For each of ``places`` (M, 2) the index of the nearest of ``points`` (N, 2), N >= 1; of equal
    ones any. Coordinates finite."""
    tree, corner = _tree(points)
    return np.asarray(tree.query(np.asarray(places, float) - corner)[1], np.intp)


def _tree(points: ArrayLike) -> tuple[cKDTree, NDArray[np.float64]]:
    """The tree of ``points`` with smallest coordinates moved to 1, and what was taken off."""
    from scipy.spatial import cKDTree

    given = np.asarray(points, float).reshape(-1, 2)
    corner = given.min(axis=0) - 1 if len(given) else np.zeros(2)
    return cKDTree(given - corner), corner
