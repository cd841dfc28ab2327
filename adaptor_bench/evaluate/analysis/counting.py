"""Does a detector predict as many points as there are, and nothing where there is nothing?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from adaptor_bench.evaluate.jsonable import jsonable
from adaptor_bench.evaluate.metrics import f1, mean
from adaptor_bench.matching.batch import Matches

__all__ = ["BINS", "Bin", "Counting", "counting"]

BINS: tuple[tuple[int, int | None], ...] = ((0, 0), (1, 5), (6, 10), (11, 15), (16, None))
"""Labels of a frame, from and to (both included); the last bin has no end."""


@dataclass(frozen=True)
class Bin:
    """Pooled counts of the frames that have ``least`` to ``most`` labels.

    ``f1`` in 0..1 and ``bias`` (points a frame) are NaN where there is nothing to divide by.
    """

    least: int
    most: int | None
    frames: int
    tp: int
    fp: int
    fn: int
    f1: float
    bias: float

    @property
    def name(self) -> str:
        """``0``, ``1-5``, ... ``16+``."""
        if self.most is None:
            return f"{self.least}+"
        return str(self.least) if self.least == self.most else f"{self.least}-{self.most}"


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
    bins: tuple[Bin, ...]

    def to_json(self) -> dict[str, Any]:
        """``{"bias", "mae", "empty_frames", "specificity", "by_labels": [{"labels", ..}]}``."""
        document = {key: value for key, value in vars(self).items() if key != "bins"}
        document["by_labels"] = [
            {
                "labels": entry.name,
                "frames": entry.frames,
                "counts": {"tp": entry.tp, "fp": entry.fp, "fn": entry.fn},
                "f1": entry.f1,
                "bias": entry.bias,
            }
            for entry in self.bins
        ]
        return jsonable(document)


def counting(matches: Matches) -> Counting:
    """Count quality of the frames of ``matches``."""
    error = matches.predictions - matches.labels
    empty = matches.labels == 0
    bins = []
    for least, most in BINS:
        inside = matches.labels >= least
        if most is not None:
            inside &= matches.labels <= most
        tp, fp, fn = (int(c[inside].sum()) for c in (matches.tp, matches.fp, matches.fn))
        frames = int(np.count_nonzero(inside))
        bins.append(
            Bin(least, most, frames, tp, fp, fn, float(f1.of(tp, fp, fn)), mean(error[inside]))
        )
    return Counting(
        bias=mean(error),
        mae=mean(np.abs(error)),
        empty_frames=int(np.count_nonzero(empty)),
        specificity=mean(matches.predictions[empty] == 0),
        bins=tuple(bins),
    )
