"""``official``: the rule of the challenge's evaluation script, made independent of file order."""

from __future__ import annotations

import numpy as np

from adaptor_bench.matching.batch import Indices, Points
from adaptor_bench.matching.candidates import Candidates, Floats, take_in_order, within
from adaptor_bench.matching.rule import distances, rule
from adaptor_bench.matching.search import Search


@rule("official", "challenge evaluator: repeatedly the closest pair")
def official(
    predictions: Points, labels: Points, radius: float, inclusive: bool
) -> list[tuple[int, int]]:
    """Repeatedly the closest pair of the frame within the radius; both its points are then taken.

    Among pairs equally far apart the one whose midpoint lies further left goes first, then the
    one further up. (The organisers' script lets the last pair in file order win, so its counts
    depend on the order of the points.) The midpoint treats both sides alike: exchanging
    predictions and labels exchanges false positives and false negatives, nothing else.
    """
    distance = distances(predictions, labels)
    middle = predictions[:, None] / 2 + labels / 2
    pairs: list[tuple[int, int]] = []
    for i, j in sorted(
        map(tuple, np.argwhere(within(distance, radius, inclusive))),
        key=lambda pair: (distance[pair], *middle[pair]),
    ):
        if all(i != taken and j != given for taken, given in pairs):
            pairs.append((i, j))
    return pairs


@official.for_many_frames
def _closest_first(search: Search, inclusive: bool) -> tuple[Indices, Indices, Floats]:
    def choose(near: Candidates) -> Indices:
        middle = (
            search.predictions.points[near.prediction_rows[near.i]] / 2
            + search.labels.points[near.label_rows[near.j]] / 2
        )
        order = np.lexsort((middle[:, 1], middle[:, 0], near.d))
        points = len(near.prediction_rows)
        nodes = np.column_stack([near.i, points + near.j])[order]
        return order[take_in_order(nodes, points + len(near.label_rows))]

    return search.pairs(inclusive, choose)
