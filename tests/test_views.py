"""Labels and predictions as layers of napari and samples of FiftyOne.

Neither is installed where the tests usually run: stand-ins keep what they are given. Where they
are, napari's own model and FiftyOne's own samples take it.
"""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from finished_runs import put_predicted
from frame_files import write_frame

import adaptor_bench as ab
from adaptor_bench.api import views

LABELS = {"a/000": [(10, 20), (40, 50)], "b/000": [(5, 5)], "c/000": []}
FOUND = {"a/v/000": [(11, 20), (90, 90)], "b/v/000": []}


@pytest.fixture
def data(tmp_path):
    for key, points in LABELS.items():
        write_frame(
            tmp_path / "data",
            *key.split("/"),
            points,
            video="v",
            size=(100, 60 if "b" in key else 80),
        )
    return ab.load_dataset(tmp_path / "data")


@pytest.fixture
def stand_ins(monkeypatch):
    """What of dask and FiftyOne is used; pixels are read at once."""
    array = ModuleType("dask.array")
    array.from_delayed = lambda made, shape, dtype: made.reshape(shape).astype(dtype)
    array.stack = np.stack
    dask = ModuleType("dask")
    dask.array, dask.delayed = array, lambda function: function
    fiftyone = ModuleType("fiftyone")
    for name in ("Keypoint", "Keypoints", "ImageMetadata", "Sample"):
        setattr(fiftyone, name, lambda **fields: SimpleNamespace(**fields))
    for name, module in (("dask", dask), ("dask.array", array), ("fiftyone", fiftyone)):
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setattr(views, "require", lambda extra, what: None)


def test_napari_is_given_a_stack_of_the_frames_that_are_predicted(data, stand_ins):
    frames, labels, mine, none = ab.napari_layers(data, {"mine": FOUND, "none": {"b/v/000": []}})
    assert frames[0].shape == (2, 80, 100, 3) and frames[2] == "image"
    assert not frames[0][1, 60:].any() and frames[0][1, :60].any()  # padded below
    assert labels[0].tolist() == [[0, 20, 10], [0, 50, 40], [1, 5, 5]]  # frame, y, x
    assert mine[0].tolist() == [[0, 20, 11], [0, 90, 90], [0, 50, 40], [1, 5, 5]]
    assert mine[1]["features"] == {
        "frame": ["a/v/000"] * 3 + ["b/v/000"],
        "outcome": ["found", "false", "missed", "missed"],
    }
    assert mine[1]["visible"] and not none[1]["visible"]
    assert none[1]["features"]["outcome"] == ["missed"]


def test_the_radius_decides_what_is_found(data, stand_ins):
    layer = ab.napari_layers(data, {"mine": FOUND}, radius=0.5)[2]
    assert "found" not in layer[1]["features"]["outcome"]
    assert len(ab.napari_layers(data)[0][0]) == 3  # without predictions: every frame
    with pytest.raises(ab.BenchError, match="no frame of it has a prediction"):
        ab.napari_layers(data, {"mine": {"z/v/000": [(1, 1)]}})


def test_fiftyone_is_given_fractions_of_the_picture_and_counts(data, stand_ins):
    first, second = ab.fiftyone_samples(data, {"mine/no_x": FOUND, "labels": {"a/v/000": []}})
    keypoints = [(k.label, k.points) for k in first.mine_no_x.keypoints]
    assert keypoints[0] == ("found", [(11.5 / 100, 20.5 / 80)])
    assert [label for label, _ in keypoints] == ["found", "false", "missed"]
    assert (first.mine_no_x_false, first.mine_no_x_missed, first.labels_2_missed) == (1, 1, 2)
    assert [k.label for k in first.labels.keypoints] == ["label"] * 2
    assert first.filepath.endswith("000.png") and first.surgery == "a"
    assert not hasattr(second, "labels_2_missed")  # no prediction of it there
    assert (second.metadata.width, second.metadata.height) == (100, 60)


def test_runs_are_gathered_by_method_and_archives_by_name(data, tmp_path):
    from adaptor_bench.cli.view import _sources

    for number, surgery in enumerate(LABELS, start=1):
        put_predicted(tmp_path / "runs", "mine", number, data.root, lambda frame: [(1, 2)],
                      folds=[1, 2, 3], validation=[surgery[0]], train=["a", "b", "c"])  # fmt: skip
    found = _sources([tmp_path / "runs", tmp_path / "sent.zip"], None, None)
    assert sorted(found["mine"]) == ["a/v/000", "b/v/000", "c/v/000"]
    assert found["sent"] == tmp_path / "sent.zip"


@pytest.mark.filterwarnings("ignore")  # of napari's own libraries
def test_napari_takes_the_layers(data):
    pytest.importorskip("napari", reason="napari is not installed")
    from napari.components import ViewerModel
    from napari.layers import Layer

    viewer = ViewerModel()
    for layer in ab.napari_layers(data, {"mine": FOUND, "none": {"b/v/000": []}}):
        viewer.add_layer(Layer.create(*layer))
    assert [layer.name for layer in viewer.layers] == ["frames", "labels", "mine", "none"]
    assert np.asarray(viewer.layers[0].data[0]).shape == (80, 100, 3)


@pytest.mark.filterwarnings("ignore")
def test_fiftyone_takes_the_samples(data):
    pytest.importorskip("fiftyone", reason="fiftyone is not installed")
    first, _ = ab.fiftyone_samples(data, {"mine": FOUND})
    assert first["mine"].keypoints[0].label == "found" and first["mine_missed"] == 1
