"""Learning curves: what F1 a method reaches with shares and multiples of its training budget."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from adaptor_bench.errors import InputError
from adaptor_bench.results.cost import cost_of_run
from adaptor_bench.results.runs import Run
from adaptor_bench.scoring.metrics import f1
from adaptor_bench.scoring.uncertainty.intervals import Interval, fold_interval

BUDGET = "training.budget"
"""The parameter that multiplies the steps of a training."""
FLAT = 1.5  # points of F1 from the last doubling, below which a budget is enough

Fold = tuple[str | None, int]  # cohort, number


@dataclass(frozen=True)
class Point:
    """One budget: F1 in percent by fold, each the mean over its seeds, its mean and interval over
    folds, and the CPU seconds that a training took on average (NaN where not recorded)."""

    budget: float
    by_fold: dict[Fold, float]
    f1: Interval
    seconds: float


@dataclass(frozen=True)
class LearningCurve:
    """One method on one domain, its budgets in order.

    ``gain`` is what the last doubling up to the method's own budget, 1, brought in points of F1,
    over the folds of both. ``beyond`` is the same for the doubling of its own.
    """

    dataset: str
    domain: str
    method: str
    points: tuple[Point, ...]
    gain: Interval
    beyond: Interval

    @property
    def enough(self) -> Literal["yes", "no", "undecided"]:
        """Whether doubling the method's own budget gains less than :data:`FLAT` points."""
        if self.beyond.high < FLAT:
            return "yes"
        return "no" if self.beyond.low > FLAT else "undecided"


def learning_curves(runs: Iterable[Run]) -> list[LearningCurve]:
    """The curves of all methods and domains among ``runs``, by dataset, domain and method.

    Raises InputError when no run has a budget.
    """
    found: dict[tuple[str, str, str], list[Run]] = {}
    for run in runs:
        if BUDGET in run.parameters:
            key = (run.dataset["name"], run.domain, run.method)
            found.setdefault(key, []).append(run)
    if not found:
        raise InputError(
            "none of these runs has a training budget",
            hint="`bench curve METHOD` trains with several.",
        )
    return [_curve(*key, of) for key, of in found.items()]


def _curve(dataset: str, domain: str, method: str, runs: Sequence[Run]) -> LearningCurve:
    by_budget: dict[float, list[Run]] = {}
    for run in runs:
        by_budget.setdefault(float(run.parameters[BUDGET]), []).append(run)
    points = {budget: _point(budget, by_budget[budget]) for budget in sorted(by_budget)}
    return LearningCurve(
        dataset,
        domain,
        method,
        tuple(points.values()),
        _gain(points.get(0.5), points.get(1.0)),
        _gain(points.get(1.0), points.get(2.0)),
    )


def _point(budget: float, runs: Sequence[Run]) -> Point:
    values: dict[Fold, list[float]] = {}
    for run in sorted(runs, key=lambda r: (r.fold, r.seed)):
        values.setdefault((run.cohort, run.fold), []).append(100 * f1(run.score().counts))
    by_fold = {fold: float(np.mean(of)) for fold, of in values.items()}
    costs = [cost.training for run in runs if (cost := cost_of_run(run)) is not None]
    return Point(
        budget, by_fold, _interval(by_fold), float(np.mean(costs)) if costs else float("nan")
    )


def _gain(before: Point | None, after: Point | None) -> Interval:
    if before is None or after is None:
        return Interval(float("nan"), float("nan"), float("nan"))
    both = [fold for fold in before.by_fold if fold in after.by_fold]
    return _interval({fold: after.by_fold[fold] - before.by_fold[fold] for fold in both})


def _interval(by_fold: dict[Fold, float]) -> Interval:
    names = sorted({str(cohort) for cohort, _ in by_fold})
    cohorts = [names.index(str(cohort)) for cohort, _ in by_fold]
    return fold_interval(np.array(list(by_fold.values())), cohorts)
