"""Optimal one-to-one pairs within groups: in plain Python where small, by scipy where large.

Nearly every group is two predictions and two labels, for which a table of all partial
assignments is faster than calling a solver, and spares loading scipy.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from adaptor_bench.matching.batch import Indices
from adaptor_bench.matching.candidates import Floats

_SMALL = 7  # points on the smaller side of a group; beyond, the table of subsets gets too long
_Edges = list[tuple[int, int, float, int]]  # i, j, distance, position


def optimal_groups(i: Indices, j: Indices, d: Floats) -> Indices:
    """Positions of the pairs that give the most pairs, then the smallest summed distance.

    ``i`` and ``j``, shape (E,), are the points of every allowed pair, ``d`` its distance; pairs
    stand by rising i, then j. Points that are connected by pairs are solved as one group.
    """
    kept: list[int] = []
    for edges in _groups(i, j, d):
        kept += _solve(edges)
    return np.array(sorted(kept), dtype=np.intp)


def _groups(i: Indices, j: Indices, d: Floats) -> Iterator[_Edges]:
    """The pairs, split into groups that share no point, each by rising i, then j."""
    pairs = list(zip(i.tolist(), j.tolist(), d.tolist(), range(len(i)), strict=True))
    parent: dict[int, int] = {}  # of labels; a prediction joins all labels near it

    def root(label: int) -> int:
        while parent[label] != label:
            parent[label] = label = parent[parent[label]]
        return label

    previous, joined = -1, -1
    for prediction, label, _, _ in pairs:
        if label not in parent:
            parent[label] = label
        if prediction == previous:
            parent[root(label)] = root(joined)
        previous, joined = prediction, label
    groups: dict[int, _Edges] = {}
    for pair in pairs:
        groups.setdefault(root(pair[1]), []).append(pair)
    yield from groups.values()


def _solve(edges: _Edges) -> list[int]:
    """Positions of the optimal pairs of one group."""
    rows, columns = {e[0] for e in edges}, {e[1] for e in edges}
    if min(len(rows), len(columns)) > _SMALL:
        return _solve_large(edges, sorted(rows), sorted(columns))
    # Walk the larger side point by point; remember the best for every set of used points of the
    # smaller side. best: set -> (-pairs, summed distance, chain of positions).
    if len(rows) < len(columns):
        edges = [(j, i, distance, position) for i, j, distance, position in edges]
        columns = rows
    bit = {point: 1 << n for n, point in enumerate(sorted(columns))}
    neighbours: dict[int, list[tuple[int, float, int]]] = {}
    for i, j, distance, position in edges:
        neighbours.setdefault(i, []).append((bit[j], distance, position))
    best: dict[int, tuple[int, float, Any]] = {0: (0, 0.0, None)}
    for options in neighbours.values():
        for used, (pairs, total, chain) in list(best.items()):
            for mask, distance, position in options:
                if not used & mask:
                    now = (pairs - 1, total + distance)
                    before = best.get(used | mask)
                    if before is None or now < before[:2]:
                        best[used | mask] = (*now, (position, chain))
    chain = min(best.values(), key=lambda entry: entry[:2])[2]
    positions = []
    while chain is not None:
        position, chain = chain
        positions.append(position)
    return positions


def _solve_large(edges: _Edges, rows: list[int], columns: list[int]) -> list[int]:
    from scipy.optimize import linear_sum_assignment

    if len(rows) > len(columns):  # the solver would turn its matrix round, and hold it twice
        edges = [(j, i, distance, position) for i, j, distance, position in edges]
        rows, columns = columns, rows
    row_at, column_at = ({p: n for n, p in enumerate(side)} for side in (rows, columns))
    at = np.array([row_at[e[0]] for e in edges]), np.array([column_at[e[1]] for e in edges])
    # In units of the largest distance a pair costs at most 1, so one unpaired point costing n + 1
    # outweighs any n pairs: the smallest penalty that guarantees the most pairs, hence the one
    # that costs the distances the fewest digits.
    unit = max(e[2] for e in edges) or 1.0
    cost = np.full((len(rows), len(columns)), min(len(rows), len(columns)) + 1.0)
    cost[at] = [e[2] / unit for e in edges]
    # A second matrix, of positions, would take as much memory as the costs.
    position = {
        (i, j): e[3] for i, j, e in zip(*(side.tolist() for side in at), edges, strict=True)
    }
    chosen = zip(*(side.tolist() for side in linear_sum_assignment(cost)), strict=True)
    return [position[pair] for pair in chosen if pair in position]
