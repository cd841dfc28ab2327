"""The decoders give what scikit-image would give, to the bit; and no place where they might not."""

from __future__ import annotations

import subprocess
import sys

import cv2
import numpy as np
import pytest
from oracles import decoding as oracle
from skimage.filters import threshold_otsu
from skimage.measure import label, regionprops
from skimage.morphology import disk, opening

from adaptor_bench.stages.decoders import peaks
from adaptor_bench.stages.decoders.otsu import Otsu
from adaptor_bench.stages.decoders.peaks import Peaks, find_peaks
from adaptor_bench.stages.maps import resize_map
from adaptor_bench.stages.regions import counts_between, opened, otsu_threshold, regions_of
from adaptor_bench.stages.smoothing import areas_above, reach_of, smoothed
from adaptor_bench.stages.targets.gaussian import draw_heatmap

pytestmark = pytest.mark.quick

DECODERS = {
    "as published": Otsu(),
    "coarser opening, two cuts": Otsu(opening_radius=5, cut_passes=2, cut_factor=0.7),
    "fixed threshold": Otsu(threshold=0.4, opening_radius=0),
    "peaks": Peaks(),
    "all peaks": Peaks(threshold=None, distance=0.0, refine="centroid"),
    "peaks of a smooth map": Peaks(threshold=0.1, blur=2.5, distance=9.5),
    "peaks as they are": Peaks(blur=0.0, refine="none"),
}


@pytest.mark.parametrize("size", [(512, 288), (128, 72), (131, 70)], ids=str)
@pytest.mark.parametrize("name", DECODERS)
def test_points_scores_and_masks_are_scikit_images(name, size):
    decoder, rng = DECODERS[name], np.random.default_rng(len(name))
    found = 0
    for _ in range(12):
        maps = oracle.random_map(rng)
        points, scores, masks = oracle.decoded(decoder, maps, size)
        ours = decoder.decode(maps, size)
        assert ours.points.tobytes() == points.tobytes() and ours.points.shape == points.shape
        assert ours.scores.tobytes() == scores.tobytes()
        for step, mask in zip(ours.steps, masks, strict=True):
            np.testing.assert_array_equal(step.mask, mask)
        found += len(points)
    assert found > 20


@pytest.mark.parametrize("seed", range(20))
def test_regions_are_scikit_images_in_its_order(seed):
    rng = np.random.default_rng(seed)
    mask = np.kron(rng.random((20, 31)) < rng.choice([0.02, 0.3, 0.6]), np.ones((2, 3), bool))
    mask &= rng.random(mask.shape) < 0.9
    values = rng.random(mask.shape, np.float32)
    ours, theirs = regions_of(mask), regionprops(label(mask, connectivity=2), values)
    np.testing.assert_array_equal(ours.areas, [r.area for r in theirs])
    np.testing.assert_array_equal(ours.centroids[:, ::-1], [r.centroid for r in theirs])
    np.testing.assert_array_equal(ours.boxes, [r.bbox for r in theirs])
    np.testing.assert_array_equal(ours.largest(values), [r.intensity_max for r in theirs])


def test_a_mask_with_nothing_in_it_has_no_regions():
    found = regions_of(np.zeros((7, 9), bool))
    assert found.centroids.shape == (0, 2) and found.boxes.shape == (0, 4)


def test_more_regions_than_two_bytes_can_count():
    mask = np.zeros((520, 520), bool)
    mask[::2, ::2] = True
    found = regions_of(mask)
    assert len(found.areas) == 260**2 > 65535
    np.testing.assert_array_equal(found.centroids[[0, -1]], [[0, 0], [518, 518]])


@pytest.mark.parametrize("radius", [1, 2, 3, 7])
@pytest.mark.parametrize("shape", [(30, 41), (3, 50), (2, 2)], ids=str)
def test_opening_is_scikit_images_up_to_the_border(radius, shape):
    rng = np.random.default_rng(radius)
    for share in (0.5, 0.9, 0.99):
        mask = rng.random(shape) < share
        np.testing.assert_array_equal(opened(mask, radius), opening(mask, disk(radius)))


LOW = np.float32(0.25)
MAPS = {
    "on the edges of the bins": np.linspace(0, 1, 257, dtype=np.float32)[
        np.random.default_rng(0).integers(0, 257, 5000)
    ],
    "a hair off the edges": np.nextafter(np.linspace(0, 1, 257, dtype=np.float32), np.float32(2)),
    "nearly nothing everywhere": np.geomspace(1e-30, 1, 5000, dtype=np.float32),
    "two values": np.float32([0.1, 0.9, 0.9]),
    "a few units in the last place": LOW + np.spacing(LOW) * np.arange(300, dtype=np.float32),
    "far from zero": 1000 + np.random.default_rng(1).random(5000, np.float32),
    "too small to divide by": np.float32([0, 1e-42, 3e-42]),
    "larger than a block": np.random.default_rng(2).random(70_001, np.float32) ** 8,
}


@pytest.mark.parametrize("name", MAPS)
def test_bins_are_counted_as_numpy_counts_them(name):
    values = MAPS[name].reshape(1, -1)
    expected, edges = np.histogram(values, 256)
    np.testing.assert_array_equal(counts_between(values, edges), expected)
    assert otsu_threshold(values) == threshold_otsu(values)


@pytest.mark.parametrize("blur", [0.4, 0.6, 2.5, 30.0])
@pytest.mark.parametrize("size", [(512, 288), (131, 70), (90, 200)], ids=str)
def test_a_map_is_smoothed_as_scipy_does_wherever_it_reaches_the_threshold(size, blur):
    rng = np.random.default_rng(5)
    for threshold in (0.02, 0.3, 0.3, 0.6, 0.0):
        heatmap = oracle.random_map(rng)[0]
        areas = areas_above(heatmap, threshold, size, reach_of(blur) + 1)
        resized = resize_map(heatmap, size)
        ours, theirs = smoothed(resized, blur, areas), oracle.gaussian_filter(resized, blur)
        within = np.zeros(theirs.shape, np.uint8)
        for top, left, bottom, right in areas:
            assert not within[top:bottom, left:right].any(), "areas overlap"
            within[top:bottom, left:right] = 1
        np.testing.assert_array_equal(ours, np.where(within, theirs, 0))
        beside = cv2.dilate((theirs >= threshold).astype(np.uint8), np.ones((3, 3), np.uint8))
        assert (within >= beside).all()


def test_a_map_that_is_not_finite_has_the_peaks_that_it_would_have_elsewhere():
    heatmap = draw_heatmap(np.array([(20.0, 30), (60, 30), (22, 60)]), (128, 72), 1.5, "max")
    whole = Peaks().decode(heatmap[None], oracle.SIZE).points
    heatmap[30, 20] = np.nan
    found = Peaks().decode(heatmap[None], oracle.SIZE).points
    assert {(x, y) for x, y in whole if x > 100 or y > 200} <= {*map(tuple, found)}


@pytest.mark.parametrize("distance", [1.5, np.sqrt(2), 30.0])
def test_more_peaks_than_are_looked_at_at_once_are_thinned_as_all_would_be(distance, monkeypatch):
    heatmap = np.random.default_rng(8).random((60, 80), np.float32)
    expected = oracle.highest(heatmap, 0.5, distance)
    for most in (2000, 40, 3):
        monkeypatch.setattr(peaks, "_AT_ONCE", most)
        np.testing.assert_array_equal(find_peaks(heatmap, 0.5, distance), expected)


# While a network trains, the thread that decodes takes numbers too small to be normal for zero.
BESIDE_TRAINING = """
import numpy as np, torch
from adaptor_bench.stages.decoders.peaks import find_peaks
from adaptor_bench.stages.targets.multiscale_flow import flow_to_nearest
rng = np.random.default_rng(0)
border = np.zeros((288, 512), np.float32)
border[:120:2, 0] = 1 - rng.random(60, np.float32) / 2
border[np.arange(0, 120, 4), rng.permutation(np.arange(8, 512, 2))[:30]] = 0.4
points = np.argwhere(border.T).astype(float)
before = find_peaks(border, 0.1, 5.0), flow_to_nearest(points, (512, 288), (2.0, 2.0))
assert torch.set_flush_denormal(True)
after = find_peaks(border, 0.1, 5.0), flow_to_nearest(points, (512, 288), (2.0, 2.0))
assert len(before[0]) > 30
assert all(np.array_equal(*pair) for pair in zip(before, after))
"""


def test_peaks_at_the_border_do_not_end_a_training():
    """SciPy's tree never ends, in a segmentation fault, where the median of coordinates is 0."""
    pytest.importorskip("torch")
    done = subprocess.run([sys.executable, "-c", BESIDE_TRAINING], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
