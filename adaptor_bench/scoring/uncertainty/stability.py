"""Would the order hold? Probable ranks, ranks without each fold, and under other schemes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from adaptor_bench.scoring.metrics import METRICS
from adaptor_bench.scoring.ranking import SAME
from adaptor_bench.scoring.uncertainty.intervals import inflation
from adaptor_bench.scoring.uncertainty.tally import Tally

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

DRAWS = 10_000
_MANY = 64


def rank_distribution(values: Floats, cohort: Integers, draws: int = DRAWS) -> Floats:
    """Probability of each rank (methods, methods) of the true means, from ``values`` (methods,
    folds); row m, column k: that method m has rank k + 1.

    Means are drawn from the multivariate t distribution around the ones seen that belongs to the
    corrected t interval (the correlated t test of Corani and Benavoli, Machine Learning 100, 2015:
    a posterior with a flat prior). So one method is above another with probability 1 - p / 2, p of
    the primary analysis. Equal values share the better rank, so a column may sum to more or less
    than 1. Methods with a NaN take no part: their rows are NaN; so is everything with one fold.
    """
    n = values.shape[1]
    table = np.full((len(values), len(values)), np.nan)
    placed = ~np.isnan(values).any(axis=1)
    if n < 2 or not placed.any():
        return table
    rng = np.random.default_rng(0)
    means = values[placed].mean(axis=1)
    deviations = (values[placed] - means[:, None]) * np.sqrt(inflation(cohort) / n)
    if n > _MANY:  # the same distribution from fewer numbers
        deviations = np.linalg.qr(deviations.T)[1].T
    # Of covariance deviations @ deviations.T / (n - 1), over the root of a chi square / (n - 1).
    scale = np.sqrt(rng.chisquare(n - 1, (draws, 1)))
    drawn = means + rng.standard_normal((draws, deviations.shape[1])) @ deviations.T / scale
    for m, of_method in zip(np.flatnonzero(placed), drawn.T, strict=True):
        place = (drawn - of_method[:, None] > SAME).sum(axis=1)
        table[m] = np.bincount(place, minlength=len(values)) / draws
    return table


def leave_one_out(values: Floats) -> Floats:
    """Means (folds, methods) of ``values`` (methods, folds) without each fold in turn; (0, methods)
    with a single one. Nothing is trained anew: the fold leaves the evaluation alone."""
    n = values.shape[1]
    if n < 2:
        return np.empty((0, len(values)))
    return np.asarray((values.sum(axis=1) - values.T) / (n - 1))


def tiers(values: Floats, different: npt.NDArray[np.bool_]) -> list[int | None]:
    """Tier of each method, from 1: a tier ends before the first that is worse than its leader.

    ``values`` (methods,), ``different`` (methods, methods): so by the primary analysis.
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


def _of_surgeries(tally: Tally, metric: str) -> Floats:
    """Mean over the surgeries with labels."""
    if not tally.labelled.any():
        return np.full(len(tally.methods), np.nan)
    of_rows = METRICS[metric].of_last_axis(tally.counts[:, tally.labelled])
    return tally.over_seeds(of_rows.mean(axis=1))


def _pooled(tally: Tally, metric: str) -> Floats:
    return tally.over_seeds(METRICS[metric].of_last_axis(tally.counts.sum(axis=1)))


def _mean_rank(tally: Tally, metric: str) -> Floats:
    return mean_rank(tally.values(metric))


def mean_rank(values: Floats) -> Floats:
    """Minus the mean over folds of the rank within the fold, from ``values`` (methods, folds):
    higher is better. Ties share the middle rank; NaN for all where there is one."""
    if np.isnan(values).any():
        return np.full(len(values), np.nan)
    place = (values[None] - values[:, None] > SAME).sum(axis=1)  # (methods, folds)
    tied = (np.abs(values[None] - values[:, None]) <= SAME).sum(axis=1) - 1
    return -(1 + place + tied / 2).mean(axis=1)


SCHEMES: dict[str, tuple[str, Callable[[Tally, str], Floats]]] = {
    "folds": ("mean over folds", lambda t, metric: t.values(metric).mean(axis=1)),
    "pooled": ("all counts pooled", _pooled),
    "surgeries": ("mean over surgeries", _of_surgeries),
    "ranks": ("mean rank over folds", _mean_rank),
}


def scheme_values(tally: Tally, metric: str = "f1") -> dict[str, Floats]:
    """Values (methods,) under every scheme, higher is better, in 0..1 but for ``ranks``: there
    minus the mean over folds of a method's rank (ties share the middle rank)."""
    return {name: function(tally, metric) for name, (_, function) in SCHEMES.items()}
