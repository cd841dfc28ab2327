"""Labels, the index of a dataset folder, checking it, and folds by surgery."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from commands import invoke, invoke_json
from frame_files import put_points, write_frame
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from adaptor_bench.data.check import load_frames
from adaptor_bench.data.describe import describe_dataset
from adaptor_bench.data.folds import inner_split, load_manifest, plan_folds
from adaptor_bench.data.formats.challenge import write_points
from adaptor_bench.data.frames import index_dataset
from adaptor_bench.data.images import read_image, resize_image, scale_points
from adaptor_bench.data.labels import parse_points, read_points
from adaptor_bench.errors import InputError, UsageError

SIM = dict(
    zip(
        [f"aicm{i}" for i in range(1, 11)],
        (200, 200, 226, 308, 374, 374, 372, 192, 226, 236),
        strict=True,
    )
)
INTRAOP = {"aicm11": 686, "aicm12": 372, "aicm13": 524, "aicm14": 794}
NAMES = {"folder": "aicm1", "subfolder": "V", "image": "000000.png"}


def touch_frames(root: Path, surgery: str, count: int, video: str = "V") -> None:
    """Empty image and label files: enough for the index, which reads neither."""
    for folder, suffix in (("images", "png"), ("point_labels", "json")):
        (root / surgery / video / folder).mkdir(parents=True)
        for i in range(count):
            (root / surgery / video / folder / f"{i:06d}.{suffix}").touch()


# --- labels ---------------------------------------------------------------------------------


def test_what_is_written_is_read_back(tmp_path):
    points = np.array([[1.25, 2.5], [511.499, 0.0], [0.0004, 287.0]])
    write_points(
        tmp_path / "l.json", points, size=(512, 288), scores=np.array([0.5, 1, 0]), **NAMES
    )
    found = read_points(tmp_path / "l.json")
    np.testing.assert_allclose(found.points, [[1.25, 2.5], [511.499, 0], [0, 287]])
    np.testing.assert_array_equal(found.scores, [0.5, 1, 0])
    assert found.size == (512, 288)
    assert found.names == {
        "folderName": "aicm1",
        "subfolderName": "V",
        "imageFileName": "000000.png",
    }


def test_no_points_and_no_scores(tmp_path):
    write_points(tmp_path / "l.json", np.empty((0, 2)), **NAMES)
    found = read_points(tmp_path / "l.json")
    assert found.points.shape == (0, 2)
    assert found.scores is None
    assert found.size is None


def test_x_is_the_column(tmp_path):
    (tmp_path / "l.json").write_text('{"points": [{"y": 2, "x": 300}], "unknown": 1}')
    np.testing.assert_array_equal(read_points(tmp_path / "l.json").points, [[300, 2]])


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('{"points": [{"x": NaN, "y": 1}]}', "NaN is not a JSON number"),
        ('{"points": [{"x": 1, "y": -Infinity}]}', "-Infinity is not a JSON number"),
        ('{"points": [{"x": 1, "y": 1e999}]}', "/points/0/y is not finite"),
        ('{"points": [{"x": 1, "y": 2}, {"x": true, "y": 1}]}', "/points/1/x is missing or not a"),
        ('{"points": [{"x": "1", "y": 1}]}', "/points/0/x is missing or not a number"),
        ('{"points": [{"x": null, "y": 1}]}', "/points/0/x is missing or not a number"),
        ('{"points": [{"x": 1}]}', "/points/0/y is missing or not a number"),
        ('{"points": [{"x": 1, "y": 1, "score": "high"}]}', "/points/0/score is missing or not"),
        ('{"points": [[1, 2]]}', "/points/0 is not an object"),
        ('{"points": {"x": 1, "y": 1}}', "key 'points' is missing or not a list"),
        ("{}", "key 'points' is missing or not a list"),
        ("[]", "expected an object"),
        ('{"points": [], "imageWidth": 512}', "imageWidth and imageHeight must be positive"),
        ('{"points": [], "imageWidth": 512.0, "imageHeight": 0}', "must be positive whole numbers"),
        ('{"points": [', "not readable as JSON"),
        ("[" * 100_000, "not readable as JSON"),
        ('{"points": [{"x": 1' + "0" * 400 + ', "y": 1}]}', "/points/0/x is not finite"),
    ],
)
def test_a_label_that_is_no_label_is_refused_with_file_and_key(tmp_path, content, says):
    (tmp_path / "label_17.json").write_text(content)
    with pytest.raises(InputError) as error:
        read_points(tmp_path / "label_17.json")
    assert "label_17.json" in error.value.message
    assert says in error.value.message


def test_a_missing_or_binary_label_names_its_file(tmp_path):
    with pytest.raises(InputError, match=r"nowhere\.json: no such file"):
        read_points(tmp_path / "nowhere.json")
    (tmp_path / "binary.json").write_bytes(b"\x89PNG\xff\xfe")
    with pytest.raises(InputError, match=r"binary\.json: not readable as JSON"):
        read_points(tmp_path / "binary.json")


def test_scores_are_kept_only_when_every_point_has_one():
    some = {"points": [{"x": 1, "y": 1, "score": 0.25}, {"x": 2, "y": 2}]}
    assert parse_points(some, "f").scores is None


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_the_writer_refuses_what_json_cannot_say_and_leaves_no_file(tmp_path, bad):
    with pytest.raises(ValueError, match="not finite"):
        write_points(tmp_path / "l.json", np.array([[1.0, bad]]), **NAMES)
    assert not list(tmp_path.iterdir())


# --- the index --------------------------------------------------------------------------------


def test_folders_without_a_domain_level(tmp_path):
    for surgery in ("aicm2", "aicm10", "aicm1", "aicm12"):
        touch_frames(tmp_path, surgery, 2)
    dataset = index_dataset(tmp_path)
    assert dataset.surgeries("sim") == {"aicm1": 2, "aicm2": 2, "aicm10": 2}
    assert list(dataset.surgeries("sim")) == ["aicm1", "aicm2", "aicm10"]
    assert dataset.surgeries("intraop") == {"aicm12": 2}
    assert dataset.kind == "folder"
    assert dataset.name == tmp_path.name
    first = dataset.frames["sim"][0]
    assert first.key == "aicm1/V/000000"
    assert first.image == tmp_path / "aicm1" / "V" / "images" / "000000.png"
    assert first.prediction_path(Path("p")) == Path("p/aicm1/V/point_labels/000000.json")


def test_folders_with_a_domain_level(tmp_path):
    touch_frames(tmp_path / "sim", "patient_3", 1)
    touch_frames(tmp_path / "intraop", "patient_1", 3)
    dataset = index_dataset(tmp_path)
    assert {d: dataset.surgeries(d) for d in dataset.frames} == {
        "sim": {"patient_3": 1},
        "intraop": {"patient_1": 3},
    }


def test_unknown_surgeries_are_intraop_and_hidden_folders_are_not_surgeries(tmp_path):
    touch_frames(tmp_path, "someone", 1)
    touch_frames(tmp_path, ".partial-aicm1", 1)
    touch_frames(tmp_path, "__MACOSX", 1)
    assert index_dataset(tmp_path).surgeries("intraop") == {"someone": 1}


def test_dataset_toml_gives_name_kind_and_domains(tmp_path):
    for surgery in ("a", "b", "aicm1"):
        touch_frames(tmp_path, surgery, 1)
    (tmp_path / "dataset.toml").write_text(
        'name = "bench-top"\nkind = "phantom"\n[domains]\na = "sim"\naicm1 = "lab"\n'
    )
    dataset = index_dataset(tmp_path)
    assert (dataset.name, dataset.kind) == ("bench-top", "phantom")
    assert {d: list(dataset.surgeries(d)) for d in dataset.frames} == {
        "sim": ["a"],
        "intraop": ["b"],
        "lab": ["aicm1"],
    }
    with pytest.raises(UsageError, match="no frames of domain 'lb'") as error:
        dataset.domain("lb")
    assert "'lab'" in str(error.value.hint)


@pytest.mark.parametrize(
    "toml",
    [
        "name = [",
        "name = 3",
        'name = ""',
        'name = "../x"',
        'name = ".x"',
        "domains = 1",
        '[domains]\na = "../x"',
        "[domains]\na = 3",
        'kind = "adaptor2021"',
    ],
)
def test_a_bad_dataset_toml_is_named(tmp_path, toml):
    touch_frames(tmp_path, "a", 1)
    (tmp_path / "dataset.toml").write_text(toml)
    with pytest.raises(InputError, match=r"dataset\.toml"):
        index_dataset(tmp_path)


def test_a_stem_with_only_an_image_or_only_a_label_is_still_a_frame(tmp_path):
    touch_frames(tmp_path, "a", 2)
    (tmp_path / "a/V/images/000000.png").unlink()
    (tmp_path / "a/V/point_labels/000001.json").unlink()
    assert [f.stem for f in index_dataset(tmp_path).frames["intraop"]] == ["000000", "000001"]


def test_missing_and_empty_folders_are_told_apart(tmp_path):
    with pytest.raises(InputError, match=r"nowhere: no such folder"):
        index_dataset(tmp_path / "nowhere")
    with pytest.raises(InputError, match="no frames found") as error:
        index_dataset(tmp_path)
    assert "point_labels" in str(error.value.hint)


def test_the_real_data_is_recognised_by_its_surgeries_and_counts_alone(tmp_path):
    for surgery, count in (SIM | INTRAOP).items():
        touch_frames(tmp_path, surgery, count)
    dataset = index_dataset(tmp_path)
    assert (dataset.kind, dataset.name) == ("adaptor2021", "adaptor2021")
    assert dataset.surgeries("sim") == SIM
    assert dataset.surgeries("intraop") == INTRAOP
    for suffix in ("images/000199.png", "point_labels/000199.json"):
        (tmp_path / "aicm1" / "V" / suffix).unlink()
    assert index_dataset(tmp_path).kind == "folder"


# --- reading everything once ------------------------------------------------------------------


def test_all_problems_are_reported_at_once(make_dataset):
    root = make_dataset(frames=5)
    video = root / "case_1" / "video_1"
    png = (video / "images/000000.png").read_bytes()
    (video / "images/000000.png").write_bytes(png[: len(png) // 2])
    (video / "images/000001.png").write_bytes(b"")
    (video / "point_labels/000002.json").unlink()
    label = json.loads((video / "point_labels/000003.json").read_text())
    label["points"][1] = {"x": 512, "y": 10}
    (video / "point_labels/000003.json").write_text(json.dumps(label))
    write_frame(root, "case_2", "000009", [(5, 5)], size=(100, 80))
    odd = root / "case_2/video_1/point_labels/000009.json"
    odd.write_text(odd.read_text().replace('"imageWidth": 100', '"imageWidth": 101'))
    (root / "case_3/video_1/images/000004.png").unlink()
    with pytest.raises(InputError) as error:
        load_frames(index_dataset(root), ["intraop"])
    text = error.value.message
    assert "6 problems in 16 frames; nothing more was done" in text
    for line in (
        f"{video}/images/000000.png: not readable as an image",
        f"{video}/images/000001.png: not readable as an image",
        f"{video}/point_labels/000002.json: no such file",
        f"{video}/point_labels/000003.json: /points/1 (512, 10) is outside the 512x288 frame",
        f"{odd}: says 101x80, its image is 100x80",
        "case_3/video_1/images/000004.png: no such image",
    ):
        assert line in text


@pytest.mark.parametrize(
    ("x", "fits"), [(-0.5, True), (511.5, True), (-0.51, False), (511.6, False)]
)
def test_the_frame_reaches_half_a_pixel_beyond_its_pixel_centres(tmp_path, x, fits):
    label = write_frame(tmp_path, "a", "000000", [(5, 5)])
    write_points(label, np.array([[x, 5.0]]), size=(512, 288), **NAMES)
    dataset = index_dataset(tmp_path)
    if fits:
        assert load_frames(dataset, ["intraop"])["intraop"].frames[0].points[0, 0] == x
    else:
        with pytest.raises(InputError, match="outside"):
            load_frames(dataset, ["intraop"])


def test_the_fingerprint_is_of_pixels_points_and_names_not_of_files(make_dataset):
    root = make_dataset()
    video = root / "case_2" / "video_1"
    image, label = video / "images/000001.png", video / "point_labels/000001.json"

    def fingerprint():
        return load_frames(index_dataset(root), ["intraop"])["intraop"].fingerprint

    before = fingerprint()
    assert fingerprint() == before
    label.write_bytes(label.read_bytes() + b" ")
    pixels = np.asarray(Image.open(image)).copy()
    Image.fromarray(pixels).save(image, compress_level=1)
    assert fingerprint() == before
    seen = [before]
    pixels[100, 200, 1] ^= 1
    Image.fromarray(pixels).save(image)
    seen.append(fingerprint())
    document = json.loads(label.read_text())
    document["points"][0]["x"] += 0.001
    label.write_text(json.dumps(document))
    seen.append(fingerprint())
    for folder, suffix in (("images", "png"), ("point_labels", "json")):
        (video / folder / f"000001.{suffix}").rename(video / folder / f"000002.{suffix}")
    seen.append(fingerprint())
    assert len(set(seen)) == 4


def test_frames_are_prepared_but_points_and_size_stay_as_stored(make_dataset):
    dataset = index_dataset(make_dataset())
    plain = load_frames(dataset, ["intraop"])["intraop"]
    small = load_frames(dataset, ["intraop"], prepare=lambda i: resize_image(i, (64, 36)))[
        "intraop"
    ]
    assert small.frames[0].image.shape == (36, 64, 3)
    assert small.frames[0].size == plain.frames[0].size == (512, 288)
    np.testing.assert_array_equal(small.frames[0].points, plain.frames[0].points)
    assert small.fingerprint == plain.fingerprint
    assert {f.frame.surgery for f in plain.of(["case_2"])} == {"case_2"}


def test_progress_counts_every_frame(make_dataset):
    steps = []
    load_frames(
        index_dataset(make_dataset()),
        ["intraop"],
        progress=lambda done, total: steps.append((done, total)),
    )
    assert steps == [(i, 6) for i in range(1, 7)]


# --- folds ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("domain", "surgeries", "train", "validation"),
    [
        ("sim", SIM, [2246, 2144, 1960, 2174, 2308], [462, 564, 748, 534, 400]),
        ("intraop", INTRAOP, [1582, 1852, 2004, 1690], [794, 524, 372, 686]),
    ],
)
def test_the_manifest_gives_the_papers_table_1_to_the_digit(domain, surgeries, train, validation):
    plan = plan_folds(surgeries, domain)
    assert plan.name == "adaptor2021-v1"
    assert load_manifest()["domains"][domain]["frames"] == surgeries
    assert [sum(surgeries[s] for s in f.train) for f in plan.folds] == train
    assert [sum(surgeries[s] for s in f.validation) for f in plan.folds] == validation


def test_the_manifests_members():
    sim = [set(f.validation) for f in plan_folds(SIM, "sim").folds]
    assert sim == [{f"aicm{i}", f"aicm{i + 1}"} for i in (9, 7, 5, 3, 1)]
    intraop = [f.validation for f in plan_folds(INTRAOP, "intraop").folds]
    assert intraop == [("aicm14",), ("aicm13",), ("aicm12",), ("aicm11",)]


def test_the_manifest_holds_for_fewer_frames_but_not_for_other_surgeries():
    assert plan_folds(dict.fromkeys(SIM, 4), "sim").name == "adaptor2021-v1"
    fewer = {s: n for s, n in SIM.items() if s != "aicm4"}
    plan = plan_folds(fewer, "sim")
    assert plan.name == "leave-one-surgery-out"
    assert [f.validation for f in plan.folds] == [(s,) for s in fewer]
    assert plan_folds(SIM, "intraop").name == "leave-one-surgery-out"


def test_groups_are_balanced_by_frames():
    plan = plan_folds(SIM, "sim", 4)
    sizes = [sum(SIM[s] for s in f.validation) for f in plan.folds]
    assert len(sizes) == 4
    assert sum(sizes) == 2708
    assert max(sizes) - min(sizes) <= max(SIM.values())


@settings(max_examples=150, deadline=None)
@given(
    st.dictionaries(
        st.text("abc_0123", min_size=1, max_size=6), st.integers(1, 900), min_size=2, max_size=12
    ),
    st.data(),
)
def test_whatever_the_surgeries_no_surgery_is_on_both_sides(surgeries, data):
    groups = data.draw(st.none() | st.integers(2, len(surgeries)))
    plan = plan_folds(surgeries, "intraop", groups)
    validated = [s for f in plan.folds for s in f.validation]
    assert sorted(validated) == sorted(surgeries)  # each exactly once
    assert [f.number for f in plan.folds] == list(range(1, (groups or len(surgeries)) + 1))
    for fold in plan.folds:
        assert fold.validation
        assert not set(fold.train) & set(fold.validation)
        assert set(fold.train) | set(fold.validation) == set(surgeries)
        held_back = inner_split(surgeries, fold.train)
        assert set(held_back) <= set(fold.train)
        assert len(held_back) == (1 if len(fold.train) >= 3 else 0)
        assert all(surgeries[s] == min(surgeries[t] for t in fold.train) for s in held_back)
    if groups is not None:
        sizes = [sum(surgeries[s] for s in f.validation) for f in plan.folds]
        assert max(sizes) - min(sizes) <= max(surgeries.values())


def test_the_hash_of_a_plan_follows_its_membership():
    plain = plan_folds(SIM, "sim")
    assert plan_folds(dict.fromkeys(reversed(SIM), 1), "sim").sha256 == plain.sha256
    others = [plan_folds(SIM, "sim", k).sha256 for k in (2, 3, 5)]
    others.append(plan_folds(SIM, "intraop", 3).sha256)
    assert len({plain.sha256, *others}) == 5


def test_folds_that_do_not_exist():
    plan = plan_folds(INTRAOP, "intraop")
    assert plan.fold(2).validation == ("aicm13",)
    with pytest.raises(UsageError, match="no fold 5 in domain 'intraop'") as error:
        plan.fold(5)
    assert "1, 2, 3, 4" in str(error.value.hint)
    with pytest.raises(InputError, match="at least two"):
        plan_folds({"a": 9}, "intraop")
    for impossible in (1, 5, 0, -1):
        with pytest.raises(UsageError, match=f"--folds {impossible} is not possible"):
            plan_folds(INTRAOP, "intraop", impossible)


# --- pixels -----------------------------------------------------------------------------------

SIZES = st.tuples(st.integers(1, 2000), st.integers(1, 2000))


@settings(max_examples=60, deadline=None)
@given(SIZES, SIZES, st.integers(0, 2**32 - 1))
def test_scaling_points_there_and_back_is_the_identity(source, target, seed):
    points = np.random.default_rng(seed).uniform(-0.5, np.array(source) - 0.5, (5, 2))
    there = scale_points(points, source, target)
    np.testing.assert_allclose(scale_points(there, target, source), points, atol=1e-8)
    assert (there >= -0.5 - 1e-9).all()
    assert (there <= np.array(target) - 0.5 + 1e-9).all()


def test_a_resized_spot_is_where_its_scaled_point_is():
    image = np.zeros((288, 512, 3), np.uint8)
    image[100:104, 200:204] = 255
    small = resize_image(image, (128, 72))[..., 0]
    assert list(zip(*np.nonzero(small), strict=True)) == [(25, 50)]
    np.testing.assert_allclose(
        scale_points(np.array([[201.5, 101.5]]), (512, 288), (128, 72)), [[50, 25]]
    )
    assert resize_image(image, (512, 288)) is image


def test_an_image_that_is_none_is_named(tmp_path):
    (tmp_path / "x.png").write_text("not a picture")
    with pytest.raises(InputError, match=r"x\.png: not readable as an image"):
        read_image(tmp_path / "x.png")


# --- bench data -------------------------------------------------------------------------------


def test_bench_data_info_gives_table_1(tmp_path):
    for surgery, count in INTRAOP.items():
        for i in range(count // 100):
            put_points(tmp_path, f"{surgery}/V/{i:06d}", np.ones((i, 2)))
    found = invoke_json("data", "info", tmp_path)["domains"]["intraop"]
    assert found["fold_plan"] == "adaptor2021-v1"
    assert [f["train_frames"] for f in found["folds"]] == [14, 16, 18, 15]
    assert [f["validation_frames"] for f in found["folds"]] == [7, 5, 3, 6]
    assert found["surgeries"]["aicm12"] == {"frames": 3, "points": 3}
    assert (found["max"], found["empty"]) == (6, 4)
    text, _ = invoke("data", "info", tmp_path)
    assert "intraop: 21 frames of 4 surgeries" in text
    assert "f1: train    14, validation    7 (aicm14)" in text


def test_describing_a_dataset_lists_every_broken_label(make_dataset):
    root = make_dataset()
    for surgery in ("case_1", "case_3"):
        (root / surgery / "video_1/point_labels/000001.json").write_text("{}")
    with pytest.raises(InputError) as error:
        describe_dataset(root)
    assert error.value.message.count("000001.json") == 2


def test_one_surgery_can_be_described_though_it_has_no_folds(make_dataset):
    folds = describe_dataset(make_dataset(surgeries=("only",)))["domains"]["intraop"]
    assert folds["fold_plan"] is None
    assert "at least two" in folds["reason"]


def test_bench_data_check(make_dataset):
    root = make_dataset()
    shown, _ = invoke("data", "check", root)
    assert "intraop: 6 frames, 24 points, no problem found" in shown
    (root / "case_1/video_1/images/000000.png").unlink()
    (root / "case_2/video_1/images/000001.png").unlink()
    assert invoke("data", "check", root, code=1)[1].count("no such image") == 2


def test_bench_data_phantom_draws_what_info_describes(tmp_path):
    out = tmp_path / "phantom"
    invoke("data", "phantom", out, "--profile", "tiny", "--seed", 5, "--workers", 1)
    described = describe_dataset(out)
    assert described["kind"] == "phantom"
    assert {d: found["frames"] for d, found in described["domains"].items()} == {
        "sim": 40,
        "intraop": 24,
    }
    assert [d["fold_plan"] for d in described["domains"].values()] == ["adaptor2021-v1"] * 2
    numbers = [len(list(p.glob("*.png"))) for p in sorted(out.rglob("images"))]
    assert sum(numbers) == 64
    invoke("data", "phantom", out, "--profile", "tiny", code=1)  # nothing is overwritten


@pytest.mark.parametrize("option", [["--label-drop", "1.5"], ["--label-noise", "-1"]])
def test_impossible_phantom_options_are_wrong_usage(tmp_path, option):
    assert option[0] in invoke("data", "phantom", tmp_path / "p", *option, code=2)[1]
    assert not (tmp_path / "p").exists()
