"""Leaks between folds and what else is odd about data that can be read: found, and said before
anything is trained."""

from __future__ import annotations

import io
import json
import shutil
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from commands import invoke
from frame_files import write_frame
from PIL import Image, ImageEnhance

from adaptor_bench.data.frames import index_dataset
from adaptor_bench.data.images import read_image
from adaptor_bench.data.leaks import SAME_SHAPE, Trace, _shortened, shapes, shared_frames, trace_of
from adaptor_bench.errors import InputError

METHOD = """
import numpy as np
from adaptor_bench.method import Card, Method, Prediction
from adaptor_bench.registry import method
class Still:
    input_size = None
    def __init__(self, both): self.both = both
    def other_domains(self, domain, available): return tuple(available) if self.both else ()
    def fit(self, task): pass
    def predict(self, frames, task): return self.predict_frames(frames, task.device)
    def predict_frames(self, frames, device):
        return (Prediction(np.array([[30.0, 20.0]]), None) for _ in frames)
    def save(self, directory): pass
    def load(self, directory): pass
@method("still", card=Card(title="Still"))
def build(*, both: bool = False) -> Method:
    return Still(both)
"""
SIZE = (64, 36)


# --- finding a picture again --------------------------------------------------------------------


def changed(name: str, image: np.ndarray) -> np.ndarray:
    picture = Image.fromarray(image)
    if name == "jpeg":
        stream = io.BytesIO()
        picture.save(stream, "JPEG", quality=30)
        return np.asarray(Image.open(stream).convert("RGB"))
    if name == "noise":
        noise = np.random.default_rng(0).normal(0, 25, image.shape)
        return np.clip(image + noise, 0, 255).astype(np.uint8)
    if name == "overlay":
        y, x, _ = np.indices(image.shape)
        return np.where((x < 150) & (y < 30), 255, image).astype(np.uint8)
    return np.asarray(
        {
            "bright": lambda: ImageEnhance.Brightness(picture).enhance(1.3),
            "dark": lambda: ImageEnhance.Brightness(picture).enhance(0.6),
            "contrast": lambda: ImageEnhance.Contrast(picture).enhance(1.4),
            "half": lambda: picture.resize((256, 144)),
            "square": lambda: picture.resize((256, 256)),
            "grey": lambda: picture.convert("L").convert("RGB"),
        }[name]()
    )


@pytest.fixture(scope="module")
def phantom(phantom_cache):
    """Surgery and pixels of every frame of the tiny phantom."""
    (root,) = phantom_cache.iterdir()
    frames = [f for found in index_dataset(root).frames.values() for f in found]
    return [(frame.surgery, read_image(frame.image)) for frame in frames]


def correlations(images):
    rows = shapes(np.stack([trace_of(image).thumbnail for image in images]))
    return rows @ rows.T


@pytest.mark.parametrize("name", ["jpeg", "noise", "bright", "dark", "contrast", "half", "square",
                                  "grey", "overlay"])  # fmt: skip
def test_a_changed_picture_keeps_its_shape(phantom, name):
    images = [image for _, image in phantom[::4]]
    before = shapes(np.stack([trace_of(image).thumbnail for image in images]))
    after = shapes(np.stack([trace_of(changed(name, image)).thumbnail for image in images]))
    alike = np.sort((before * after).sum(axis=1))
    # Brightening clips a frame that is overexposed already.
    assert alike[0] > SAME_SHAPE and alike[1] > SAME_SHAPE + 0.03
    assert trace_of(images[0]).pixels != trace_of(changed(name, images[0])).pixels


def test_pictures_of_two_surgeries_differ_even_behind_one_mask(phantom):
    y, x = np.mgrid[:288, :512]
    open_ = ((x - 256) / 200) ** 2 + ((y - 144) / 140) ** 2 < 1
    label = (np.indices((20, 120)).sum(axis=0) % 7 < 3) * 200
    surgery = np.array([name for name, _ in phantom])
    other = surgery[:, None] != surgery
    masked = [image * open_[..., None].astype(np.uint8) for _, image in phantom]
    for image in masked:
        image[:20, :120] = label[..., None]
    assert correlations([image for _, image in phantom])[other].max() < 0.4
    assert correlations(masked)[other].max() < 0.65


def test_what_is_shared_is_what_a_comparison_of_all_pairs_finds():
    rng = np.random.default_rng(0)
    scenes = rng.integers(0, 256, (12, 18, 32), dtype=np.uint8)
    surgery = rng.integers(0, 6, 60)
    scene = rng.integers(0, 12, 60)
    noisy = [
        np.clip(scenes[s] + rng.normal(0, 4, (18, 32)), 0, 255).astype(np.uint8) for s in scene
    ]
    traces = [Trace(bytes([s if i % 3 else 100 + i]), noisy[i]) for i, s in enumerate(scene)]
    rows = shapes(np.stack([t.thumbnail for t in traces]))
    expected = {}
    for a, b in combinations(range(6), 2):
        if (surgery == a).sum() > (surgery == b).sum():
            a, b = b, a
        identical = similar = 0
        for i in np.flatnonzero(surgery == a):
            there = np.flatnonzero(surgery == b)
            if any(traces[i].pixels == traces[j].pixels for j in there):
                identical += 1
            elif any(rows[i] @ rows[j] >= SAME_SHAPE for j in there):
                similar += 1
        if identical + similar:
            expected[frozenset((a, b))] = ((surgery == a).sum(), identical, similar)
    found = shared_frames(surgery, traces)
    assert {frozenset((s.a, s.b)): (s.frames, s.identical, s.similar) for s in found} == expected
    assert len(expected) > 5
    for one in found:
        i, j = one.example
        assert (surgery[i], surgery[j], scene[i]) == (one.a, one.b, scene[j])
        assert (traces[i].pixels == traces[j].pixels) == (one.identical > 0)


def test_what_decides_whether_two_frames_are_looked_at_closer_never_misses_a_pair(phantom):
    seen = np.stack([trace_of(image).thumbnail for _, image in phantom])
    noise = np.random.default_rng(0).integers(0, 256, (300, 18, 32), dtype=np.uint8)
    flat = np.full((2, 18, 32), 7, np.uint8)
    thumbnails = np.concatenate([seen, noise, flat, seen[:9] // 2])
    rows, short = shapes(thumbnails), _shortened(thumbnails)
    assert (short @ short.T >= rows @ rows.T - 1e-5).all()
    assert not short[len(seen) + len(noise)].any()


def test_frames_that_show_nothing_and_single_surgeries_share_nothing():
    black = trace_of(np.zeros((36, 64, 3), np.uint8))
    grey = trace_of(np.random.default_rng(0).integers(99, 102, (36, 64, 3), dtype=np.uint8))
    assert shared_frames(np.array([0, 1, 2, 3]), [black, black, grey, grey]) == []
    scene = trace_of(np.random.default_rng(1).integers(0, 255, (36, 64, 3), dtype=np.uint8))
    assert shared_frames(np.array([0, 0]), [scene, scene]) == []
    assert shared_frames(np.array([], int), []) == []


# --- through the command line -------------------------------------------------------------------


@pytest.fixture
def data(make_dataset):
    return make_dataset(("a", "b", "c", "sim/d", "sim/e"), frames=3, size=SIZE)


def videos(data: Path, surgery: str) -> Path:
    return data / surgery / "video_1"


def copy_images(source: Path, target: Path, stems, change=lambda image: image) -> None:
    for stem in stems:
        path = source / "images" / f"{stem:06d}.png"
        Image.fromarray(change(read_image(path))).save(target / "images" / path.name)


def checked(data: Path, code: int) -> list[str]:
    shown, told = invoke("data", "check", data, code=code)
    assert told == ""
    return [line for line in shown.splitlines() if line.startswith(("error", "warning"))]


def test_good_data_have_no_findings(data, phantom_cache):
    assert checked(data, 0) == []
    (root,) = phantom_cache.iterdir()
    shown, _ = invoke("data", "check", root)
    assert shown.count("no problem found") == len(shown.splitlines()) == 2


def test_the_same_pixels_in_training_and_validation(data):
    copy_images(videos(data, "a"), videos(data, "c"), [1])
    (line,) = checked(data, 1)
    assert line == (
        "error: 1 of 3 frames of a are also in c, pixel for pixel (such as a/video_1/000001 and "
        "c/video_1/000001); intraop folds 1, 3 train on one and judge on the other"
    )


def test_a_surgery_under_two_names_resized(data):
    copy_images(videos(data, "a"), videos(data, "c"), [0, 1, 2],
                lambda image: np.asarray(Image.fromarray(image).resize((512, 288), 2)))  # fmt: skip
    for path in (videos(data, "c") / "point_labels").iterdir():
        path.write_text('{"points": [{"x": 1, "y": 2}]}')
    (line,) = checked(data, 0)
    assert line.startswith("warning: 3 of 3 frames of a are also in c, as the same picture")
    assert "one surgery under two names?; intraop folds 1, 3 train on one" in line


def test_a_surgery_in_both_domains_under_one_name_and_under_two(data):
    shutil.copytree(data / "a", data / "sim" / "a")
    (line,) = checked(data, 1)
    assert line.startswith("error: 3 of 3 frames of a (")
    assert "one surgery in both domains?" in line and "fold" not in line
    (data / "sim" / "a").rename(data / "sim" / "f")
    lines = checked(data, 1)
    assert "is judged on what it saw in " in lines[0]
    assert "sim fold 3" in lines[0] and "intraop fold 1" in lines[0]
    assert "folderName" in lines[1] and "'a', which exists, too" in lines[1]


def test_one_name_for_two_surgeries_of_two_domains(data):
    for stem in ("000000", "000007"):
        write_frame(data / "sim", "a", stem, [(3, 4)], size=SIZE)
    shutil.rmtree(videos(data, "a") / "images")
    (videos(data, "a") / "images").mkdir()
    copy_images(videos(data, "b"), videos(data, "a"), range(3), lambda image: image[::-1].copy())
    (line,) = checked(data, 0)
    assert line.startswith("warning: a surgery a is in sim and intraop, with different pictures")


def test_labels_that_contradict_their_place(data):
    def rewrite(path: str, **names: str) -> None:
        file = data / path
        file.write_text(json.dumps(json.loads(file.read_text()) | names))

    rewrite("a/video_1/point_labels/000001.json", folderName="b")
    rewrite("b/video_1/point_labels/000000.json", imageFileName="000002.png")
    rewrite("c/video_1/point_labels/000000.json", subfolderName="\x1b[2Jold")
    rewrite("c/video_1/point_labels/000002.json", folderName="C", imageFileName="000002.jpg")
    lines = checked(data, 1)
    assert lines == [
        "error: 1 of 3 labels in a/video_1 have a folderName that contradicts "
        "their folder or file name, such as a/video_1/000001: 'b', which exists, too",
        "error: 1 of 3 labels in b/video_1 have a imageFileName that contradicts "
        "their folder or file name, such as b/video_1/000000: '000002.png', which exists, too",
        "warning: 1 of 3 labels in c/video_1 have a subfolderName that contradicts "
        "their folder or file name, such as c/video_1/000000: '\\x1b[2Jold', which does not exist: "
        "renamed?",
    ]


def test_the_same_surgery_twice_in_a_domain_is_refused_before_anything_is_read(data):
    shutil.copytree(data / "a", data / "intraop" / "a")
    with pytest.raises(InputError, match="the same surgery twice in domain intraop") as caught:
        index_dataset(data)
    assert f"{data / 'a'}, {data / 'intraop' / 'a'}" in caught.value.message
    _, told = invoke("data", "check", data, code=1)
    assert "the same surgery twice" in told


def test_a_run_warns_and_notes_the_folds_concerned(data, tmp_path):
    copy_images(videos(data, "a"), videos(data, "c"), [1])
    copy_images(videos(data, "b"), videos(data, "sim/d"), [2])
    (tmp_path / "methods").mkdir()
    (tmp_path / "methods" / "still.py").write_text(METHOD)

    def noted(out: str, *arguments: str) -> tuple[str, str, dict[str, list[str]]]:
        which = ("--method", "still", "--methods-from", "methods", "--data", data)
        shown, told = invoke("run", *which, "--profile", "smoke", "--out", out, *arguments)
        notes = {}
        for path in sorted(Path(out).rglob("run.json")):
            record = json.loads(path.read_text())
            short = [note.split(" are also ")[0] for note in record["notes"]]
            notes[f"{record['domain']} {record['fold']}"] = short
        return shown, told, notes

    same = "1 of 3 frames of a"
    shown, told, notes = noted("one", "--domain", "intraop")
    assert told.count("warning: 1 of 3 frames of a are also in c") == 1
    assert "sim" not in told
    assert notes == {"intraop 1": [same], "intraop 2": [], "intraop 3": [same]}
    assert "still: f1, f3: 1 of 3 frames of a are also in c" in " ".join(shown.split())
    _, told, notes = noted("two", "--set", "both=true")
    across = notes["sim 1"][0]
    assert across in ("1 of 3 frames of b (intraop)", "1 of 3 frames of d (sim)")
    assert notes == {"intraop 1": [same], "intraop 2": [across], "intraop 3": [same],
                     "sim 1": [across], "sim 2": []}  # fmt: skip
