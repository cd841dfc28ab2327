"""Forensics: each mistake is named, and nothing is said about submissions that are merely bad."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from adaptor_bench.submission.forensics import diagnose
from adaptor_bench.submission.pairing import FramePoints, Pairing, thin

SIZE = np.array([512.0, 288.0])


def labels(frames=40, points=12, videos=2, seed=0, speed=None):
    """Points scattered over the frame; with ``speed`` they move by that many px per frame."""
    rng = np.random.default_rng(seed)
    made = []
    for video in range(videos):
        place = rng.uniform((20, 20), SIZE - 21, (points, 2))
        for i in range(frames // videos):
            if speed is None:
                place = rng.uniform((20, 20), SIZE - 21, (points, 2))
            else:
                place = place + np.array([speed, speed / 2])
            made.append(FramePoints(f"aicm{video + 1}/V_0/{i:06d}", place.round(1)))
    return made


def moved(frames, change):
    return [FramePoints(f.key, change(f.points), f.size) for f in frames]


def noisy(frames, sigma=2.0, seed=1):
    rng = np.random.default_rng(seed)
    return moved(frames, lambda p: p + rng.normal(0, sigma, p.shape))


def codes(frames, reference=None):
    return [f.code for f in diagnose(frames, reference)]


SWAP = ("looks-swapped", lambda p: p[:, ::-1])
NORMALISE = ("looks-normalised", lambda p: p / SIZE)
LARGE = ("looks-unscaled", lambda p: p * 3.75)
HALF = ("looks-unscaled", lambda p: p * 1.875)
MIRRORS = [
    ("looks-mirrored", lambda p: (511, 0) + p * (-1, 1)),
    ("looks-mirrored", lambda p: (0, 287) + p * (1, -1)),
    ("looks-mirrored", lambda p: (511, 287) - p),
]
SHIFTS = [("looks-shifted", lambda p, s=s: p + s) for s in (-1, 0.5, -0.5)]
SHIFTS.append(("looks-one-based", lambda p: p + 1))


@pytest.mark.parametrize("frames", [2, 40])
@pytest.mark.parametrize(("code", "change"), [SWAP, NORMALISE, LARGE, HALF])
def test_named_without_a_reference(code, change, frames):
    found = diagnose(moved(labels(frames), change))
    assert [(f.code, f.severity, f.file) for f in found] == [(code, "error", ".")]


@pytest.mark.parametrize(("code", "change"), [SWAP, NORMALISE, LARGE, HALF, *MIRRORS, *SHIFTS])
@pytest.mark.parametrize("sigma", [0, 1.0])
def test_named_with_a_reference(code, change, sigma):
    truth = labels()
    assert codes(moved(noisy(truth, sigma), change), truth) == [code]


@pytest.mark.parametrize(("code", "change"), [SWAP, NORMALISE, LARGE, HALF, *MIRRORS])
def test_one_frame_is_enough(code, change):
    truth = labels(1, videos=1)
    assert codes(moved(truth, change), truth) == [code]


def test_a_detector_that_finds_half_is_diagnosed_too():
    truth, other = labels(), labels(seed=5)
    half = [
        FramePoints(t.key, np.concatenate((t.points[:6], o.points[:6])))
        for t, o in zip(truth, other, strict=True)
    ]
    for code, change in (SWAP, *MIRRORS):
        assert codes(moved(half, change), truth) == [code]


def test_swapped_points_that_all_fit_into_the_frame():
    truth = moved(labels(), lambda p: p * (0.5, 0.9))
    swapped = moved(truth, lambda p: p[:, ::-1])
    assert codes(swapped) == []
    assert codes(swapped, truth) == ["looks-swapped"]


def test_the_frame_of_the_reference_counts():
    truth = [FramePoints(f.key, f.points / 2, (256, 144)) for f in labels()]
    assert codes(moved(truth, lambda p: p / (256, 144)), truth) == ["looks-normalised"]
    assert codes(moved(truth, lambda p: (255, 0) + p * (-1, 1)), truth) == ["looks-mirrored"]


def test_points_of_a_networks_image_and_of_the_challenges_size_on_larger_frames():
    truth = labels()
    small = moved(truth, lambda p: p / 2)
    assert codes(small) == [], "they all lie in the frame"
    assert codes(small, truth) == ["looks-unscaled"]
    large = [FramePoints(f.key, f.points * 2, (1024, 576)) for f in truth]
    at_512x288 = [FramePoints(f.key, f.points, (1024, 576)) for f in truth]
    (found,) = diagnose(at_512x288, large)
    assert found.code == "looks-unscaled" and "a 512x288 image" in found.message


@pytest.mark.parametrize("k", [1, -1, 2, -3])
@pytest.mark.parametrize("speed", [None, 1.0])
def test_renumbered(k, speed):
    """Both ways: the keys are the neighbours', or only the content is."""
    truth = labels(speed=speed)
    number = {f.key: int(f.key[-6:]) for f in truth}
    renamed = [FramePoints(f"{f.key[:-6]}{number[f.key] + k + 5:06d}", f.points) for f in truth]
    reference = [FramePoints(f"{f.key[:-6]}{number[f.key] + 5:06d}", f.points) for f in truth]
    assert codes(renamed, reference) == ["looks-renumbered"]
    rolled = [FramePoints(a.key, truth[(i + k) % len(truth)].points) for i, a in enumerate(truth)]
    found = diagnose(rolled, truth)
    assert [f.code for f in found] == ["looks-renumbered"]
    assert ("higher" if k > 0 else "lower") in found[0].message


def test_renumbered_where_numbers_have_gaps():
    truth = [FramePoints(f"{f.key[:-6]}{120 * int(f.key[-6:]):06d}", f.points) for f in labels()]
    late = [FramePoints(f.key, truth[i - 1].points) for i, f in enumerate(truth)]
    found = diagnose(late, truth)
    assert [f.code for f in found] == ["looks-renumbered"]
    assert "1 before it in its video" in found[0].message


def test_the_evidence_is_in_the_message():
    truth = labels(2, points=10, videos=1)
    message = diagnose(moved(truth, lambda p: p[:, ::-1]))[0].message
    outside = sum(int((f.points[:, 0] > 287).sum()) for f in truth)
    assert f"{outside} of 20 points lie outside the frame" in message
    assert "100 % lie inside" in message
    message = diagnose(moved(truth, lambda p: (511, 0) + p * (-1, 1)), truth)[0].message
    assert message.startswith("looks mirrored left to right: ")
    assert "20 after mirroring back" in message
    message = diagnose(moved(labels(), lambda p: p + 1), labels())[0].message
    assert "+1.00 px in x and +1.00 px in y" in message


@pytest.mark.parametrize("frames", [1, 2, 3, 10, 40])
@pytest.mark.parametrize("seed", range(4))
def test_no_false_alarms(frames, seed):
    rng = np.random.default_rng(seed)
    for speed in (None, 0.0, 1.5):
        truth = labels(frames, videos=1 if frames < 4 else 2, seed=seed, speed=speed)
        first = truth[0].points
        submissions = {
            "perfect": truth,
            "noisy": noisy(truth, 2.0, seed),
            "very noisy": noisy(truth, 6.0, seed),
            "rounded": moved(truth, np.round),
            "random": moved(truth, lambda p: rng.uniform((0, 0), SIZE - 1, p.shape)),
            "random, few": moved(truth, lambda p: rng.uniform((0, 0), SIZE - 1, (2, 2))),
            "random, many": moved(truth, lambda p: rng.uniform((0, 0), SIZE - 1, (60, 2))),
            "in the middle": moved(truth, lambda p: rng.normal(SIZE / 2, 30, p.shape)),
            "constant": moved(truth, lambda p: np.full(p.shape, 100.0)),
            "constant, outside": moved(truth, lambda p: np.full(p.shape, 300.0)),
            "the same in all": [FramePoints(f.key, rng.permutation(first)) for f in truth],
            "one axis noisy": moved(truth, lambda p: p + rng.normal(0, 2, p.shape) * (1, 0)),
            "half found": moved(truth, lambda p: p[::2]),
            "empty": moved(truth, lambda p: np.empty((0, 2))),
            "corner": moved(truth, np.zeros_like),
        }
        if speed is None:  # in a scene that drifts, points that are ahead do look renumbered
            submissions["some outside"] = moved(truth, lambda p: p * 1.02)
        for name, frames_ in submissions.items():
            for reference in (None, truth):
                found = diagnose(frames_, reference)
                assert not found, (name, speed, found)


@pytest.mark.parametrize("n", [1, 2, 3, 4])
@pytest.mark.parametrize(("code", "change"), [SWAP, NORMALISE, LARGE, *MIRRORS, *SHIFTS])
def test_a_handful_of_points_proves_nothing(n, code, change):
    truth = labels(1, points=n, videos=1)
    assert codes(moved(truth, change), truth) == []


def test_nothing_to_compare():
    assert diagnose([]) == []
    assert diagnose([], []) == []
    assert diagnose([], labels()) == []
    assert diagnose(labels(), []) == []
    strangers = [FramePoints(f"other/{f.key[6:]}", f.points) for f in labels()]
    assert diagnose(labels(), strangers) == []
    assert diagnose(labels(), moved(labels(), lambda p: p[:0])) == []


@given(
    st.lists(
        st.tuples(
            st.text(max_size=12),
            npst.arrays(np.float64, st.tuples(st.integers(0, 6), st.just(2))),
            st.tuples(st.integers(1, 4000), st.integers(1, 4000)),
        ),
        max_size=8,
    ),
    st.booleans(),
)
@settings(max_examples=80, deadline=None)
def test_any_numbers_and_keys(frames, with_reference):
    made = [FramePoints(*frame) for frame in frames]
    for found in diagnose(made, made[::-1] if with_reference else None):
        assert found.code.startswith("looks-")


@given(st.integers(0, 5), st.data())
@settings(max_examples=60, deadline=None)
def test_nearest_is_the_nearest(n, data):
    point = npst.arrays(
        np.float64, st.tuples(st.integers(0, 4), st.just(2)), elements=st.floats(-50, 50)
    )
    predicted = [data.draw(point) for _ in range(n)]
    truth = [data.draw(point) for _ in range(n)]
    expected = [
        min((np.hypot(*(p - t)) for t in theirs), default=np.inf)
        for ours, theirs in zip(predicted, truth, strict=True)
        for p in ours
    ]
    np.testing.assert_allclose(Pairing.of(predicted, truth).nearest(), expected, atol=1e-9)


def test_long_lists_are_thinned_evenly():
    points = np.column_stack((np.arange(1000.0), np.arange(1000.0)))
    kept = thin(points)
    assert len(kept) == 40
    assert kept[0, 0] == 0
    assert kept[-1, 0] == 999
    assert len(thin(np.array([[np.nan, 1.0], [1.0, np.inf], [2.0, 3.0]]))) == 1


def test_many_frames_are_sampled():
    truth = labels(20_000, points=5)
    wrong = moved(truth, lambda p: (511, 287) - p)
    start = time.perf_counter()
    found = diagnose(wrong, truth)
    assert time.perf_counter() - start < 8
    assert [f.code for f in found] == ["looks-mirrored"]
    assert "5,000 points (of every 20th frame)" in found[0].message
    assert found == diagnose(wrong, truth)
