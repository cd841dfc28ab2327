"""Counts of several methods on the same frames, side by side: all uncertainty is drawn from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from adaptor_bench.errors import InputError
from adaptor_bench.scoring.scorefile import FoldScore

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_Place = tuple[int, str, int]  # fold, key and labels of a frame
# method -> seed -> fold -> score
Scores = Mapping[str, Mapping[int, Mapping[int, FoldScore]]]


@dataclass(frozen=True)
class Tally:
    """Paired counts. A *row* is one method trained with one seed.

    ``counts`` is (rows, frames, 3): TP, FP, FN. ``owner`` (rows,) is the method of a row;
    ``surgery`` (frames,) the surgery of a frame, ``fold`` (surgeries,) the fold that validates on
    a surgery, all as indices from 0 into ``methods``, ``surgeries``, ``folds``. Frames stand in
    one order for all rows. Folds without any label are left out, as in
    :mod:`adaptor_bench.scoring.aggregate`; ``unlabelled`` has the false points of each method
    there, by fold, as the mean over seeds.
    """

    methods: tuple[str, ...]
    surgeries: tuple[str, ...]
    folds: tuple[int, ...]
    frames: tuple[str, ...]
    counts: Integers
    owner: Integers
    surgery: Integers
    fold: Integers
    unlabelled: Mapping[str, Mapping[int, float]] = field(default_factory=dict)

    @cached_property
    def by_surgery(self) -> Integers:
        """(rows, surgeries, 3): pooled over the frames of each surgery."""
        return _pool(self.counts, self.surgery, len(self.surgeries))

    @cached_property
    def by_fold(self) -> Integers:
        """(rows, folds, 3): pooled over the surgeries of each fold."""
        return _pool(self.by_surgery, self.fold, len(self.folds))

    @cached_property
    def labelled(self) -> npt.NDArray[np.bool_]:
        """(surgeries,): where there is something to find. Elsewhere no metric compares methods."""
        return np.asarray(self.by_surgery[..., [0, 2]].sum(axis=(0, 2)) > 0)

    def over_seeds(self, values: Floats, axis: int = 0) -> Floats:
        """Mean over the seeds of each method: rows along ``axis`` become methods.

        A NaN stays with its own method.
        """
        of_method = [
            np.compress(self.owner == m, values, axis=axis).mean(axis=axis)
            for m in range(len(self.methods))
        ]
        return np.stack(of_method, axis=axis)

    @property
    def seeds(self) -> tuple[int, ...]:
        """How many seeds each method has."""
        return tuple(int(n) for n in np.bincount(self.owner, minlength=len(self.methods)))

    def select(self, methods: Sequence[str]) -> Tally:
        """The same frames with these methods only, in this order."""
        wanted = [self.methods.index(name) for name in methods]
        rows = [r for m in wanted for r in np.flatnonzero(self.owner == m)]
        owner = [i for i, m in enumerate(wanted) for _ in np.flatnonzero(self.owner == m)]
        return replace(
            self,
            methods=tuple(methods),
            counts=self.counts[rows],
            owner=np.array(owner, np.int64),
        )


def tally(scores: Scores) -> Tally:
    """Line up ``scores[method][seed][fold]`` frame by frame.

    Raises InputError, naming all of them, for methods whose folds, scored frames, labels or
    matching differ: such counts cannot be paired; and where nothing is labelled.
    """
    if not scores:
        raise InputError("nothing to compare: no complete method")
    rows, owner, problems = [], [], []
    first: tuple[str, list[_Place], set[str]] | None = None
    for index, (method, by_seed) in enumerate(scores.items()):
        for seed, by_fold in sorted(by_seed.items()):
            frames = sorted(
                (fold, frame.key, frame.labels, frame.counts)
                for fold, score in by_fold.items()
                for frame in score.scored
            )
            places = [frame[:3] for frame in frames]
            settings = {score.settings.describe() for score in by_fold.values()}
            name = f"{method} (seed {seed})"
            first = first or (name, places, settings)
            if settings != first[2]:
                problems.append(f"{name}: other matching than {first[0]}")
            elif places != first[1]:
                problems.append(f"{name}: {_difference(places, first[1])} {first[0]}")
            rows.append([[c.tp, c.fp, c.fn] for *_, c in frames])
            owner.append(index)
    if problems:
        raise InputError.collect(
            "these results cannot be paired frame by frame:",
            problems,
            hint="Score all of them on the same folds, frames and labels by the same rule.",
        )
    assert first is not None
    if not first[1]:
        raise InputError("nothing to compare: no frame was scored")
    return _assemble(tuple(scores), first[1], np.array(rows, np.int64), np.array(owner, np.int64))


def _pool(counts: Integers, group: Integers, groups: int) -> Integers:
    """Sums over axis 1 of (rows, items, 3) by ``group`` (items,)."""
    return np.stack([counts[:, group == g].sum(axis=1) for g in range(groups)], axis=1)


def _assemble(
    methods: tuple[str, ...], places: list[_Place], counts: Integers, owner: Integers
) -> Tally:
    """``counts`` (rows, frames, 3) of frames at ``places``, without folds that have no label."""
    fold_of = np.array([fold for fold, *_ in places])
    folds = tuple(sorted({fold for fold, _, labels in places if labels}))
    if not folds:
        raise InputError("nothing to compare: nothing is labelled")
    kept = np.isin(fold_of, folds)
    frames = tuple(key for (_, key, _), keep in zip(places, kept, strict=True) if keep)
    surgery_of = [key.split("/", 1)[0] for key in frames]
    surgeries = tuple(dict.fromkeys(surgery_of))
    validated = set(zip(surgery_of, fold_of[kept].tolist(), strict=True))
    if len(validated) > len(surgeries):
        several = next(s for s in surgeries if sum(s == other for other, _ in validated) > 1)
        raise InputError(f"surgery {several!r} is validated in several folds")
    fold_by_surgery = dict(validated)
    return Tally(
        methods,
        surgeries,
        folds,
        frames,
        counts[:, kept],
        owner,
        np.array([surgeries.index(surgery) for surgery in surgery_of], np.int64),
        np.array([folds.index(fold_by_surgery[surgery]) for surgery in surgeries], np.int64),
        {
            method: {
                fold: int(counts[owner == m][:, fold_of == fold, 1].sum()) / int(sum(owner == m))
                for fold in sorted({*fold_of.tolist()} - {*folds})
            }
            for m, method in enumerate(methods)
        },
    )


def _difference(places: list[_Place], others: list[_Place]) -> str:
    here, there = ({key for _, key, _ in side} for side in (places, others))
    if here != there:
        example = min(here ^ there)
        return f"{len(here ^ there)} frames scored on one side only (such as {example}), unlike"
    if {place[:2] for place in places} != {place[:2] for place in others}:
        return "other folds than"
    return "other numbers of labels than"
