"""Points to heatmaps and back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.filters import threshold_otsu

from adaptor_bench.errors import UsageError
from adaptor_bench.matching.match import match
from adaptor_bench.stages.decoders.otsu import Otsu, cut_large_regions
from adaptor_bench.stages.decoders.peaks import Peaks, find_peaks
from adaptor_bench.stages.decoders.threshold import Threshold
from adaptor_bench.stages.targets.gaussian import COMBINATIONS, draw_heatmap

pytestmark = pytest.mark.quick

SIZE = (512, 288)


def decode_heatmap(heatmap, decoder):
    """Decode one map (H, W) at its own size."""
    return decoder.decode(heatmap[None], heatmap.shape[::-1])


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


def test_another_combination_is_refused():
    with pytest.raises(UsageError, match="'mean'"):
        draw_heatmap(np.array([[1.0, 2.0]]), (50, 40), 3.0, "mean")


@pytest.mark.parametrize("combine", COMBINATIONS)
def test_no_points_give_zeros_and_zeros_give_no_points(combine):
    drawn = draw_heatmap(np.empty((0, 2)), SIZE, 3.0, combine)
    assert drawn.shape == (288, 512)
    assert not drawn.any()
    assert len(decode_heatmap(drawn, Otsu()).points) == 0


@pytest.mark.parametrize("value", [0.0, 0.3, 1.0, np.nan])
def test_a_constant_heatmap_yields_no_points(value):
    assert len(decode_heatmap(np.full((20, 30), value), Otsu()).points) == 0


@pytest.mark.parametrize(
    ("sigma", "combine", "gap"), [(2.0, "max", 10.0), (3.0, "max", 16.0), (5.657, "max", 34.0)]
)
def test_draw_decode_match_returns_the_points(sigma, combine, gap):
    rng = np.random.default_rng(3)
    for number in (1, 5, 12):
        points = spread_points(rng, number, gap)
        heatmap = draw_heatmap(points, SIZE, sigma, combine)
        found = decode_heatmap(heatmap, Otsu(cut=False)).points
        result = match(found, points, radius=1.0)
        assert (result.tp, result.fp, result.fn) == (number, 0, 0)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 14))
def test_cutting_never_loses_a_separated_point(seed, number):
    """The literal rule cuts ordinary blobs too; what it must not do is lose one."""
    points = spread_points(np.random.default_rng(seed), number, 20.0)
    heatmap = draw_heatmap(points, SIZE, 3.0, "max")
    found = decode_heatmap(heatmap, Otsu()).points
    assert match(found, points).tp == number


def test_cutting_separates_a_merged_pair():
    points = np.array([[100.0, 100.0], [107.0, 100.0], [300.0, 200.0], [400.0, 60.0]])
    heatmap = draw_heatmap(points, SIZE, 3.0, "max")
    merged = decode_heatmap(heatmap, Otsu(cut=False)).points
    assert len(merged) == 3
    found = decode_heatmap(heatmap, Otsu()).points
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
    decoded = decode_heatmap(heatmap, Otsu(opening_radius=0, cut=False))
    threshold = threshold_otsu(heatmap)
    assert decoded.steps[0].title == f"Otsu {threshold:.3f}"
    np.testing.assert_array_equal(decoded.steps[0].mask, heatmap >= threshold)


def test_a_fixed_threshold_and_a_floor():
    heatmap = draw_heatmap(np.array([[50.0, 50.0]]), (100, 100), 3.0, "max") * 0.4
    for decoder in (Otsu(threshold=0.5), Threshold(0.5), Threshold(0.41)):
        assert len(decode_heatmap(heatmap, decoder).points) == 0
    assert len(decode_heatmap(heatmap, Threshold(0.39)).points) == 1
    assert len(decode_heatmap(heatmap, Otsu(floor=0.5)).points) == 0
    assert len(decode_heatmap(heatmap, Otsu()).points) == 1


def test_opening_removes_specks():
    heatmap = np.zeros((60, 60), np.float32)
    heatmap[10, 10] = 1
    heatmap[30:38, 30:38] = 1
    assert len(decode_heatmap(heatmap, Otsu(cut=False)).points) == 1
    assert len(decode_heatmap(heatmap, Otsu(cut=False, opening_radius=0)).points) == 2


# --- peaks --------------------------------------------------------------------------------------


def reference_peaks(heatmap, threshold, distance):
    """The definition, pixel by pixel: flood every plateau, look around it, take the highest."""
    height, width = heatmap.shape
    found, seen = [], set()
    for start in np.ndindex(height, width):
        if start in seen or heatmap[start] < threshold:
            continue
        plateau, todo, around = set(), [start], []
        while todo:
            y, x = todo.pop()
            if (y, x) in plateau:
                continue
            plateau.add((y, x))
            for ny in range(max(0, y - 1), min(height, y + 2)):
                for nx in range(max(0, x - 1), min(width, x + 2)):
                    if heatmap[ny, nx] == heatmap[start]:
                        todo.append((ny, nx))
                    else:
                        around.append(heatmap[ny, nx])
        seen |= plateau
        if around and max(around) < heatmap[start]:
            cy, cx = np.mean(sorted(plateau), axis=0)
            y, x = min(plateau, key=lambda p: (np.hypot(p[0] - cy, p[1] - cx), p))
            found.append((-heatmap[start], y, x))
    kept = []
    for _, y, x in sorted(found):
        if all(np.hypot(x - kx, y - ky) >= distance for kx, ky in kept):
            kept.append((x, y))
    return np.array(kept).reshape(-1, 2)


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([2, 5, 1000]), st.sampled_from([0, 1.5, 3, 9]))
def test_peaks_are_the_definition_written_out(seed, levels, distance):
    rng = np.random.default_rng(seed)
    heatmap = (rng.integers(0, levels, rng.integers(1, 14, 2)) / levels).astype(np.float32)
    expected = reference_peaks(heatmap, 0.4, distance)
    np.testing.assert_array_equal(find_peaks(heatmap, 0.4, distance), expected)


@pytest.mark.parametrize(
    ("refine", "within"), [("quadratic", 0.02), ("centroid", 0.67), ("none", 0.71)]
)
def test_peaks_of_gaussians_are_placed_between_pixels(refine, within):
    rng = np.random.default_rng(4)
    for number in (1, 6, 14):
        points = spread_points(rng, number, 12.0)
        heatmap = draw_heatmap(points, SIZE, 2.5, "max")
        found = decode_heatmap(heatmap, Peaks(blur=0.0, refine=refine))
        result = match(found.points, points, radius=within)
        assert (result.tp, result.fp, result.fn) == (number, 0, 0)
        assert np.all(found.scores > 0.9)


def test_merged_blobs_are_two_peaks_and_ripples_one():
    points = np.array([[100.0, 100.0], [107.0, 100.0]])
    heatmap = draw_heatmap(points, SIZE, 3.0, "max")
    assert len(decode_heatmap(heatmap, Peaks()).points) == 2
    assert len(decode_heatmap(heatmap, Peaks(distance=8.0)).points) == 1
    assert len(decode_heatmap(heatmap, Peaks(blur=4.0)).points) == 1
    assert len(decode_heatmap(0.2 * heatmap, Peaks()).points) == 0


def test_peaks_at_the_border_are_found_and_stay_inside():
    points = np.array([[0.0, 0.0], [511.0, 287.0], [250.0, 287.0]])
    heatmap = draw_heatmap(points, SIZE, 2.0, "max")
    for refine in ("quadratic", "none"):
        found = decode_heatmap(heatmap, Peaks(blur=0.0, refine=refine)).points
        assert match(found, points, radius=0.01).tp == 3


def test_peaks_are_in_px_of_the_size_that_is_asked_for():
    small = draw_heatmap(np.array([[20.0, 12.0]]), (64, 36), 1.5, "max")
    (found,) = Peaks().decode(small[None], (256, 144)).points
    np.testing.assert_allclose(found, [4 * 20.5 - 0.5, 4 * 12.5 - 0.5], atol=0.2)
