"""Would the order hold? Ranks in resamples, without each surgery, and under other schemes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from adaptor_bench.scoring.metrics import METRICS
from adaptor_bench.scoring.ranking import SAME
from adaptor_bench.scoring.uncertainty.estimands import estimate, resampled
from adaptor_bench.scoring.uncertainty.resampling import Resamples
from adaptor_bench.scoring.uncertainty.tally import Tally

Floats = npt.NDArray[np.float64]


def rank_distribution(
    values: Floats, probability: Floats, placed: npt.NDArray[np.bool_]
) -> tuple[Floats, float]:
    """Probability of each rank (methods, methods) from resampled ``values`` (B, methods).

    Row m, column k: how often method m has rank k + 1; equal values share the better rank, so a
    column may sum to more or less than 1. Only ``placed`` (methods,) take part, the others' rows
    are NaN. Resamples in which one that is placed has no value are left out; their probability is
    returned beside.
    """
    table = np.full((len(placed), len(placed)), np.nan)
    defined = ~np.isnan(values[:, placed]).any(axis=1)
    if not defined.any():
        return table, 1.0
    kept, weight = values[defined][:, placed], probability[defined] / probability[defined].sum()
    for m, of_method in zip(np.flatnonzero(placed), kept.T, strict=True):
        place = (kept - of_method[:, None] > SAME).sum(axis=1)
        table[m] = np.bincount(place, weights=weight, minlength=len(placed))
    return table, float(probability[~defined].sum())


def leave_one_out(tally: Tally, metric: str = "f1", estimand: str = "folds") -> Floats:
    """Values (surgeries, methods) without each surgery in turn; (0, methods) with a single one.

    Nothing is trained anew: the surgery leaves the evaluation, not the training data.
    """
    n = len(tally.surgeries)
    if n < 2:
        return np.empty((0, len(tally.methods)))
    left = Resamples(1 - np.eye(n, dtype=np.int64), np.full(n, 1 / n), exact=False)
    return resampled(tally, left, metric, estimand)


def tiers(values: Floats, different: npt.NDArray[np.bool_]) -> list[int | None]:
    """Tier of each method, from 1: a tier ends before the first that is worse than its leader.

    ``values`` (methods,), ``different`` (methods, methods): significantly so, after correction.
    Going down the order, a method opens a new tier when it differs from the tier's leader (its
    best method). A method without a value has no tier.
    """
    result: list[int | None] = [None] * len(values)
    leader, tier = None, 0
    for m in np.argsort(-values, kind="stable"):
        if np.isnan(values[m]):
            continue
        if leader is None or different[leader, m]:
            leader, tier = m, tier + 1
        result[m] = tier
    return result


def _per_frame(tally: Tally, metric: str) -> Floats:
    """Mean over the frames that have a value: F1 is 0/0 in a frame with no label and no point."""
    values = METRICS[metric].of_last_axis(tally.counts)
    defined = ~np.isnan(values)
    total = np.where(defined, values, 0).sum(axis=1)
    frames = defined.sum(axis=1)
    means = np.divide(total, frames, out=np.full(len(total), np.nan), where=frames > 0)
    return tally.over_seeds(means)


def _mean_rank(tally: Tally, metric: str) -> Floats:
    """Minus the mean over surgeries of the rank within the surgery: higher is better."""
    values = tally.over_seeds(METRICS[metric].of_last_axis(tally.by_surgery[:, tally.labelled]))
    if np.isnan(values).any() or not values.size:
        return np.full(len(values), np.nan)
    place = (values[None] - values[:, None] > SAME).sum(axis=1)  # (methods, surgeries)
    tied = (np.abs(values[None] - values[:, None]) <= SAME).sum(axis=1) - 1
    return -(1 + place + tied / 2).mean(axis=1)


SCHEMES: dict[str, tuple[str, Callable[[Tally, str], Floats]]] = {
    "folds": ("mean over folds", lambda t, metric: estimate(t, metric, "folds")),
    "pooled": ("all counts pooled", lambda t, metric: estimate(t, metric, "pooled")),
    "surgeries": ("mean over surgeries", lambda t, metric: estimate(t, metric, "surgeries")),
    "frames": ("mean over frames", _per_frame),
    "ranks": ("mean rank over surgeries", _mean_rank),
}


def scheme_values(tally: Tally, metric: str = "f1") -> dict[str, Floats]:
    """Values (methods,) under every scheme, higher is better, in 0..1 but for ``ranks``: there
    minus the mean over surgeries of a method's rank (ties share the middle rank)."""
    return {name: function(tally, metric) for name, (_, function) in SCHEMES.items()}
