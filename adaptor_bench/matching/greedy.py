"""One-to-one choice in order of preference, for all frames at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.matching.batch import Indices


def take_in_order(nodes: Indices, size: int) -> NDArray[np.bool_]:
    """Which candidates are taken when each in turn takes all its nodes, if they are still free.

    ``nodes`` has shape (K, M): the M nodes, 0..size-1, of every candidate, the most preferred
    candidate first. The result, shape (K,), is that of the loop over the K candidates. Candidates
    that are the first at each of their nodes are taken in one go, until none is left.
    """
    taken = np.zeros(len(nodes), dtype=bool)
    left = np.arange(len(nodes))
    while len(left):
        at = nodes[left]
        rank = np.arange(len(left))
        first = np.full(size, len(left))
        for column in at.T:
            np.minimum.at(first, column, rank)
        wins = (first[at] == rank[:, None]).all(axis=1)
        taken[left[wins]] = True
        used = np.zeros(size, dtype=bool)
        used[at[wins]] = True
        left = left[~used[at].any(axis=1)]
    return taken
