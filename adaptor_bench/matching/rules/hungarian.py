"""``hungarian``, the rule that ranks: as many pairs as possible, among those the closest."""

from __future__ import annotations

import numpy as np

from adaptor_bench.matching.assignment import optimal_groups
from adaptor_bench.matching.batch import Indices, Points
from adaptor_bench.matching.candidates import Floats, within
from adaptor_bench.matching.rule import distances, rule
from adaptor_bench.matching.search import Search


@rule("hungarian", "one to one within the radius: most pairs, then smallest summed distance")
def hungarian(
    predictions: Points, labels: Points, radius: float, inclusive: bool
) -> list[tuple[int, int]]:
    """One to one, only pairs within the radius: the most pairs, then the least summed distance.

    Counts and sum are unique. Where several assignments reach them, any of these will do.
    """
    from scipy.optimize import linear_sum_assignment

    distance = distances(predictions, labels)
    near = within(distance, radius, inclusive)
    # In units of the radius a pair costs at most 1: one pair less never pays.
    cost = np.where(near, distance / radius, 1.0 + min(distance.shape))
    return [(i, j) for i, j in zip(*linear_sum_assignment(cost), strict=True) if near[i, j]]


@hungarian.for_many_frames
def _groups(search: Search, inclusive: bool) -> tuple[Indices, Indices, Floats]:
    """Group by group of connected points."""
    return search.pairs(inclusive, lambda near: optimal_groups(near.i, near.j, near.d))
