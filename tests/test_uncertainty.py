"""Intervals, families of comparisons, tests and the stability of ranks; brute force and scipy."""

from __future__ import annotations

import importlib.util
import math
from itertools import product
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from adaptor_bench.errors import InputError
from adaptor_bench.report.claims import Claim, answers
from adaptor_bench.scoring.aggregate import aggregate
from adaptor_bench.scoring.metrics import METRICS, Counts
from adaptor_bench.scoring.uncertainty.intervals import (
    Interval,
    fold_interval,
    inflation,
    jackknife_interval,
)
from adaptor_bench.scoring.uncertainty.significance import (
    Difference,
    compare_family,
    folds_needed,
    holm,
    sign_flip_p,
    sign_flip_ps,
    smallest_p,
    t_p,
)
from adaptor_bench.scoring.uncertainty.stability import (
    leave_one_out,
    rank_distribution,
    scheme_values,
    tiers,
)
from adaptor_bench.scoring.uncertainty.study import Options, study
from adaptor_bench.scoring.uncertainty.tally import Tally, tally


def make(counts, fold=None, owner=None, cohort=None):
    """A tally from (rows, surgeries, 3) counts."""
    counts = np.asarray(counts)
    n = counts.shape[1]
    owner = np.arange(len(counts)) if owner is None else np.asarray(owner)
    fold = np.arange(n) if fold is None else np.asarray(fold)
    return Tally(
        tuple(f"m{i}" for i in range(owner.max() + 1)),
        tuple(f"s{i}" for i in range(n)),
        tuple(range(1, fold.max() + 2)),
        counts,
        owner,
        fold,
        np.zeros(fold.max() + 1, int) if cohort is None else np.asarray(cohort),
    )


def noisy(methods=3, surgeries=4, seed=0, **options):
    rng = np.random.default_rng(seed)
    return make(rng.integers(0, 30, (methods, surgeries, 3)), **options)


tallies = st.builds(
    noisy,
    methods=st.integers(2, 4),
    surgeries=st.integers(2, 5),
    seed=st.integers(0, 10**6),
)
ONE = np.zeros(5, int)  # five folds of one cohort


# --- the unit -------------------------------------------------------------------------------------


def test_a_tally_says_what_the_board_says():
    """Two surgeries a fold, three seeds: the estimate is the mean of the leaderboard."""
    found = noisy(6, 8, fold=[0, 0, 1, 1, 2, 2, 3, 3], owner=[0, 0, 0, 1, 1, 1])
    for metric in METRICS:
        values = found.values(metric).mean(axis=1)
        for m in (0, 1):
            by_seed = {
                seed: {
                    fold: Counts(*map(int, found.by_fold[3 * m + seed, fold])) for fold in range(4)
                }
                for seed in range(3)
            }
            assert values[m] == pytest.approx(aggregate(by_seed, range(4))[metric].mean)


def test_surgeries_that_share_a_network_are_one_observation():
    """A fold split into two surgeries with the same counts changes no interval and no p."""
    whole = noisy(2, 5, seed=4)
    split = make(np.repeat(whole.counts, 2, axis=1), fold=np.repeat(np.arange(5), 2))
    one, two = (next(iter(study(t).pairs.values())) for t in (whole, split))
    assert one.corrected == two.corrected and one.p == two.p and one.sign_flip == two.sign_flip


def test_seeds_are_repeated_measurements_of_a_fold():
    """The same networks counted three times are no more folds than once."""
    once = noisy(2, 5, seed=4)
    thrice = make(np.repeat(once.counts, 3, axis=0), owner=[0, 0, 0, 1, 1, 1])
    one, three = (next(iter(study(t).pairs.values())) for t in (once, thrice))
    assert one.corrected.low == pytest.approx(three.corrected.low) and three.p == pytest.approx(
        one.p
    )


# --- intervals ------------------------------------------------------------------------------------


def test_the_correction_is_that_of_nadeau_and_bengio():
    for n in (4, 5, 10):
        assert inflation([0] * n) == pytest.approx(1 + n / (n - 1))
        assert inflation(range(n)) == 1  # nothing shared: the usual t interval
    assert inflation([0]) == 1


@pytest.mark.parametrize("cohort", [[0] * 5, [0] * 5 + [1] * 5 + [2] * 5, [0, 0, 0, 1, 1, 2]])
def test_the_correction_by_brute_force(cohort):
    """Of values with correlation 1 / m in a cohort: variance of the mean, expected variance / n."""
    cohort = np.array(cohort)
    n, sizes = len(cohort), np.bincount(cohort)
    covariance = np.where(cohort[:, None] == cohort, 1 / sizes[cohort][:, None], 0.0)
    np.fill_diagonal(covariance, 1.0)
    of_mean = covariance.mean()
    centre = np.eye(n) - 1 / n
    expected = np.trace(centre @ covariance @ centre) / (n - 1)
    assert inflation(cohort) == pytest.approx(of_mean / (expected / n))


def test_without_shared_training_it_is_students_interval():
    values = np.random.default_rng(6).normal(size=5)
    ours = fold_interval(values, range(5))
    low, high = stats.t.interval(0.95, 4, values.mean(), stats.sem(values))
    assert (ours.low, ours.high) == pytest.approx((low, high))
    assert t_p(values, range(5)) == pytest.approx(stats.ttest_1samp(values, 0).pvalue)
    shared = fold_interval(values, ONE)
    assert shared.high - shared.low == pytest.approx(1.5 * (high - low))


def test_the_jackknife_of_a_mean_is_students_interval():
    values = np.random.default_rng(6).normal(size=5)
    left = (values.sum() - values) / 4
    ours = jackknife_interval(values.mean(), left, 0.95)
    low, high = stats.t.interval(0.95, 4, values.mean(), stats.sem(values))
    assert (ours.low, ours.high) == pytest.approx((low, high))
    assert math.isnan(jackknife_interval(0.5, np.array([])).low)


def test_what_has_no_interval():
    assert math.isnan(fold_interval(np.array([0.5]), [0]).low)
    assert math.isnan(fold_interval(np.array([0.5, np.nan]), [0, 0]).estimate)
    assert fold_interval(np.array([0.5, 0.5]), [0, 0]) == Interval(0.5, 0.5, 0.5)
    assert math.isnan(t_p(np.array([0.5]), [0])) and t_p(np.zeros(3), [0] * 3) == 1
    assert t_p(np.full(3, 0.2), [0] * 3) == 0


def test_verdicts():
    for low, high, expected in (
        (0.1, 0.3, "yes"), (-0.3, -0.1, "no"), (-0.1, 0.3, "undecided"), (0, 0.3, "undecided"),
        (math.nan, math.nan, "undecided"),
    ):  # fmt: skip
        assert Interval(0.1, low, high).verdict == expected


# --- families -------------------------------------------------------------------------------------


@given(
    st.lists(st.lists(st.integers(-99, 99), min_size=4, max_size=4), min_size=1, max_size=6),
    st.sampled_from([0.9, 0.95, 0.99]),
)
@settings(max_examples=150, deadline=None)
def test_a_corrected_interval_excludes_0_exactly_where_holm_rejects(rows, level):
    cohort = np.zeros(4, int)
    found = compare_family([Difference("a", "b", np.array(r) / 99, cohort) for r in rows], level)
    np.testing.assert_allclose([c.p_holm for c in found], holm(np.array([c.p for c in found])))
    for c in found:
        if abs(c.p_holm - (1 - level)) > 1e-9:
            assert (c.verdict != "undecided") == (c.p_holm < 1 - level)
        assert c.corrected.low <= c.interval.low + 1e-12
        assert c.corrected.high >= c.interval.high - 1e-12
        assert c.family == len(rows)


def test_a_family_counts_what_can_be_judged():
    cohort = np.zeros(4, int)
    good, bad = np.array([0.1, 0.2, 0.1, 0.2]), np.array([0.1, np.nan, 0.1, 0.2])
    alone = compare_family([Difference("a", "b", good, cohort)])[0]
    both = compare_family([Difference("a", "b", d, cohort) for d in (good, bad)])
    assert both[0].corrected == alone.corrected == alone.interval and both[0].family == 1
    assert both[1].verdict == "undecided" and math.isnan(both[1].p_holm)
    twice = compare_family([Difference("a", "b", good, cohort)] * 2)[0]
    assert twice.corrected == fold_interval(good, cohort, 0.975) and twice.p_holm == 2 * twice.p


def test_claims_of_two_domains_are_one_family():
    def of(offset, n):
        rng = np.random.default_rng(n)
        hits = rng.integers(40, 60, n)
        rows = [[[h + offset, 10, 50 - offset] for h in hits], [[h, 10, 50] for h in hits]]
        found = study(make(rows))
        return found, found.methods

    studies = {"sim": of(10, 5)[0], "intraop": of(10, 4)[0]}
    claims = (
        Claim("It helps", "m0", "m1"),
        Claim("It helps intraop", "m0", "m1", ("intraop",)),
        Claim("Nobody knows", "m0", "other"),
    )
    told = answers(studies, claims)
    assert [(a.claim.text, a.domain) for a in told] == [
        ("It helps", "sim"), ("It helps", "intraop"), ("It helps intraop", "intraop")
    ]  # fmt: skip
    assert {a.comparison.family for a in told} == {3}
    assert {a.comparison.verdict for a in told} == {"yes"}
    assert answers(studies, (Claim("No", "m1", "m0", ("sim",)),))[0].comparison.verdict == "no"


def test_power():
    """Of simulated studies with as many folds as needed, four of five see the difference."""
    rng = np.random.default_rng(0)
    sample = rng.normal(0, 0.06, 15)
    sample *= 0.06 / sample.std(ddof=1)
    cohort = np.repeat(np.arange(3), 5)
    n = folds_needed(sample, cohort)
    sizes = np.arange(n) // 5
    rho = 1 / 5
    share = rng.normal(0, rho**0.5, (2_000, sizes.max() + 1))[:, sizes]
    values = 0.05 + 0.06 * (share + rng.normal(0, (1 - rho) ** 0.5, (2_000, n)))
    seen = np.mean([fold_interval(v, sizes).verdict == "yes" for v in values])
    assert 0.74 <= seen <= 0.86
    assert folds_needed(sample, cohort, 0.10) < n < folds_needed(2 * sample, cohort)
    assert folds_needed(np.array([0.1]), [0]) is None
    assert folds_needed(np.array([0.1, np.nan]), [0, 0]) is None
    assert folds_needed(np.array([9.0, -9.0]), [0, 0]) is None


# --- tests ----------------------------------------------------------------------------------------


@given(st.lists(st.integers(-6, 6), min_size=1, max_size=8))
@settings(max_examples=80, deadline=None)
def test_sign_flips_by_brute_force(differences):
    d = np.array(differences, float)
    seen = abs(d.sum())
    sums = [abs(np.dot(signs, d)) for signs in product((1, -1), repeat=len(d))]
    assert sign_flip_p(d) == pytest.approx(np.mean([s >= seen - 1e-9 for s in sums]))
    assert sign_flip_p(d) >= smallest_p(len(d))
    rows = sign_flip_ps(np.array([d, -2 * d, np.full(len(d), np.nan)]))
    assert rows[:2].tolist() == [sign_flip_p(d)] * 2 and np.isnan(rows[2])


def test_sign_flips_agree_with_scipy():
    d = np.random.default_rng(7).normal(0.4, 1, 9)
    theirs = stats.permutation_test(
        (d,), lambda x: x.sum(), permutation_type="samples", n_resamples=np.inf
    ).pvalue
    assert sign_flip_p(d) == pytest.approx(theirs)


def test_many_folds_draw_their_flips():
    d = np.random.default_rng(8).normal(0.3, 1, 20)
    exact = np.mean(
        np.abs((1 - 2 * ((np.arange(2**20)[:, None] >> np.arange(20)) & 1)) @ d) >= abs(d.sum())
    )
    assert sign_flip_p(d) == pytest.approx(exact, abs=0.01)
    assert sign_flip_p(np.ones(40)) == pytest.approx(1 / 100_001)


def test_four_folds_cannot_be_significant_by_their_signs():
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
    with mock.patch("gc.collect"):  # which it calls each time: most of the time it takes
        expected = multitest.multipletests(p, method="holm")[1]
    np.testing.assert_allclose(holm(np.array(p)), expected)


# --- stability ------------------------------------------------------------------------------------


def test_ranks_are_as_probable_as_the_primary_analysis_says():
    """Of two methods, the better is truly first with probability 1 - p / 2."""
    found = study(noisy(2, 5, seed=3))
    (pair,) = found.pairs.values()
    table = rank_distribution(found.values, ONE, draws=200_000)
    assert table[0, 0] == pytest.approx(1 - pair.p / 2, abs=0.004)
    np.testing.assert_allclose(table.sum(axis=1), 1)
    undefined = np.array([[0.1, 0.2], [0.3, np.nan], [0.1, 0.2]])
    table = rank_distribution(undefined, np.zeros(2, int))
    assert np.isnan(table[1]).all() and table[0].tolist() == table[2].tolist() == [1, 0, 0]
    assert np.isnan(rank_distribution(np.array([[0.1], [0.2]]), np.zeros(1, int))).all()


def test_leaving_a_fold_out_is_dropping_it():
    found = noisy(3, 4)
    for f, values in enumerate(leave_one_out(found.values())):
        rest = [i for i in range(4) if i != f]
        np.testing.assert_allclose(values, make(found.counts[:, rest]).values().mean(axis=1))
    assert leave_one_out(found.values()[:, :1]).shape == (0, 3)


def test_tiers_open_where_the_leader_is_beaten():
    different = np.zeros((4, 4), bool)
    different[0, 2] = different[2, 0] = different[0, 3] = different[3, 0] = True
    assert tiers(np.array([0.9, 0.8, 0.7, 0.6]), different) == [1, 1, 2, 2]
    assert tiers(np.array([0.9, np.nan, 0.7, 0.6]), different) == [1, None, 2, 2]


def test_schemes_can_disagree():
    """One huge surgery decides the pool, the number of folds won decides the ranks."""
    a = [[90, 10, 10], [1, 9, 9], [1, 9, 9]]
    b = [[50, 50, 50], [2, 8, 8], [2, 8, 8]]
    values = scheme_values(make([a, b]))
    assert values["pooled"][0] > values["pooled"][1]
    assert values["folds"][0] > values["folds"][1]
    assert values["ranks"].tolist() == pytest.approx([-5 / 3, -4 / 3])
    tied = scheme_values(make([a, a]))
    assert tied["ranks"].tolist() == [-1.5, -1.5]


# --- the whole ------------------------------------------------------------------------------------


@given(tallies)
@settings(max_examples=25, deadline=None)
def test_a_study_does_not_depend_on_the_order_of_methods_and_surgeries(found):
    other = Tally(
        found.methods[::-1],
        found.surgeries[::-1],
        found.folds,
        found.counts[::-1, ::-1],
        found.owner,
        found.fold,
        found.cohort,
    )
    one, two = study(found), study(other)
    assert one.ranks == two.ranks
    assert one.tiers == two.tiers
    for pair, value in one.pairs.items():
        assert value.p == pytest.approx(two.pairs[pair].p, nan_ok=True)
        assert value.corrected.low == pytest.approx(two.pairs[pair].corrected.low, nan_ok=True)
    for name, shares in zip(one.methods, one.rank_probability, strict=True):
        if one.ranks[name] is None:
            assert np.isnan(shares).all()
        else:
            assert shares.sum() == pytest.approx(1)


def test_a_method_does_not_differ_from_itself():
    counts = noisy(1, 4).counts
    found = study(make(np.concatenate([counts, counts])))
    (pair,) = found.pairs.values()
    assert set(found.ranks.values()) == {1}
    assert (pair.p, pair.corrected.low, pair.corrected.high, pair.sign_flip) == (1, 0, 0, 1)
    assert found.rank_probability.tolist() == [[1, 0], [1, 0]]


def test_a_method_without_precision_leaves_the_others_theirs():
    counts = noisy(2, 4, seed=2).counts + 1
    counts[1, 0] = (0, 0, 5)  # nothing predicted in one surgery
    found = study(make(counts), Options(metric="precision"))
    assert found.ranks == {"m0": 1, "m1": None}
    assert not math.isnan(found.intervals["m0"]["precision"].low)
    assert math.isnan(found.intervals["m1"]["precision"].estimate)
    assert found.tiers["m1"] is None


# --- lining up ------------------------------------------------------------------------------------


def test_counts_are_lined_up_by_surgery():
    x = {0: {1: {"a": Counts(2, 0, 3), "b": Counts(2, 1, 3)}}}
    y = {0: {1: {"b": Counts(4, 2, 1), "a": Counts(1, 3, 4)}}}
    found = tally({"x": x, "y": y})
    assert found.surgeries == ("a", "b")
    assert found.counts[:, :, 1].tolist() == [[0, 1], [3, 2]]
    assert found.by_fold[:, 0, 0].tolist() == [4, 5]


def test_cohorts_are_numbered_by_fold():
    counts = {0: {fold: {f"s{fold}": Counts(1, 0, 1)} for fold in (1, 2, 3)}}
    assert tally({"x": counts}, {1: "v", 2: "u", 3: "v"}).cohort.tolist() == [1, 0, 1]
    assert tally({"x": counts}).cohort.tolist() == [0, 0, 0]


def test_what_cannot_be_paired_is_all_named():
    fold = {0: {1: {"a": Counts(2, 0, 3)}}}
    others = {
        "surgeries": {0: {1: {"b": Counts(2, 0, 3)}}},
        "folds": {0: {2: {"a": Counts(2, 0, 3)}}},
        "labels": {0: {1: {"a": Counts(2, 0, 4)}}},
    }
    with pytest.raises(InputError) as error:
        tally({"x": fold} | others)
    for word in (
        "surgeries (seed 0): other surgeries", "folds (seed 0): other folds",
        "labels (seed 0): other numbers of labels (such as in a)",
    ):  # fmt: skip
        assert word in str(error.value)
    with pytest.raises(InputError, match="several folds"):
        tally({"x": {0: {1: {"a": Counts(2, 0, 3)}, 2: {"a": Counts(2, 0, 3)}}}})
    with pytest.raises(InputError, match="nothing is labelled"):
        tally({"x": {0: {1: {"a": Counts(0, 2, 0)}}}})
    with pytest.raises(InputError, match="no complete method"):
        tally({})


# --- coverage -------------------------------------------------------------------------------------


def test_the_primary_analysis_holds_its_level_as_documented():
    """A short run of the simulation behind docs/uncertainty.md, which holds 4,000 studies."""
    path = Path(__file__).parent / "benchmarks" / "coverage.py"
    spec = importlib.util.spec_from_file_location("coverage_simulation", path)
    simulation = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(simulation)
    for design in simulation.DESIGNS[:3]:
        found = simulation.share_of(np.random.default_rng(3), 400, design, share=0.3)
        old, plain, primary = (found[name] for name in ("surgeries, t", "folds, t", "primary"))
        assert primary["type I"] <= 9  # at most 6 % of 4,000
        assert primary["coverage"] >= 91
        assert plain["type I"] > primary["type I"]
        assert old["type I"] >= plain["type I"]
