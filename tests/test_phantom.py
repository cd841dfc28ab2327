"""The phantom: counts, determinism, labels that show, and files that are complete or absent."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest
from commands import python

from adaptor_bench.data.labels import read_points
from adaptor_bench.errors import BenchError, InputError
from adaptor_bench.phantom import (
    DEVELOPMENT_SEEDS,
    EMBEDDED_SEED,
    GENERATOR_VERSION,
    REPORT_SEEDS,
    PhantomOptions,
    PhantomSurgery,
    frames_of,
    phantom_frame_count,
    write_phantom,
)
from adaptor_bench.phantom import dataset as phantom_dataset
from adaptor_bench.phantom.clutter import Blob
from adaptor_bench.phantom.profiles import REAL_VIDEOS, domain_of, video_frames
from adaptor_bench.phantom.raster import ellipse_outline

PAPER_FRAMES = dict(
    zip(
        [f"aicm{number}" for number in range(1, 15)],
        [200, 200, 226, 308, 374, 374, 372, 192, 226, 236, 686, 372, 524, 794],
        strict=True,
    )
)


def tree_hashes(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_phantom(tmp_path_factory.mktemp("phantom") / "tiny", "tiny", workers=1)


@pytest.fixture(scope="module")
def sampled() -> dict[str, list[np.ndarray]]:
    """Points of a few frames of every surgery of ``mini``."""
    found = {}
    for surgery in REAL_VIDEOS:
        frames = frames_of("mini", surgery)
        drawn = PhantomSurgery(surgery, frames)
        found[surgery] = [drawn.frame(index).points for index in range(0, frames, frames // 12)]
    return found


# --- which seeds -----------------------------------------------------------------------------


@pytest.mark.quick
def test_boards_are_made_on_seeds_that_nobody_tunes_on() -> None:
    assert list(DEVELOPMENT_SEEDS) == list(range(100))
    assert REPORT_SEEDS == (101, 102, 103)
    assert not set(REPORT_SEEDS) & set(DEVELOPMENT_SEEDS)
    assert REPORT_SEEDS[0] == EMBEDDED_SEED


# --- how many --------------------------------------------------------------------------------


@pytest.mark.quick
def test_paper_profile_has_the_real_frame_counts() -> None:
    assert {name: frames_of("paper", name) for name in REAL_VIDEOS} == PAPER_FRAMES
    for surgery, videos in REAL_VIDEOS.items():
        assert video_frames(surgery, frames_of("paper", surgery)) == dict(videos)
    assert phantom_frame_count("paper") == 2708 + 2376


@pytest.mark.parametrize(("profile", "sim", "intraop"), [("tiny", 4, 6), ("mini", 24, 60)])
def test_small_profiles_use_every_video(profile: str, sim: int, intraop: int) -> None:
    for surgery, videos in REAL_VIDEOS.items():
        frames = video_frames(surgery, frames_of(profile, surgery))
        assert list(frames) == list(videos)
        assert min(frames.values()) >= 1
        assert sum(frames.values()) == (sim if domain_of(surgery) == "sim" else intraop)
    assert phantom_frame_count(profile) == 10 * sim + 4 * intraop


@pytest.mark.quick
def test_a_surgery_that_does_not_exist_is_named() -> None:
    with pytest.raises(KeyError, match="aicm15"):
        PhantomSurgery("aicm15", 4)
    with pytest.raises(IndexError):
        PhantomSurgery("aicm1", 4).geometry(4)


# --- what is drawn ----------------------------------------------------------------------------


@pytest.mark.quick
@pytest.mark.parametrize("surgery", ["aicm3", "aicm12"])
def test_frame_depends_on_its_index_only(surgery: str) -> None:
    first, second = PhantomSurgery(surgery, 8), PhantomSurgery(surgery, 8)
    first.frame(1)  # drawing another frame before makes no difference
    one, two = first.frame(5), second.frame(5)
    assert one.image.shape == (288, 512, 3) and one.image.dtype == np.uint8
    assert one.points.dtype == np.float64
    np.testing.assert_array_equal(one.image, two.image)
    np.testing.assert_array_equal(one.points, two.points)


DIGEST = """
import hashlib
from adaptor_bench.phantom import PhantomOptions, PhantomSurgery
for surgery, gap in (("aicm3", 1.0), ("aicm7", 1.0), ("aicm12", 1.0), ("aicm13", 0.5)):
    frame = PhantomSurgery(surgery, 8, options=PhantomOptions(gap=gap)).frame(5)
    print(hashlib.sha256(frame.image.tobytes() + frame.points.tobytes()).hexdigest())
"""
AVX512 = "AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL AVX512_SPR X86_V4"


def test_frames_do_not_depend_on_the_processors_wide_registers() -> None:
    """numpy has routines of its own for AVX-512; without it this can only pass."""
    found = [
        python("-W", "ignore", "-c", DIGEST, env=extra)[0]
        for extra in ({}, {"NPY_DISABLE_CPU_FEATURES": AVX512, "OPENCV_CPU_DISABLE": "AVX512-SKX"})
    ]
    assert len(found[0].split()) == 4
    assert found[0] == found[1]


def test_seed_surgery_and_frame_change_the_picture() -> None:
    reference = PhantomSurgery("aicm3", 8).frame(5).image
    for surgery, seed, index in (("aicm3", 1, 5), ("aicm4", 0, 5), ("aicm3", 0, 6)):
        assert (PhantomSurgery(surgery, 8, seed).frame(index).image != reference).mean() > 0.2


def test_number_of_labels(sampled: dict[str, list[np.ndarray]]) -> None:
    for domain, mean in (("sim", 12.5), ("intraop", 10.1)):
        counts = [
            len(points)
            for surgery, frames in sampled.items()
            if domain_of(surgery) == domain
            for points in frames
        ]
        # The sample is a part of mini, whose own mean is within 0.6.
        assert abs(np.mean(counts) - mean) < 1.0
        assert np.mean(np.array(counts) == 0) < 0.08  # the sample holds every first frame
    assert 16 <= max(len(points) for frames in sampled.values() for points in frames) <= 28


def test_labels_lie_inside_and_mostly_apart(sampled: dict[str, list[np.ndarray]]) -> None:
    nearest = []
    for frames in sampled.values():
        for points in frames:
            assert (points >= 0).all() and (points <= (511, 287)).all()
            if len(points) > 1:
                gaps = np.linalg.norm(points[:, None] - points[None], axis=2)
                np.fill_diagonal(gaps, np.inf)
                nearest.extend(gaps.min(axis=1))
    assert min(nearest) > 5
    assert 0.2 < np.mean(np.array(nearest) < 9) < 0.4


# --- a label is a landmark that shows ------------------------------------------------------------


def frame_with_labels(surgery: str) -> tuple[PhantomSurgery, int]:
    drawn = PhantomSurgery(surgery, 6)
    return drawn, 5


@pytest.mark.quick
@pytest.mark.parametrize("surgery", ["aicm2", "aicm11"])
def test_labels_are_visible_landmarks(surgery: str) -> None:
    drawn, index = frame_with_labels(surgery)
    landmarks = drawn.geometry(index).landmarks
    labels = drawn.frame(index).points
    assert 0 < len(labels) <= len(landmarks)
    for label in labels:
        assert np.abs(landmarks - label).sum(axis=1).min() == 0


@pytest.mark.quick
@pytest.mark.parametrize("surgery", ["aicm2", "aicm11"])
def test_something_over_a_landmark_takes_its_label_away(surgery: str) -> None:
    drawn, index = frame_with_labels(surgery)
    before = drawn.frame(index).points
    hidden = before[0]
    lump = Blob(ellipse_outline(hidden, (7.0, 5.0), 0.3), "flap")
    geometry = drawn.geometry(index)
    covered = dataclasses.replace(geometry, blobs=[*geometry.blobs, lump])
    after = drawn.paint(covered).points
    assert not (after == hidden).all(axis=1).any()
    # A landmark well away from the lump is still there.
    far = before[np.linalg.norm(before - hidden, axis=1) > 15]
    assert all((after == point).all(axis=1).any() for point in far)


@pytest.mark.quick
def test_a_landmark_without_contrast_has_no_label() -> None:
    drawn, index = frame_with_labels("aicm5")
    plan = drawn.sutures
    # Entries only: no raised tissue between entry and exit.
    plan.visible_ends = lambda time: [(stitch, 0) for stitch in range(len(plan))]
    assert len(drawn.frame(index).points) > 0
    plan.contrast[:] = plan.opacity[:] = plan.marks.dimple[:] = plan.marks.bulge[:] = 0.0
    plan.shapes.width[:] = 0.01
    plan.pledget[:], plan.bare[:] = False, True
    drawn.palette = dataclasses.replace(drawn.palette, halo_strength=0.0)
    assert len(drawn.frame(index).points) == 0


def test_an_over_exposed_landmark_has_no_label() -> None:
    drawn, index = frame_with_labels("aicm2")
    drawn._highlights[:] = 255
    assert len(drawn.frame(index).points) == 0


@pytest.mark.quick
def test_landmarks_outside_the_frame_have_no_label() -> None:
    drawn, index = frame_with_labels("aicm2")
    drawn.sutures.points += 2000.0
    assert len(drawn.frame(index).points) == 0


def test_every_label_changes_the_picture_where_it_is() -> None:
    """Without its sutures the same frame looks different at every label."""
    for surgery in ("aicm5", "aicm13"):
        drawn, index = frame_with_labels(surgery)
        sutured = drawn.frame(index)
        drawn.sutures.opening = 2.0
        plain = drawn.frame(index)
        assert len(plain.points) == 0
        change = np.abs(sutured.image.astype(int) - plain.image).mean(axis=2)
        for x, y in np.round(sutured.points).astype(int):
            window = change[max(y - 6, 0) : y + 7, max(x - 6, 0) : x + 7]
            assert window.mean() > 1


# --- the gap dial ---------------------------------------------------------------------------------


def test_the_gap_brings_intraop_from_the_look_of_sim_to_its_own_and_leaves_its_layout() -> None:
    def look(surgery: str, gap: float) -> tuple[np.ndarray, np.ndarray]:
        drawn = PhantomSurgery(surgery, 8, options=PhantomOptions(gap=gap))
        scene = cv2.cvtColor(np.float32(drawn._scene) / np.float32(255), cv2.COLOR_RGB2LAB)
        return scene.mean(axis=(0, 1)), drawn.geometry(5).landmarks

    colours, places = zip(*(look("aicm13", gap) for gap in (0.0, 0.5, 1.0)), strict=True)
    sim, _ = look("aicm3", 1.0)
    away = [np.linalg.norm((colour - sim)[1:]) for colour in colours]
    assert away[0] < away[1] / 2 < away[2] / 2, "as sim, halfway, and beyond"
    # From bluish to yellowish, from greyish to red.
    assert (np.diff(colours, axis=0)[:, 1:] > 0).all()
    for other in places[1:]:
        np.testing.assert_array_equal(places[0], other)
    # Sim never changes.
    frames = [
        PhantomSurgery("aicm3", 8, options=PhantomOptions(gap=gap)).frame(5) for gap in (0.0, 1.0)
    ]
    np.testing.assert_array_equal(frames[0].image, frames[1].image)


# --- the annotator's flaws ------------------------------------------------------------------------


@pytest.mark.quick
def test_label_noise_moves_labels_but_not_pixels() -> None:
    exact = PhantomSurgery("aicm7", 4).frame(2)
    noisy = PhantomSurgery("aicm7", 4, options=PhantomOptions(label_noise_px=1.5)).frame(2)
    np.testing.assert_array_equal(exact.image, noisy.image)
    shift = np.linalg.norm(exact.points - noisy.points, axis=1)
    assert 0 < shift.mean() < 5


@pytest.mark.quick
def test_label_drop_removes_labels() -> None:
    exact = PhantomSurgery("aicm7", 4).frame(2)
    some = PhantomSurgery("aicm7", 4, options=PhantomOptions(label_drop=0.5)).frame(2)
    none = PhantomSurgery("aicm7", 4, options=PhantomOptions(label_drop=1.0)).frame(2)
    assert len(none.points) == 0 < len(some.points) < len(exact.points)


@pytest.mark.quick
def test_impossible_options_are_refused() -> None:
    with pytest.raises(ValueError, match="label_noise_px"):
        PhantomOptions(label_noise_px=-1)
    with pytest.raises(ValueError, match="label_drop"):
        PhantomOptions(label_drop=1.5)
    with pytest.raises(ValueError, match="gap"):
        PhantomOptions(gap=1.1)
    with pytest.raises(ValueError, match="standard"):
        PhantomOptions(difficulty="huge")


# --- files --------------------------------------------------------------------------------------


def test_layout_on_disk(tiny: Path) -> None:
    pictures = sorted(tiny.glob("*/*/images/*.png"))
    labels = sorted(tiny.glob("*/*/point_labels/*.json"))
    assert len(pictures) == len(labels) == phantom_frame_count("tiny")
    assert (tiny / "aicm1/VID000_0/images/sim_000000.png").is_file()
    assert (tiny / "aicm14/VID002_G/point_labels/OR_000000.json").is_file()
    label = read_points(tiny / "aicm1/VID000_0/point_labels/sim_000003.json")
    assert label.size == (512, 288)
    drawn = PhantomSurgery("aicm1", 4).frame(3)
    np.testing.assert_allclose(label.points, drawn.points, atol=0.006)
    assert max(path.stat().st_size for path in pictures) < 320_000
    document = json.loads(labels[0].read_text())
    assert all(value == round(value, 2) for point in document["points"] for value in point.values())


def test_description(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    description = tomllib.loads((tiny / "dataset.toml").read_text())
    assert description["name"] == "phantom-tiny-seed0"
    assert description["generator_version"] == GENERATOR_VERSION
    standard = {"gap": 1.0, "difficulty": "standard", "label_noise_px": 0.0, "label_drop": 0.0}
    assert description["options"] == standard
    assert description["kind"] == "phantom"
    assert "not AdaptOR" in description["note"]
    monkeypatch.setattr(phantom_dataset, "draw_frames", lambda *job: 0)
    other = write_phantom(tmp_path / "other", "tiny", seed=EMBEDDED_SEED, workers=1)
    assert tomllib.loads((other / "dataset.toml").read_text())["name"] == "phantom-tiny"


def test_bytes_do_not_depend_on_the_number_of_workers(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[int, int]] = []
    # Nor is the caller's script run again by the workers: one that draws would wait for itself.
    script = tmp_path / "script.py"
    script.write_text("raise SystemExit(1)\n")
    caller = ModuleType("__main__")
    caller.__file__ = str(script)
    monkeypatch.setitem(sys.modules, "__main__", caller)
    two = write_phantom(
        tmp_path / "two", "tiny", workers=2, progress=lambda *step: seen.append(step)
    )
    assert tree_hashes(two) == tree_hashes(tiny)
    total = phantom_frame_count("tiny")
    assert seen[0] == (0, total) and seen[-1] == (total, total)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_existing_data_are_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("precious")
    with pytest.raises(InputError, match="not an empty directory"):
        write_phantom(tmp_path, "tiny")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.quick
def test_unknown_profile_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="huge"):
        write_phantom(tmp_path / "out", "huge")


@pytest.mark.quick
@pytest.mark.parametrize("failure", [KeyboardInterrupt(), OSError("No space left on device")])
def test_failure_in_the_middle_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: BaseException
) -> None:
    drawn = []
    real = phantom_dataset._write_frame

    def fails_later(*arguments: object) -> None:
        drawn.append(arguments)
        if len(drawn) > 7:
            raise failure
        real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(phantom_dataset, "_write_frame", fails_later)
    with pytest.raises(type(failure)):
        write_phantom(tmp_path / "out", "tiny", workers=1)
    assert len(drawn) == 8
    assert list(tmp_path.iterdir()) == []
