"""At which radius each further pair of a frame is gained.

Instead of matching again at every radius: for ``official`` and ``nearest`` the pairs at a small
radius are those at a large one that are short enough, because both prefer the closer pair. For
``hungarian`` the *number* of pairs grows by one whenever an augmenting path opens up, and admitting
the pairs by rising distance finds the radius at which that happens.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.matching.batch import Indices, PointBatch
from adaptor_bench.matching.candidates import Candidates, Floats
from adaptor_bench.matching.rules import Rule, settle

__all__ = ["gains", "too_dense"]

_DENSE = 1000  # candidates


def gains(
    near: Candidates, predictions: PointBatch, labels: PointBatch, rule: Rule
) -> tuple[Indices, Floats]:
    """Frame and distance, shape (K,) each, of every pair gained among the candidates ``near``.

    A frame has as many pairs at r as it has gains of distance <= r (< r for the strict
    boundary). Not for rules that look beyond candidates.
    """
    kept, open_ = settle(near)
    contested = near.subset(open_)
    if rule.name == "hungarian":
        more = open_[_augmentations(contested)]
    else:
        assert rule.choose is not None
        more = open_[rule.choose(contested, predictions, labels)]
    at = np.concatenate([kept, more])
    return predictions.frame_of[near.prediction_rows[near.i[at]]], near.d[at]


def too_dense(near: Candidates, predictions: PointBatch) -> NDArray[np.bool_]:
    """Frames, shape (F,), with so many candidates that looking for augmenting paths takes longer
    than matching anew at every radius: heaps of points, which no detector makes but a file may
    hold."""
    frame = predictions.frame_of[near.prediction_rows[near.i]]
    return np.bincount(frame, minlength=len(predictions)) > _DENSE


def _augmentations(pairs: Candidates) -> Indices:
    """Positions of the pairs whose admission, by rising distance, adds one to the largest number
    of pairs."""
    order = np.argsort(pairs.d, kind="stable")
    label_of: dict[int, int] = {}  # of a matched prediction
    prediction_of: dict[int, int] = {}  # of a matched label
    beside: dict[int, list[int]] = {}  # labels admitted so far, by prediction
    facing: dict[int, list[int]] = {}  # predictions admitted so far, by label
    gained = []
    for at, i, j in zip(
        order.tolist(), pairs.i[order].tolist(), pairs.j[order].tolist(), strict=True
    ):
        beside.setdefault(i, []).append(j)
        facing.setdefault(j, []).append(i)
        if i not in label_of and j not in prediction_of:
            label_of[i], prediction_of[j] = j, i
            gained.append(at)
            continue
        # Any augmenting path runs through the new pair: from a free prediction to i, then j, then
        # on to a free label. Both halves alternate, and they cannot meet, or the pair would not
        # have been needed.
        to_i = _free_end(i, label_of, prediction_of, facing)
        if to_i is None:
            continue
        from_j = _free_end(j, prediction_of, label_of, beside)
        if from_j is None:
            continue
        # Along each half the matched pairs are exchanged for the unmatched ones.
        for prediction in to_i[:-1:2]:
            del label_of[prediction]
        matched = [*zip(to_i[2::2], to_i[1::2], strict=True)]
        matched += [*zip(from_j[1::2], from_j[2::2], strict=True), (i, j)]
        for prediction, label in matched:
            label_of[prediction], prediction_of[label] = label, prediction
        gained.append(at)
    return np.array(gained, dtype=np.intp)


def _free_end(
    start: int,
    partner: dict[int, int],
    partner_back: dict[int, int],
    admitted: dict[int, list[int]],
) -> list[int] | None:
    """An alternating path from ``start`` (over its own pair first) to a free point of its side.

    ``[start, its partner, the next point of start's side, ...]``; just ``[start]`` if it is free.
    ``admitted`` lists the points of start's side by those of the other.
    """
    if start not in partner:
        return [start]
    came: dict[int, int] = {start: start}  # a point of start's side -> the one before it
    todo = [start]
    for point in todo:
        across = partner[point]
        for other in admitted[across]:
            if other in came:
                continue
            came[other] = point
            if other not in partner:
                path = [other]
                while path[-1] != start:
                    previous = came[path[-1]]
                    path += [partner[previous], previous]
                return path[::-1]
            todo.append(other)
    return None
