"""Resampling, intervals, tests, stability and flip distance, against brute force and scipy."""

from __future__ import annotations

import importlib.util
import math
from itertools import combinations, product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from adaptor_bench.errors import InputError, UsageError
from adaptor_bench.matching.settings import MatchSettings
from adaptor_bench.scoring.aggregate import aggregate
from adaptor_bench.scoring.metrics import METRICS, Counts
from adaptor_bench.scoring.scorefile import FoldScore, FrameScore
from adaptor_bench.scoring.uncertainty.estimands import ESTIMANDS, estimate, resampled
from adaptor_bench.scoring.uncertainty.flips import flip_distance
from adaptor_bench.scoring.uncertainty.intervals import (
    jackknife_interval,
    percentile_interval,
    quantile,
)
from adaptor_bench.scoring.uncertainty.resampling import (
    EXACT_LIMIT,
    Resamples,
    distinct,
    enumerate_draws,
    resample,
)
from adaptor_bench.scoring.uncertainty.significance import holm, sign_flip_p, smallest_p
from adaptor_bench.scoring.uncertainty.stability import (
    leave_one_out,
    rank_distribution,
    scheme_values,
    tiers,
)
from adaptor_bench.scoring.uncertainty.study import Options, study
from adaptor_bench.scoring.uncertainty.tally import Tally, tally


def make(counts, fold=None, owner=None, frames=1):
    """A tally from (rows, surgeries * frames, 3) counts."""
    counts = np.asarray(counts)
    n = counts.shape[1] // frames
    owner = np.arange(len(counts)) if owner is None else np.asarray(owner)
    fold = np.arange(n) if fold is None else np.asarray(fold)
    return Tally(
        tuple(f"m{i}" for i in range(owner.max() + 1)),
        tuple(f"s{i}" for i in range(n)),
        tuple(range(1, fold.max() + 2)),
        tuple(f"s{i}/v/{k}" for i in range(n) for k in range(frames)),
        counts,
        owner,
        np.repeat(np.arange(n), frames),
        fold,
    )


def noisy(methods=3, surgeries=4, frames=5, seed=0, **options):
    rng = np.random.default_rng(seed)
    counts = rng.integers(0, 9, (methods, surgeries * frames, 3))
    return make(counts, frames=frames, **options)


tallies = st.builds(
    noisy,
    methods=st.integers(2, 4),
    surgeries=st.integers(2, 5),
    frames=st.integers(1, 4),
    seed=st.integers(0, 10**6),
)


# --- draws ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
def test_all_draws_are_listed_once_with_their_probability(n):
    weights, probability = enumerate_draws(n)
    assert len(weights) == distinct(n) == math.comb(2 * n - 1, n)
    counted: dict[tuple, int] = {}
    for draw in product(range(n), repeat=n):
        key = tuple(np.bincount(draw, minlength=n))
        counted[key] = counted.get(key, 0) + 1
    assert {tuple(w): round(p * n**n) for w, p in zip(weights, probability, strict=True)} == counted
    assert probability.sum() == pytest.approx(1)


def test_the_numbers_of_draws_of_the_two_domains():
    assert [distinct(n) for n in (4, 5, 10)] == [35, 126, 92_378]
    assert distinct(10) <= EXACT_LIMIT < distinct(11)


@given(tallies, st.sampled_from(list(ESTIMANDS)), st.sampled_from(list(METRICS)), st.data())
@settings(max_examples=60, deadline=None)
def test_a_resample_is_the_estimate_of_the_surgeries_drawn(found, estimand, metric, data):
    n = len(found.surgeries)
    drawn = data.draw(st.lists(st.integers(0, n - 1), min_size=n, max_size=n))
    weights = np.bincount(drawn, minlength=n)
    got = resampled(found, Resamples(weights[None], np.ones(1), False), metric, estimand)[0]
    group = {"folds": found.fold, "surgeries": np.arange(n), "pooled": np.zeros(n, int)}[estimand]
    for m in range(len(found.methods)):
        total, weight = 0.0, 0.0
        for g in set(group[drawn]):
            pooled = sum(
                (Counts(*map(int, found.by_surgery[m, s])) for s in drawn if group[s] == g),
                Counts(),
            )
            share = np.mean([weights[s] for s in range(n) if group[s] == g])
            total += share * METRICS[metric](pooled)
            weight += share
        np.testing.assert_allclose(got[m], total / weight, rtol=1e-9)


def test_a_tally_says_what_the_board_says():
    """Two surgeries a fold, three seeds: the estimate is the mean of the leaderboard."""
    found = noisy(6, 8, 3, fold=[0, 0, 1, 1, 2, 2, 3, 3], owner=[0, 0, 0, 1, 1, 1])
    for metric in METRICS:
        values = estimate(found, metric)
        for m in (0, 1):
            by_seed = {
                seed: {
                    fold: Counts(*map(int, found.by_fold[3 * m + seed, fold])) for fold in range(4)
                }
                for seed in range(3)
            }
            assert values[m] == pytest.approx(aggregate(by_seed, range(4))[metric].mean)


def test_nested_draws_keep_the_number_of_frames_and_the_mean():
    same = np.broadcast_to([2, 1, 3], (2, 12, 3))
    draws = resample(make(same, frames=4), 200, nested=True)
    expected = draws.weights[:, None, :, None] * 4 * np.array([2, 1, 3])
    np.testing.assert_array_equal(draws.counts, np.broadcast_to(expected, draws.counts.shape))
    found = noisy(2, 4, 30)
    draws = resample(found, 4_000, seed=1, nested=True)
    mean = draws.counts.mean(axis=0)
    error = draws.counts.std(axis=0) / 4_000**0.5
    assert (np.abs(mean - found.by_surgery) < 5 * error).all()


def test_nested_intervals_are_wider_than_those_of_surgeries_alone():
    counts = np.tile(np.random.default_rng(3).integers(0, 9, (1, 5, 3)), (1, 4, 1))
    found = make(counts, frames=5)  # surgeries are alike, frames are not
    widths = []
    for nested in (False, True):
        draws = resample(found, 2_000, nested=nested)
        interval = percentile_interval(0.5, resampled(found, draws)[:, 0], draws.probability)
        widths.append(interval.high - interval.low)
    assert widths[0] == pytest.approx(0, abs=1e-12)
    assert widths[1] > 0.05


def test_many_surgeries_are_drawn_and_a_seed_repeats_them():
    found = noisy(2, 12, 2)
    first, again, other = (resample(found, 300, seed) for seed in (1, 1, 2))
    assert not first.exact
    np.testing.assert_array_equal(first.counts, again.counts)
    assert (first.weights != other.weights).any()


# --- intervals ------------------------------------------------------------------------------------


@given(st.lists(st.integers(-5, 5), min_size=1, max_size=8), st.data())
def test_quantiles_are_those_of_the_written_out_list(values, data):
    times = data.draw(st.lists(st.integers(1, 4), min_size=len(values), max_size=len(values)))
    levels = np.array([0.025, 0.1, 0.5, 0.9, 0.975])
    written = np.repeat(np.array(values, float), times)
    expected = np.quantile(written, levels, method="inverted_cdf")
    got = quantile(np.array(values, float), np.array(times) / sum(times), levels)
    np.testing.assert_array_equal(got, expected)


def test_the_exact_bootstrap_agrees_with_scipy():
    values = np.random.default_rng(5).normal(size=6)
    weights, probability = enumerate_draws(6)
    ours = percentile_interval(values.mean(), weights @ values / 6, probability, 0.9)
    theirs = stats.bootstrap(
        (values,), np.mean, n_resamples=100_000, method="percentile", confidence_level=0.9, rng=1
    ).confidence_interval
    assert ours.low == pytest.approx(theirs.low, abs=0.02)
    assert ours.high == pytest.approx(theirs.high, abs=0.02)


def test_the_jackknife_of_a_mean_is_students_interval():
    values = np.random.default_rng(6).normal(size=5)
    left = (values.sum() - values) / 4
    ours = jackknife_interval(values.mean(), left, 0.95)
    low, high = stats.t.interval(0.95, 4, values.mean(), stats.sem(values))
    assert (ours.low, ours.high) == pytest.approx((low, high))


def test_resamples_without_a_value_are_left_out_and_counted():
    values, probability = np.array([np.nan, 1.0, 2.0]), np.array([0.5, 0.25, 0.25])
    interval = percentile_interval(1.5, values, probability)
    assert (interval.low, interval.high, interval.undefined) == (1.0, 2.0, 0.5)
    nothing = percentile_interval(1.5, np.full(3, np.nan), probability)
    assert math.isnan(nothing.low)
    assert nothing.undefined == 1


def test_one_surgery_has_no_interval():
    assert math.isnan(jackknife_interval(0.5, np.array([])).low)


# --- tests ----------------------------------------------------------------------------------------


@given(st.lists(st.integers(-6, 6), min_size=1, max_size=8))
@settings(max_examples=80, deadline=None)
def test_sign_flips_by_brute_force(differences):
    d = np.array(differences, float)
    seen = abs(d.sum())
    sums = [abs(np.dot(signs, d)) for signs in product((1, -1), repeat=len(d))]
    assert sign_flip_p(d) == pytest.approx(np.mean([s >= seen - 1e-9 for s in sums]))
    assert sign_flip_p(d) >= smallest_p(len(d))


def test_sign_flips_agree_with_scipy():
    d = np.random.default_rng(7).normal(0.4, 1, 9)
    theirs = stats.permutation_test(
        (d,), lambda x: x.sum(), permutation_type="samples", n_resamples=np.inf
    ).pvalue
    assert sign_flip_p(d) == pytest.approx(theirs)


def test_many_surgeries_draw_their_flips():
    d = np.random.default_rng(8).normal(0.3, 1, 20)
    exact = np.mean(
        np.abs((1 - 2 * ((np.arange(2**20)[:, None] >> np.arange(20)) & 1)) @ d) >= abs(d.sum())
    )
    assert sign_flip_p(d) == pytest.approx(exact, abs=0.01)
    assert sign_flip_p(np.ones(40)) == pytest.approx(1 / 100_001)


def test_four_surgeries_cannot_be_significant():
    assert smallest_p(4) == 0.125
    assert sign_flip_p(np.array([0.1, 0.2, 0.3, 0.4])) == 0.125


def test_holm_by_hand():
    adjusted = holm(np.array([0.01, 0.04, 0.03, np.nan, 0.005]))
    np.testing.assert_allclose(adjusted, [0.03, 0.06, 0.06, np.nan, 0.02])
    assert holm(np.array([0.9, 0.8])).tolist() == [1, 1]
    assert holm(np.array([])).size == 0


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
@settings(deadline=None)
def test_holm_agrees_with_statsmodels(p):
    multitest = pytest.importorskip("statsmodels.stats.multitest")
    np.testing.assert_allclose(holm(np.array(p)), multitest.multipletests(p, method="holm")[1])


# --- stability ------------------------------------------------------------------------------------


def test_ranks_in_resamples():
    values = np.array([[0.9, 0.5, 0.5], [0.1, 0.5, 0.2], [np.nan, 0.5, 0.2]])
    table, undefined = rank_distribution(values, np.array([0.3, 0.3, 0.4]), np.ones(3, bool))
    np.testing.assert_allclose(table, [[0.5, 0, 0.5], [0.5, 0.5, 0], [0, 1, 0]])
    assert undefined == pytest.approx(0.4)


def test_leaving_a_surgery_out_is_dropping_it():
    found = noisy(3, 4, 3)
    for s, values in enumerate(leave_one_out(found)):
        rest = [i for i in range(4) if i != s]
        frames = np.isin(found.surgery, rest)
        np.testing.assert_allclose(values, estimate(make(found.counts[:, frames], frames=3)))


def test_tiers_open_where_the_leader_is_beaten():
    different = np.zeros((4, 4), bool)
    different[0, 2] = different[2, 0] = different[0, 3] = different[3, 0] = True
    assert tiers(np.array([0.9, 0.8, 0.7, 0.6]), different) == [1, 1, 2, 2]
    assert tiers(np.array([0.9, np.nan, 0.7, 0.6]), different) == [1, None, 2, 2]


def test_schemes_can_disagree():
    """One huge surgery decides the pool, the number of surgeries won decides the ranks."""
    a = [[90, 10, 10], [1, 9, 9], [1, 9, 9]]
    b = [[50, 50, 50], [2, 8, 8], [2, 8, 8]]
    values = scheme_values(make([a, b]))
    assert values["pooled"][0] > values["pooled"][1]
    assert values["folds"][0] > values["folds"][1]
    assert values["ranks"].tolist() == pytest.approx([-5 / 3, -4 / 3])
    tied = scheme_values(make([a, a]))
    assert tied["ranks"].tolist() == [-1.5, -1.5]


def test_frames_without_labels_and_points_have_no_f1():
    values = scheme_values(make([[[1, 0, 1], [0, 0, 0]]], frames=2, fold=[0]))
    assert values["frames"][0] == pytest.approx(2 / 3)


# --- flip distance --------------------------------------------------------------------------------


def better_placed(cell, k):
    """F1 after placing k points better, by the definition; None where there are not so many."""
    tp, fp, fn = cell
    if k > fn:
        return None
    tp, fp, fn = tp + k, max(fp - k, 0), fn - k
    return 2 * tp / (2 * tp + fp + fn) if 2 * tp + fp + fn else 0.0


@given(st.integers(0, 10**6))
@settings(max_examples=60, deadline=None)
def test_the_flip_distance_in_landmarks_is_the_smallest(seed):
    counts = np.random.default_rng(seed).integers(0, 7, (2, 3, 3))
    counts[:, :, 0] += 1
    found = make(counts)
    values = estimate(found)
    order = np.argsort(-values, kind="stable")
    better, worse = (found.methods[i] for i in order)
    goal, cells = values[order[0]], counts[order[1]].tolist()
    choices = product(*(range(cell[2] + 1) for cell in cells))
    reached = [
        sum(ks)
        for ks in choices
        if np.mean([better_placed(c, k) for c, k in zip(cells, ks, strict=True)]) >= goal - 1e-9
    ]
    got = flip_distance(found, better, worse)
    assert got.landmarks == (min(reached) if reached else None)
    assert got.labels == counts[order[1]][:, [0, 2]].sum()


@pytest.mark.parametrize("seed", [0, 1, 3, 5, 8, 11])
def test_exchanging_frames_is_a_bound_from_above(seed):
    found = noisy(2, 3, 20, seed=seed)
    better, worse = (found.methods[i] for i in np.argsort(-estimate(found)))
    got = flip_distance(found, better, worse)
    assert got.of_frames == 60
    assert 1 <= got.frames <= 2, "small enough for brute force"
    enough = [
        len(which)
        for size in range(1, got.frames + 1)
        for which in combinations(range(60), size)
        if swapped(found, which) <= 1e-9
    ]
    assert enough, "as many frames as it says can swap them"
    assert flip_distance(found, worse, better).frames == 0


def swapped(found, which):
    counts = found.counts.copy()
    counts[:, list(which)] = counts[::-1, list(which)]
    values = estimate(make(counts, frames=20))
    order = np.argsort(-estimate(found))
    return values[order[0]] - values[order[1]]


# --- the whole ------------------------------------------------------------------------------------


@given(tallies)
@settings(max_examples=25, deadline=None)
def test_a_study_does_not_depend_on_the_order_of_methods_and_surgeries(found):
    n, m = len(found.surgeries), len(found.methods)
    frames = len(found.frames) // n
    turned = found.counts.reshape(m, n, frames, 3)[::-1, ::-1].reshape(m, n * frames, 3)
    other = Tally(
        found.methods[::-1],
        found.surgeries[::-1],
        found.folds,
        found.frames[::-1],
        turned,
        np.arange(m),
        np.repeat(np.arange(n), frames),
        found.fold,
    )
    one, two = study(found), study(other)
    assert one.ranks == two.ranks
    assert one.tiers == two.tiers
    for pair, value in one.pairs.items():
        assert value.p == pytest.approx(two.pairs[pair].p, nan_ok=True)
        assert value.student.low == pytest.approx(two.pairs[pair].student.low, nan_ok=True)
        assert value.bootstrap.high == pytest.approx(two.pairs[pair].bootstrap.high, nan_ok=True)
    for name, shares in zip(one.methods, one.rank_probability, strict=True):
        if one.ranks[name] is None:
            assert np.isnan(shares).all()
        elif one.undefined < 1:
            assert shares.sum() == pytest.approx(1)


def test_a_method_does_not_differ_from_itself():
    counts = noisy(1, 4, 5).counts
    found = study(make(np.concatenate([counts, counts]), frames=5))
    (pair,) = found.pairs.values()
    assert set(found.ranks.values()) == {1}
    assert (pair.p, pair.student.low, pair.student.high, pair.bootstrap.low) == (1, 0, 0, 0)
    assert found.rank_probability.tolist() == [[1, 0], [1, 0]]


def test_a_method_without_precision_leaves_the_others_theirs():
    counts = noisy(2, 4, 1, seed=2).counts + 1
    counts[1, 0] = (0, 0, 5)  # nothing predicted in one surgery
    found = study(make(counts), Options(metric="precision"))
    assert found.ranks == {"m0": 1, "m1": None}
    assert not math.isnan(found.student["m0"]["precision"].low)
    assert math.isnan(found.student["m1"]["precision"].estimate)
    assert found.bootstrap["m1"]["precision"].undefined == pytest.approx(1 - (3 / 4) ** 4)
    assert found.tiers["m1"] is None


def test_an_unknown_estimand_is_named():
    with pytest.raises(UsageError, match="estimand 'fold'"):
        estimate(noisy(), estimand="fold")


# --- lining up ------------------------------------------------------------------------------------


def score(*frames, settings=None):
    return FoldScore(
        settings or MatchSettings(),
        tuple(FrameScore(key, n, 5, tuple((i, i, 0.0) for i in range(2))) for key, n in frames),
    )


def test_counts_are_lined_up_by_frame():
    first = {0: {1: score(("a/v/0", 2), ("b/v/0", 3))}}
    second = {0: {1: score(("b/v/0", 4), ("a/v/0", 5))}}
    found = tally({"x": first, "y": second})
    assert found.frames == ("a/v/0", "b/v/0")
    assert found.counts[:, :, 1].tolist() == [[0, 1], [3, 2]]
    assert METRICS["precision"].of_last_axis(found.by_surgery)[0].tolist() == [1, 2 / 3]


def test_what_cannot_be_paired_is_all_named():
    fold = {0: {1: score(("a/v/0", 2))}}
    others = {
        "frames": {0: {1: score(("a/v/1", 2))}},
        "folds": {0: {2: score(("a/v/0", 2))}},
        "rule": {0: {1: score(("a/v/0", 2), settings=MatchSettings("nearest"))}},
    }
    with pytest.raises(InputError) as error:
        tally({"x": fold} | others)
    for word in ("frames (seed 0): 2 frames", "folds (seed 0): other folds", "rule (seed 0)"):
        assert word in str(error.value)
    with pytest.raises(InputError, match="several folds"):
        tally({"x": {0: {1: score(("a/v/0", 2)), 2: score(("a/v/1", 2))}}})
    with pytest.raises(InputError, match="no frame"):
        tally({"x": {0: {1: score()}}})


# --- coverage -------------------------------------------------------------------------------------


def test_intervals_cover_as_documented():
    """A short run of the simulation behind docs/uncertainty.md, which holds 2,000 studies."""
    path = Path(__file__).parent / "benchmarks" / "coverage.py"
    spec = importlib.util.spec_from_file_location("coverage_simulation", path)
    simulation = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(simulation)
    truth = 0.7643, 0.7643 - 0.6595  # as that program prints them
    studies, hits = 200, {}
    for k in range(studies):
        counts = simulation.surgeries(np.random.default_rng([4, k]), 4, 0.5)
        for name, both in simulation.intervals(simulation.tally_of(counts), 0.95, k).items():
            for i, (interval, goal) in enumerate(zip(both, truth, strict=True)):
                hits.setdefault((name, i), []).append(interval.low <= goal <= interval.high)
    share = {key: np.mean(found) for key, found in hits.items()}
    for i in (0, 1):
        assert 0.88 <= share["jackknife t", i] <= 0.99
        assert 0.70 <= share["surgery bootstrap, exact", i] <= 0.88, "too short, as documented"
        assert share["surgery bootstrap, exact", i] <= share["nested bootstrap", i]
