"""Folds to means and spreads, and ranks."""

from __future__ import annotations

import math

import numpy as np
import pytest

from adaptor_bench.scoring.aggregate import aggregate
from adaptor_bench.scoring.metrics import Counts
from adaptor_bench.scoring.ranking import ranks

pytestmark = pytest.mark.quick

FOLDS = (1, 2, 3)


def hits(n):
    """``n`` of 100 labels found, no false positive: sensitivity n %, precision 1."""
    return Counts(n, 0, 100 - n)


def test_mean_of_folds_not_of_pooled_counts():
    result = aggregate({0: {1: Counts(1, 0, 1), 2: Counts(90, 0, 10), 3: hits(70)}}, FOLDS)
    sensitivity = result["sensitivity"]
    assert sensitivity.folds == {1: 0.5, 2: 0.9, 3: 0.7}
    assert sensitivity.mean == pytest.approx(0.7)
    assert sensitivity.std == pytest.approx(np.std([0.5, 0.9, 0.7], ddof=0))
    assert (sensitivity.n, sensitivity.missing, sensitivity.complete) == (3, (), True)
    assert sensitivity.seed_std is None
    # Mean F1 is the mean of the folds' F1.
    assert result["f1"].mean == pytest.approx(np.mean([2 * s / (1 + s) for s in (0.5, 0.9, 0.7)]))


def test_the_published_spread_is_the_population_one():
    """Yao et al. 2021, Table 2, row Ours, F1: 74.31 +- 6.69."""
    folds = (8194, 6233, 7251, 7707, 7769)
    counts = {k: Counts(f, 10_000 - f, 10_000 - f) for k, f in enumerate(folds, start=1)}
    f1 = aggregate({0: counts}, range(1, 6))["f1"]
    assert round(100 * f1.mean, 2) == 74.31
    assert round(100 * f1.std, 2) == 6.69


def test_ddof():
    counts = {0: {1: hits(50), 2: hits(90), 3: hits(70)}}
    assert aggregate(counts, FOLDS, ddof=1)["sensitivity"].std == pytest.approx(0.2)
    alone = aggregate({0: {1: hits(50)}}, [1], ddof=1)["sensitivity"]
    assert alone.mean == 0.5
    assert math.isnan(alone.std)


def test_a_missing_fold_leaves_no_mean():
    result = aggregate({0: {1: hits(50), 3: hits(70)}}, FOLDS)["sensitivity"]
    assert (result.mean, result.std, result.n) == (None, None, 2)
    assert result.folds == {1: 0.5, 3: 0.7}
    assert result.missing == (2,)
    assert not result.complete
    assert aggregate({}, FOLDS)["f1"].missing == FOLDS


def test_an_undefined_fold_leaves_no_number():
    result = aggregate({0: {1: hits(50), 2: Counts(0, 0, 5), 3: hits(70)}}, FOLDS)
    assert math.isnan(result["precision"].folds[2])
    assert math.isnan(result["precision"].mean)
    assert math.isnan(result["precision"].std)
    assert not result["precision"].complete
    assert result["sensitivity"].folds[2] == 0
    assert result["f1"].complete


def test_seeds():
    counts = {
        7: {1: hits(40), 2: hits(80), 3: hits(60)},
        8: {1: hits(60), 2: hits(100), 3: hits(80)},
    }
    result = aggregate(counts, FOLDS)["sensitivity"]
    assert result.folds == pytest.approx({1: 0.5, 2: 0.9, 3: 0.7})
    assert result.mean == pytest.approx(0.7)
    # Within each fold the two seeds lie 0.2 apart, and the folds of each seed alike.
    assert result.seed_std == pytest.approx(np.std([0.4, 0.6], ddof=1))
    assert result.networks == 6 and result.seed_error == pytest.approx(result.seed_std / 6**0.5)
    assert result.std == pytest.approx(np.std([0.4, 0.8, 0.6]))
    del counts[8][2]
    incomplete = aggregate(counts, FOLDS)["sensitivity"]
    assert (incomplete.mean, incomplete.missing) == (None, (2,))


def test_the_spread_over_folds_does_not_shrink_with_seeds():
    """Of seed-averaged folds it would: here these are equal."""
    counts = {0: {1: hits(40), 2: hits(60)}, 1: {1: hits(60), 2: hits(40)}}
    result = aggregate(counts, (1, 2))["sensitivity"]
    assert result.folds == pytest.approx({1: 0.5, 2: 0.5})
    assert result.std == pytest.approx(0.1)
    assert result.seed_std == pytest.approx(0.02**0.5)
    three = aggregate(counts | {2: {1: hits(50), 2: hits(50)}}, (1, 2))["sensitivity"]
    assert three.std == pytest.approx((2 * 0.1**2 / 3) ** 0.5)


def test_a_collapsed_seed_shows_in_the_seed_spread():
    counts = {s: {1: hits(50), 2: hits(50)} for s in (0, 1)} | {2: {1: hits(0), 2: hits(50)}}
    result = aggregate(counts, (1, 2))["sensitivity"]
    assert result.seed_std == pytest.approx((np.var([0.5, 0.5, 0], ddof=1) / 2) ** 0.5)


def test_ranks():
    assert ranks([0.3, 0.9, 0.3, None, 0.1, math.nan]) == [2, 1, 2, None, 4, None]
    assert ranks([0.3, 0.9], higher_is_better=False) == [1, 2]
    assert ranks([0.1 + 0.2, 0.3]) == [1, 1]
    assert ranks([]) == []
