"""Sign-flip tests over surgeries, and what many of them together allow to say."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

EXACT_SURGERIES = 16  # 65,536 flips; with more, flips are drawn
DRAWS = 100_000
_SAME = 1e-12  # sums this close differ by rounding


def smallest_p(n: int) -> float:
    """The smallest two-sided p that ``sign_flip_p`` can give for ``n`` surgeries: 2 / 2^n, or
    1 / (DRAWS + 1) where flips are drawn."""
    return min(1.0, 2.0 ** (1 - n)) if n <= EXACT_SURGERIES else 1 / (DRAWS + 1)


def sign_flip_p(differences: Floats, draws: int = DRAWS, seed: int = 0) -> float:
    """Two-sided p of "no difference" from paired ``differences`` (n,), one per surgery.

    If the two methods were exchangeable in every surgery, each difference could as well have had
    the other sign. p is the share of the 2^n sign patterns whose sum is at least as far from 0
    as the one seen; with more than 16 surgeries, of ``draws`` random patterns and the one seen
    ((b + 1) / (m + 1), Phipson and Smyth 2010). NaN when a difference is NaN or there is none.
    """
    n = len(differences)
    if n == 0 or np.isnan(differences).any():
        return float("nan")
    seen = abs(differences.sum()) - _SAME * np.abs(differences).sum()
    if n <= EXACT_SURGERIES:
        # Half of the patterns: flipping all signs changes nothing two-sided.
        bits = (np.arange(2 ** (n - 1))[:, None] >> np.arange(n)) & 1
        sums = (1 - 2 * bits) @ differences
        return float(np.mean(np.abs(sums) >= seen))
    rng = np.random.default_rng(seed)
    reached = 0
    for start in range(0, draws, 10_000):
        size = min(10_000, draws - start)
        signs = 2 * rng.integers(0, 2, (size, n), dtype=np.int8) - 1
        reached += int(np.count_nonzero(np.abs(signs @ differences) >= seen))
    return (reached + 1) / (draws + 1)


def holm(p: Floats) -> Floats:
    """Adjusted p values (m,) that hold the family-wise error (Holm 1979). NaN stays NaN.

    The tests that exist are counted: NaN does not make the others stricter.
    """
    p = np.asarray(p, float)
    adjusted = np.full(p.shape, np.nan)
    present = np.flatnonzero(~np.isnan(p))
    order = present[np.argsort(p[present], kind="stable")]
    steps = p[order] * np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0) if len(order) else steps
    return adjusted
