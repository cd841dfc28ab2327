"""Counts of several methods on the same frames, side by side: all uncertainty is drawn from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from adaptor_bench.errors import InputError
from adaptor_bench.evaluate.scorefile import FoldScore

__all__ = ["Scores", "Tally", "tally"]

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

# method -> seed -> fold -> score
Scores = Mapping[str, Mapping[int, Mapping[int, FoldScore]]]


@dataclass(frozen=True)
class Tally:
    """Paired counts. A *row* is one method trained with one seed.

    ``counts`` is (rows, frames, 3): TP, FP, FN. ``owner`` (rows,) is the method of a row;
    ``surgery`` (frames,) the surgery of a frame, ``fold`` (surgeries,) the fold that validates on
    a surgery, all as indices from 0 into ``methods``, ``surgeries``, ``folds``. Frames stand in
    one order for all rows. Folds without any label are left out, as in
    :mod:`adaptor_bench.evaluate.aggregate`; ``unlabelled`` has the false points of each method
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
    first: tuple[str, list[tuple[int, str, int]]] | None = None
    settings = None
    for index, (method, by_seed) in enumerate(scores.items()):
        for seed, by_fold in sorted(by_seed.items()):
            found = sorted(
                (fold, frame.key, frame.labels, frame.counts)
                for fold, score in by_fold.items()
                for frame in score.scored
            )
            layout = [(fold, key, labels) for fold, key, labels, _ in found]
            used = {score.settings.describe() for score in by_fold.values()}
            name = f"{method} (seed {seed})"
            first = first or (name, layout)
            settings = settings or used
            if used != settings:
                problems.append(f"{name}: other matching than {first[0]}")
            elif layout != first[1]:
                problems.append(f"{name}: {_difference(layout, first[1])} {first[0]}")
            rows.append([[c.tp, c.fp, c.fn] for *_, c in found])
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
    labelled = {fold for fold, _, labels in first[1] if labels}
    if not labelled:
        raise InputError("nothing to compare: nothing is labelled")
    kept = [i for i, (fold, *_) in enumerate(first[1]) if fold in labelled]
    paired = _assemble(
        tuple(scores), [first[1][i] for i in kept], [[row[i] for i in kept] for row in rows], owner
    )
    left_out = sorted({fold for fold, *_ in first[1]} - labelled)
    false = {
        method: {
            fold: sum(
                counts[1]
                for row, of in zip(rows, owner, strict=True)
                for counts, (there, *_) in zip(row, first[1], strict=True)
                if (of, there) == (index, fold)
            )
            / len(scores[method])
            for fold in left_out
        }
        for index, method in enumerate(scores)
    }
    return replace(paired, unlabelled=false)


def _pool(counts: Integers, group: Integers, groups: int) -> Integers:
    """Sums over axis 1 of (rows, items, 3) by ``group`` (items,)."""
    return np.stack([counts[:, group == g].sum(axis=1) for g in range(groups)], axis=1)


def _assemble(
    methods: tuple[str, ...],
    layout: list[tuple[int, str, int]],
    rows: list[list[list[int]]],
    owner: list[int],
) -> Tally:
    of_frame = [key.split("/", 1)[0] for _, key, _ in layout]
    surgeries = tuple(dict.fromkeys(of_frame))
    folds = tuple(sorted({fold for fold, *_ in layout}))
    place = {surgery: i for i, surgery in enumerate(surgeries)}
    validated: dict[str, int] = {}
    for (fold, *_), surgery in zip(layout, of_frame, strict=True):
        if validated.setdefault(surgery, fold) != fold:
            raise InputError(f"surgery {surgery!r} is validated in several folds")
    return Tally(
        methods,
        surgeries,
        folds,
        tuple(key for _, key, _ in layout),
        np.array(rows, np.int64).reshape(len(rows), len(layout), 3),
        np.array(owner, np.int64),
        np.array([place[surgery] for surgery in of_frame], np.int64),
        np.array([folds.index(validated[surgery]) for surgery in surgeries], np.int64),
    )


def _difference(found: list[tuple[int, str, int]], other: list[tuple[int, str, int]]) -> str:
    here, there = {key for _, key, _ in found}, {key for _, key, _ in other}
    if here != there:
        example = min(here ^ there)
        return f"{len(here ^ there)} frames scored on one side only (such as {example}), unlike"
    if {(f, k) for f, k, _ in found} != {(f, k) for f, k, _ in other}:
        return "other folds than"
    return "other numbers of labels than"
