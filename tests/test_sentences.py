"""Sentences of the ranking card: true for ties, 0/0, single surgeries, and folds of several."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from adaptor_bench.report.sentences import card_sentences
from adaptor_bench.report.studies import BoardStudy
from adaptor_bench.scoring.uncertainty.study import Options, study
from adaptor_bench.scoring.uncertainty.tally import Tally

pytestmark = pytest.mark.quick


def board(counts, fold=None, owner=None, **options):
    """A board of (rows, surgeries, 3) counts, one frame a surgery, one surgery a fold."""
    counts = np.asarray(counts)
    n = counts.shape[1]
    owner = np.arange(len(counts)) if owner is None else np.asarray(owner)
    fold = np.arange(n) if fold is None else np.asarray(fold)
    found = Tally(
        tuple("abcdefg"[: owner.max() + 1]),
        tuple(f"s{i}" for i in range(n)),
        tuple(range(1, fold.max() + 2)),
        tuple(f"s{i}/v/0" for i in range(n)),
        counts,
        owner,
        np.arange(n),
        fold,
    )
    return BoardStudy("data", "folder", "sim", ("quick",), study(found, Options(**options)), {})


def said(*arguments, **options):
    return card_sentences(board(*arguments, **options))


def one(sentences, words):
    (found,) = [s for s in sentences if words in s]
    return found


def of(tp, labels=10, fp=0):
    return [tp, fp, labels - tp]


def test_methods_that_are_level_without_being_equal():
    sentences = said([[of(4), of(6), of(5)], [of(6), of(4), of(5)]])
    told = one(sentences, "are level in F1")
    assert "a is ahead in 1 and b in 1 of 3 surgeries" in told
    assert told.endswith("not significant at 0.05.")
    assert " it is ahead" not in told
    assert not [s for s in sentences if "landmarks better" in s]


def test_a_shared_lead_gives_everyones_interval():
    told = said([[of(4), of(6), of(5)], [of(4), of(5), of(6)]])[0]
    assert "a and b share the first rank" in told
    assert told.count("interval") == 1, "the same for both"
    wide, narrow = [[1, 3, 3], [3, 1, 1], [2, 2, 2]], [[2, 2, 2], [2, 2, 2], [2, 2, 2]]
    told = said([wide, narrow])[0]
    assert re.search(
        r"share the first rank with F1 50\.00 % \(a: .+ interval -.+; b: .+ 50\.00 to 50\.00\)",
        told,
    )


def test_a_test_that_points_the_other_way_bears_out_no_lead():
    """Six folds of two surgeries: a wins where labels are many, b in more surgeries by more."""
    a, b = [], []
    for _ in range(6):
        a += [[900, 100, 100], [0, 1, 1]]
        b += [[800, 200, 200], [1, 0, 0]]
    found = board([a, b], fold=np.repeat(np.arange(6), 2))
    told = one(card_sentences(found), "ahead of b")
    assert "it is ahead in 6 of 12 surgeries" in told
    assert "not significant at 0.05, and the mean over surgeries points the other way" in told


def test_a_significant_result_for_the_other_side_makes_no_tier():
    a, b = [], []
    for _ in range(9):
        a += [[900, 100, 100], [10, 10, 10]]  # F1 0.9 and 0.5; folds: 0.89
        b += [[880, 120, 120], [18, 2, 2]]  # 0.88 and 0.9; folds: 0.88
    found = board([a, b], fold=np.repeat(np.arange(9), 2), metric="f1")
    (pair,) = found.study.pairs.values()
    assert found.study.methods[0] == pair.a
    assert pair.student.estimate > 0 > sum(pair.by_surgery)
    assert pair.p_holm < 0.05
    assert not pair.significant(0.95)
    assert set(found.study.tiers.values()) == {1}
    assert "points the other way" in one(card_sentences(found), "ahead of")


def test_a_surgery_without_f1_leaves_no_test():
    nothing = [0, 0, 0]
    fold = [0, 0, 1, 1]
    sentences = said(
        [[of(9), nothing, of(9), of(9)], [of(5), nothing, of(5), of(5)], [of(1)] * 4], fold=fold
    )
    told = one(sentences, "ahead of b")
    assert told.endswith("no sign-flip test: F1 is 0/0 in a surgery.")
    assert "sign-flip p = -" not in " ".join(sentences)
    assert "after correction" not in one(sentences, "no two-sided p below"), (
        "no test, no correction"
    )


def test_only_tests_that_exist_are_corrected_for():
    nothing = [0, 0, 0]
    sentences = said([[of(9)] * 4, [of(5)] * 4, [of(1), of(1), of(1), nothing]], fold=[0, 0, 1, 1])
    assert "after correction" not in one(sentences, "no two-sided p below")
    assert "after correction" not in one(sentences, "ahead of b")


def test_a_method_without_a_value_is_named_and_the_others_are_ranked():
    nothing = [0, 0, 0]
    sentences = said([[of(9)] * 4, [of(5)] * 4, [nothing, of(5), of(5), of(5)]])
    assert "c has no rank: F1 is 0/0 in a fold." in sentences
    told = one(sentences, "Resampling the surgeries")
    assert "a ranks first in 100.0 %" in told
    assert "All ranked methods share one tier" in one(sentences, "share one tier")
    found = board([[of(9)] * 4, [nothing, of(5), of(5), of(5)], [of(5)] * 4]).study
    assert found.methods == ("a", "c", "b")
    np.testing.assert_allclose(found.rank_probability[:2].sum(axis=1), 1)
    assert np.isnan(found.rank_probability[2]).all()


def test_nothing_is_said_of_an_order_that_does_not_exist():
    sentences = said([[[0, 0, 0]] * 3, [[0, 0, 0]] * 3])
    assert sentences[0].endswith("no method has a defined F1.")
    assert not [s for s in sentences if "tier" in s.lower() or "Resampling" in s]


def test_a_single_surgery_resamples_nothing():
    sentences = said([[of(9)], [of(5)]])
    assert "A single surgery leaves nothing to resample" in " ".join(sentences)
    assert "all 1 distinct" not in " ".join(sentences)
    assert "With 1 surgery no two-sided p below 1 is possible" in " ".join(sentences)
    assert "no interval" in sentences[0]


def test_a_tie_that_appears_or_ends_without_a_surgery_is_a_change():
    told = one(said([[of(9), of(5), of(5)], [of(5), of(5), of(5)]]), "depends on")
    assert told == "The order depends on single surgeries: without s0 b draws level with a."
    told = one(said([[of(4), of(6), of(5)], [of(6), of(4), of(5)]]), "depends on")
    assert "without s0 a passes b" in told
    assert "without s1 b passes a" in told


def test_frames_are_counted_over_the_seeds_of_the_worse():
    rows = [[of(9)] * 3, [of(5)] * 3, [of(4)] * 3]
    told = one(said(rows, owner=[0, 1, 1]), "would draw level")
    assert "of 60 landmarks better" in told
    assert "counted over 2 seeds" in told
    told = one(said(rows, owner=[0, 0, 1]), "would draw level")
    assert "of 30 landmarks better" in told
    assert "seeds" not in told


@pytest.mark.parametrize("n", [17, 30])
def test_drawn_flips_have_their_own_smallest_p(n):
    sentences = said([[of(9)] * n, [of(1)] * n], resamples=200)
    assert "no two-sided p below 9.99e-06 is possible" in " ".join(sentences)
    p = float(re.search(r"sign-flip p = ([\d.e-]+):", one(sentences, "ahead of b"))[1])
    assert 1e-05 <= p < 1e-4


@pytest.mark.parametrize("n", range(1, 17))
def test_the_smallest_p_is_not_rounded_up(n):
    told = one(said([[of(9)] * n, [of(1)] * n], resamples=100), "no two-sided p below")
    printed = float(re.search(r"no two-sided p below ([\d.e-]+) is possible", told)[1])
    assert 0.99 * 2 ** (1 - n) < printed <= 2 ** (1 - n)


def f1(surgeries):
    return [2 * tp / (2 * tp + fp + fn) for tp, fp, fn in surgeries]


counts = st.lists(st.integers(0, 2), min_size=3, max_size=3)


@given(
    st.integers(1, 4).flatmap(
        lambda n: st.lists(st.lists(counts, min_size=n, max_size=n), min_size=2, max_size=4)
    ),
    st.booleans(),
)
@example([[[1, 1, 1]], [[1, 1, 1]]], False)
@settings(max_examples=80, deadline=None)
def test_sentences_hold(rows, paired):
    """Small counts make ties and 0/0 common; each sentence is held against the numbers."""
    n = len(rows[0])
    found = board(rows, fold=np.arange(n) // 2 if paired else None)
    sentences = card_sentences(found)
    text = " ".join(sentences)
    assert "nan" not in text.lower()
    assert "p = -" not in text
    result = found.study
    ranks = list(result.ranks.values())
    if "leads with" in text:
        assert ranks.count(1) == 1
    if "The order stays the same" in text:
        assert n > 1
        assert all(after == ranks for after in result.left_out.values())
    if "All methods share one tier" in text:
        assert set(result.tiers.values()) == {1}
    if "ranking schemes give this order" in text:
        assert all(list(scheme.values()) == ranks for scheme in result.schemes.values())
    for pair in result.pairs.values():
        if pair.significant(0.95):
            assert pair.student.estimate * sum(pair.by_surgery) > 0
    for a, b in re.findall(r"(\w) and (\w) have the same F1 in every surgery", text):
        np.testing.assert_array_equal(*(np.array(rows["abcd".index(m)])[:, 0] * 0 for m in (a, b)))
        values = [
            [
                2 * tp / d if (d := 2 * tp + fp + fn) else None
                for (tp, fp, fn), there in zip(
                    rows["abcd".index(m)], found.study.tally.labelled, strict=True
                )
                if there  # where nothing is labelled, no F1 is compared
            ]
            for m in (a, b)
        ]
        assert values[0] == pytest.approx(values[1])
