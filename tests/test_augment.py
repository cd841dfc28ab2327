"""Augmenting an image and its points keeps them together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from adaptor_bench.stages.targets.gaussian import draw_heatmap
from adaptor_bench.train.augment import augment, crop_around, random_affine, warp
from adaptor_bench.train.settings import Augmentation

WIDTH, HEIGHT = 256, 144
GEOMETRY_ONLY = Augmentation(
    rotation_p=1.0, affine_p=1.0, shift=0.1, shear=0.1, jitter_p=0.0, brightness_contrast_p=0.0
)


def spot_image(point: np.ndarray) -> np.ndarray:
    spot = draw_heatmap(point[None], (WIDTH, HEIGHT), 3.0, "max")
    return np.repeat((spot * 255).astype(np.uint8)[..., None], 3, axis=2)


def centre_of_mass(image: np.ndarray) -> np.ndarray:
    weight = image[..., 0].astype(float)
    y, x = np.mgrid[: image.shape[0], : image.shape[1]]
    return np.array([(weight * x).sum(), (weight * y).sum()]) / weight.sum()


@pytest.mark.parametrize("seed", range(30))
def test_the_spot_in_the_augmented_image_is_at_the_augmented_point(seed):
    rng = np.random.default_rng(seed)
    point = rng.uniform([100, 60], [156, 84])
    image, points = augment(spot_image(point), point[None], GEOMETRY_ONLY, rng)
    assert len(points) == 1
    np.testing.assert_allclose(centre_of_mass(image), points[0], atol=0.1)


@pytest.mark.parametrize("seed", range(5))
def test_warping_the_heatmap_equals_drawing_the_warped_points(seed):
    rng = np.random.default_rng(seed)
    points = rng.uniform([90, 50], [166, 94], (5, 2))
    rigid = Augmentation(rotation_p=1.0)
    matrix = random_affine((WIDTH, HEIGHT), rigid, rng)
    drawn = draw_heatmap(points, (WIDTH, HEIGHT), 4.0, "max")
    image = np.repeat((drawn * 255).round().astype(np.uint8)[..., None], 3, axis=2)
    warped, moved = warp(image, points, matrix)
    expected = draw_heatmap(moved, (WIDTH, HEIGHT), 4.0, "max")
    # Interpolation costs 0.00016 on average; half a pixel of shift costs 0.0012.
    assert np.abs(warped[..., 0] / 255 - expected).mean() < 0.0004


@pytest.mark.parametrize("seed", range(20))
def test_crops_keep_pixels_and_points_together(seed):
    rng = np.random.default_rng(seed)
    point = rng.uniform([20, 20], [236, 124])
    image, points = crop_around(spot_image(point), point[None], (96, 64), rng)
    assert image.shape == (64, 96, 3)
    if len(points) and ((points[0] > 12) & (points[0] < np.array([84, 52]))).all():
        np.testing.assert_allclose(centre_of_mass(image), points[0], atol=0.1)


STRONG = Augmentation(scale=0.3, jitter_p=0, brightness_contrast_p=0, curves_p=1, tint_p=1)


@pytest.mark.parametrize("seed", range(20))
def test_a_window_is_cut_out_of_the_varied_image_in_one_go(seed):
    rng = np.random.default_rng(seed)
    point = rng.uniform([100, 60], [156, 84])
    settings = replace(GEOMETRY_ONLY, scale=0.3)
    image, points = augment(spot_image(point), point[None], settings, rng, (96, 64))
    assert image.shape == (64, 96, 3)
    if len(points) and ((points[0] > 14) & (points[0] < np.array([82, 50]))).all():
        np.testing.assert_allclose(centre_of_mass(image), points[0], atol=0.1)


def test_without_variation_a_window_is_a_piece_of_the_image():
    image = np.random.default_rng(0).integers(1, 255, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    still = Augmentation(flip_p=0, rotation_p=0, jitter_p=0, brightness_contrast_p=0)
    point = np.array([[200.0, 100.0]])
    window, moved = augment(image, point, still, np.random.default_rng(1), (96, 64))
    (left, top) = (point - moved)[0].astype(int)
    np.testing.assert_array_equal(window, image[top : top + 64, left : left + 96])
    wide, _ = augment(image, point, still, np.random.default_rng(1), (300, 160))
    np.testing.assert_array_equal(wide[:HEIGHT, :WIDTH], image)
    assert not wide[HEIGHT:].any() and not wide[:, WIDTH:].any()


def test_curves_and_tints_change_colours_and_nothing_else():
    grey = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    tint = replace(STRONG, flip_p=0, rotation_p=0, scale=0.0, curves_p=0)
    found, _ = augment(grey, np.empty((0, 2)), tint, np.random.default_rng(0))
    assert np.abs(found.astype(int) - grey).max() <= 1, "a tint leaves grey grey"
    curves = replace(tint, curves_p=1, tint_p=0, gain=0.4)
    for seed in range(10):
        bent, _ = augment(grey, np.empty((0, 2)), curves, np.random.default_rng(seed))
        assert (np.diff(bent[0].astype(int), axis=0) >= 0).all(), "brighter stays brighter"
        assert np.abs(bent.astype(int) - grey).max() > 8


def test_points_that_leave_the_frame_are_dropped():
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    shift = np.array([[1.0, 0, 100], [0, 1, 0]])
    _, points = warp(image, np.array([[10.0, 10.0], [200.0, 10.0]]), shift)
    np.testing.assert_array_equal(points, [[110.0, 10.0]])


def test_colour_changes_leave_points_alone_and_change_pixels():
    settings = Augmentation(flip_p=0, rotation_p=0, jitter_p=1, brightness_contrast_p=1)
    image = np.random.default_rng(0).integers(0, 255, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    points = np.array([[3.0, 4.0]])
    varied, same = augment(image, points, settings, np.random.default_rng(1))
    np.testing.assert_array_equal(points, same)
    assert varied.dtype == np.uint8
    assert (varied != image).any()


def test_the_same_generator_gives_the_same_sample():
    image = np.random.default_rng(0).integers(0, 255, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    points = np.array([[30.0, 40.0]])
    first = augment(image, points, Augmentation(), np.random.default_rng(7))
    second = augment(image, points, Augmentation(), np.random.default_rng(7))
    np.testing.assert_array_equal(first[0], second[0])
    np.testing.assert_array_equal(first[1], second[1])
