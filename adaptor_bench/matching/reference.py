"""Matching as it is defined, frame by frame, in a few lines a rule that anybody can check.

This is the specification: the rules' own functions in :mod:`adaptor_bench.matching.rules`, called
with points in one order. :mod:`adaptor_bench.matching.match` does the same for a hundred thousand
frames at once, and a test holds it to this.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from adaptor_bench.errors import UsageError
from adaptor_bench.matching.rule import distances, within
from adaptor_bench.matching.rules import rule_named


def match(
    predictions: ArrayLike,
    labels: ArrayLike,
    radius: float = 6.0,
    rule: str = "hungarian",
    inclusive: bool = True,
) -> list[tuple[int, int]]:
    """Pairs (prediction index, label index) of one frame, by rising prediction index.

    ``predictions`` (P, 2) and ``labels`` (L, 2), px, order x, y, are put in order from left to
    right, then from top to bottom, before the rule sees them: no rule can depend on their order.

    Raises UsageError for an unknown rule, and for one that uses a point twice or pairs points
    that are not within the radius.
    """
    p, q = (np.reshape(np.asarray(side, float), (-1, 2)) for side in (predictions, labels))
    p_order, q_order = (np.lexsort((side[:, 1], side[:, 0])) for side in (p, q))
    pairs = rule_named(rule).pair(p[p_order], q[q_order], radius, inclusive)
    pairs = sorted((int(p_order[i]), int(q_order[j])) for i, j in pairs)
    near = within(distances(p, q), radius, inclusive)
    if any(len({*side}) < len(pairs) for side in zip(*pairs, strict=True)) or not all(
        near[pair] for pair in pairs
    ):
        raise UsageError(
            f"the matching rule {rule!r} pairs a point twice, or points that are too far apart",
            hint="A rule returns pairs (prediction index, label index) within the radius.",
        )
    return pairs
