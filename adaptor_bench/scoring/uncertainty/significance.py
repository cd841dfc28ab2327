"""The primary analysis of differences, tests beside it, and what many of them allow to say.

Primary is the corrected paired t interval of the mean difference over folds
(:func:`adaptor_bench.scoring.uncertainty.intervals.fold_interval`), with Holm's correction for all
comparisons of one family: :func:`compare_family`. The sign-flip test is secondary.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from adaptor_bench.scoring.uncertainty.intervals import (
    Interval,
    Verdict,
    fold_interval,
    standard_error,
)

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

EXACT_FOLDS = 16  # 65,536 flips; with more, flips are drawn
DRAWS = 100_000
_FLIPS = 4_000_000  # signs drawn in all; more than 40 values have fewer patterns drawn
_SUMS = 4_000_000  # sums held at a time
_SAME = 1e-12  # sums this close differ by rounding


@dataclass(frozen=True)
class Difference:
    """What is compared: ``by_fold`` (n,), ``a`` minus ``b`` in every fold, mean over seeds;
    ``cohort`` (n,) as in :func:`inflation`; ``metric`` is a key of METRICS, ``where`` a domain."""

    a: str
    b: str
    by_fold: Floats
    cohort: Integers
    metric: str = "f1"
    where: str = ""


@dataclass(frozen=True)
class Comparison:
    """One member of a family of ``family`` comparisons, with its ``difference``.

    ``interval`` is that of the difference alone. ``corrected`` is wide enough for the family: its
    level is 1 - alpha / k with Holm's k, so that it excludes 0 exactly where ``p_holm`` is at most
    alpha. ``p`` is that of the same t statistic, ``sign_flip`` the secondary test's, uncorrected.
    """

    difference: Difference
    interval: Interval
    corrected: Interval
    p: float
    p_holm: float
    sign_flip: float
    family: int

    @property
    def verdict(self) -> Verdict:
        """Whether ``a`` is better: from the corrected interval, and from nothing else."""
        return self.corrected.verdict


def compare_family(differences: Sequence[Difference], level: float = 0.95) -> list[Comparison]:
    """The primary analysis of all ``differences`` that are judged together.

    Counted are those that have a p value: a difference with a NaN, or of a single fold, makes the
    others no stricter.
    """
    p = np.array([t_p(d.by_fold, d.cohort) for d in differences])
    adjusted, times = _holm(p)
    family = int(np.count_nonzero(~np.isnan(p)))
    flips = np.empty(len(differences))
    for n in {len(d.by_fold) for d in differences}:  # the same signs for all of a length
        of = [i for i, d in enumerate(differences) if len(d.by_fold) == n]
        flips[of] = sign_flip_ps(np.array([differences[i].by_fold for i in of]))
    return [
        Comparison(
            d,
            fold_interval(d.by_fold, d.cohort, level),
            fold_interval(d.by_fold, d.cohort, 1 - (1 - level) / k),
            float(raw),
            float(corrected),
            float(flip),
            family,
        )
        for d, raw, corrected, k, flip in zip(differences, p, adjusted, times, flips, strict=True)
    ]


def t_p(values: Floats, cohort: Sequence[int] | Integers) -> float:
    """Two-sided p of "the mean over folds is 0", by the corrected t statistic; NaN if there is
    none."""
    n = len(values)
    if n < 2 or np.isnan(values).any():
        return float("nan")
    mean, error = abs(float(np.mean(values))), standard_error(values, cohort)
    if error == 0 or mean < _SAME:
        return 1.0 if mean < _SAME else 0.0
    from scipy.special import stdtr

    return float(2 * stdtr(n - 1, -mean / error))


def folds_needed(
    by_fold: Floats, cohort: Integers, points: float = 0.05, level: float = 0.95, power: float = 0.8
) -> int | None:
    """How many folds it takes for a difference of ``points`` (0..1) to be seen with ``power``.

    Seen by one comparison at ``level``, if differences vary as ``by_fold`` (n,) do and cohorts
    keep their size. None with fewer than two folds, a NaN, or if 1,000 are not enough.
    """
    from scipy.special import nctdtr, stdtrit

    n = len(by_fold)
    if n < 2 or np.isnan(by_fold).any():
        return None
    size, spread = n / len(set(map(int, cohort))), float(np.std(by_fold, ddof=1))
    for folds in range(2, 1001):
        shared = 1 - 1 / min(size, folds)
        error = spread * np.sqrt((1 + shared) / (1 - shared / (folds - 1)) / folds)
        if error < _SAME:
            return folds
        limit, shift = float(stdtrit(folds - 1, (1 + level) / 2)), points / error
        if 1 - float(nctdtr(folds - 1, shift, limit)) >= power:
            return folds
    return None


def smallest_p(n: int) -> float:
    """The smallest two-sided p that ``sign_flip_p`` can give for ``n`` folds: 2 / 2^n, or
    1 / (patterns + 1) where flips are drawn."""
    return min(1.0, 2.0 ** (1 - n)) if n <= EXACT_FOLDS else 1 / (_patterns(n) + 1)


def _patterns(n: int) -> int:
    """How many patterns of ``n`` signs are drawn."""
    return max(1000, min(DRAWS, _FLIPS // n))


def sign_flip_p(differences: Floats, draws: int | None = None, seed: int = 0) -> float:
    """Two-sided p of "no difference" from paired ``differences`` (n,), one per fold.

    If the two methods were exchangeable in every fold, each difference could as well have had
    the other sign. p is the share of the 2^n sign patterns whose sum is at least as far from 0
    as the one seen; with more than 16 folds, of ``draws`` random patterns (100,000; with more than
    40 folds fewer, at least 1,000) and the one seen ((b + 1) / (m + 1), Phipson and Smyth 2010).
    NaN when a difference is NaN or there is none.
    """
    return float(sign_flip_ps(np.asarray(differences, float)[None], draws, seed)[0])


def sign_flip_ps(differences: Floats, draws: int | None = None, seed: int = 0) -> Floats:
    """:func:`sign_flip_p` of every row of ``differences`` (m, n), as (m,): the signs are drawn once
    for all rows, as they would be for each of them."""
    p, n = np.full(len(differences), np.nan), differences.shape[1]
    there = ~np.isnan(differences).any(axis=1)
    if n == 0 or not there.any():
        return p
    rows = differences[there]
    seen = np.abs(rows.sum(axis=1)) - _SAME * np.abs(rows).sum(axis=1)
    reached, patterns, most = np.zeros(len(rows), int), 0, max(1, _SUMS // len(rows))
    for signs in _signs(n, draws or _patterns(n), seed):
        for start in range(0, len(signs), most):
            sums = signs[start : start + most].astype(float) @ rows.T
            reached += np.count_nonzero(np.abs(sums) >= seen, axis=0)
        patterns += len(signs)
    drawn = n > EXACT_FOLDS
    p[there] = (reached + drawn) / (patterns + drawn)
    return p


def _signs(n: int, draws: int, seed: int) -> Iterator[npt.NDArray[np.int8]]:
    """Patterns of ``n`` signs (k, n), 1 or -1: half of all, as flipping all of them changes nothing
    two-sided; with many folds ``draws`` random ones."""
    if n <= EXACT_FOLDS:
        bits = (np.arange(2 ** (n - 1))[:, None] >> np.arange(n)) & 1
        yield (1 - 2 * bits).astype(np.int8)
        return
    rng = np.random.default_rng(seed)
    for start in range(0, draws, 10_000):
        size = min(10_000, draws - start)
        yield 2 * rng.integers(0, 2, (size, n), dtype=np.int8) - 1


def holm(p: Floats) -> Floats:
    """Adjusted p values (m,) that hold the family-wise error (Holm 1979). NaN stays NaN.

    The tests that exist are counted: NaN does not make the others stricter.
    """
    return _holm(p)[0]


def _holm(p: Floats) -> tuple[Floats, Floats]:
    """Adjusted p values (m,), at most 1, and by what each p was multiplied (1 for NaN)."""
    p = np.asarray(p, float)
    adjusted, times = np.full(p.shape, np.nan), np.ones(p.shape)
    present = np.flatnonzero(~np.isnan(p))
    if len(present):
        order = present[np.argsort(p[present], kind="stable")]
        steps = np.arange(len(order), 0, -1)
        reached = np.maximum.accumulate(p[order] * steps)
        adjusted[order] = np.minimum(reached, 1.0)
        # A p of 0 has its own step; a larger p has at least its own, and at most the first.
        zero = p[order] == 0
        times[order] = np.where(zero, steps, reached / np.where(zero, 1.0, p[order]))
    return adjusted, times
