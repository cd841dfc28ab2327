"""Points to heatmaps and back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.filters import threshold_otsu

from adaptor_bench.errors import UsageError
from adaptor_bench.heatmap.decode import DecodeSettings, cut_large_regions, decode_heatmap
from adaptor_bench.heatmap.targets import COMBINATIONS, draw_heatmap
from adaptor_bench.matching.match import match

pytestmark = pytest.mark.quick

SIZE = (512, 288)


def spread_points(rng: np.random.Generator, number: int, gap: float) -> np.ndarray:
    """Random points at least ``gap`` px apart and 12 px from the border."""
    points = np.empty((0, 2))
    while len(points) < number:
        candidate = rng.uniform(12, np.array(SIZE) - 13)
        if not len(points) or np.hypot(*(points - candidate).T).min() >= gap:
            points = np.vstack([points, candidate])
    return points


def test_heatmap_equals_the_gaussian_written_out():
    points = np.array([[10.25, 7.5], [30.0, 20.0]])
    y, x = np.mgrid[:40, :50]
    each = [np.exp(-((x - px) ** 2 + (y - py) ** 2) / (2 * 3.0**2)) for px, py in points]
    total = np.sum(each, axis=0)
    expected = {
        "max": np.max(each, axis=0),
        "sum_clip": np.minimum(total, 1),
        "sum_minmax": (total - total.min()) / (total.max() - total.min()),
    }
    for combine in COMBINATIONS:
        drawn = draw_heatmap(points, (50, 40), 3.0, combine)
        np.testing.assert_allclose(drawn, expected[combine], atol=1e-5)


def test_sigma_per_axis():
    drawn = draw_heatmap(np.array([[20.0, 20.0]]), (41, 41), (2.0, 4.0), "max")
    assert drawn[20, 22] == pytest.approx(np.exp(-0.5), abs=1e-6)
    assert drawn[24, 20] == pytest.approx(np.exp(-0.5), abs=1e-6)


@pytest.mark.parametrize("combine", COMBINATIONS)
def test_no_points_give_zeros_and_zeros_give_no_points(combine):
    drawn = draw_heatmap(np.empty((0, 2)), SIZE, 3.0, combine)
    assert drawn.shape == (288, 512)
    assert not drawn.any()
    assert len(decode_heatmap(drawn, DecodeSettings()).points) == 0


def test_unknown_combination_is_wrong_usage():
    with pytest.raises(UsageError, match="unknown heatmap combination 'summ'"):
        draw_heatmap(np.zeros((1, 2)), SIZE, 3.0, "summ")


@pytest.mark.parametrize("value", [0.0, 0.3, 1.0, np.nan])
def test_a_constant_heatmap_yields_no_points(value):
    assert len(decode_heatmap(np.full((20, 30), value), DecodeSettings()).points) == 0


@pytest.mark.parametrize(
    ("sigma", "combine", "gap"), [(2.0, "max", 10.0), (3.0, "max", 16.0), (5.657, "max", 34.0)]
)
def test_draw_decode_match_returns_the_points(sigma, combine, gap):
    rng = np.random.default_rng(3)
    for number in (1, 5, 12):
        points = spread_points(rng, number, gap)
        heatmap = draw_heatmap(points, SIZE, sigma, combine)
        found = decode_heatmap(heatmap, DecodeSettings(cut=False)).points
        result = match(found, points, radius=1.0)
        assert (result.tp, result.fp, result.fn) == (number, 0, 0)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 14))
def test_cutting_never_loses_a_separated_point(seed, number):
    """The literal rule cuts ordinary blobs too; what it must not do is lose one."""
    points = spread_points(np.random.default_rng(seed), number, 20.0)
    heatmap = draw_heatmap(points, SIZE, 3.0, "max")
    found = decode_heatmap(heatmap, DecodeSettings()).points
    assert match(found, points).tp == number


def test_cutting_separates_a_merged_pair():
    points = np.array([[100.0, 100.0], [107.0, 100.0], [300.0, 200.0], [400.0, 60.0]])
    heatmap = draw_heatmap(points, SIZE, 3.0, "max")
    merged = decode_heatmap(heatmap, DecodeSettings(cut=False)).points
    assert len(merged) == 3
    found = decode_heatmap(heatmap, DecodeSettings()).points
    result = match(found, points, radius=3.0)
    assert (result.tp, result.fp, result.fn) == (4, 0, 0)


def reference_cut(mask: np.ndarray) -> np.ndarray:
    """The rule of the public code, pixel by pixel."""
    height, width = mask.shape
    seen = np.zeros_like(mask)
    regions = []
    for start in zip(*np.nonzero(mask), strict=True):
        if seen[start]:
            continue
        stack, pixels = [start], []
        seen[start] = True
        while stack:
            y, x = stack.pop()
            pixels.append((y, x))
            for ny in range(max(0, y - 1), min(height, y + 2)):
                for nx in range(max(0, x - 1), min(width, x + 2)):
                    if mask[ny, nx] and not seen[ny, nx]:
                        seen[ny, nx] = True
                        stack.append((ny, nx))
        regions.append(np.array(pixels))
    result = mask.copy()
    mean = int(np.mean([len(r) for r in regions])) if regions else 0
    for region in regions:
        if len(region) <= mean:
            continue
        (top, left), (bottom, right) = region.min(0), region.max(0)
        row, column = (int(v) for v in region.mean(0))
        if right - left <= bottom - top:
            result[row, left : right + 1] = False
        else:
            result[top : bottom + 1, column] = False
    return result


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_cut_equals_the_rule_written_out_pixel_by_pixel(seed):
    rng = np.random.default_rng(seed)
    mask = np.kron(rng.random((6, 9)) < 0.45, np.ones((3, 2), bool))
    np.testing.assert_array_equal(cut_large_regions(mask), reference_cut(mask))


def test_cut_of_equal_sides_is_horizontal():
    mask = np.zeros((30, 30), bool)
    mask[2:9, 2:9] = True
    mask[20, 20] = True
    cut = cut_large_regions(mask)
    assert not cut[5, 2:9].any()
    assert cut[4, 2:9].all()


def test_otsu_is_scikit_images_and_the_comparison_is_inclusive():
    rng = np.random.default_rng(0)
    heatmap = draw_heatmap(spread_points(rng, 6, 20), SIZE, 3.0) + 0.02 * rng.random((288, 512))
    heatmap = heatmap.astype(np.float32)
    decoded = decode_heatmap(heatmap, DecodeSettings(opening_radius=0, cut=False))
    assert decoded.threshold == threshold_otsu(heatmap)
    np.testing.assert_array_equal(decoded.binary, heatmap >= decoded.threshold)


def test_a_fixed_threshold_and_a_floor():
    heatmap = draw_heatmap(np.array([[50.0, 50.0]]), (100, 100), 3.0, "max") * 0.4
    assert len(decode_heatmap(heatmap, DecodeSettings(threshold=0.5)).points) == 0
    assert len(decode_heatmap(heatmap, DecodeSettings(floor=0.5)).points) == 0
    assert len(decode_heatmap(heatmap, DecodeSettings()).points) == 1


def test_opening_removes_specks():
    heatmap = np.zeros((60, 60), np.float32)
    heatmap[10, 10] = 1
    heatmap[30:38, 30:38] = 1
    assert len(decode_heatmap(heatmap, DecodeSettings(cut=False)).points) == 1
    assert len(decode_heatmap(heatmap, DecodeSettings(cut=False, opening_radius=0)).points) == 2
