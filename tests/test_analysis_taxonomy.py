"""Every kind of error by hand, the definitions written as a loop, and what must always hold."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adaptor_bench.matching.batch import PointBatch
from adaptor_bench.matching.match import match, match_frames
from adaptor_bench.scoring.analysis.taxonomy import CLASSES, taxonomy
from adaptor_bench.scoring.metrics import Counts, f1

pytestmark = pytest.mark.quick

SIZE = (300, 200)
R = 6.0


def classify(predictions, labels, rule="hungarian", inclusive=True, size=SIZE):
    """The taxonomy of frames, or of one frame."""
    if not (predictions and isinstance(predictions[0], list)) and not (
        labels and isinstance(labels[0], list)
    ):
        predictions, labels = [predictions], [labels]
    p, q = PointBatch.from_frames(predictions), PointBatch.from_frames(labels)
    matches = match_frames(p, q, R, rule, inclusive)
    return taxonomy(p, q, np.tile(size, (len(p), 1)), matches, R, inclusive)


def sizes_of(found):
    return {c.name: (c.fp, c.fn) for c in found.classes if c.fp or c.fn}


# By hand: (predictions, labels) far from the border, and what they are ---------------------------

GOLDEN = {
    "duplicate": ([(100, 100), (103, 100)], [(100, 100)], {"duplicate": (1, 0)}),
    "two duplicates": ([(100, 100)] * 3, [(100, 100)], {"duplicate": (2, 0)}),
    "merged: one prediction amid two labels": (
        [(105, 100)], [(100, 100), (110, 100)], {"merged": (0, 1)},
    ),
    "merged: amid three": (
        [(105, 100)], [(100, 100), (110, 100), (105, 105)], {"merged": (0, 2)},
    ),
    # The labels are 10 apart, the prediction 4 from their middle but 6.4 from either.
    "merged: beside the middle": ([(105, 104)], [(100, 100), (110, 100)], {"merged": (1, 2)}),
    # The same at 13 apart: more than 2r, so it serves one label only.
    "too far to merge": (
        [(106.5, 104)], [(100, 100), (113, 100)], {"near_miss": (1, 1), "missed": (0, 1)},
    ),
    # 7 px off the middle of two labels that are close together: near to one of them.
    "too far from the middle": (
        [(103, 107)], [(100, 100), (106, 100)], {"near_miss": (1, 1), "crowded": (0, 1)},
    ),
    "near miss": ([(108, 100)], [(100, 100)], {"near_miss": (1, 1)}),
    "near miss at exactly 2r": ([(112, 100)], [(100, 100)], {"near_miss": (1, 1)}),
    "beyond 2r": ([(112.5, 100)], [(100, 100)], {"background": (1, 0), "missed": (0, 1)}),
    # Two predictions near one label: one pair; the further one is background.
    "near misses are one to one": (
        [(108, 100), (91, 100)], [(100, 100)], {"near_miss": (1, 1), "background": (1, 0)},
    ),
    # The most pairs: the prediction between two labels leaves the nearer one to its rival.
    "near misses are as many as possible": (
        [(109, 100), (91, 100)], [(100, 100), (120, 100)], {"near_miss": (2, 2)},
    ),
    "crowded": ([(100, 100)], [(100, 100), (111, 100)], {"crowded": (0, 1)}),
    "crowded: both missed": ([], [(100, 100), (112, 100)], {"crowded": (0, 2)}),
    "not crowded": ([], [(100, 100), (112.5, 100)], {"missed": (0, 2)}),
    "twice the same label": ([], [(100, 100), (100, 100)], {"crowded": (0, 2)}),
    "border": (
        [(6, 100), (100, 193), (299, 50)], [(150, 0), (293, 100)], {"border": (3, 2)},
    ),
    "outside the frame": ([(-20, 100)], [(150, 230)], {"border": (1, 1)}),
    "not border": ([(6.5, 100), (100, 192.5)], [], {"background": (2, 0)}),
    "background and missed": (
        [(100, 100)], [(150, 150)], {"background": (1, 0), "missed": (0, 1)},
    ),
    # Priority: a duplicate at the border, which is also a near miss of another label.
    "duplicate comes first": (
        [(2, 100), (4, 100)], [(2, 100), (4, 109)], {"duplicate": (1, 0), "crowded": (0, 1)},
    ),
    # Amid the first two labels, but within r of the third, which has its prediction.
    "duplicate comes before merged": (
        [(105, 109), (105, 104)],
        [(100, 100), (110, 100), (105, 109)],
        {"duplicate": (1, 0), "crowded": (0, 2)},
    ),
    "near miss comes before border": ([(2, 100)], [(2, 108)], {"near_miss": (1, 1)}),
    "crowded comes before border": ([], [(2, 100), (2, 110)], {"crowded": (0, 2)}),
    "perfect": ([(100, 100)], [(101, 100)], {}),
    "empty": ([], [], {}),
}  # fmt: skip


@pytest.mark.parametrize("name", GOLDEN)
def test_golden(name):
    predictions, labels, expected = GOLDEN[name]
    assert sizes_of(classify(predictions, labels)) == expected


def test_the_loser_of_nearest_is_left_apart():
    """(0, 0) loses (2.5, 0) to a nearer rival and gets no second choice, though (-3, 0) is free."""
    case = [(100, 100), (104, 100)], [(102.5, 100), (97, 100)]
    assert sizes_of(classify(*case, rule="nearest")) == {"left_apart": (1, 1)}
    assert sizes_of(classify(*case, rule="hungarian")) == {}


@pytest.mark.parametrize(
    ("predictions", "labels", "inclusive", "strict"),
    [
        ([(106, 100)], [(100, 100)], {}, {"near_miss": (1, 1)}),
        ([(112, 100)], [(100, 100)], {"near_miss": (1, 1)},
         {"background": (1, 0), "missed": (0, 1)}),
        # 6 px beside the middle of two labels.
        ([(105, 106)], [(100, 100), (110, 100)], {"merged": (1, 2)},
         {"near_miss": (1, 1), "crowded": (0, 1)}),
        # Amid labels that are 12 px apart.
        ([(106, 103)], [(100, 100), (112, 100)], {"merged": (1, 2)},
         {"near_miss": (1, 1), "missed": (0, 1)}),
        ([(100, 100), (100, 106)], [(100, 100)], {"duplicate": (1, 0)}, {"background": (1, 0)}),
        ([(100, 100)], [(100, 100), (106, 100)], {"merged": (0, 1)}, {"crowded": (0, 1)}),
        ([], [(100, 100), (112, 100)], {"crowded": (0, 2)}, {"missed": (0, 2)}),
        ([(6, 100)], [], {"border": (1, 0)}, {"background": (1, 0)}),
    ],
)  # fmt: skip
def test_the_boundary_is_that_of_the_score(predictions, labels, inclusive, strict):
    assert sizes_of(classify(predictions, labels)) == inclusive
    assert sizes_of(classify(predictions, labels, inclusive=False)) == strict


def test_classes_of_single_points():
    names = list(CLASSES)
    found = classify([(103, 100), (200, 100), (100, 100)], [(50, 50), (100, 100)])
    assert [names[c] if c >= 0 else c for c in found.prediction_class] == [
        "duplicate", "background", -2,
    ]  # fmt: skip
    assert [names[c] if c >= 0 else c for c in found.label_class] == ["missed", -2]


def test_what_a_class_costs():
    """2 TP, 3 FP, 3 FN: one duplicate, one near miss, one background, one merged, one missed."""
    predictions = [(100, 100), (101, 100), (205, 100), (50, 150), (250, 50)]
    labels = [(100, 100), (200, 100), (210, 100), (50, 158), (150, 20)]
    found = classify(predictions, labels)
    assert found.f1 == 4 / 10
    after = {c.name: c.f1 for c in found.classes if c.fp or c.fn}
    assert after == {
        "duplicate": 4 / 9,
        "merged": 6 / 11,
        "near_miss": 6 / 10,
        "background": 4 / 9,
        "missed": 6 / 11,
    }
    assert all(c.cost == c.f1 - found.f1 for c in found.classes)
    assert (found.all_fp.fp, found.all_fp.f1) == (3, 4 / 7)
    assert (found.all_fn.fn, found.all_fn.f1) == (3, 10 / 13)


def test_a_repair_that_leaves_nothing_has_no_cost():
    found = classify([(100, 100)], [])
    assert found.f1 == 0
    assert np.isnan(found.all_fp.f1)
    assert found.to_json()["all_fp"] == {
        "name": "all_fp", "fp": 1, "fn": 0, "f1": None, "cost": None,
    }  # fmt: skip


# The definitions, written as a loop over points ---------------------------------------------------


def by_definition(predictions, labels, rule, inclusive, size):
    """Class of every prediction and every label of one frame; None for matched ones."""

    def near(a, b, reach):
        d = np.hypot(a[0] - b[0], a[1] - b[1])
        return d <= reach if inclusive else d < reach

    pairs = match(predictions, labels, R, rule, inclusive).pairs
    tp, hit = {int(i) for i, _ in pairs}, {int(j) for _, j in pairs}
    fp = {i: None for i in range(len(predictions)) if i not in tp}
    fn = {j: None for j in range(len(labels)) if j not in hit}

    def free(classes):
        return [k for k, name in classes.items() if name is None]

    def pair_up(reach, name):
        i, j = free(fp), free(fn)
        found = match([predictions[k] for k in i], [labels[k] for k in j], reach, "hungarian",
                      inclusive)  # fmt: skip
        for a, b in found.pairs:
            fp[i[a]] = fn[j[b]] = name

    pair_up(R, "left_apart")
    for i in free(fp):
        if any(near(predictions[i], labels[j], R) for j in hit):
            fp[i] = "duplicate"
    for j in free(fn):
        if any(near(predictions[i], labels[j], R) for i in tp):
            fn[j] = "merged"
    triples = []
    for i, a, b in itertools.product(free(fp), free(fn), free(fn)):
        if (labels[a], a) < (labels[b], b) and near(labels[a], labels[b], 2 * R):
            middle = [u / 2 + v / 2 for u, v in zip(labels[a], labels[b], strict=True)]
            if near(predictions[i], middle, R):
                d = np.hypot(predictions[i][0] - middle[0], predictions[i][1] - middle[1])
                triples.append((d, predictions[i], labels[a], labels[b], i, a, b))
    for *_, i, a, b in sorted(triples):
        if fp[i] is fn[a] is fn[b] is None:
            fp[i] = fn[a] = fn[b] = "merged"
    pair_up(2 * R, "near_miss")
    for j in free(fn):
        if any(near(labels[j], labels[k], 2 * R) for k in range(len(labels)) if k != j):
            fn[j] = "crowded"
    for classes, where, rest in ((fp, predictions, "background"), (fn, labels, "missed")):
        for k in free(classes):
            x, y = where[k]
            edge = min(x, y, size[0] - 1 - x, size[1] - 1 - y)
            classes[k] = "border" if (edge <= R if inclusive else edge < R) else rest
    return fp, fn


coarse = st.tuples(st.integers(0, 59), st.integers(0, 39))
tight = st.tuples(st.integers(15, 32), st.integers(10, 24))
some = st.lists(coarse, max_size=6) | st.lists(tight, max_size=8)
worlds = st.lists(st.tuples(some, some), min_size=1, max_size=3)
rules = st.sampled_from(["hungarian", "official", "nearest", "ungated"])
SMALL = (60, 40)


@given(worlds, rules, st.booleans())
@settings(max_examples=150, deadline=None)
def test_against_the_definitions(pairs, rule, inclusive):
    found = classify([p for p, _ in pairs], [q for _, q in pairs], rule, inclusive, SMALL)
    names, expected = [*CLASSES, None, None], Counter()  # -1 and -2 are the last two
    for f, pair in enumerate(pairs):
        for side, classes in enumerate(by_definition(*pair, rule, inclusive, SMALL)):
            expected.update((f, side, point, classes.get(k)) for k, point in enumerate(pair[side]))
    shown = Counter()
    for side, numbers in enumerate((found.prediction_class, found.label_class)):
        points = [(f, side, point) for f, pair in enumerate(pairs) for point in pair[side]]
        shown.update((*at, names[n]) for at, n in zip(points, numbers, strict=True))
    assert shown == expected
    for entry in found.classes:
        sizes = [sum(n for key, n in expected.items() if key[1] == side and key[3] == entry.name)
                 for side in (0, 1)]  # fmt: skip
        assert [entry.fp, entry.fn] == sizes


def test_the_closest_to_the_middle_is_the_merged_one():
    found = classify([(104, 105), (105, 96)], [(100, 100), (110, 100)])
    assert [list(CLASSES)[c] for c in found.prediction_class] == ["background", "merged"]
    assert sizes_of(found) == {"merged": (1, 2), "background": (1, 0)}


@given(worlds, rules, st.booleans())
@settings(max_examples=80, deadline=None)
def test_classes_partition_the_errors_and_repairing_all_is_perfect(pairs, rule, inclusive):
    p, q = (PointBatch.from_frames([pair[side] for pair in pairs]) for side in (0, 1))
    matches = match_frames(p, q, R, rule, inclusive)
    found = taxonomy(p, q, np.tile(SMALL, (len(p), 1)), matches, R, inclusive)
    tp = len(matches.prediction)
    fp, fn = int(matches.fp.sum()), int(matches.fn.sum())
    matched = tp
    assert (sum(c.fp for c in found.classes), sum(c.fn for c in found.classes)) == (fp, fn)
    for classes, used in ((found.prediction_class, matches.prediction),
                          (found.label_class, matches.label)):  # fmt: skip
        assert sorted(np.flatnonzero(classes == -2)) == sorted(used)
        assert ((classes >= 0) | (classes == -2)).all()
    if len(q.points):  # repair every class, one after the other
        for entry in found.classes:
            tp, fp, fn = tp + entry.fn, fp - entry.fp, fn - entry.fn
        assert f1(Counts(tp, fp, fn)) == 1
    by_name = {c.name: c for c in found.classes}
    assert by_name["near_miss"].fp == by_name["near_miss"].fn
    assert by_name["left_apart"].fp == by_name["left_apart"].fn
    assert by_name["background"].fn == by_name["missed"].fp == 0
    assert by_name["duplicate"].fn == by_name["crowded"].fp == 0
    if rule in ("hungarian", "official"):
        assert by_name["left_apart"].fp == 0
    for entry in (*found.classes, found.all_fp, found.all_fn):
        assert np.isnan(entry.cost) or entry.cost >= 0
        assert np.isnan(entry.cost) or (entry.cost > 0) == (entry.fp + entry.fn > 0) or not matched


@given(worlds)
@settings(max_examples=60, deadline=None)
def test_frames_do_not_touch_each_other(pairs):
    whole = classify([p for p, _ in pairs], [q for _, q in pairs], size=SMALL)
    parts = [classify([p], [q], size=SMALL) for p, q in pairs]
    for side in ("prediction_class", "label_class"):
        single = np.concatenate([getattr(part, side) for part in parts])
        assert getattr(whole, side).tolist() == single.tolist()
