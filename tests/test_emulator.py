"""The emulated programs: their published quirks, and where they agree with our rules."""

from __future__ import annotations

import json
import math
from itertools import count, pairwise

import pytest
from frame_files import put_points
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from adaptor_bench.audit.audit import audit
from adaptor_bench.audit.emulator import (
    cardio_counts,
    emulate_cardio,
    emulate_official,
    script_counts,
)
from adaptor_bench.audit.reconcile import reconcile_official
from adaptor_bench.matching.batch import PointBatch
from adaptor_bench.matching.match import match
from adaptor_bench.matching.settings import MatchSettings
from adaptor_bench.scoring.metrics import Counts, f1
from adaptor_bench.scoring.reading import read_batches
from adaptor_bench.scoring.score import score

pytestmark = pytest.mark.quick

ZERO = "ZeroDivisionError: division by zero"
FOUR = [(10, 10), (50, 50), (90, 90), (130, 130)]


def put(root, points, stem="000000", folder="aicm1", subfolder="V", inner="point_labels"):
    return put_points(root, f"{folder}/{subfolder}/{stem}", points, inner=inner)


@pytest.fixture
def folders(tmp_path):
    """Predictions and labels: two hits of four points, and a frame with three labels and no
    prediction file."""
    predictions, labels = tmp_path / "predictions", tmp_path / "labels"
    put(predictions, FOUR[:2])
    put(labels, FOUR)
    put(labels, FOUR[:3], "000001")
    return predictions, labels


# --- the challenge's script, whole ------------------------------------------------------------


def test_arguments_are_bound_the_wrong_way_round(tmp_path):
    """True precision 0.5 and sensitivity 1 are printed as 1 and 0.5."""
    put(tmp_path / "p", FOUR)
    put(tmp_path / "l", FOUR[:2])
    run = emulate_official(tmp_path / "p", tmp_path / "l")
    assert (run.printed["precision"], run.printed["sensitivity"]) == (1.0, 0.5)
    assert run.counts == Counts(2, 0, 2)
    true = score(tmp_path / "p", tmp_path / "l").counts
    assert true == Counts(2, 2, 0)
    assert run.printed["f1"] == pytest.approx(f1(true))


def test_a_missing_file_costs_nothing(folders):
    """Two hits of four labels, and a missing file: true precision 1, sensitivity 2/7."""
    predictions, labels = folders
    assert score(predictions, labels).counts == Counts(2, 0, 5)
    documented = emulate_official(predictions, labels)
    assert (documented.printed["sensitivity"], documented.printed["precision"]) == (1.0, 0.5)
    assert documented.files == 2
    assert documented.skipped == ("aicm1/V/point_labels/000001.json",)
    exchanged = emulate_official(labels, predictions)
    assert (exchanged.printed["sensitivity"], exchanged.printed["precision"]) == (0.5, 1.0)
    assert (exchanged.files, exchanged.skipped) == (1, ())
    assert documented.printed["f1"] == exchanged.printed["f1"]


def test_predictions_without_labels_are_skipped_in_one_order_only(folders):
    predictions, labels = folders
    put(predictions, FOUR, "000009")
    documented = emulate_official(predictions, labels)
    assert (documented.files, documented.evaluated) == (2, 1)
    exchanged = emulate_official(labels, predictions)
    assert (exchanged.files, exchanged.evaluated) == (2, 1)
    assert exchanged.skipped == ("aicm1/V/point_labels/000009.json",)


def test_division_by_zero_is_reported_not_raised(tmp_path):
    put(tmp_path / "l", FOUR)
    (tmp_path / "p").mkdir()
    nothing = emulate_official(tmp_path / "p", tmp_path / "l")
    assert (nothing.crash, nothing.files, nothing.evaluated) == (ZERO, 1, 0)
    assert math.isnan(nothing.printed["precision"])
    assert math.isnan(nothing.printed["f1"])
    put(tmp_path / "p", [])
    assert emulate_official(tmp_path / "p", tmp_path / "l").crash == ZERO
    put(tmp_path / "p", [(300, 200)])
    missed = emulate_official(tmp_path / "p", tmp_path / "l")
    assert (missed.crash, missed.counts) == (ZERO, Counts(0, 4, 1))


@pytest.mark.parametrize(
    ("text", "crash"),
    [
        ("{", "JSONDecodeError"),
        ("\ufeff{}", "JSONDecodeError"),
        ("{}", "KeyError: 'points'"),
        ("[]", "TypeError"),
        ('{"points": [{"x": 1}]}', "KeyError: 'y'"),
        ('{"points": [{"x": "1", "y": 2}]}', "TypeError"),
        ('{"points": [{"x": 1e200, "y": 2}]}', "OverflowError"),
    ],
)
def test_a_bad_file_ends_the_script(folders, text, crash):
    predictions, labels = folders
    (predictions / "aicm1/V/point_labels/000000.json").write_text(text, "utf-8")
    run = emulate_official(predictions, labels)
    assert run.crash.startswith(crash)
    assert "000000.json" in run.crash


def test_what_the_script_does_not_look_at(folders):
    """Names inside the files, NaN coordinates, and a missing x when there is nothing to compare."""
    predictions, labels = folders
    path = predictions / "aicm1/V/point_labels/000000.json"
    document = {"folderName": "other", "points": [{"x": float("nan"), "y": 1}]}
    document["points"] += [{"x": x, "y": y} for x, y in FOUR[:2]]
    path.write_text(json.dumps(document))
    assert emulate_official(predictions, labels).counts == Counts(2, 2, 1)
    put(labels, [], "000002")
    (predictions / "aicm1/V/point_labels/000002.json").write_text('{"points": [{}]}')
    assert emulate_official(predictions, labels).counts == Counts(2, 2, 2)


def test_files_are_found_by_the_last_four_parts_of_the_path(folders, tmp_path):
    predictions, labels = folders
    expected = emulate_official(predictions, labels)
    nested = tmp_path / "submission" / "deep"
    nested.mkdir(parents=True)
    predictions.rename(nested / "team")
    assert emulate_official(tmp_path / "submission", labels).counts == expected.counts
    # Without the folder point_labels the fourth part is the name of the root, which differs.
    flat = tmp_path / "flat"
    put(flat, FOUR[:2], inner=".")
    assert score(flat, labels).counts == Counts(2, 0, 5)
    run = emulate_official(flat, labels)
    assert (run.files, run.evaluated, run.crash) == (2, 0, ZERO)


def test_of_two_counterparts_the_first_on_the_way_down_counts(folders, tmp_path):
    predictions, labels = folders
    put(predictions / "a", FOUR[:1])
    assert emulate_official(predictions, labels).counts == Counts(2, 2, 0)
    (tmp_path / "both").mkdir()
    (predictions / "a").rename(tmp_path / "both" / "a")
    predictions.rename(tmp_path / "both" / "z")
    assert emulate_official(tmp_path / "both", labels).counts == Counts(1, 3, 0)


# --- its matching -----------------------------------------------------------------------------


def test_ties_depend_on_the_order():
    """Cases I and I' of the published comparison; our rule gives 2, 0, 0 for both."""
    labels = [(0, 0), (8, 0)]
    assert script_counts([(-3, 0), (3, 0)], labels) == Counts(1, 1, 1)
    assert script_counts([(3, 0), (-3, 0)], labels) == Counts(2, 0, 0)


coordinate = st.floats(0, 30)
points = st.lists(st.tuples(coordinate, coordinate), max_size=7)


def no_ties(predictions, labels):
    """No two distances, nor a distance and the radius, so close that rounding decides."""
    distances = sorted([*(math.dist(p, q) for p in predictions for q in labels), 6.0])
    return all(b - a > 1e-9 for a, b in pairwise(distances))


@given(points, points)
@settings(max_examples=300, deadline=None)
def test_without_ties_the_script_and_our_rule_agree(predictions, labels):
    assume(no_ties(predictions, labels))
    ours = match(predictions, labels, rule="official")
    assert script_counts(predictions, labels) == Counts(ours.tp, ours.fp, ours.fn)
    assert script_counts(labels, predictions) == Counts(ours.tp, ours.fn, ours.fp)
    strict = match(predictions, labels, rule="nearest")
    assert cardio_counts(predictions, labels) == Counts(strict.tp, strict.fp, strict.fn)


grid = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=7)


@given(grid, grid)
@settings(max_examples=200, deadline=None)
def test_with_ties_the_script_is_one_of_the_greedy_rules(predictions, labels):
    """Any closest-first matching is maximal, so it has at least half of the most pairs."""
    most = match(predictions, labels).tp
    assert most / 2 <= script_counts(predictions, labels).tp <= most


frames = st.lists(st.tuples(points, points), min_size=1, max_size=4)
numbers = count()


@given(frames)
@settings(max_examples=40, deadline=None)
def test_without_missing_files_and_ties_only_the_names_are_wrong(tmp_path_factory, frames):
    rounded = [[[(round(x, 3), round(y, 3)) for x, y in side] for side in f] for f in frames]
    assume(all(no_ties(p, q) for p, q in rounded))
    root = tmp_path_factory.mktemp(f"fuzz{next(numbers)}")
    for n, (predictions, labels) in enumerate(rounded):
        put(root / "p", predictions, f"{n:06d}")
        put(root / "l", labels, f"{n:06d}")
    true = score(root / "p", root / "l", MatchSettings("official")).counts
    documented, exchanged = (emulate_official(root / a, root / b) for a, b in ("pl", "lp"))
    assert documented.counts == Counts(true.tp, true.fn, true.fp)
    assert exchanged.counts == true
    assert documented.files == exchanged.files == documented.evaluated == len(frames)
    if true.tp:
        assert documented.printed["f1"] == pytest.approx(f1(true))
        assert documented.printed["f1"] == pytest.approx(exchanged.printed["f1"])
        assert documented.printed["precision"] == exchanged.printed["sensitivity"]
        assert documented.printed["sensitivity"] == exchanged.printed["precision"]
    else:
        assert documented.crash == exchanged.crash == ZERO


# --- Cardio-AI's routine ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("predictions", "labels", "counts"),
    [
        ([(1, 1)] * 3, [(0, 0)], (0, 3, 1)),  # J: all three strike one another off
        ([(1, 1)] * 2, [(0, 0)], (1, 1, 0)),
        ([*[(1, 0)] * 3, (0, 1)], [(0, 0)], (1, 3, 0)),  # of two equally far the earlier one goes,
        ([(0, 1), *[(1, 0)] * 3], [(0, 0)], (0, 4, 1)),  # so here all four
        ([(0, 0)], [(6, 0)], (0, 1, 1)),  # strictly closer than the radius
        ([(0, 0), (4, 0)], [(2.5, 0), (-3, 0)], (1, 1, 1)),  # B: no second choice
        ([(0, 0)], [(1, 0), (1, 0)], (1, 0, 0)),  # one pair is enough for both labels
        ([], [(1, 0)], (0, 0, 1)),
        ([(1, 0)], [], (0, 1, 0)),
    ],
)
def test_cardio(predictions, labels, counts):
    assert cardio_counts(predictions, labels) == Counts(*counts)


def test_cardio_over_frames():
    predictions = PointBatch.from_frames([[(1, 1)] * 3, [(0, 0)], []])
    labels = PointBatch.from_frames([[(0, 0)], [(3, 4)], [(9, 9)]])
    assert emulate_cardio(predictions, labels, 6.0) == Counts(1, 3, 2)
    assert emulate_cardio(predictions, labels, 5.0) == Counts(0, 4, 3)


# --- beside the correct numbers ---------------------------------------------------------------


def reconciled(predictions, labels, radius=6.0):
    batches = read_batches(predictions, labels, MatchSettings(radius=radius))
    runs, steps = reconcile_official(batches, audit(batches, radius), predictions, labels)
    assert runs[0] == emulate_official(predictions, labels)
    return steps


def test_every_step_is_explained(folders):
    """A chain (-1 TP by the rule), a missing frame, a tie (-1 TP by file order), the exchange."""
    predictions, labels = folders
    put(predictions, [(-5, 0), (2, 0)], "000003")
    put(labels, [(0, 0), (7, 0)], "000003")
    # In the documented order its predictions are the labels, so a tie is between L1-P1, L1-P2.
    put(predictions, [(-3, 0), (3, 0)], "000004")
    put(labels, [(0, 0), (8, 0)], "000004")
    steps = reconciled(predictions, labels)
    assert [(s.name, s.counts) for s in steps] == [
        ("correct: hungarian", Counts(6, 0, 5)),
        ("rule official", Counts(5, 1, 6)),
        ("missing left out", Counts(5, 1, 3)),
        ("the script's counts", Counts(4, 2, 4)),
        ("printed", Counts(4, 2, 4)),
    ]
    assert "-1 TP, +1 FP, +1 FN" in steps[1].why
    assert "1 labelled frame without a prediction file left out: -3 FN" in steps[2].why
    assert "equally close" in steps[3].why
    ratios = [(s.printed["precision"], s.printed["sensitivity"]) for s in steps[3:]]
    assert ratios == [(4 / 6, 4 / 8), (4 / 8, 4 / 6)]


def test_another_radius_is_a_step_of_its_own(folders):
    assert "radius 6 is built in" in reconciled(*folders, radius=1.0)[1].why
    assert "radius" not in reconciled(*folders)[1].why


def test_files_the_script_does_not_find(folders, tmp_path):
    predictions, labels = folders
    put(predictions, FOUR, "000005", inner=".")
    put(labels, FOUR, "000005")
    steps = reconciled(predictions, labels)
    assert "it finds 1 of 2 frames" in steps[3].why
    assert steps[3].counts == Counts(2, 0, 2)


def test_a_crash_is_the_last_step(folders, tmp_path):
    (tmp_path / "empty").mkdir()
    last = reconciled(tmp_path / "empty", folders[1])[-1]
    assert last.name == "printed"
    assert math.isnan(last.printed["f1"])
    assert ZERO in last.why
