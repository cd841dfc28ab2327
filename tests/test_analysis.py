"""Localisation, counts, groups, radius curve, and the whole analysis of small worlds."""

from __future__ import annotations

import json
import math
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from in_memory import batches as batches_of

from adaptor_bench.matching.batch import PointBatch
from adaptor_bench.matching.candidates import take_in_order
from adaptor_bench.matching.match import match, match_frames
from adaptor_bench.matching.settings import MatchSettings
from adaptor_bench.scoring.analysis.analyse import analyse
from adaptor_bench.scoring.analysis.breakdown import breakdown, frame_spread, part_of_key
from adaptor_bench.scoring.analysis.counting import BINS, counting
from adaptor_bench.scoring.analysis.localisation import localisation
from adaptor_bench.scoring.analysis.radius import RADII, radius_curve
from adaptor_bench.scoring.jsonable import jsonable
from adaptor_bench.scoring.metrics import METRICS, Counts

pytestmark = pytest.mark.quick

SIZE = (60, 40)
points = st.lists(st.tuples(st.integers(0, 59), st.integers(0, 39)), max_size=7)
frames = st.lists(st.tuples(points, points), min_size=1, max_size=6)
rules = st.sampled_from(["hungarian", "official", "nearest"])


def matched(pairs, radius=6.0, rule="hungarian"):
    """Both batches, and their matches, of [(predictions, labels), ..]."""
    predictions, labels = (PointBatch.from_frames([p[side] for p in pairs]) for side in (0, 1))
    return predictions, labels, match_frames(predictions, labels, radius, rule)


batches = partial(batches_of, size=SIZE)


def same(a, b):
    """Equal, where NaN equals NaN."""
    return a == b or (math.isnan(a) and math.isnan(b))


def of_the_loop(pairs, rule):
    """Per frame (tp, fp, fn, distances, offsets), one match() after another."""
    for predictions, labels in pairs:
        found = match(predictions, labels, rule=rule)
        offsets = [np.subtract(predictions[i], labels[j]) for i, j in found.pairs]
        yield found.tp, found.fp, found.fn, list(found.distances), offsets


# Golden ---------------------------------------------------------------------------------------


def test_localisation_by_hand():
    """Distances 0, 3, 4, 5; the 95th percentile lies 0.85 of the way from the third to the last."""
    labels = [(10, 10), (30, 10), (10, 30), (40, 30)]
    found = localisation(*matched([([(10, 10), (33, 10), (10, 26), (44, 33)], labels)]))
    assert found.pairs == 4
    assert found.mean == 3
    assert found.median == 3.5
    assert found.p95 == pytest.approx(4 + 0.85 * (5 - 4))
    assert (found.dx, found.dy) == ((0 + 3 + 0 + 4) / 4, (0 + 0 - 4 + 3) / 4)


def test_counting_by_hand():
    pairs = [
        ([], []),
        ([(1, 1), (20, 20)], []),
        ([(1, 1)], [(1, 1), (20, 20), (50, 30)]),
        ([(1, 1)] * 20, [(1, 1)] * 16),
        ([], [(1, 1)] * 6),
    ]
    found = counting(matched(pairs)[2])
    assert found.bias == (0 + 2 - 2 + 4 - 6) / 5
    assert found.mae == (0 + 2 + 2 + 4 + 6) / 5
    assert (found.empty_frames, found.specificity) == (2, 0.5)
    rows = {
        b.labels: (b.frames, b.counts.tp, b.counts.fp, b.counts.fn, b.f1, b.bias)
        for b in found.by_labels
    }
    assert rows.pop("11-15")[:4] == (0, 0, 0, 0)
    assert rows == {
        "0": (2, 0, 2, 0, 0.0, 1.0),
        "1-5": (1, 1, 0, 2, 0.5, -2.0),
        "6-10": (1, 0, 0, 6, 0.0, -6.0),
        "16+": (1, 16, 4, 0, 32 / 36, 4.0),
    }


def test_every_number_of_labels_has_one_bin():
    for n in range(40):
        assert sum(a <= n and (b is None or n <= b) for a, b in BINS) == 1


def test_radius_curve_by_hand():
    """One pair at 2 px, one at 10, one label alone."""
    pairs = [([(2, 0), (30, 10)], [(0, 0), (30, 0), (50, 30)])]
    found = radius_curve(*matched(pairs)[:2], rule="hungarian")
    assert found.tp.tolist() == [0, *[1] * 8, *[2] * 6]
    assert found.f1.tolist() == [2 * tp / 5 for tp in found.tp]
    assert found.metrics["precision"][0] == 0
    assert found.metrics["sensitivity"][-1] == 2 / 3
    # 14 px wide: a ramp from 1 to 2, level to 9, a ramp to 10, level to 15.
    assert found.area == pytest.approx((0.2 + 7 * 0.4 + 0.6 + 5 * 0.8) / 14)
    strict = radius_curve(*matched(pairs)[:2], rule="nearest")
    assert strict.tp.tolist() == [0, 0, *[1] * 8, *[2] * 5]
    assert radius_curve(*matched(pairs)[:2], rule="official", radii=[2]).area == 0.4
    with pytest.raises(ValueError, match="rising"):
        radius_curve(*matched(pairs)[:2], rule="hungarian", radii=[2, 2])


def test_groups_keep_their_order_and_the_first_of_equals_is_worst():
    pairs = [
        ([(1, 1)], [(1, 4)]),
        ([(1, 1)], [(30, 30)]),
        ([], []),
        ([(9, 9), (30, 30)], [(9, 9), (34, 33)]),
        ([(1, 1)], []),
    ]
    names = ["b", "a", "empty", "b", "zero"]
    found = breakdown("group", names, matched(pairs)[2])
    assert found.names == ("b", "a", "empty", "zero")
    assert found.frames.tolist() == [2, 1, 1, 1]
    assert found.tp.tolist() == [3, 0, 0, 0]
    assert found.fp.tolist() == [0, 1, 0, 1]
    assert found.fn.tolist() == [0, 1, 0, 0]
    assert found.worst == 1
    assert found.distance[0] == pytest.approx((3 + 0 + 5) / 3)
    assert np.isnan(found.f1[2])
    assert np.isnan(found.distance[1:]).all()
    assert breakdown("group", ["x"] * 5, matched([([], [])] * 5)[2]).worst is None
    spread = frame_spread(list("vwxyz"), matched(pairs)[2])
    assert spread.frames == 4  # the one without any point has no F1
    assert (spread.perfect, spread.failed, spread.mean_f1) == (0.5, 0.5, 0.5)
    assert spread.worst.names == ("w", "z")
    assert spread.worst.fn.tolist() == [1, 0]


def test_parts_of_a_key():
    assert part_of_key(["a/b/c", "d/e/f"], 1) == ["a", "d"]
    assert part_of_key(["a/b/c", "d/e/f"], 2) == ["a/b", "d/e"]


def test_what_has_no_value_is_null():
    found = jsonable({"a": math.nan, "b": [np.float64("inf"), np.int64(3)], "c": (1.5, None, "x")})
    assert found == {"a": None, "b": [None, 3], "c": [1.5, None, "x"]}


# Against the obvious loop -----------------------------------------------------------------------


@given(frames, rules)
@settings(max_examples=60, deadline=None)
def test_against_the_loop(pairs, rule):
    loop = list(of_the_loop(pairs, rule))
    predictions, labels, matches = matched(pairs, rule=rule)
    found = localisation(predictions, labels, matches)
    distances = sorted(d for frame in loop for d in frame[3])
    assert found.pairs == len(distances)
    if distances:
        offsets = np.array([o for frame in loop for o in frame[4]])
        assert found.mean == pytest.approx(sum(distances) / len(distances))
        assert (found.dx, found.dy) == pytest.approx(tuple(offsets.mean(axis=0)))
        for share, value in ((0.5, found.median), (0.95, found.p95)):
            at = share * (len(distances) - 1)
            low, high = distances[math.floor(at)], distances[math.ceil(at)]
            assert value == pytest.approx(low + (at % 1) * (high - low))

    counted = counting(matches)
    errors = [len(p) - len(q) for p, q in pairs]
    assert counted.bias == pytest.approx(sum(errors) / len(errors))
    assert counted.mae == pytest.approx(sum(map(abs, errors)) / len(errors))
    silent = [not p for p, q in pairs if not q]
    assert same(counted.specificity, sum(silent) / len(silent) if silent else math.nan)
    for entry, (least, most) in zip(counted.by_labels, BINS, strict=True):
        inside = [
            f
            for f, (_, q) in enumerate(pairs)
            if least <= len(q) <= (10**9 if most is None else most)
        ]
        sums = [sum(loop[f][k] for f in inside) for k in range(3)]
        assert entry.counts == Counts(*sums)
        assert entry.frames == len(inside)
        assert same(entry.f1, METRICS["f1"](Counts(*sums)))

    names = [f"g{f % 2}" for f in range(len(pairs))]
    grouped = breakdown("group", names, matches)
    for g, name in enumerate(grouped.names):
        inside = [f for f in range(len(pairs)) if names[f] == name]
        pooled = Counts(*(sum(loop[f][k] for f in inside) for k in range(3)))
        assert (grouped.tp[g], grouped.fp[g], grouped.fn[g]) == tuple(vars(pooled).values())
        for key, metric in METRICS.items():
            assert same(float(grouped.metrics[key][g]), metric(pooled))
        d = [x for f in inside for x in loop[f][3]]
        assert same(
            round(float(grouped.distance[g]), 9), round(sum(d) / len(d), 9) if d else math.nan
        )

    curve = radius_curve(predictions, labels, rule)
    for radius, tp in zip(RADII, curve.tp, strict=True):
        assert tp == sum(match(p, q, radius, rule).tp for p, q in pairs)
    if not np.isnan(curve.area):
        assert curve.area == pytest.approx(
            sum((a + b) / 2 for a, b in zip(curve.f1, curve.f1[1:], strict=False)) / 14
        )


@given(st.tuples(*[st.integers(0, 3)] * 3))
def test_metrics_of_arrays_are_those_of_counts(counts):
    for metric in METRICS.values():
        first, _ = metric.of(*([c, 1] for c in counts))
        assert same(float(first), metric(Counts(*counts)))


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(6, 9), st.integers(10, 12)), max_size=25))
def test_taking_in_order_is_the_loop(candidates):
    used, expected = set(), []
    for nodes in candidates:
        expected.append(not used & set(nodes))
        if expected[-1]:
            used |= set(nodes)
    nodes = np.array(candidates, dtype=np.intp).reshape(-1, 3)
    assert take_in_order(nodes, 13).tolist() == expected


# Properties of the whole ------------------------------------------------------------------------


def document(world, rule="hungarian", **options):
    return analyse(world, MatchSettings(rule, **options), draws=2).to_json()


def rounded(value):
    """Sums of floats depend on their order in the last digits."""
    if isinstance(value, dict):
        return {key: rounded(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [rounded(entry) for entry in value]
    return round(value, 9) if isinstance(value, float) else value


@given(frames, rules, st.randoms(use_true_random=False))
@settings(max_examples=30, deadline=None)
def test_order_of_points_does_not_matter(pairs, rule, random):
    before = document(batches(pairs), rule)
    shuffled = [(random.sample(p, len(p)), random.sample(q, len(q))) for p, q in pairs]
    assert rounded(document(batches(shuffled), rule)) == rounded(before)
    json.dumps(before, allow_nan=False)


@given(frames, rules, st.randoms(use_true_random=False))
@settings(max_examples=30, deadline=None)
def test_order_of_frames_does_not_matter(pairs, rule, random):
    """Except to the draws, and to the order in which groups are listed."""
    keys = [f"s{f % 2}/v{f % 3}/{f}" for f in range(len(pairs))]
    order = random.sample(range(len(pairs)), len(pairs))
    before = document(batches(pairs, keys), rule)
    after = document(batches([pairs[f] for f in order], [keys[f] for f in order]), rule)
    for key in ("localisation", "counting", "radius", "errors"):
        assert rounded(after[key]) == rounded(before[key])
    for key, name in (("surgeries", "surgery"), ("videos", "video")):
        listed = [sorted(d[key], key=lambda entry: entry[name]) for d in (before, after)]
        assert rounded(listed[0]) == rounded(listed[1])


@given(frames, rules, st.integers(-900, 900), st.integers(-900, 900))
@settings(max_examples=30, deadline=None)
def test_translation(pairs, rule, dx, dy):
    moved = [tuple([(x + dx, y + dy) for x, y in side] for side in pair) for pair in pairs]
    before, after = document(batches(pairs), rule), document(batches(moved), rule)
    for key in ("localisation", "counting", "surgeries", "videos", "per_frame", "radius"):
        assert after[key] == before[key]


@given(st.lists(points.map(lambda p: sorted(set(p))), min_size=1, max_size=5), rules)
@settings(max_examples=30, deadline=None)
def test_labels_as_predictions_are_perfect(labels, rule):
    found = document(batches([(q, q) for q in labels]), rule)
    some = any(labels)
    assert found["localisation"]["mean"] == (0 if some else None)
    assert found["localisation"]["p95"] == (0 if some else None)
    assert (found["counting"]["bias"], found["counting"]["mae"]) == (0, 0)
    assert found["counting"]["specificity"] == (1 if not all(labels) else None)
    assert found["radius"]["area_under_f1"] == (1 if some else None)
    assert not any(e["fp"] or e["fn"] or e["cost"] for e in found["errors"]["classes"])
    assert found["errors"]["f1"] == (1 if some else None)
    for floor in ("uniform", "prior"):
        assert found["chance"][floor]["skill"] in (1, None)


@pytest.mark.parametrize("rule", ["hungarian", "official", "nearest"])
@pytest.mark.parametrize(
    "pairs",
    [
        [],
        [([], [])],
        [([], [(1, 1)])],
        [([(1, 1)], [])],
        [([], []), ([(1, 1)], []), ([], [(2, 2)])],
    ],
)
def test_nothing_to_divide_is_null(pairs, rule):
    found = document(batches(pairs), rule)
    json.dumps(found, allow_nan=False)
    assert found["localisation"] == {
        "pairs": 0, "mean": None, "median": None, "p95": None, "dx": None, "dy": None,
    }  # fmt: skip
    any_point = any(p or q for p, q in pairs)
    assert found["errors"]["f1"] == (0 if any_point else None)
    assert found["radius"]["area_under_f1"] == (0 if any_point else None)
    if not pairs:
        assert found["counting"]["bias"] is None
        assert found["worst_surgery"] is None


def test_missing_frames_are_left_out_only_when_skipped():
    pairs = [([(5, 5)], [(5, 5)]), ([], [(9, 9), (30, 30)])]
    world = batches(pairs, keys=["a/v/0", "b/v/1"], missing=[False, True], scores=np.array([0.5]))
    counted = document(world)
    assert (counted["frames"], counted["errors"]["all_fn"]["fn"]) == (2, 2)
    assert counted["confidence"]["ap"] == pytest.approx(1 / 3)
    skipped = document(world, missing="skip")
    assert (skipped["frames"], skipped["errors"]["all_fn"]["fn"]) == (1, 0)
    assert skipped["confidence"]["ap"] == 1
    assert [s["surgery"] for s in skipped["surgeries"]] == ["a"]
    assert skipped["matching"]["missing"] == "skip"


def test_the_settings_reach_every_part():
    """One prediction 5 px from its label, another exactly 4 px from its own."""
    pairs = [([(10, 15), (34, 20)], [(10, 10), (30, 20)])]
    wide, narrow = document(batches(pairs)), document(batches(pairs), radius=4.0)
    strict = document(batches(pairs), radius=4.0, inclusive=False)
    for found, tp, at_four in ((wide, 2, 1), (narrow, 1, 1), (strict, 0, 0)):
        assert found["localisation"]["pairs"] == tp
        assert found["surgeries"][0]["counts"]["tp"] == tp
        assert found["errors"]["all_fp"]["fp"] == 2 - tp
        assert found["chance"]["f1"] == tp / 2
        assert found["radius"]["curve"][3]["tp"] == at_four
    scored = analyse(
        batches(pairs, scores=np.array([0.5, 0.4])), MatchSettings(radius=4.0, inclusive=False)
    )
    assert scored.confidence.ap == 0


def test_seed_sizes_and_draws_are_those_given():
    """Frames of two sizes, the first left out: the border is that of the second, larger one."""
    world = batches(
        [([], []), ([(57, 37)], [(20, 20)])], keys=["a/v/0", "b/v/1"], missing=[True, False]
    )
    world.sizes[1] = (120, 90)
    found = analyse(world, MatchSettings(missing="skip"), draws=7, seed=11)
    assert {c.name: c.fp for c in found.errors.classes if c.fp} == {"background": 1}
    document = found.to_json()
    assert (document["seed"], document["draws"]) == (11, 7)
