"""Ranking by one value of each method in each case, whatever the metric is.

For tables that hold no counts. The unit is a case, or a group of cases such as a patient; units are
taken to be independent, so intervals are plain t intervals, and they are about other units, not
about other trained networks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from adaptor_bench.scoring.ranking import ranks
from adaptor_bench.scoring.uncertainty.intervals import Interval, fold_interval
from adaptor_bench.scoring.uncertainty.stability import mean_rank
from adaptor_bench.scoring.uncertainty.study import Options, Ranked

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

SCHEMES = {
    "mean": "mean over units",
    "median": "median over units",
    "ranks": "mean rank over units",
}


@dataclass(frozen=True)
class ValueStudy(Ranked):
    """``of_units`` (methods, units) as the table has them, methods best first; ``smaller`` says
    that smaller is better. Nothing is missing."""

    named: tuple[str, ...]
    of_units: Floats
    smaller: bool = False

    @property
    def methods(self) -> tuple[str, ...]:
        """Best first."""
        return self.named

    @cached_property
    def values(self) -> Floats:
        """(methods, units), turned so that larger is better."""
        return -self.of_units if self.smaller else self.of_units

    @cached_property
    def cohort(self) -> Integers:
        """(units,) Every unit is one of its own: units share no training."""
        return np.arange(self.of_units.shape[1])

    @property
    def intervals(self) -> dict[str, Interval]:
        """Method to the mean over units with its t interval."""
        level = self.options.level
        rows = zip(self.named, self.of_units, strict=True)
        return {name: fold_interval(row, self.cohort, level) for name, row in rows}

    @property
    def schemes(self) -> dict[str, dict[str, int | None]]:
        """Scheme to the ranks under it."""
        by = {
            "mean": self.values.mean(axis=1),
            "median": np.median(self.values, axis=1),
            "ranks": mean_rank(self.values),
        }
        return {scheme: self._named(ranks(row.tolist())) for scheme, row in by.items()}


def study_values(
    values: Mapping[str, Sequence[float]], *, smaller: bool = False, level: float = 0.95
) -> ValueStudy:
    """The whole analysis of ``values``: of each method one for every unit, in the same order."""
    means = {name: float(np.mean(of)) * (1 if smaller else -1) for name, of in values.items()}
    # Best first; equal ones by name.
    named = tuple(sorted(values, key=lambda name: (round(means[name], 9), name)))
    of_units = np.array([values[name] for name in named], float)
    return ValueStudy(Options(level=level), named, of_units, smaller)
