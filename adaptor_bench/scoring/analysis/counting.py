"""Does a detector predict as many points as there are, and nothing where there is nothing?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from adaptor_bench.matching.batch import Matches
from adaptor_bench.scoring.metrics import Counts, f1, mean

BINS: tuple[tuple[int, int | None], ...] = ((0, 0), (1, 5), (6, 10), (11, 15), (16, None))
"""Labels of a frame, from and to (both included); the last bin has no end."""


@dataclass(frozen=True)
class Bin:
    """Pooled counts of the frames that have as many ``labels``: ``0``, ``1-5``, .. ``16+``.

    ``f1`` in 0..1 and ``bias`` (points a frame) are NaN where there is nothing to divide by.
    """

    labels: str
    frames: int
    counts: Counts
    f1: float
    bias: float


@dataclass(frozen=True)
class Counting:
    """Numbers of points, over all frames.

    ``bias`` is the mean of predicted minus labelled points a frame, ``mae`` the mean of its
    absolute value. ``empty_frames`` have no label; ``specificity``, 0..1, is the share of them
    in which nothing was predicted.
    """

    bias: float
    mae: float
    empty_frames: int
    specificity: float
    by_labels: tuple[Bin, ...]


def counting(matches: Matches) -> Counting:
    """Count quality of the frames of ``matches``."""
    error = matches.predictions - matches.labels
    empty = matches.labels == 0
    bins = []
    for least, most in BINS:
        inside = matches.labels >= least
        if most is not None:
            inside &= matches.labels <= most
        counts = Counts(*(int(c[inside].sum()) for c in (matches.tp, matches.fp, matches.fn)))
        end = "+" if most is None else f"-{most}" if most > least else ""
        frames = int(np.count_nonzero(inside))
        bins.append(Bin(f"{least}{end}", frames, counts, f1(counts), mean(error[inside])))
    return Counting(
        bias=mean(error),
        mae=mean(np.abs(error)),
        empty_frames=int(np.count_nonzero(empty)),
        specificity=mean(matches.predictions[empty] == 0),
        by_labels=tuple(bins),
    )
