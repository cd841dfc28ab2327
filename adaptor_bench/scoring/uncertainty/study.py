"""Everything a ranking card or a comparison says of one board, computed from one tally."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np
import numpy.typing as npt

from adaptor_bench.scoring.metrics import METRICS
from adaptor_bench.scoring.ranking import ranks
from adaptor_bench.scoring.uncertainty.intervals import Interval, fold_interval
from adaptor_bench.scoring.uncertainty.significance import (
    Comparison,
    Difference,
    compare_family,
)
from adaptor_bench.scoring.uncertainty.stability import (
    leave_one_out,
    rank_distribution,
    scheme_values,
    tiers,
)
from adaptor_bench.scoring.uncertainty.tally import Tally

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Options:
    """``metric`` that ranks; ``level`` of intervals, and of what is called different
    (1 - level)."""

    metric: str = "f1"
    level: float = 0.95


@dataclass(frozen=True)
class Ranked:
    """An order of methods and how sure it is, from one value of each method in each unit.

    Methods stand best first: larger means are better. All parts are computed when they are asked
    for, and all are deterministic. Who derives from it says what ``methods``, ``values`` and
    ``cohort`` are.
    """

    options: Options

    @property
    def methods(self) -> tuple[str, ...]:
        """Best first."""
        raise NotImplementedError

    @property
    def values(self) -> Floats:
        """(methods, units) of what ranks."""
        raise NotImplementedError

    @property
    def cohort(self) -> Integers:
        """(units,) as in :func:`adaptor_bench.scoring.uncertainty.intervals.inflation`."""
        raise NotImplementedError

    @property
    def ranks(self) -> dict[str, int | None]:
        """None for a method that has no value in a unit."""
        return self._named(ranks(self.values.mean(axis=1).tolist()))

    def difference(self, a: str, b: str) -> Difference:
        """``a`` minus ``b`` unit by unit."""
        i, j = self.methods.index(a), self.methods.index(b)
        return Difference(a, b, self.values[i] - self.values[j], self.cohort, self.options.metric)

    @cached_property
    def pairs(self) -> dict[tuple[str, str], Comparison]:
        """Every pair (better, worse), as one family."""
        couples = list(combinations(self.methods, 2))
        found = compare_family([self.difference(*pair) for pair in couples], self.options.level)
        return dict(zip(couples, found, strict=True))

    @cached_property
    def tiers(self) -> dict[str, int | None]:
        """Of :func:`adaptor_bench.scoring.uncertainty.stability.tiers`, by ``pairs``."""
        different = np.zeros((len(self.methods), len(self.methods)), bool)
        for (i, j), pair in zip(combinations(range(len(different)), 2), self.pairs.values(),
                                strict=True):  # fmt: skip
            different[i, j] = different[j, i] = pair.verdict != "undecided"
        return self._named(tiers(self.values.mean(axis=1), different))

    @cached_property
    def rank_probability(self) -> Floats:
        """(methods, methods), row by method, column by rank; NaN for a method without a value."""
        return rank_distribution(self.values, self.cohort)

    def _named(self, values: list[int | None]) -> dict[str, int | None]:
        return dict(zip(self.methods, values, strict=True))


@dataclass(frozen=True)
class Study(Ranked):
    """Methods by the mean over folds of ``options.metric``; the units are folds."""

    tally: Tally

    @property
    def methods(self) -> tuple[str, ...]:
        """Best first."""
        return self.tally.methods

    @cached_property
    def values(self) -> Floats:
        """(methods, folds) of the metric that ranks, mean over seeds; NaN for 0/0."""
        return self.tally.values(self.options.metric)

    @property
    def cohort(self) -> Integers:
        """(folds,)"""
        return self.tally.cohort

    @cached_property
    def intervals(self) -> dict[str, dict[str, Interval]]:
        """Method to metric to the mean over folds with its corrected t interval."""
        of_metric = {key: self.tally.values(key) for key in METRICS}
        return {
            name: {
                key: fold_interval(values[i], self.tally.cohort, self.options.level)
                for key, values in of_metric.items()
            }
            for i, name in enumerate(self.methods)
        }

    def difference(self, a: str, b: str, metric: str | None = None, where: str = "") -> Difference:
        """``a`` minus ``b`` fold by fold, of ``metric`` or the one that ranks."""
        key = metric or self.options.metric
        values = self.tally.values(key)
        i, j = self.methods.index(a), self.methods.index(b)
        return Difference(a, b, values[i] - values[j], self.tally.cohort, key, where)

    @property
    def left_out(self) -> dict[int, list[int | None]]:
        """Fold to the ranks without it; empty with one fold."""
        without = leave_one_out(self.values).tolist()
        return {f: ranks(of) for f, of in zip(self.tally.folds, without, strict=False)}

    @property
    def schemes(self) -> dict[str, dict[str, int | None]]:
        """Scheme to the ranks under it."""
        values = scheme_values(self.tally, self.options.metric)
        return {scheme: self._named(ranks(row.tolist())) for scheme, row in values.items()}


def study(tally: Tally, options: Options | None = None) -> Study:
    """The whole analysis of the methods of ``tally``."""
    options = options or Options()
    means = tally.values(options.metric).mean(axis=1)
    filled = np.where(np.isnan(means), -np.inf, means)
    # Best first; equal ones by name; those without a value last.
    order = [name for _, name in sorted(zip(-np.round(filled, 9), tally.methods, strict=True))]
    return Study(options, tally.select(order))
