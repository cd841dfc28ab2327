"""Augmentation of an image together with its points (Yao et al. 2021, "data augmentation").

Geometry is one affine matrix applied to pixels and points alike, so they cannot disagree; the
heatmap is drawn afterwards. Uncovered borders are black, as in the authors' code.
"""

from __future__ import annotations

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torchvision.transforms.v2 import functional as colour

from adaptor_bench.train.settings import Augmentation

# Batches are prepared beside the training threads; OpenCV must not fight them for the cores.
cv2.setNumThreads(1)


def augment(
    image: NDArray[np.uint8],
    points: NDArray[np.float64],
    settings: Augmentation,
    rng: np.random.Generator,
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """A varied copy of ``image`` (H, W, 3) RGB and of its ``points`` (N, 2), order x, y.

    Points that leave the frame are dropped.
    """
    height, width = image.shape[:2]
    matrix = random_affine((width, height), settings, rng)
    image, points = warp(image, points, matrix)
    return _vary_colour(image, settings, rng), points


def random_affine(
    size: tuple[int, int], settings: Augmentation, rng: np.random.Generator
) -> NDArray[np.float64]:
    """A random 2x3 matrix mapping source to target pixels, about the centre of the frame."""
    width, height = size
    linear, shift = np.eye(2), np.zeros(2)
    if rng.random() < settings.rotation_p:
        angle = np.deg2rad(rng.uniform(-settings.rotation, settings.rotation))
        linear = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    if rng.random() < settings.affine_p:
        shear = rng.uniform(-settings.shear, settings.shear, 2)
        linear = np.array([[1.0, shear[0]], [shear[1], 1.0]]) @ linear
        shift = rng.uniform(-settings.shift, settings.shift, 2) * (width, height)
    flips = np.where(rng.random(2) < settings.flip_p, -1.0, 1.0)
    linear = np.diag(flips) @ linear
    centre = np.array([(width - 1) / 2, (height - 1) / 2])
    return np.column_stack([linear, centre - linear @ centre + shift])


def warp(
    image: NDArray[np.uint8], points: NDArray[np.float64], matrix: NDArray[np.float64]
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Apply a 2x3 matrix to pixels (bilinear, black border) and points; outside points go."""
    height, width = image.shape[:2]
    if not np.array_equal(matrix, np.eye(2, 3)):
        image = np.asarray(cv2.warpAffine(image, matrix, (width, height)), dtype=np.uint8)
        points = points @ matrix[:, :2].T + matrix[:, 2]
    return image, points[_inside(points, (width, height))]


def crop_around(
    image: NDArray[np.uint8],
    points: NDArray[np.float64],
    size: tuple[int, int],
    rng: np.random.Generator,
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """A window of ``size`` (width, height): around a random point, or anywhere without points.

    Every second window is placed anywhere, so that tissue without sutures is seen as well. Where
    the image is narrower or lower than the window, black fills it up.
    """
    height, width = image.shape[:2]
    room = np.maximum(np.array([width, height]) - size, 0)
    if len(points) and rng.random() < 0.5:
        target = points[rng.integers(len(points))] - rng.uniform(0.1, 0.9, 2) * size
    else:
        target = rng.uniform(0, 1, 2) * room
    left, top = np.clip(np.round(target), 0, room).astype(int)
    points = points - (left, top)
    window = image[top : top + size[1], left : left + size[0]]
    return fill_up(window, size), points[_inside(points, size)]


def fill_up(image: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """The image with black on the right and below, up to ``size`` (width, height)."""
    right, below = size[0] - image.shape[1], size[1] - image.shape[0]
    if right <= 0 and below <= 0:
        return image
    return np.pad(image, ((0, max(0, below)), (0, max(0, right)), (0, 0)))


def _inside(points: NDArray[np.float64], size: tuple[int, int]) -> NDArray[np.bool_]:
    return np.all((points >= -0.5) & (points < np.array(size) - 0.5), axis=1)


def _vary_colour(
    image: NDArray[np.uint8], settings: Augmentation, rng: np.random.Generator
) -> NDArray[np.uint8]:
    if rng.random() < settings.jitter_p:
        pixels = torch.from_numpy(image.copy()).permute(2, 0, 1)
        changes = [
            (
                colour.adjust_brightness,
                rng.uniform(1 - settings.brightness, 1 + settings.brightness),
            ),
            (colour.adjust_contrast, rng.uniform(*settings.contrast)),
            (colour.adjust_saturation, rng.uniform(*settings.saturation)),
            (colour.adjust_hue, rng.uniform(-settings.hue, settings.hue)),
        ]
        for i in rng.permutation(len(changes)):
            change, amount = changes[i]
            pixels = change(pixels, float(amount))
        image = pixels.permute(1, 2, 0).numpy()
    if rng.random() < settings.brightness_contrast_p:
        reach = settings.brightness_contrast
        factor, offset = 1 + rng.uniform(-reach, reach), 255 * rng.uniform(-reach, reach)
        image = np.clip(image * np.float32(factor) + np.float32(offset), 0, 255).astype(np.uint8)
    return image
