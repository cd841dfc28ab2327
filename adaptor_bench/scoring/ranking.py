"""Ranks: ties share one, and what has no value has none."""

from __future__ import annotations

import math
from collections.abc import Sequence

SAME = 1e-9  # two means this close differ by the order of a summation, not by merit


def ranks(values: Sequence[float | None], higher_is_better: bool = True) -> list[int | None]:
    """Rank of each value, from 1; equal values share the better rank (1, 2, 2, 4).

    None and NaN get no rank and do not push others down.
    """
    present = [v for v in values if v is not None and not math.isnan(v)]

    def better(a: float, b: float) -> bool:
        return a - b > SAME if higher_is_better else b - a > SAME

    return [
        None if v is None or math.isnan(v) else 1 + sum(better(other, v) for other in present)
        for v in values
    ]
