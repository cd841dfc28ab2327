"""Counts and metrics of every group of frames: per surgery, per video, per frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.matching.batch import Indices, Matches
from adaptor_bench.scoring.jsonable import jsonable
from adaptor_bench.scoring.metrics import METRICS, Floats, mean, ratio


@dataclass(frozen=True)
class Breakdown:
    """One row a group, in the order in which the groups first occur; all arrays (G,). ``what`` says
    what a group is: ``surgery``, ``video`` or ``frame``.

    ``bias`` is the mean of predicted minus labelled points a frame, ``distance`` the mean
    localisation error in pixels. Ratios in 0..1, NaN for 0/0.
    """

    what: str
    names: tuple[str, ...]
    frames: Indices
    tp: Indices
    fp: Indices
    fn: Indices
    metrics: dict[str, Floats]
    bias: Floats
    distance: Floats

    @property
    def f1(self) -> Floats:
        """F1 of every group."""
        return self.metrics["f1"]

    @property
    def worst(self) -> int | None:
        """Index of the group with the lowest F1, the first of equals; None if none has an F1."""
        return None if np.isnan(self.f1).all() else int(np.nanargmin(self.f1))

    def to_json(self) -> list[dict[str, Any]]:
        """``[{what: name, "frames", "counts", "metrics", "count_bias", "mean_distance"}]``."""
        rows: list[dict[str, Any]] = jsonable(
            [
                {
                    self.what: group,
                    "frames": self.frames[g],
                    "counts": {"tp": self.tp[g], "fp": self.fp[g], "fn": self.fn[g]},
                    "metrics": {key: values[g] for key, values in self.metrics.items()},
                    "count_bias": self.bias[g],
                    "mean_distance": self.distance[g],
                }
                for g, group in enumerate(self.names)
            ]
        )
        return rows


@dataclass(frozen=True)
class FrameSpread:
    """F1 of single frames, 0..1, over the ``frames`` that have a prediction or a label.

    ``perfect`` is the share of frames with F1 = 1, ``failed`` of those with F1 = 0. Percentiles
    interpolate linearly. ``worst`` are the frames with the most errors (FP + FN).
    """

    frames: int
    mean_f1: float
    p25_f1: float
    median_f1: float
    p75_f1: float
    perfect: float
    failed: float
    worst: Breakdown


def part_of_key(keys: Sequence[str], parts: int) -> list[str]:
    """The first ``parts`` parts of every ``surgery/video/stem``: 1 the surgery, 2 the video."""
    return ["/".join(key.split("/", parts)[:parts]) for key in keys]


def group_of(names: Sequence[str]) -> tuple[tuple[str, ...], Indices]:
    """The distinct names in order of first occurrence, and the group (F,) of every entry."""
    number: dict[str, int] = {}
    groups = np.array([number.setdefault(name, len(number)) for name in names], dtype=np.intp)
    return tuple(number), groups


def breakdown(what: str, names: Sequence[str], matches: Matches) -> Breakdown:
    """Counts pooled over the frames of each ``what``; ``names`` (F,) holds its name a frame."""
    distinct, group = group_of(names)
    return _breakdown(what, distinct, group, matches)


def frame_spread(keys: Sequence[str], matches: Matches, worst: int = 5) -> FrameSpread:
    """How F1 varies over single frames, and the ``worst`` frames (most errors, then order)."""
    errors = matches.fp + matches.fn
    values = METRICS["f1"].of(matches.tp, matches.fp, matches.fn)
    known = values[~np.isnan(values)]
    quartiles = np.percentile(known, [25, 50, 75]) if len(known) else np.full(3, np.nan)
    order = np.argsort(-errors, kind="stable")[:worst]
    order = order[errors[order] > 0]
    place = np.full(len(errors), -1)
    place[order] = np.arange(len(order))
    return FrameSpread(
        frames=len(known),
        mean_f1=mean(known),
        p25_f1=quartiles[0],
        median_f1=quartiles[1],
        p75_f1=quartiles[2],
        perfect=mean(known == 1),
        failed=mean(known == 0),
        worst=_breakdown("frame", tuple(keys[f] for f in order), place, matches),
    )


def _breakdown(what: str, names: tuple[str, ...], group: Indices, matches: Matches) -> Breakdown:
    """``group`` (F,) holds an index into ``names``, or -1 for frames that are left out."""

    def pooled(values: NDArray[Any], of: Indices) -> NDArray[Any]:
        used = of >= 0
        sums = np.bincount(of[used], weights=values[used], minlength=len(names))
        return sums.astype(values.dtype)

    frames = pooled(np.ones(len(group), dtype=np.intp), group)
    tp, fp, fn = (pooled(c, group) for c in (matches.tp, matches.fp, matches.fn))
    return Breakdown(
        what,
        names,
        frames,
        tp,
        fp,
        fn,
        {key: metric.of(tp, fp, fn) for key, metric in METRICS.items()},
        bias=ratio(fp - fn, frames),
        distance=ratio(pooled(matches.distance, group[matches.frame]), tp),
    )
