"""Scoring: metrics of counts, lookup by frame, missing policies, the score file."""

from __future__ import annotations

import json
import math

import pytest
from frame_files import put_points

from adaptor_bench.data.frames import index_dataset
from adaptor_bench.data.layout import natural_order
from adaptor_bench.data.pointfiles import find_point_files
from adaptor_bench.errors import InputError, UsageError
from adaptor_bench.matching.settings import MatchSettings
from adaptor_bench.scoring.metrics import METRICS, Counts, f1, precision, sensitivity
from adaptor_bench.scoring.score import score
from adaptor_bench.scoring.scorefile import FoldScore, FrameScore

pytestmark = pytest.mark.quick

GRID = [(20.0 * i, 30.0) for i in range(1, 5)]


def put(root, key, points, *, labels=False, nested=True):
    """One point file at the place of frame ``key``."""
    size = (512, 288) if labels else None
    put_points(root, key, points, inner="point_labels" if nested else "", size=size)


@pytest.fixture
def folders(tmp_path):
    """Two surgeries of two frames with four labels each; 3 + 4 + 2 + 0 right predictions."""
    labels, predictions = tmp_path / "labels", tmp_path / "predictions"
    for surgery, found in (("aicm2", (3, 4)), ("aicm10", (2, 0))):
        for i, n in enumerate(found):
            put(labels, f"{surgery}/VID/{i:06d}", GRID, labels=True)
            put(predictions, f"{surgery}/VID/{i:06d}", GRID[:n])
    return predictions, labels


# -- metrics ---------------------------------------------------------------------------------------


def test_metrics_follow_the_equations():
    counts = Counts(tp=6, fp=2, fn=4)
    assert precision(counts) == 6 / 8
    assert sensitivity(counts) == 6 / 10
    p, s = precision(counts), sensitivity(counts)
    assert f1(counts) == pytest.approx(2 * p * s / (p + s), abs=1e-15)
    assert Counts(1, 2, 3) + Counts(10, 20, 30) == Counts(11, 22, 33)


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        (Counts(0, 0, 0), (math.nan, math.nan, math.nan)),
        (Counts(0, 3, 0), (0.0, math.nan, 0.0)),
        (Counts(0, 0, 3), (math.nan, 0.0, 0.0)),
        (Counts(0, 2, 3), (0.0, 0.0, 0.0)),
        (Counts(5, 0, 0), (1.0, 1.0, 1.0)),
    ],
)
def test_nothing_divided_by_nothing_is_nan(counts, expected):
    found = [metric(counts) for metric in METRICS.values()]
    assert found == pytest.approx(expected, nan_ok=True)


# -- lookup ----------------------------------------------------------------------------------------


def test_counts_are_pooled(folders):
    result = score(*folders)
    assert result.counts == Counts(9, 0, 7)
    assert result.surgeries() == {"aicm2": Counts(7, 0, 1), "aicm10": Counts(2, 0, 6)}
    assert [frame.key for frame in result.frames] == [
        "aicm2/VID/000000",
        "aicm2/VID/000001",
        "aicm10/VID/000000",
        "aicm10/VID/000001",
    ]


@pytest.mark.parametrize("nested", [True, False])
@pytest.mark.parametrize("prediction_level", ["", "sim/"])
@pytest.mark.parametrize("label_level", ["", "sim/"])
def test_layouts(tmp_path, nested, prediction_level, label_level):
    key = "aicm1/VID000_0/sim_000000"
    put(tmp_path / "p", prediction_level + key, GRID, nested=nested)
    put(tmp_path / "l", label_level + key, GRID, labels=True)
    result = score(tmp_path / "p", tmp_path / "l")
    assert (result.counts, result.unknown) == (Counts(4, 0, 0), ())
    assert result.frames[0].key == key


def test_frames_of_a_dataset(folders):
    predictions, labels = folders
    dataset = index_dataset(labels)
    frames = [f for f in dataset.domain("sim") if f.surgery == "aicm2"]
    result = score(predictions, frames)
    assert result.counts == Counts(7, 0, 1)
    assert len(result.unknown) == 2  # the other surgery's


def test_unknown_and_misplaced_predictions_are_listed_not_scored(folders):
    predictions, labels = folders
    put(predictions, "aicm2/VID/777777", GRID)
    (predictions / "stray.json").write_text("not even JSON")
    (predictions / ".hidden.json").write_text("nor this")
    result = score(predictions, labels)
    assert result.counts == Counts(9, 0, 7)
    assert result.unknown == ("aicm2/VID/point_labels/777777.json", "stray.json")


def test_missing_policies(folders):
    predictions, labels = folders
    (predictions / "aicm10/VID/point_labels/000000.json").unlink()
    empty = score(predictions, labels, MatchSettings(missing="empty"))
    assert (empty.counts, len(empty.scored)) == (Counts(7, 0, 9), 4)
    skip = score(predictions, labels, MatchSettings(missing="skip"))
    assert (skip.counts, len(skip.scored)) == (Counts(7, 0, 5), 3)
    assert empty.missing == skip.missing == ("aicm10/VID/000000",)
    with pytest.raises(InputError, match=r"1 of 4 labelled frames.*\n.*aicm10/VID/000000"):
        score(predictions, labels, MatchSettings(missing="error"))


def test_an_empty_prediction_folder_misses_everything(folders, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    assert score(empty, folders[1]).counts == Counts(0, 0, 16)


def test_all_unreadable_files_are_reported_at_once(folders):
    predictions, labels = folders
    broken = [
        predictions / "aicm2/VID/point_labels/000000.json",
        predictions / "aicm10/VID/point_labels/000001.json",
        labels / "aicm10/VID/point_labels/000001.json",
    ]
    for path, text in zip(broken, ("{", '{"points": [{"x": NaN, "y": 1}]}', "[]"), strict=True):
        path.write_text(text)
    with pytest.raises(InputError, match="3 file") as caught:
        score(predictions, labels)
    assert all(str(path) in caught.value.message for path in broken)


def test_folders_that_cannot_be_scored(folders, tmp_path):
    predictions, labels = folders
    with pytest.raises(InputError, match="no such folder"):
        score(tmp_path / "nowhere", labels)
    with pytest.raises(InputError, match="no such folder"):
        score(predictions, tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no label files"):
        score(predictions, tmp_path / "empty")
    with pytest.raises(InputError, match="no labelled frames"):
        score(predictions, [])
    put(predictions, "sim/aicm2/VID/000000", GRID)
    with pytest.raises(InputError, match="several files for the same frame"):
        score(predictions, labels)


def test_natural_order_and_strange_names(tmp_path):
    assert natural_order(["a10/v/1", "a2/v/1", "b²/v/1", "a2/v/01"]) == [
        "a2/v/01",
        "a2/v/1",
        "a10/v/1",
        "b²/v/1",
    ]
    put(tmp_path, "sim/VID/000000", GRID)  # a surgery may be called as a domain is
    assert list(find_point_files(tmp_path).frames) == ["sim/VID/000000"]


# -- the score file --------------------------------------------------------------------------------


def test_round_trip(folders, tmp_path):
    predictions, labels = folders
    (predictions / "aicm2/VID/point_labels/000001.json").unlink()
    put(predictions, "aicm9/VID/000000", GRID)
    result = score(predictions, labels, MatchSettings("official", 5.5, False, "skip"))
    result.save(tmp_path / "score.json")
    assert FoldScore.load(tmp_path / "score.json") == result
    assert FoldScore.from_json(json.loads(json.dumps(result.to_json()))) == result


def test_only_counts_and_pairs_are_stored(folders, tmp_path):
    result = score(*folders)
    result.save(tmp_path / "score.json")
    document = json.loads((tmp_path / "score.json").read_text("utf-8"))
    assert set(document) == {"schema", "matching", "unknown", "frames"}
    assert set(document["frames"][0]) == {"frame", "predictions", "labels", "pairs"}


def test_distances_are_rounded():
    frame = FrameScore("a/b/c", 1, 1, ((0, 0, 1 / 3),))
    assert frame.to_json()["pairs"] == [[0, 0, 0.3333]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema": 2}, "schema 2"),
        ({"matching": {"rule": "hungarian"}}, "not a score file"),
        ({"matching": {"rule": "x", "radius": 6, "inclusive": True, "missing": "empty"}}, "x"),
        ({"frames": None}, "not a score file"),
        ({"frames": [{"frame": "a/b", "predictions": 0, "labels": 0, "pairs": []}]}, "a/b"),
        ({"frames": [{"frame": "a/b/c", "predictions": -1, "labels": 0, "pairs": []}]}, "-1"),
        (
            {"frames": [{"frame": "a/b/c", "predictions": 1, "labels": 0, "pairs": [[0, 0, 1]]}]},
            "a point",
        ),
        (
            {"frames": [{"frame": "a/b/c", "predictions": 2, "labels": 2, "pairs": [[0, 0, 9]]}]},
            "further apart",
        ),
        ({"frames": [{"frame": "a/b/c", "predictions": 1, "labels": 1, "pairs": []}] * 2}, "twice"),
    ],
)
def test_malformed_score_files(change, message):
    good = FoldScore(MatchSettings(), ()).to_json()
    with pytest.raises(InputError, match=message) as caught:
        FoldScore.from_json(good | change, "some/score.json")
    assert "some/score.json" in caught.value.message


def test_every_malformed_frame_is_named():
    good = {"frame": "a/b/c", "predictions": 0, "labels": 0, "pairs": []}
    document = FoldScore(MatchSettings(), ()).to_json()
    document["frames"] = [{}, good, {**good, "labels": True}]
    with pytest.raises(InputError) as caught:
        FoldScore.from_json(document)
    assert "/frames/0" in caught.value.message
    assert "/frames/2" in caught.value.message


def test_settings_take_the_rules_own_boundary():
    assert MatchSettings().inclusive is True
    assert MatchSettings("nearest").inclusive is False
    assert MatchSettings("nearest", inclusive=True).inclusive is True
    for wrong in ({"rule": "none"}, {"radius": 0}, {"missing": "ignore"}):
        with pytest.raises(UsageError):
            MatchSettings(**wrong)
