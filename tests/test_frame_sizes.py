"""Frames that are not 512x288: one unit, from the network's image to the footer of a table."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar

import cv2
import numpy as np
import pytest
import torch
from commands import invoke
from frame_files import write_frame
from hypothesis import assume, given
from hypothesis import strategies as st
from method_files import put_method, run_mine
from PIL import Image
from scipy.ndimage import label
from scipy.spatial import KDTree
from torch import nn

from adaptor_bench.data.images import scale_points
from adaptor_bench.data.sizes import (
    network_size,
    radius_note,
    reference_size,
    settings_note,
    shrinkage,
)
from adaptor_bench.matching.settings import MatchSettings
from adaptor_bench.method import Pixels
from adaptor_bench.stages.decoders.otsu import Otsu
from adaptor_bench.stages.decoders.threshold import Threshold
from adaptor_bench.stages.losses.dice import Dice
from adaptor_bench.stages.networks.small_unet import SmallUNet
from adaptor_bench.stages.registry import stage
from adaptor_bench.stages.targets.gaussian import Gaussian, draw_heatmap
from adaptor_bench.train.augment import crop_around
from adaptor_bench.train.detector import Detector
from adaptor_bench.train.fit import fit_network, inner_f1
from adaptor_bench.train.heatmaps import of_frame
from adaptor_bench.train.inference import predict_maps
from adaptor_bench.train.samples import Sample
from adaptor_bench.train.settings import Training


@pytest.fixture
def bench_run(tmp_path):
    """``bench run`` of a method that always says (110, 100), where every label is (100, 100)."""
    put_method(tmp_path / "mine", ("X = 100.0", "X = 110.0"))
    return partial(run_mine, tmp_path, size=(1024, 576))


def mean_f1(shown):
    return [row["f1"]["mean"] for row in json.loads(shown) if row["source"] == "measured"]


def test_a_run_is_scored_as_it_is_asked_for(bench_run, tmp_path):
    assert mean_f1(bench_run("--format", "json")[0]) == [0.0], "10 px off is more than 6 px"
    for options, expected, matching in (
        (["--radius", "12"], 100.0, ["hungarian", 12.0, True, "empty"]),
        (["--radius", "10", "--strict"], 0.0, ["hungarian", 10.0, False, "empty"]),
        (["--radius", "10", "--matching", "official", "--missing", "skip"], 100.0,
         ["official", 10.0, True, "skip"]),
    ):  # fmt: skip
        shown, _ = bench_run(*options, "--restart", "--format", "json")
        assert mean_f1(shown) == [expected]
        for record in (tmp_path / "runs").rglob("run.json"):
            document = json.loads(record.read_text())
            score = json.loads(record.with_name("score.json").read_text())
            assert list(document["matching"].values()) == matching
            assert document["matching"] == score["matching"]
            assert document["frame_sizes"] == {"1024x576": 1}


def test_folds_scored_otherwise_are_not_kept_as_if_they_were_the_same(bench_run):
    bench_run("--radius", "12")
    _, told = bench_run("--radius", "16", code=1)
    assert "radius 12.0, now 16.0" in told and "--restart" in told
    _, told = bench_run("--radius", "12", "--matching", "official", code=1)
    assert "rule 'hungarian', now 'official'" in told
    _, told = bench_run("--radius", "12")
    assert told.count("already finished, kept") == 3


def test_a_radius_that_is_none_is_wrong_usage(bench_run, tmp_path):
    for radius in ("0", "-1", "nan", "inf"):
        _, told = bench_run("--radius", radius, code=2)
        assert "radius" in told
    assert not (tmp_path / "runs").exists()


# --- sizes --------------------------------------------------------------------------------------

SIZES = [
    (512, 288), (1024, 576), (3840, 2160), (64, 36), (1024, 1024), (641, 481), (720, 576),
    (288, 512), (1080, 1920), (100, 75), (2560, 1080), (333, 111),
]  # fmt: skip
side = st.integers(16, 5000)


@given(side, side)
def test_the_reference_size_has_the_proportions_of_the_frame_and_the_pixels_of_512x288(w, h):
    assume(1 / 40 <= w / h <= 40)
    width, height = reference_size((w, h))
    scale = shrinkage((w, h))
    assert abs(width - scale * w) <= 0.5 and abs(height - scale * h) <= 0.5
    assert scale**2 * w * h == pytest.approx(512 * 288)
    assert reference_size((h, w)) == (height, width), "turning the frame turns its reference"


@given(st.integers(1, 400), st.tuples(side, side))
def test_frames_of_the_challenges_shape_are_treated_as_they_always_were(k, input_size):
    stored = (16 * k, 9 * k)
    assert reference_size(stored) == (512, 288)
    assert network_size(stored, input_size) == input_size


@given(side, side, st.floats(0, 1), st.floats(0, 1))
def test_points_go_to_the_reference_size_and_back(w, h, u, v):
    assume(1 / 40 <= w / h <= 40)
    point = np.array([[u * (w - 1), v * (h - 1)]])
    there = scale_points(point, (w, h), reference_size((w, h)))
    assert np.all(there >= -0.5) and np.all(there <= np.array(reference_size((w, h))) - 0.5)
    np.testing.assert_allclose(
        scale_points(there, reference_size((w, h)), (w, h)), point, atol=1e-8
    )


# --- from the network's image to points ---------------------------------------------------------


class Bright(nn.Module):
    """Finds what is bright; learns nothing."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1))

    def forward(self, image):
        return (image.mean(1, keepdim=True) - 0.5) * 40 * self.weight


@stage("network", "bright")
@dataclass(frozen=True)
class BrightNetwork:
    reduction: ClassVar[int] = 1
    stride: ClassVar[int] = 1

    def build(self, channels):
        return Bright()


DETECTOR = Detector(
    target=Gaussian(sigma=6.0, combine="max"), network=BrightNetwork(), loss=Dice(),
    decode=Otsu(cut=False), training=Training(batch=2, steps=1, selections=1),
)  # fmt: skip


def grid(size):
    """Points far enough apart to be told apart at the reference size."""
    across, down = (np.linspace(0.15, 0.85, 4 if n == max(size) else 3) * n for n in size)
    x, y = np.meshgrid(across, down)
    return np.column_stack([x.ravel(), y.ravel()]) + 0.3


def decoded(monkeypatch, size, input_size, decode=None):
    """Points of the frame, and what is decoded from the map that a perfect network would draw."""
    truth = grid(size)
    method = replace(DETECTOR, input_size=input_size, decode=decode or Otsu(cut=False))
    of_network = network_size(size, input_size)
    sigma = [6.0 * n / full for n, full in zip(input_size, (512, 288), strict=True)]
    heatmap = draw_heatmap(scale_points(truth, size, of_network), of_network, tuple(sigma), "max")
    monkeypatch.setattr(method, "_maps", lambda frames, device: iter([heatmap[None]]))
    image = np.zeros((of_network[1], of_network[0], 3), np.uint8)
    frame = Pixels("a/b/c", image, size)
    (found,) = method.predict_frames([frame], "cpu")
    (stages,) = method.decode_frames([frame], "cpu") if decode is None else [None]
    return truth, found.points, stages, heatmap


@pytest.mark.parametrize("size", SIZES, ids=lambda s: f"{s[0]}x{s[1]}")
@pytest.mark.parametrize("input_size", [(512, 288), (256, 144)], ids=["full", "half"])
def test_a_perfect_heatmap_gives_its_points_in_px_of_the_frame(monkeypatch, size, input_size):
    truth, found, stages, _ = decoded(monkeypatch, size, input_size)
    assert len(found) == len(truth)
    distance, _ = KDTree(truth).query(found)
    assert distance.max() * shrinkage(size) <= 0.5, "px at the reference size"
    assert stages.heatmap.shape == reference_size(size)[::-1]
    label_map, number = label(stages.steps[0].mask)
    rows, columns = (np.array([np.ptp(axis[label_map == i + 1]) for i in range(number)])
                     for axis in np.indices(stages.steps[0].mask.shape))  # fmt: skip
    assert np.abs(rows - columns).max() <= 2, "what is round in the frame is round when decoded"


def test_frames_of_512x288_are_decoded_bit_by_bit_as_before(monkeypatch):
    for input_size in ((512, 288), (256, 144), (128, 72)):
        _, found, _, heatmap = decoded(monkeypatch, (512, 288), input_size, Otsu())
        kept = np.round(heatmap * 65535).astype(np.uint16).astype(np.float32) / np.float32(65535)
        if input_size != (512, 288):
            kept = cv2.resize(kept, (512, 288), interpolation=cv2.INTER_LINEAR)
        expected = (Otsu().decode(kept[None], (512, 288)).points + 0.5) * 1.0 - 0.5
        np.testing.assert_array_equal(found, expected)


def spots(size, points, stored=None):
    """A sample with a bright disk at every point (px of an image of ``size``)."""
    y, x = np.mgrid[: size[1], : size[0]]
    image = np.zeros((size[1], size[0], 3), np.uint8)
    for px, py in points:
        image[(x - px) ** 2 + (y - py) ** 2 <= 9] = 255
    return Sample(image, np.array(points, float), stored)


def test_the_selection_is_matched_in_px_of_the_frame_as_stored():
    decode = Threshold(0.5)
    drawn = spots((256, 144), [(60, 50), (200, 90)])
    for stored, share in (((256, 144), 1), ((1024, 576), 4)):
        labels = drawn.points + np.array([2.0, 0.0])  # 2 px of the image: 2 or 8 px of the frame
        sample = Sample(drawn.image, labels, stored)
        for radius in (2.0 * share - 0.4, 2.0 * share + 0.4):
            settings = MatchSettings(radius=radius)
            found = inner_f1(Bright(), [sample], decode, torch.device("cpu"), settings)
            assert found == (1.0 if radius > 2 * share else 0.0)


def test_kernels_are_as_wide_as_high_whatever_the_frame(monkeypatch):
    used = []
    monkeypatch.setattr(
        "adaptor_bench.stages.targets.gaussian.draw_heatmap",
        lambda points, size, sigma, combine: used.append((size, sigma)) or draw_heatmap(
            points, size, sigma, combine
        ),
    )  # fmt: skip
    square = spots((192, 192), [(60, 50), (120, 90)], (1024, 1024))
    wide = spots((256, 144), [(60, 50), (120, 90)], (512, 288))
    fit_network(replace(DETECTOR, input_size=(256, 144)), [square, wide], [square, wide], seed=0,
                device="cpu", bar=lambda *_: None)  # fmt: skip
    assert used and {sigma for _, sigma in used} == {(3.0, 3.0)}
    assert {size for size, _ in used} == {(256, 192)}, "both fit into one batch"


def test_images_of_several_sizes_are_predicted_as_each_alone():
    rng = np.random.default_rng(0)
    shapes = [(8, 12), (8, 12), (10, 6), (8, 12), (10, 6), (10, 6)]
    images = [rng.integers(0, 255, (*shape, 3), dtype=np.uint8) for shape in shapes]
    together = list(predict_maps(Bright(), images, device="cpu", batch=2))
    alone = [next(iter(predict_maps(Bright(), [i], device="cpu"))) for i in images]
    for one, other in zip(together, alone, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_a_window_larger_than_the_image_is_filled_up_with_black():
    sample = spots((40, 30), [(5, 5), (39, 29)])
    for seed in range(20):
        rng = np.random.default_rng(seed)
        window, points = crop_around(sample.image, sample.points, (64, 20), rng)
        assert window.shape == (20, 64, 3)
        assert not window[:, 40:].any()
        for x, y in points.astype(int):
            assert window[y, x].all()


def write_spots(root, surgery, size, radius):
    truth = grid(size)
    y, x = np.mgrid[: size[1], : size[0]]
    image = np.full((size[1], size[0], 3), 20, np.uint8)
    for px, py in truth:
        image[(x - px) ** 2 + (y - py) ** 2 <= radius**2] = 255
    label_file = write_frame(root, surgery, "000000", truth, size=size)
    Image.fromarray(image).save(label_file.parent.parent / "images" / "000000.png")


@pytest.mark.parametrize("crop", ["none", "[160, 160]"])
def test_a_run_on_frames_of_several_sizes_finds_them_all(tmp_path, crop, monkeypatch):
    monkeypatch.setattr(SmallUNet, "build", lambda *_: Bright())
    sizes = ((1024, 576), (600, 600), (288, 512), (512, 288))
    for surgery, size in zip("abcd", sizes, strict=True):
        write_spots(tmp_path / "data", surgery, size, 7 / shrinkage(size))
    shown, _ = invoke(
        "run", "--method", "stern", "--data", tmp_path / "data", "--profile", "smoke",
        "--set", "input_size=[256, 144]", "--set", "training.steps=2",
        "--set", f"training.crop={crop}", "--set", "training.choose=held_back",
        "--set", "training.selections=2", "--out", tmp_path / "runs", "--format", "json",
        "--radius", "3", "--fold", "1",
    )  # fmt: skip
    (row,) = [row for row in json.loads(shown) if row["source"] == "measured"]
    assert row["f1"]["folds"] == {"f1": 100.0}
    runs = tmp_path / "runs" / "data" / "stern" / "intraop"
    history = json.loads((runs / "fold_1" / "training.json").read_text())
    assert [trial["f1"] for trial in history["selection"]] == [1.0, 1.0]
    invoke("predict", runs / "fold_1", "--input", tmp_path / "data", "--output", tmp_path / "again")
    shown, _ = invoke(
        "evaluate", tmp_path / "again", tmp_path / "data", "--radius", "3", "--format", "json"
    )
    assert json.loads(shown)["metrics"]["f1"] == 1.0


# --- what is said of it -------------------------------------------------------------------------


def test_a_radius_that_means_something_else_is_told_with_the_one_that_means_the_same():
    assert radius_note(6, [(512, 288)]) == radius_note(6, [(510, 290), (512, 288)]) == ""
    assert radius_note(6, []) == "", "runs of older versions do not say"
    assert radius_note(6, [(1024, 576)]) == (
        "Frames are 1024x576: 6 px on them correspond to 3 px at 512x288; --radius 12 would "
        "correspond to 6 px."
    )
    assert "2.25 px at 512x288; --radius 16 would" in radius_note(6.0, [(1024, 1024)])
    assert radius_note(16.0, [(1024, 1024)]).endswith("correspond to 6 px at 512x288.")
    assert radius_note(6, {(1024, 576), (512, 288), (256, 144)}) == (
        "Frames are of 3 sizes, 256x144 to 1024x576: 6 px on them correspond to 3 to 12 px "
        "at 512x288."
    )


def test_settings_that_mean_something_else_are_told_in_px_of_the_frame(tmp_path):
    settings = replace(DETECTOR, decode=Otsu(opening_radius=2)).px_settings
    assert settings == {"target.sigma": 6.0, "decode.opening_radius": 2}
    assert settings_note(settings, [(512, 288), (510, 290)]) == settings_note({}, [(9, 9)]) == ""
    assert settings_note(settings, [(1024, 1024)]) == (
        "Frames are 1024x1024 and are worked on at 384x384: in px of the frame, target.sigma 6 is "
        "16, decode.opening_radius 2 is 5.33."
    )
    assert settings_note({"x": 6}, {(1024, 576), (256, 144)}) == (
        "Frames are of 2 sizes, 256x144 to 1024x576, and are worked on with as many pixels as "
        "512x288 has: in px of the frame, x 6 is 3 to 12."
    )
    for surgery in "ab":
        write_spots(tmp_path / "data", surgery, (600, 600), 9)
    _, told = invoke("run", "--method", "stern", "--data", tmp_path / "data", "--profile", "smoke",
                     "--set", "training.steps=1", "--out", tmp_path / "runs")  # fmt: skip
    assert told.count("warning: stern: Frames are 600x600 and are worked on at 384x384") == 1
    for record in (tmp_path / "runs").rglob("run.json"):
        assert any("target.sigma" in note for note in json.loads(record.read_text())["notes"])


def test_run_evaluate_and_leaderboard_say_what_6_px_are(bench_run, tmp_path):
    note = "Frames are 1024x576: 6 px on them correspond to 3 px at 512x288"
    shown, told = bench_run()
    assert told.count(f"warning: {note}; --radius 12") == 1
    assert (
        " ".join(shown.split()).count(
            f"px of the frame as stored; frames without a prediction "
            f"file count as empty (all labels FN). {note}"
        )
        == 1
    )
    (predictions,) = (tmp_path / "runs").rglob("fold_1/predictions")
    shown, told = invoke("evaluate", predictions, tmp_path / "1024x576", "--missing", "skip")
    assert note in " ".join(shown.split()) and f"warning: {note}" in told
    shown, told = invoke("leaderboard", tmp_path / "runs", "--format", "markdown")
    assert shown.count(note) == 1
    bench_run("--out", tmp_path / "runs2")
    shown, _ = invoke("compare", tmp_path / "runs", tmp_path / "runs2")
    assert "distance <= 6 px" in shown and note in " ".join(shown.split())
    _, told = bench_run("--radius", "12", "--restart")
    assert "warning" not in told, "who gives a radius knows"
    shown, told = bench_run("--out", tmp_path / "usual", size=(512, 288))
    assert "Frames are" not in shown + told


def test_a_damaged_record_of_sizes_is_told(bench_run, tmp_path):
    bench_run()
    for wrong in (3, "512x288", {"512": 1}, {"0x5": 1}, {"axb": 1}):
        (record,) = (tmp_path / "runs").rglob("fold_1/run.json")
        record.write_text(json.dumps(json.loads(record.read_text()) | {"frame_sizes": wrong}))
        assert "frame_sizes" in invoke("leaderboard", tmp_path / "runs", code=1)[1]


def test_a_leaderboard_scores_finished_runs_again_on_their_labels(bench_run, tmp_path):
    bench_run()
    runs, data = tmp_path / "runs", tmp_path / "1024x576"
    before = {p: p.read_bytes() for p in runs.rglob("score.json")}

    def board(*options, code=0):
        return invoke("leaderboard", runs, "--format", "json", *options, code=code)

    assert mean_f1(board()[0]) == mean_f1(board("--radius", "6")[0]) == [0.0]
    shown, _ = board("--radius", "12", "--data", data)
    assert mean_f1(shown) == [100.0]
    measured = [row for row in json.loads(shown) if row["source"] == "measured"]
    assert [row["matching"]["radius"] for row in measured] == [12.0]
    text, _ = invoke("leaderboard", runs, "--radius", "10", "--strict", "--data", data)
    assert "distance < 10 px" in text and "0.00 ±" in text
    assert {p: p.read_bytes() for p in runs.rglob("score.json")} == before, "nothing is rewritten"

    _, told = board("--radius", "12", code=1)
    assert told.count("with other settings (hungarian, 6 px, missing empty)") == 3
    assert "--data" in told
    write_frame(data, "b", "000000", [(100, 100), (300, 300)], size=(1024, 576))
    _, told = board("--radius", "12", "--data", data, code=1)
    assert told.count("has not the labels it was scored on") == 1 and "fold_2" in told
    _, told = board("--data", data, code=2)
    assert "--radius" in told
    _, told = invoke("leaderboard", "--board", "mbm", "--radius", "12", code=2)
    assert "own matching" in told


def test_runs_scored_by_different_settings_never_stand_in_one_ranking(bench_run, tmp_path):
    bench_run("--fold", "1", "--fold", "2")
    shown, _ = bench_run("--fold", "3", "--radius", "12", "--format", "json")
    assert mean_f1(shown) == [100.0], "all of them by what was asked for last"
    _, told = invoke("leaderboard", tmp_path / "runs", code=1)
    assert "several values of matching" in told and "--radius R --data" in told
    shown, _ = invoke("leaderboard", tmp_path / "runs", "--radius", "12",
                      "--data", tmp_path / "1024x576", "--format", "json")  # fmt: skip
    assert mean_f1(shown) == [100.0]


def test_measured_tables_come_first_and_changes_are_told_once(make_dataset, tmp_path):
    for domain in ("sim", "intraop"):
        make_dataset(name=f"mine/{domain}", frames=1)
    shown, _ = invoke("run", "--method", "stern", "--data", tmp_path / "mine", "--profile", "smoke",
                      "--out", tmp_path / "runs")  # fmt: skip
    titles = [
        line for line in shown.splitlines() if ": measured on" in line or ": published" in line
    ]
    assert [title.split(" on")[0] for title in titles] == [
        "sim: measured", "intraop: measured", "sim: published", "intraop: published"
    ]  # fmt: skip
    assert shown.count("smoke changes: ") == 1
    assert shown.count("Matching: hungarian, distance <= 6 px") == 2
    assert shown.index("intraop: measured") < shown.index("smoke changes") < shown.index(titles[2])


def test_a_board_states_the_radius_of_its_runs_and_takes_no_others(bench_run, tmp_path):
    bench_run("--radius", "12")
    bench_run("--out", tmp_path / "usual")
    folder, data = tmp_path / "board", tmp_path / "1024x576"
    submit = ("submit", "--board", folder, "--team", "us", "--data", data)
    invoke(*submit, tmp_path / "runs", "--create", "Wide frames")
    assert json.loads((folder / "board.json").read_text())["matching"]["radius"] == 12.0
    shown, _ = invoke("leaderboard", "--board", folder)
    told = " ".join(shown.split())
    assert "100.00" in told and "distance <= 12 px of the frame as stored" in told
    assert told.count("Frames are 1024x576: 12 px on them correspond") == 1
    _, told = invoke(*submit, tmp_path / "usual", "--id", "other", code=1)
    assert told.count("radius is 6.0, the leaderboard's 12.0") == 3


def test_a_heatmap_of_the_site_shows_its_frame_and_not_what_was_filled_up():
    stored = np.arange(192 * 256, dtype=np.uint16).reshape(192, 256)
    for size, shape in (((1024, 1024), (192, 192)), ((512, 288), (144, 256)), ((3, 2), (157, 235))):
        found = of_frame(stored, size, [256, 144])
        assert found.shape == shape
        np.testing.assert_array_equal(found, stored[: shape[0], : shape[1]])
    for unknown in (None, 256, [256, 144, 3]):
        assert of_frame(stored, (512, 288), unknown) is stored
