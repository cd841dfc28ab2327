"""Many frames at once: the same as frame by frame, whatever the frames hold."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from adaptor_bench.matching import reference
from adaptor_bench.matching.assignment import _solve_large, optimal_groups
from adaptor_bench.matching.batch import PointBatch
from adaptor_bench.matching.candidates import find_candidates
from adaptor_bench.matching.match import match, match_frames, match_rules

coarse = st.tuples(st.integers(0, 20), st.integers(0, 20))
fine = st.tuples(st.floats(0, 40), st.floats(0, 40))
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
            assert (found.label[here] - labels.starts[f]).tolist() == alone.pairs[:, 1].tolist()
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


@given(frames)
@settings(max_examples=100, deadline=None)
def test_ungated_is_the_plain_assignment(frames):
    huge = any(abs(x) > 1e100 for p, q in frames for x, _ in [*p, *q])
    found = match_frames(*batches(frames), 6.0, "ungated")
    for f, (p, q) in enumerate(frames):
        i, j = found.prediction[found.frame == f], found.label[found.frame == f]
        assert len(i) <= min(len(p), len(q)) and len(set(i)) == len(i) and len(set(j)) == len(j)
        if p and q and not huge:
            full = match(p, q, 1e9, "ungated")
            distance = cdist(p, q)
            rows, columns = linear_sum_assignment(distance)
            # The sum is unique, the pairs are not where it is reached twice.
            assert full.distances.sum() == pytest.approx(distance[rows, columns].sum())


def test_ungated_on_frames_without_ties():
    pairs = list(crowded(200, seed=3))
    found = match_frames(*batches(pairs), 6.0, "ungated").tp
    assert found.tolist() == [len(reference.match(p, q, 6.0, "ungated")) for p, q in pairs]


@pytest.mark.parametrize("size", [9, 30])
def test_large_groups_are_solved_as_well_as_small_ones(size):
    """One connected group too large for the table of subsets, against scipy on the full matrix."""
    rng = np.random.default_rng(size)
    for _ in range(20):
        p, q = rng.uniform(0, size, (size, 2)), rng.uniform(0, size, (size + 3, 2))
        distance = cdist(p, q)
        cost = np.where(distance <= 6, distance, 1e4)
        i, j = linear_sum_assignment(cost)
        near = distance[i, j] <= 6
        found = match(p, q)
        assert found.tp == near.sum()
        assert found.distances.sum() == pytest.approx(distance[i, j][near].sum())


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
