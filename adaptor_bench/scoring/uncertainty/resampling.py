"""Which surgeries, and which of their frames, stand in a resample; all resamples at once.

The surgery is what varies from patient to patient, so it is drawn first. With n surgeries there
are C(2n-1, n) distinct draws with multinomial probabilities: up to ten surgeries all of them are
listed and nothing is random. With more, or on request, resamples are drawn, and the frames within
each drawn surgery are drawn again (nested).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from adaptor_bench.scoring.uncertainty.tally import Tally

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

EXACT_LIMIT = 100_000  # ten surgeries have 92,378 distinct draws, eleven have 352,716
_CHUNK = 1_000  # resamples drawn at a time: bounds the memory


@dataclass(frozen=True)
class Resamples:
    """``weights`` (B, surgeries): how often each surgery was drawn; ``probability`` (B,), sum 1.

    ``counts`` (B, rows, surgeries, 3) are the resampled counts of nested draws; None where a
    drawn surgery keeps its own counts. ``exact``: all distinct draws are listed.
    """

    weights: Integers
    probability: Floats
    exact: bool
    counts: npt.NDArray[np.float32] | None = None

    def pooled(self, tally: Tally, groups: Integers) -> Iterator[tuple[slice, Floats]]:
        """Counts pooled over ``groups`` (surgeries,), by slices of resamples.

        Yields (slice, counts (b, rows, groups, 3)).
        """
        member = (groups[:, None] == np.arange(groups.max() + 1)).astype(float)
        for start in range(0, len(self.weights), _CHUNK):
            part = slice(start, start + _CHUNK)
            if self.counts is not None:
                summed = np.einsum("brsc,sg->brgc", self.counts[part], member, optimize=True)
            else:
                weighted = self.weights[part, :, None] * member
                flat = tally.by_surgery.transpose(1, 0, 2).reshape(len(groups), -1).astype(float)
                summed = (weighted.transpose(0, 2, 1) @ flat).reshape(
                    len(weighted), member.shape[1], -1, 3
                )
                summed = summed.transpose(0, 2, 1, 3)
            yield part, summed


def distinct(n: int) -> int:
    """How many distinct draws of ``n`` from ``n`` there are: C(2n-1, n)."""
    return math.comb(2 * n - 1, n)


def enumerate_draws(n: int) -> tuple[Integers, Floats]:
    """All distinct draws of ``n`` from ``n`` with replacement.

    Returns weights (C(2n-1, n), n), each row summing to n, in lexicographic order, and their
    multinomial probabilities n! / prod(w!) / n^n, which sum to 1.
    """
    # Stars and bars: n - 1 bars among 2n - 1 places, and what lies between two of them.
    bars = np.array(list(combinations(range(2 * n - 1), n - 1)), np.int64)
    weights = np.diff(bars.reshape(distinct(n), n - 1), prepend=-1, append=2 * n - 1) - 1
    factorial = np.array([math.factorial(k) for k in range(n + 1)], float)
    probability = factorial[n] / factorial[weights].prod(axis=1) / float(n) ** n
    return weights, probability / probability.sum()


def resample(
    tally: Tally, resamples: int = 10_000, seed: int = 0, *, nested: bool | None = None
) -> Resamples:
    """Resamples of the surgeries of ``tally``.

    ``nested=None`` lists all distinct draws of surgeries where there are at most EXACT_LIMIT of
    them, else draws ``resamples`` nested ones; True and False force one kind (False with too many
    surgeries draws surgeries without their frames).
    """
    n = len(tally.surgeries)
    few = distinct(n) <= EXACT_LIMIT
    if few and not nested:
        weights, probability = enumerate_draws(n)
        return Resamples(weights, probability, exact=True)
    rng = np.random.default_rng(seed)
    weights = rng.multinomial(n, np.full(n, 1 / n), size=resamples).astype(np.int64)
    equal = np.full(resamples, 1 / resamples)
    if nested is False:
        return Resamples(weights, equal, exact=False)
    return Resamples(weights, equal, exact=False, counts=_redraw_frames(tally, weights, rng))


def _redraw_frames(
    tally: Tally, weights: Integers, rng: np.random.Generator
) -> npt.NDArray[np.float32]:
    """Counts (B, rows, surgeries, 3) after drawing, for a surgery of N frames that was drawn w
    times, w N of its frames with replacement: the sum of w independent redraws."""
    rows = len(tally.counts)
    result = np.zeros((len(weights), len(tally.surgeries), rows * 3), np.float32)
    for s in range(len(tally.surgeries)):
        frames = np.flatnonzero(tally.surgery == s)
        size = len(frames)
        # Counts of a frame are small whole numbers: sums below 2^24 are exact in 32 bit.
        table = tally.counts[:, frames].transpose(1, 0, 2).reshape(size, -1).astype(np.float32)
        drawn = np.flatnonzero(weights[:, s])
        for start in range(0, len(drawn), _CHUNK):
            some = drawn[start : start + _CHUNK]
            draws = weights[some, s] * size
            cell = np.repeat(np.arange(len(some), dtype=np.int32) * size, draws)
            cell += rng.integers(0, size, len(cell), dtype=np.int32)
            times = np.bincount(cell, minlength=len(some) * size).reshape(len(some), size)
            result[some, s] = times.astype(np.float32) @ table
    return result.reshape(len(weights), len(tally.surgeries), rows, 3).transpose(0, 2, 1, 3)
