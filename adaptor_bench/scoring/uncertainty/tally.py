"""Counts of several methods on the same surgeries, side by side: all uncertainty comes from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from adaptor_bench.errors import InputError
from adaptor_bench.scoring.metrics import METRICS, Counts

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

# method -> seed -> fold -> surgery -> counts
MethodCounts = Mapping[str, Mapping[int, Mapping[int, Mapping[str, Counts]]]]


@dataclass(frozen=True)
class Tally:
    """Paired counts. A *row* is one method trained with one seed; a row and a fold are a network.

    ``counts`` is (rows, surgeries, 3): TP, FP, FN. ``owner`` (rows,) is the method of a row,
    ``fold`` (surgeries,) the fold that validates on a surgery and ``cohort`` (folds,) the cohort
    whose surgeries a fold shares for training, all as indices from 0. Folds without any label are
    left out, as in :mod:`adaptor_bench.scoring.aggregate`.
    """

    methods: tuple[str, ...]
    surgeries: tuple[str, ...]
    folds: tuple[int, ...]
    counts: Integers
    owner: Integers
    fold: Integers
    cohort: Integers

    @cached_property
    def by_fold(self) -> Integers:
        """(rows, folds, 3): pooled over the surgeries that a network was validated on."""
        groups = [self.counts[:, self.fold == f].sum(axis=1) for f in range(len(self.folds))]
        return np.stack(groups, axis=1)

    @cached_property
    def labelled(self) -> npt.NDArray[np.bool_]:
        """(surgeries,): where there is something to find. Elsewhere no metric compares methods."""
        return np.asarray(self.counts[..., [0, 2]].sum(axis=(0, 2)) > 0)

    def values(self, metric: str = "f1") -> Floats:
        """(methods, folds): the metric of every fold, mean over seeds; NaN for 0/0."""
        return self.over_seeds(METRICS[metric].of_last_axis(self.by_fold))

    def over_seeds(self, values: Floats) -> Floats:
        """Mean over the seeds of each method: the rows of ``values`` become methods.

        A NaN stays with its own method.
        """
        rows = [values[self.owner == m].mean(axis=0) for m in range(len(self.methods))]
        return np.stack(rows)

    @property
    def seeds(self) -> tuple[int, ...]:
        """How many seeds each method has."""
        return tuple(int(n) for n in np.bincount(self.owner, minlength=len(self.methods)))

    def select(self, methods: Sequence[str]) -> Tally:
        """The same surgeries with these methods only, in this order."""
        wanted = [self.methods.index(name) for name in methods]
        rows = [r for m in wanted for r in np.flatnonzero(self.owner == m)]
        owner = [i for i, m in enumerate(wanted) for _ in np.flatnonzero(self.owner == m)]
        return replace(
            self,
            methods=tuple(methods),
            counts=self.counts[rows],
            owner=np.array(owner, np.int64),
        )


def tally(counts: MethodCounts, cohorts: Mapping[int, str] | None = None) -> Tally:
    """Line up ``counts[method][seed][fold][surgery]``.

    ``cohorts`` maps folds to what they share training surgeries in; folds it lacks make one cohort.
    Raises InputError, naming all of them, for methods whose folds, surgeries or labels differ:
    such counts cannot be paired; and where nothing is labelled.
    """
    if not counts:
        raise InputError("nothing to compare: no complete method")
    problems: list[str] = []
    first: tuple[str, dict[tuple[int, str], int]] | None = None
    table, owner = [], []
    for index, (method, by_seed) in enumerate(counts.items()):
        for seed, by_fold in sorted(by_seed.items()):
            cells = {(f, s): c for f, of in sorted(by_fold.items()) for s, c in of.items()}
            labels = {place: c.tp + c.fn for place, c in cells.items()}
            name = f"{method} (seed {seed})"
            first = first or (name, labels)
            if labels != first[1]:
                problems.append(f"{name}: {_difference(labels, first[1])} {first[0]}")
                continue
            table.append([[cells[p].tp, cells[p].fp, cells[p].fn] for p in first[1]])
            owner.append(index)
    if problems:
        raise InputError.collect(
            "these results cannot be paired surgery by surgery:",
            problems,
            hint="Score all of them on the same folds, frames and labels by the same rule.",
        )
    assert first is not None
    folds = sorted({fold for (fold, _), labels in first[1].items() if labels})
    if not folds:
        raise InputError("nothing to compare: nothing is labelled")
    kept = [i for i, (fold, _) in enumerate(first[1]) if fold in folds]
    places = [list(first[1])[i] for i in kept]
    names = [surgery for _, surgery in places]
    if twice := sorted({s for s in names if names.count(s) > 1}):
        raise InputError(f"surgery {twice[0]!r} is validated in several folds")
    of_fold = [(cohorts or {}).get(fold, "") for fold in folds]
    return Tally(
        tuple(counts),
        tuple(names),
        tuple(folds),
        np.array(table, np.int64)[:, kept],
        np.array(owner, np.int64),
        np.array([folds.index(fold) for fold, _ in places], np.int64),
        np.array([sorted(set(of_fold)).index(cohort) for cohort in of_fold], np.int64),
    )


def _difference(here: Mapping[tuple[int, str], int], there: Mapping[tuple[int, str], int]) -> str:
    if {f for f, _ in here} != {f for f, _ in there}:
        return "other folds than"
    if here.keys() != there.keys():
        surgery = min(here.keys() ^ there.keys())[1]
        return f"other surgeries (such as {surgery}) than"
    surgery = next(s for (f, s), labels in here.items() if labels != there[f, s])
    return f"other numbers of labels (such as in {surgery}) than"
