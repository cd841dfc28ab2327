"""Everything a ranking card or a comparison says, computed from one tally."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np
import numpy.typing as npt

from adaptor_bench.scoring.metrics import METRICS
from adaptor_bench.scoring.ranking import ranks
from adaptor_bench.scoring.uncertainty.estimands import estimate, resampled
from adaptor_bench.scoring.uncertainty.flips import FlipDistance, flip_distance
from adaptor_bench.scoring.uncertainty.intervals import (
    Interval,
    jackknife_interval,
    percentile_interval,
)
from adaptor_bench.scoring.uncertainty.resampling import resample
from adaptor_bench.scoring.uncertainty.significance import holm, sign_flip_p
from adaptor_bench.scoring.uncertainty.stability import (
    leave_one_out,
    rank_distribution,
    scheme_values,
    tiers,
)
from adaptor_bench.scoring.uncertainty.tally import Tally

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Options:
    """``metric`` and ``estimand`` that rank; ``level`` of intervals and of significance
    (1 - level); ``resamples`` and ``seed`` of drawn resamples; ``nested`` as in ``resample``."""

    metric: str = "f1"
    estimand: str = "folds"
    level: float = 0.95
    resamples: int = 10_000
    seed: int = 0
    nested: bool | None = None


@dataclass(frozen=True)
class Pair:
    """``a`` minus ``b``. ``by_surgery`` are the paired differences the p value comes from, of the
    surgeries that have labels;
    ``student`` is the jackknife t interval, ``bootstrap`` the percentile interval."""

    a: str
    b: str
    metric: str
    student: Interval
    bootstrap: Interval
    by_surgery: tuple[float, ...]
    p: float
    p_holm: float

    def significant(self, level: float) -> bool:
        """Whether the corrected test bears out the sign of the difference.

        The test is of the mean over surgeries. Where folds pool surgeries it can point the other
        way than the estimate: then it speaks for no lead.
        """
        # A share of equal outcomes counts as reached: p is a multiple of 2^-n.
        reached = self.p_holm <= 1 - level + 1e-12
        return bool(reached and self.student.estimate * sum(self.by_surgery) > 0)


@dataclass(frozen=True)
class Study:
    """Methods stand in the order of the ranking. ``student`` and ``bootstrap`` map method to
    metric to interval; ``pairs`` holds every pair (better, worse) for the ranking metric;
    ``rank_probability`` is (methods, methods), row by method, column by rank; NaN for a method
    without a value. ``left_out`` maps each surgery to the ranks without it; empty with one."""

    tally: Tally
    options: Options
    ranks: dict[str, int | None]
    student: dict[str, dict[str, Interval]]
    bootstrap: dict[str, dict[str, Interval]]
    pairs: dict[tuple[str, str], Pair]
    rank_probability: Floats
    undefined: float
    tiers: dict[str, int | None]
    left_out: dict[str, list[int | None]]
    schemes: dict[str, dict[str, int | None]]
    flips: dict[tuple[str, str], FlipDistance]
    exact: bool
    resamples: int

    @property
    def methods(self) -> tuple[str, ...]:
        """Best first."""
        return self.tally.methods


def study(tally: Tally, options: Options | None = None) -> Study:
    """The whole analysis. Deterministic: exact where it can be, else seeded."""
    options = options or Options()
    metric, estimand = options.metric, options.estimand
    tally = tally.select(_ordered(tally, estimate(tally, metric, estimand)))
    draws = resample(tally, options.resamples, options.seed, nested=options.nested)
    values = {key: resampled(tally, draws, key, estimand) for key in METRICS}
    points = {key: estimate(tally, key, estimand) for key in METRICS}
    without = {key: leave_one_out(tally, key, estimand) for key in METRICS}

    def student(key: str, weights: Floats) -> Interval:
        return jackknife_interval(
            float(_combine(points[key], weights)), _combine(without[key], weights), options.level
        )

    def bootstrap(key: str, weights: Floats) -> Interval:
        return percentile_interval(
            float(_combine(points[key], weights)),
            _combine(values[key], weights),
            draws.probability,
            options.level,
        )

    unit = np.eye(len(tally.methods))
    of_surgery = tally.over_seeds(METRICS[metric].of_last_axis(tally.by_surgery[:, tally.labelled]))
    couples = list(combinations(range(len(tally.methods)), 2))
    p = np.array([sign_flip_p(of_surgery[i] - of_surgery[j]) for i, j in couples])
    pairs = {}
    different = np.zeros((len(unit), len(unit)), bool)
    for (i, j), raw, adjusted in zip(couples, p, holm(p), strict=True):
        a, b = tally.methods[i], tally.methods[j]
        pairs[a, b] = Pair(
            a,
            b,
            metric,
            student(metric, unit[i] - unit[j]),
            bootstrap(metric, unit[i] - unit[j]),
            tuple(map(float, of_surgery[i] - of_surgery[j])),
            float(raw),
            float(adjusted),
        )
        different[i, j] = different[j, i] = pairs[a, b].significant(options.level)
    probability, undefined = rank_distribution(
        values[metric], draws.probability, ~np.isnan(points[metric])
    )
    names = tally.methods
    return Study(
        tally=tally,
        options=options,
        ranks=_named(names, ranks(points[metric].tolist())),
        student={m: {k: student(k, unit[i]) for k in METRICS} for i, m in enumerate(names)},
        bootstrap={m: {k: bootstrap(k, unit[i]) for k in METRICS} for i, m in enumerate(names)},
        pairs=pairs,
        rank_probability=probability,
        undefined=undefined,
        tiers=_named(names, tiers(points[metric], different)),
        left_out={
            s: ranks(of) for s, of in zip(tally.surgeries, without[metric].tolist(), strict=False)
        },
        schemes={
            scheme: _named(names, ranks(row.tolist()))
            for scheme, row in scheme_values(tally, metric).items()
        },
        flips={
            (a, b): flip_distance(tally, a, b)
            for a, b in pairwise(names)
            if metric == "f1" and estimand == "folds"
        },
        exact=draws.exact,
        resamples=len(draws.weights),
    )


def _ordered(tally: Tally, values: Floats) -> list[str]:
    """Best first; equal ones by name; those without a value last."""
    filled = np.where(np.isnan(values), -np.inf, values)
    return [name for _, name in sorted(zip(-np.round(filled, 9), tally.methods, strict=True))]


def _combine(values: Floats, weights: Floats) -> Floats:
    """Weighted sum over the last axis (methods) that lets a NaN of an unused method be."""
    used = np.flatnonzero(weights)
    return values[..., used] @ weights[used]


def _named(names: tuple[str, ...], values: list[int | None]) -> dict[str, int | None]:
    return dict(zip(names, values, strict=True))
