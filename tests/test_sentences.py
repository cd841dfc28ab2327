"""Sentences of the ranking card: true for ties, 0/0, single folds, and folds of several."""

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
    """A board of (rows, surgeries, 3) counts, one surgery a fold."""
    counts = np.asarray(counts)
    n = counts.shape[1]
    owner = np.arange(len(counts)) if owner is None else np.asarray(owner)
    fold = np.arange(n) if fold is None else np.asarray(fold)
    found = Tally(
        tuple("abcdefg"[: owner.max() + 1]),
        tuple(f"s{i}" for i in range(n)),
        tuple(range(1, fold.max() + 2)),
        counts,
        owner,
        fold,
        np.zeros(fold.max() + 1, int),
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
    assert told.endswith("; a is ahead in 1 and b in 1 of 3 folds.")


def test_the_lead_and_what_it_means():
    sentences = said([[of(9), of(8), of(9), of(8)], [of(5), of(4), of(4), of(5)]])
    told = one(sentences, "ahead of b")
    assert re.search(r"95 % interval \d+\.\d\d to \d+\.\d\d\), and ahead in 4 of 4 folds; better: "
                     r"yes\.$", told)  # fmt: skip
    assert "corrected" not in told  # a family of one
    told = one(said([[of(9), of(4), of(5), of(6)], [of(5), of(4), of(4), of(5)]]), "ahead of b")
    assert told.endswith("; better: undecided.") and "interval -" in told
    three = [[of(9), of(8), of(9), of(8)], [of(5), of(4), of(4), of(5)], [of(1), of(2)] * 2]
    assert "corrected for 3 comparisons" in one(said(three), "ahead of b")


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


def test_a_surgery_without_labels_is_no_obstacle():
    nothing = [0, 0, 0]
    fold = [0, 0, 1, 1]
    sentences = said(
        [[of(9), nothing, of(9), of(9)], [of(5), nothing, of(5), of(5)], [of(1)] * 4], fold=fold
    )
    assert "ahead in 2 of 2 folds" in one(sentences, "ahead of b")


def test_power_is_told_of_the_first_two():
    rows = [[of(8), of(6), of(9), of(5)], [of(7), of(6), of(7), of(5)], [of(1), of(2)] * 2]
    told = one(said(rows), "standard deviation")
    assert told.startswith("The difference of a and b has a standard deviation of ")
    assert re.search(r"alone needs about \d+ folds; here are 4\.$", told)
    assert "nothing can be said" in one(said([[of(9)], [of(5)]]), "One fold")


def test_a_method_without_a_value_is_named_and_the_others_are_ranked():
    nothing = [0, 0, 0]
    rows = [[of(6), of(5), of(4), of(5)], [of(5), of(4), of(5), of(4)]]
    sentences = said([*rows, [nothing, of(5), of(5), of(5)]])
    assert "c has no rank: F1 is 0/0 in a fold." in sentences
    assert "a is the best with probability" in one(sentences, "By the folds alone")
    assert "All ranked methods share one tier" in one(sentences, "share one tier")
    found = board([[of(9)] * 4, [nothing, of(5), of(5), of(5)], [of(5)] * 4]).study
    assert found.methods == ("a", "c", "b")
    np.testing.assert_allclose(found.rank_probability[:2].sum(axis=1), 1)
    assert np.isnan(found.rank_probability[2]).all()


def test_nothing_is_said_of_an_order_that_does_not_exist():
    sentences = said([[[0, 0, 0]] * 3, [[0, 0, 0]] * 3])
    assert sentences[0].endswith("no method has a defined F1.")
    assert not [s for s in sentences if "tier" in s.lower() or "probability" in s]


def test_a_single_fold_says_nothing_of_others():
    text = " ".join(said([[of(9)], [of(5)]]))
    assert "no interval" in text and "better: undecided" in text
    assert "probability" not in text


def test_a_tie_that_appears_or_ends_without_a_surgery_is_a_change():
    told = one(said([[of(9), of(5), of(5)], [of(5), of(5), of(5)]]), "depends on")
    assert told == "The order depends on single folds: without f1 b draws level with a."
    told = one(said([[of(4), of(6), of(5)], [of(6), of(4), of(5)]]), "depends on")
    assert "without f1 a passes b" in told
    assert "without f2 b passes a" in told


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
        assert (pair.verdict == "undecided") == (not pair.p_holm <= 0.05)
    for name, tier in result.tiers.items():
        assert (tier is None) == (result.ranks[name] is None)
    for a, b in re.findall(r"(\w) and (\w) have the same F1 in every fold", text):
        values = dict(zip(result.methods, result.values, strict=True))
        assert values[a] == pytest.approx(values[b])
