"""Matching: the fast code against the readable one, both against brute force, and properties.

The golden frames are those of the conformance suite: tests/test_conformance.py.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from oracles.conformance import brute_force

from adaptor_bench.errors import UsageError
from adaptor_bench.matching.assignment import _solve_large, optimal_groups
from adaptor_bench.matching.batch import PointBatch
from adaptor_bench.matching.candidates import find_candidates
from adaptor_bench.matching.match import match, match_frames, match_rules
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
    readable = all_rules()[rule].match(predictions, labels, radius, inclusive)
    assert counts(fast) == (len(readable), len(predictions) - fast.tp, len(labels) - fast.tp)
    i, j = fast.pairs.T
    assert (np.diff(i) > 0).all() and len({*j}) == fast.tp
    apart = [math.dist(predictions[a], labels[b]) for a, b in fast.pairs]
    assert fast.distances.tolist() == pytest.approx(apart)
    assert (fast.distances <= radius).all()
    if rule in ("hungarian", "ungated"):
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


# --- many frames at once -----------------------------------------------------------------------

far = st.tuples(st.sampled_from([-1e300, -7e5, 0.0, 3.0, 1e7, 1e300]), st.integers(0, 9))
side = st.lists(coarse, max_size=9) | st.lists(fine, max_size=9) | st.lists(far, max_size=4)
frames = st.lists(st.tuples(side, side), max_size=6)


def batches(frames):
    return PointBatch.from_frames([p for p, _ in frames]), PointBatch.from_frames(
        [q for _, q in frames]
    )


def crowded(frames=40, seed=0):
    rng = np.random.default_rng(seed)
    for _ in range(frames):
        labels = rng.uniform(0, 60, (int(rng.integers(0, 16)), 2))
        some = labels[rng.random(len(labels)) < 0.8]
        noise = rng.normal(0, 3, some.shape)
        yield np.concatenate([some + noise, rng.uniform(0, 60, (int(rng.integers(5)), 2))]), labels


def test_a_batch_holds_its_frames():
    batch = PointBatch.from_frames([[(1, 2), (3, 4)], [], [(5, 6)]], scores=[[0.1, 0.2], [], [1]])
    assert len(batch) == 3
    assert batch.counts.tolist() == [2, 0, 1]
    assert batch.frame_of.tolist() == [0, 0, 2]
    assert [frame.tolist() for frame in batch] == [[[1, 2], [3, 4]], [], [[5, 6]]]
    assert batch[-1].tolist() == [[5, 6]]
    part = batch.frames(1, 3)
    assert part.points.tolist() == [[5, 6]] and part.scores.tolist() == [1]
    assert part.starts.tolist() == [0, 0, 1]
    with pytest.raises(IndexError):
        batch[3]
    assert len(PointBatch.from_frames([])) == 0


def test_what_is_no_batch():
    for wrong in ([[1, 2, 3]], [[(1, math.nan)]], [[(1, math.inf)]]):
        with pytest.raises(ValueError, match=r"shape|finite"):
            PointBatch.from_frames(wrong)
    with pytest.raises(ValueError, match="1 scores for 2 points"):
        PointBatch.from_frames([[(1, 2), (3, 4)]], scores=[[1]])
    with pytest.raises(ValueError, match="1 frames of predictions, 2 of labels"):
        match_frames(PointBatch.from_frames([[]]), PointBatch.from_frames([[], []]))


@given(frames, st.floats(0.5, 15) | st.just(6.0), st.booleans() | st.none())
@settings(max_examples=150, deadline=None)
@example([([(0, 1), (2.2e-16, 0)], [(0, 0), (0, 0)])], 1.0, True)
def test_frames_do_not_touch_each_other(frames, radius, inclusive):
    predictions, labels = batches(frames)
    together = match_rules(predictions, labels, radius, inclusive=inclusive)
    for rule, found in together.items():
        for f, (p, q) in enumerate(frames):
            alone = match(p, q, radius, rule, inclusive)
            here = found.frame == f
            assert (found.prediction[here] - predictions.starts[f]).tolist() == alone.pairs[
                :, 0
            ].tolist()
            # By place: which of two labels on one spot a point gets is left open.
            paired = np.reshape(np.asarray(q, float), (-1, 2))[alone.pairs[:, 1]]
            np.testing.assert_array_equal(labels.points[found.label[here]], paired)
            assert (found.tp[f], found.fp[f], found.fn[f]) == (alone.tp, alone.fp, alone.fn)
            np.testing.assert_array_equal(found.distance[here], alone.distances)


@given(side, side, st.floats(0.5, 15) | st.just(6.0))
@settings(max_examples=200, deadline=None)
def test_the_candidates_are_all_close_pairs(predictions, labels, radius):
    near = find_candidates(*batches([(predictions, labels)]), radius)
    found = {
        (int(near.prediction_rows[i]), int(near.label_rows[j])): d
        for i, j, d in zip(near.i, near.j, near.d, strict=True)
    }
    expected = {
        (i, j): math.hypot(p[0] - q[0], p[1] - q[1])
        for i, p in enumerate(predictions)
        for j, q in enumerate(labels)
    }
    assert found == pytest.approx({k: d for k, d in expected.items() if d <= radius})


@pytest.mark.parametrize("rule", all_rules())
def test_in_crowded_frames_without_ties_the_pairs_are_those_of_the_readable_code(rule):
    """Groups of many points, which small examples hardly have; one too large for a table."""
    rng = np.random.default_rng(9)
    pairs = [*crowded(60, seed=3), (rng.uniform(0, 30, (30, 2)), rng.uniform(0, 30, (33, 2)))]
    found = match_frames(*batches(pairs), 6.0, rule)
    for f, (p, q) in enumerate(pairs):
        here = found.frame == f
        own = [side.starts[f] for side in batches(pairs)]
        got = zip(found.prediction[here] - own[0], found.label[here] - own[1], strict=True)
        assert list(got) == all_rules()[rule].match(p, q, 6.0, all_rules()[rule].inclusive)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), unique=True, max_size=16))
@settings(max_examples=150, deadline=None)
def test_the_two_solvers_agree(pairs):
    pairs = sorted(pairs)
    i, j = np.array(pairs, dtype=np.intp).reshape(-1, 2).T
    d = np.random.default_rng(len(pairs)).uniform(0.1, 6, len(pairs))
    ours = optimal_groups(i, j, d)
    edges = [(a, b, float(c), n) for n, ((a, b), c) in enumerate(zip(pairs, d, strict=True))]
    theirs = _solve_large(edges, sorted(set(i)), sorted(set(j))) if pairs else []
    assert len(ours) == len(theirs)
    assert d[ours].sum() == pytest.approx(d[np.array(theirs, dtype=int)].sum())


def test_a_frame_of_very_many_points():
    """What a careless submission may hold: linear in the number of points, not quadratic."""
    rng = np.random.default_rng(0)
    predictions = rng.uniform((0, 0), (512, 288), (50_000, 2))
    labels = rng.uniform((0, 0), (512, 288), (20, 2))
    found = match(predictions, labels)
    assert found.tp == 20
    assert found.distances.max() < 2
