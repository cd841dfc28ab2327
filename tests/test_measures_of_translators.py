"""Cycle error, identity error and style distance of translators."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from adaptor_bench.stages.translators.measures import (
    colour_style,
    pixel_error,
    self_distance,
    style_distance,
    texture_style,
)


def scenes(number, seed=0, tint=(1.0, 1.0, 1.0), grain=0.0):
    """Smooth colours (48, 64, 3), with noise of ``grain`` grey levels."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(number):
        smooth = cv2.resize(
            rng.uniform(60, 180, (4, 5, 3)), (64, 48), interpolation=cv2.INTER_CUBIC
        )
        noisy = smooth * tint + grain * rng.normal(size=(48, 64, 1))
        found.append(np.clip(noisy, 0, 255).astype(np.uint8))
    return found


def test_the_pixel_error_is_the_mean_difference():
    black, grey = np.zeros((2, 3, 3), np.uint8), np.full((2, 3, 3), 10, np.uint8)
    assert pixel_error([black, grey], [grey, grey]) == 5.0
    assert pixel_error([grey], [black]) == pixel_error([black], [grey]) == 10.0  # no wrap-around
    assert np.isnan(pixel_error([], []))
    with pytest.raises(ValueError, match="argument"):
        pixel_error([black], [])


def test_the_style_distance_in_one_dimension_is_that_of_wasserstein():
    """Written out: the mean distance of equal quantiles, whatever the direction's sign."""
    rng = np.random.default_rng(0)
    one, other = rng.normal(3, 2, (4000, 1)), rng.normal(0, 2, (3000, 1))
    assert style_distance(one, other) == pytest.approx(
        (one.mean() - other.mean()) / other.std(), rel=0.02
    )
    assert style_distance(other, other) == 0
    wide = other * 2 - other.mean()
    expected = np.abs(wide - other).mean() / other.std()
    assert style_distance(wide, other) == pytest.approx(expected, rel=0.02)


def test_colours_and_textures_are_told_apart():
    plain, floor = scenes(8), 0.25
    reddish, grainy = scenes(8, 1, tint=(1.3, 0.8, 0.7)), scenes(8, 2, grain=20)
    same = scenes(8, 3)

    def apart(style, images):
        return style_distance(style(images), style(plain))

    assert apart(colour_style, same) < floor < apart(colour_style, reddish)
    assert apart(texture_style, same) < floor < apart(texture_style, grainy)
    assert apart(colour_style, grainy) < floor and apart(texture_style, reddish) < floor
    assert apart(colour_style, reddish) == apart(colour_style, reddish)


def test_the_floor_is_the_distance_of_a_domain_to_itself():
    features = [colour_style(scenes(4, seed)) for seed in range(6)]
    floor = self_distance(features)
    assert 0 < floor < style_distance(colour_style(scenes(8, 9, tint=(1.4, 0.7, 0.7))), features[0])
    assert np.isnan(self_distance(features[:1]))
