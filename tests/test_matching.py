"""Matching: the fast code against the readable one, both against brute force, and properties.

The golden frames are those of the conformance suite: tests/test_conformance.py.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles.conformance import brute_force

from adaptor_bench.errors import UsageError
from adaptor_bench.matching import reference
from adaptor_bench.matching.batch import PointBatch
from adaptor_bench.matching.match import match, match_rules
from adaptor_bench.matching.rules import all_rules
from adaptor_bench.matching.rules.ungated import ungated

pytestmark = pytest.mark.quick

# A coarse grid, so that ties and distances at exactly the radius are frequent.
coarse = st.tuples(st.integers(0, 14), st.integers(0, 14))
fine = st.tuples(st.floats(0, 40), st.floats(0, 40))
few = st.lists(coarse, max_size=5) | st.lists(fine, max_size=5)
several = st.lists(coarse, max_size=12)
radii = st.floats(0.5, 15) | st.just(6.0)
rules = st.sampled_from(sorted(all_rules()))
one_to_one = st.sampled_from(["hungarian", "official"])


def counts(found):
    return found.tp, found.fp, found.fn


@pytest.mark.parametrize("rule", all_rules())
def test_boundary(rule):
    at_radius = [(14, 6)], [(14, 0)]
    assert match(*at_radius, rule=rule, inclusive=True).tp == 1
    assert match(*at_radius, rule=rule, inclusive=False).tp == 0
    assert match(*at_radius, rule=rule).tp == (0 if rule == "nearest" else 1)


@given(few | several, few | several, rules, radii, st.booleans())
@settings(max_examples=500, deadline=None)
def test_the_fast_code_makes_the_pairs_of_the_readable_one(
    predictions, labels, rule, radius, inclusive
):
    """The same pairs, ties included. An assignment may have equals: then as many and as close."""
    if rule == "ungated":  # which of equals it is decides what is within the radius
        radius = 1e6
    fast = match(predictions, labels, radius, rule, inclusive)
    readable = reference.match(predictions, labels, radius, rule, inclusive)
    if rule in ("hungarian", "ungated"):
        assert fast.tp == len(readable)
        total = sum(math.dist(predictions[i], labels[j]) for i, j in readable)
        assert fast.distances.sum() == pytest.approx(total, abs=1e-9)
    else:
        assert list(map(tuple, fast.pairs)) == readable


@given(few, few, radii, st.booleans())
@settings(max_examples=300, deadline=None)
def test_hungarian_is_optimal(predictions, labels, radius, inclusive):
    pairs, total = brute_force(predictions, labels, radius, inclusive)
    found = match(predictions, labels, radius, "hungarian", inclusive)
    assert found.tp == pairs
    assert found.distances.sum() == pytest.approx(total, abs=1e-9)
    assert pairs >= match(predictions, labels, radius, "official", inclusive).tp


@given(several, several, rules, st.randoms(use_true_random=False))
@settings(max_examples=300, deadline=None)
def test_order_of_points_does_not_matter(predictions, labels, rule, random):
    before = match(predictions, labels, rule=rule)
    p, q = list(range(len(predictions))), list(range(len(labels)))
    random.shuffle(p)
    random.shuffle(q)
    after = match([predictions[i] for i in p], [labels[j] for j in q], rule=rule)

    def coordinates(found, p, q):
        return sorted((predictions[p[i]], labels[q[j]]) for i, j in found.pairs)

    same = range(max(len(p), len(q), 1))
    assert coordinates(after, p, q) == coordinates(before, same, same)


@given(several, several, rules, st.integers(-300, 300), st.integers(-300, 300))
@settings(max_examples=100, deadline=None)
def test_translation(predictions, labels, rule, dx, dy):
    def moved(points):
        return [(x + dx, y + dy) for x, y in points]

    before = match(predictions, labels, rule=rule)
    after = match(moved(predictions), moved(labels), rule=rule)
    assert counts(after) == counts(before)
    assert np.array_equal(after.distances, before.distances)


@given(several, several, one_to_one)
@settings(max_examples=200, deadline=None)
def test_exchange_of_sides(predictions, labels, rule):
    tp, fp, fn = counts(match(predictions, labels, rule=rule))
    assert counts(match(labels, predictions, rule=rule)) == (tp, fn, fp)


@given(several, several, st.floats(1, 10), st.floats(0, 5))
@settings(max_examples=200, deadline=None)
def test_hungarian_grows_with_the_radius(predictions, labels, radius, more):
    smaller = match(predictions, labels, radius)
    assert match(predictions, labels, radius + more).tp >= smaller.tp
    # The strict boundary is a smaller radius.
    assert match(predictions, labels, radius, inclusive=False).tp <= smaller.tp


@given(st.lists(coarse, unique=True, max_size=12), rules)
@settings(max_examples=100, deadline=None)
def test_labels_against_themselves(points, rule):
    found = match(points, points, rule=rule)
    assert counts(found) == (len(points), 0, 0)
    assert not found.distances.any()


@given(several, several, rules)
@settings(max_examples=200, deadline=None)
def test_pairs_are_one_to_one_and_within_reach(predictions, labels, rule):
    found = match(predictions, labels, rule=rule)
    assert found.pairs.shape == (found.tp, 2)
    assert len(set(found.pairs[:, 0])) == len(set(found.pairs[:, 1])) == found.tp
    assert list(found.pairs[:, 0]) == sorted(found.pairs[:, 0])
    for (i, j), distance in zip(found.pairs, found.distances, strict=True):
        assert distance == pytest.approx(np.hypot(*np.subtract(predictions[i], labels[j])))
        assert distance <= 6
    assert found.fp == len(predictions) - found.tp
    assert found.fn == len(labels) - found.tp


def test_a_crowd_keeps_its_precision():
    """Large frames: the penalty for an unpaired point must not swamp small differences."""
    rng = np.random.default_rng(3)
    labels = rng.uniform(0, 100, (300, 2))
    found = match(labels + 1e-7, labels)
    assert found.tp == 300
    assert np.array_equal(found.pairs[:, 0], found.pairs[:, 1])


def test_radius_scales():
    """Same picture at another scale, same pairs: no constant is hidden in the costs."""
    rng = np.random.default_rng(4)
    predictions, labels = rng.uniform(0, 60, (2, 20, 2))
    expected = match(predictions, labels)
    for scale in (2.0**-40, 2.0**40):
        found = match(predictions * scale, labels * scale, 6 * scale)
        assert np.array_equal(found.pairs, expected.pairs)


def test_wrong_usage():
    with pytest.raises(UsageError, match="hungarain") as caught:
        match([], [], rule="hungarain")
    assert "hungarian" in caught.value.hint
    for radius in (0, -1, float("nan"), float("inf")):
        with pytest.raises(UsageError, match="radius"):
            match([], [], radius)
    with pytest.raises(ValueError, match="shape"):
        match([(1, 2, 3)], [])
    with pytest.raises(ValueError, match="finite"):
        match([(1, float("nan"))], [])


def test_heaps_of_points_are_matched_as_other_frames_are(beside):
    """A frame with very many pairs goes through the ungated rule alone, the others together."""
    rng = np.random.default_rng(0)
    sizes = [(5, 9), (9, 5), (0, 4), (7, 7), (40, 60), (60, 40), (50, 50)]
    sides = [PointBatch.from_frames([rng.integers(0, 40, (s[k], 2)) / 2 for s in sizes])
             for k in (0, 1)]  # fmt: skip
    together = match_rules(*sides, 6.0)
    beside(ungated.pair, "_AT_ONCE", 30)
    alone = match_rules(*sides, 6.0)
    for rule, found in together.items():
        for what in ("frame", "prediction", "label", "distance"):
            np.testing.assert_array_equal(getattr(alone[rule], what), getattr(found, what))
