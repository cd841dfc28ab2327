"""AP, FROC and the best threshold: by hand, and against every threshold tried one by one."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adaptor_bench.matching.batch import PointBatch
from adaptor_bench.scoring.analysis.confidence import (
    FROC_RATES,
    confidence,
    hits_by_score,
    operating_points,
)

pytestmark = pytest.mark.quick

R = 6.0
FAR = [(300, 50 + 20 * i) for i in range(10)]  # beside every label


def batch(frames):
    """Of [[(x, y, score), ..], ..], or of labels [[(x, y), ..], ..]."""
    points = [[p[:2] for p in frame] for frame in frames]
    scored = any(len(p) > 2 for frame in frames for p in frame)
    return PointBatch.from_frames(
        points, [[p[2] for p in frame] for frame in frames] if scored else None
    )


def judge(predictions, labels, inclusive=True):
    return confidence(batch(predictions), batch(labels), R, inclusive)


# By hand ----------------------------------------------------------------------------------------


def test_average_precision_by_hand():
    """Falling scores: hit, miss, hit, miss; three labels in two frames."""
    labels = [[(10, 10), (50, 50)], [(90, 90)]]
    predictions = [[(10, 10, 0.9), (*FAR[0], 0.8)], [(90, 90, 0.7), (*FAR[0], 0.6)]]
    found = judge(predictions, labels)
    assert found.absent is None
    assert found.ap == pytest.approx(1 / 3 * 1 + 1 / 3 * 2 / 3)
    # Up to 0.25 false positives a frame: only the first. Up to 0.5: one false positive, two hits.
    assert found.froc == pytest.approx((1 / 3, *[2 / 3] * 5))
    assert found.froc_mean == pytest.approx((1 / 3 + 5 * 2 / 3) / 6)
    assert found.fp_per_frame == 1
    assert (found.best_threshold, found.best_f1) == (0.7, 4 / 6)
    assert (found.best_precision, found.best_sensitivity) == (2 / 3, 2 / 3)
    assert found.thresholds == 4


def test_interpolation_takes_the_best_precision_to_come():
    """Miss, hit, hit: precision 0, 1/2, 2/3; the first half is lifted to 2/3."""
    labels = [[(10, 10), (50, 50)]]
    predictions = [[(*FAR[0], 0.9), (10, 10, 0.8), (50, 50, 0.7)]]
    assert judge(predictions, labels).ap == pytest.approx(2 / 3)


def test_equal_scores_are_one_step():
    """One hit and one false alarm with the same score: one operating point, precision 1/2."""
    labels = [[(10, 10)]]
    for order in (1, -1):
        found = judge([[(10, 10, 0.5), (*FAR[0], 0.5)][::order]], labels)
        assert (found.ap, found.thresholds) == (0.5, 1)
        assert found.froc == (0, 0, 1, 1, 1, 1)
        assert found.best_f1 == 2 / 3


def test_the_higher_score_takes_the_label_even_from_further_away():
    labels = [[(10, 10)]]
    assert hits_by_score(batch([[(10, 10, 0.1), (15, 10, 0.2)]]), batch(labels), R).tolist() == [
        False,
        True,
    ]


def test_each_takes_its_nearest_label():
    """The first takes (10, 10), its nearest, although only that one is in reach of the second."""
    labels = [[(10, 10), (18, 10)]]
    predictions = batch([[(13, 10, 0.9), (6, 10, 0.8)]])
    assert hits_by_score(predictions, batch(labels), R).tolist() == [True, False]


def test_ties_go_to_the_left():
    """Of two equal predictions on one label the left one; of two labels for one prediction too."""
    rivals = batch([[(13, 10, 0.5), (7, 10, 0.5)]])
    assert hits_by_score(rivals, batch([[(10, 10)]]), R).tolist() == [False, True]
    # The first takes (10, 10), so that (16, 10) is left for the second.
    two = batch([[(18, 10, 0.8), (13, 10, 0.9)]])
    assert hits_by_score(two, batch([[(16, 10), (10, 10)]]), R).all()


def test_the_boundary_is_that_of_the_score():
    case = [[(16, 10, 0.5)]], [[(10, 10)]]
    assert judge(*case).ap == 1
    assert judge(*case, inclusive=False).ap == 0


def test_a_threshold_among_equals_is_the_highest():
    labels = [[(10, 10), (50, 50)]]
    found = judge([[(10, 10, 0.9), (*FAR[0], 0.8), (*FAR[1], 0.5), (50, 50, 0.4)]], labels)
    assert (found.best_f1, found.best_threshold) == (2 / 3, 0.9)  # equals 4 / 6 at 0.4


@pytest.mark.parametrize(
    ("frames", "reason"),
    [
        ([[(1, 1)], [(2, 2)]], "the predicted points carry no scores"),
        ([[(1, 1, math.nan)], [(2, 2, 0.5), (3, 3, math.nan)]],
         "2 of 3 predicted points carry no score"),
        ([[(1, 1, math.nan)], []], "the predicted points carry no scores"),
    ],
)  # fmt: skip
def test_without_scores_it_says_why(frames, reason):
    found = judge(frames, [[(1, 1)], [(2, 2)]])
    document = found.to_json()
    assert found.absent == document["absent"]
    assert found.absent.startswith(reason)
    assert document["ap"] is None
    assert document["best_f1"]["f1"] is None
    assert {entry["sensitivity"] for entry in document["froc"]["curve"]} == {None}
    with pytest.raises(ValueError, match="score"):
        hits_by_score(batch(frames), batch([[], []]), R)


def test_nothing_predicted_and_nothing_labelled():
    """No score is missing where nothing was predicted: its curve is the empty one."""
    nothing = judge([[], []], [[(1, 1)], []])
    assert (nothing.absent, nothing.ap, nothing.froc, nothing.best_f1) == (None, 0, (0,) * 6, 0)
    assert math.isnan(nothing.best_threshold)
    no_labels = judge([[(1, 1, 0.5)]], [[]])
    assert math.isnan(no_labels.ap)
    assert np.isnan(no_labels.froc).all()
    assert (no_labels.best_f1, no_labels.fp_per_frame) == (0, 1)
    neither = judge([[]], [[]])
    assert math.isnan(neither.ap)
    assert math.isnan(neither.best_f1)
    assert math.isnan(judge([], []).fp_per_frame)


# Every threshold, one by one --------------------------------------------------------------------

coarse = st.tuples(st.integers(0, 14), st.integers(0, 14))
scored = st.tuples(st.integers(0, 14), st.integers(0, 14), st.integers(0, 4).map(lambda n: n / 4))
fine = st.tuples(st.floats(0, 30), st.floats(0, 30), st.floats(0, 1))
worlds = st.lists(
    st.tuples(st.lists(scored, max_size=7) | st.lists(fine, max_size=7),
              st.lists(coarse, max_size=5)),
    min_size=1, max_size=4,
)  # fmt: skip


def kept(frames, threshold):
    return [[p for p in frame if p[2] >= threshold] for frame in frames]


def hits_of_loop(predictions, labels):
    """Score-greedy matching of one frame, the definition: hits."""
    free, hits = list(labels), 0
    left = list(predictions)
    while left:
        highest = max(p[2] for p in left)
        reachable = [
            (np.hypot(p[0] - q[0], p[1] - q[1]), p, q)
            for p in left
            if p[2] == highest
            for q in free
        ]
        reachable = [entry for entry in reachable if entry[0] <= R]
        if not reachable:
            left = [p for p in left if p[2] != highest]
            continue
        *_, p, q = min(reachable)
        left.remove(p)
        free.remove(q)
        hits += 1
    return hits


@given(worlds)
@settings(max_examples=150, deadline=None)
def test_against_every_threshold(pairs):
    predictions, labels = [p for p, _ in pairs], [q for _, q in pairs]
    total = sum(map(len, labels))
    points = []
    for threshold in sorted({p[2] for frame in predictions for p in frame}, reverse=True):
        frames = kept(predictions, threshold)
        tp = sum(hits_of_loop(p, q) for p, q in zip(frames, labels, strict=True))
        n = sum(map(len, frames))
        points.append((threshold, tp, n - tp))
    found = judge(predictions, labels)
    if not any(predictions):
        assert found.thresholds == 0
        return
    steps = operating_points(batch(predictions), batch(labels), R)
    assert list(zip(*steps, strict=True)) == points
    best = max(2 * tp / (tp + fp + total) for _, tp, fp in points)
    assert found.best_f1 == pytest.approx(best)
    chosen = [t for t, tp, fp in points if 2 * tp / (tp + fp + total) == best]
    assert found.best_threshold in chosen
    if not total:
        assert math.isnan(found.ap)
        return
    # The area, label by label: the k-th label is worth the best precision at k or more hits.
    area = 0.0
    for k in range(1, total + 1):
        area += max((tp / (tp + fp) for _, tp, fp in points if tp >= k), default=0) / total
    assert found.ap == pytest.approx(area)
    for rate, value in zip(FROC_RATES, found.froc, strict=True):
        allowed = [tp / total for _, tp, fp in points if fp / len(labels) <= rate]
        assert value == pytest.approx(max(allowed, default=0))


@given(worlds, st.randoms(use_true_random=False))
@settings(max_examples=80, deadline=None)
def test_no_order_matters(pairs, random):
    before = judge([p for p, _ in pairs], [q for _, q in pairs])
    order = random.sample(range(len(pairs)), len(pairs))
    after = judge(
        [random.sample(pairs[f][0], len(pairs[f][0])) for f in order],
        [random.sample(pairs[f][1], len(pairs[f][1])) for f in order],
    )
    assert after.to_json() == before.to_json()


@given(worlds, st.floats(0.1, 10))
@settings(max_examples=60, deadline=None)
def test_only_the_order_of_scores_counts(pairs, factor):
    before = judge([p for p, _ in pairs], [q for _, q in pairs])
    ranks = {s: i for i, s in enumerate(sorted({p[2] for frame, _ in pairs for p in frame}))}
    stretched = [[(x, y, factor * ranks[s] - 3) for x, y, s in frame] for frame, _ in pairs]
    after = judge(stretched, [q for _, q in pairs])
    assert after.to_json()["froc"] == before.to_json()["froc"]
    assert after.to_json()["ap"] == before.to_json()["ap"]
