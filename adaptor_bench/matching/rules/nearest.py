"""``nearest``: the matching of Cardio-AI's suture detection, with one mistake of it mended."""

from __future__ import annotations

import numpy as np

from adaptor_bench.matching.batch import Indices, Points
from adaptor_bench.matching.candidates import Candidates, Floats, within
from adaptor_bench.matching.rule import distances, rule
from adaptor_bench.matching.search import Search, nearest_of_each


@rule(
    "nearest",
    "Cardio-AI: each prediction its nearest label, the nearer rival keeps it",
    inclusive=False,
)
def nearest(
    predictions: Points, labels: Points, radius: float, inclusive: bool
) -> list[tuple[int, int]]:
    """Every prediction asks for its nearest label; the nearest of its rivals gets it.

    The others get no second choice, even when another label is in reach. Ties go to the point
    further left, then further up. One deviation from the original Cardio-AI routine, on purpose:
    its removal of duplicates throws away *all* of three identical predictions on one label
    (0 TP, 3 FP, 1 FN); here one of them keeps the label (1 TP, 2 FP).
    """
    distance = distances(predictions, labels)
    near = within(distance, radius, inclusive)
    reach = np.where(near, distance, np.inf)
    asks = {i: int(reach[i].argmin()) for i in range(len(predictions)) if near[i].any()}
    winner: dict[int, int] = {}
    for i, j in asks.items():
        if j not in winner or distance[i, j] < distance[winner[j], j]:
            winner[j] = i
    return [(i, j) for j, i in winner.items()]


@nearest.for_many_frames
def _asked(search: Search, inclusive: bool) -> tuple[Indices, Indices, Floats]:
    def choose(near: Candidates) -> Indices:
        asks = nearest_of_each(np.arange(len(near.d)), near.i, near.d)
        return nearest_of_each(asks, near.j[asks], near.d[asks])

    return search.pairs(inclusive, choose)
