"""From the counts of folds to the numbers of a table row.

Counts are pooled within a fold; a metric is computed per fold, then averaged over the folds, as
the seed paper's Tables 2 and 3 are (arXiv 2110.05676; their spreads are population standard
deviations, ddof 0). Mean F1 is the mean of the folds' F1, not a function of mean P and S.

With several seeds the mean is over all trained networks. The spread over folds stays that of one
seed, averaged over the seeds: a spread of seed-averaged folds would shrink with every seed.

A fold in which nothing is labelled counts for nobody. There F1 is 0/0 for a perfect detector and 0
for one with a false point: of two that are equal elsewhere the worse one alone would have a mean.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from adaptor_bench.scoring.metrics import METRICS, Counts, mean

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Aggregate:
    """One metric of one table row, all values in 0..1.

    ``folds`` holds the value of every fold there is (mean over seeds), NaN where it is 0/0.
    ``mean`` and ``std`` are None while a fold is missing, and NaN when a fold's value is NaN.
    ``std`` is the spread over the folds of one seed: the root of its mean square over seeds. ``n``
    is the number of folds behind them, ``networks`` that of folds times seeds. ``seed_std`` is the
    spread of one fold from seed to seed, pooled within folds: the root of the mean over folds of
    the sample variance (ddof 1) over seeds; None with fewer than two seeds. ``unlabelled`` are the
    folds without any label, which count for no method, with the false points there (mean over
    seeds); they are not in ``folds``.
    """

    folds: dict[int, float]
    mean: float | None
    std: float | None
    n: int
    ddof: int
    missing: tuple[int, ...] = ()
    seed_std: float | None = None
    unlabelled: Mapping[int, float] = field(default_factory=dict)
    networks: int = 0

    @property
    def seed_error(self) -> float | None:
        """The standard error that seeds leave to the mean over all networks; None with one seed.
        Of folds and training surgeries it says nothing."""
        return None if self.seed_std is None else self.seed_std / math.sqrt(self.networks)

    @property
    def complete(self) -> bool:
        """No fold is missing and the mean is a number."""
        return self.mean is not None and not math.isnan(self.mean)


def aggregate(
    counts: Mapping[int, Mapping[int, Counts]],
    folds: Sequence[int],
    ddof: int = 0,
    *,
    unlabelled: Collection[int] = (),
) -> dict[str, Aggregate]:
    """All metrics of one row from ``counts[seed][fold]``; ``folds`` are those of the plan, and
    ``unlabelled`` those of them in which nothing is labelled.

    With several seeds the value of a fold is the mean over the seeds. A fold counts as missing
    unless *every* seed has it: averaging over a different set of seeds in each fold would compare
    unlike things. ``ddof`` applies to the spread over folds; where it leaves no degree of freedom
    the spread is NaN.
    """
    seeds = sorted(counts)
    missing = tuple(f for f in folds if not seeds or any(f not in counts[s] for s in seeds))
    empty = {
        f: mean([counts[s][f].fp for s in seeds if f in counts[s]]) for f in sorted(unlabelled)
    }
    result = {}
    for key, metric in METRICS.items():
        table = {s: {f: metric(counts[s][f]) for f in counts[s]} for s in seeds}
        present = [f for f in folds if any(f in table[s] for s in seeds) and f not in empty]
        values = {f: mean([table[s][f] for s in seeds if f in table[s]]) for f in present}
        if missing:
            result[key] = Aggregate(
                values, None, None, len(values), ddof, missing, unlabelled=empty
            )
            continue
        per_seed = np.array([[table[s][f] for f in present] for s in seeds])
        result[key] = Aggregate(
            folds=values,
            mean=mean(list(values.values())),
            std=_root_mean_square(_std(per_seed, ddof, axis=1)),
            n=len(values),
            ddof=ddof,
            seed_std=_root_mean_square(_std(per_seed, 1, axis=0)) if len(seeds) > 1 else None,
            unlabelled=empty,
            networks=per_seed.size,
        )
    return result


def _std(values: Floats, ddof: int, axis: int) -> Floats:
    if values.shape[axis] <= ddof:
        return np.full(1, math.nan)
    return np.asarray(np.std(values, axis=axis, ddof=ddof))


def _root_mean_square(values: Floats) -> float:
    return float(np.sqrt(np.mean(np.square(values)))) if values.size else math.nan
