"""Augmentation of an image together with its points (Yao et al. 2021, "data augmentation").

Geometry is one affine matrix applied to pixels and points alike, so they cannot disagree; the
heatmap is drawn afterwards. It goes straight to the training window: what is not trained on is
neither warped nor coloured. Uncovered borders are black, as in the authors' code.

What happens to an item is drawn first, as a :class:`Variation`, and then applied: here to one image
by OpenCV, in :mod:`adaptor_bench.train.augment_batch` to a batch on its device.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from adaptor_bench.train.settings import Augmentation

# Batches are prepared beside the training threads; OpenCV must not fight them for the cores.
cv2.setNumThreads(1)
_GREY = np.full((3, 3), 1 / 3)
_TURN = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]]) / np.sqrt(3)  # about the grey axis


@dataclass(frozen=True)
class Colours:
    """Changes of colour, in the order in which they are applied; each may be missing.

    ``jitter`` are pairs of a change (brightness, contrast, saturation, hue) and its amount, as
    torchvision's functions take it; ``levels`` a factor and an offset in levels of 255; ``curves``
    (1, 256, 3) uint8 the new level for each level and channel; ``tint`` a matrix (3, 3).
    """

    jitter: tuple[tuple[str, float], ...] = ()
    levels: tuple[float, float] | None = None
    curves: NDArray[np.uint8] | None = None
    tint: NDArray[np.float64] | None = None


@dataclass(frozen=True)
class Variation:
    """What becomes of one image: ``matrix`` (2, 3) from its px to those of the result, which is of
    ``window`` (width, height), None: of the image's own size; then the ``colours``."""

    matrix: NDArray[np.float64]
    window: tuple[int, int] | None
    colours: Colours


def augment(
    image: NDArray[np.uint8],
    points: NDArray[np.float64],
    settings: Augmentation,
    rng: np.random.Generator,
    window: tuple[int, int] | None = None,
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """A varied copy of ``image`` (H, W, 3) RGB and of its ``points`` (N, 2), order x, y.

    ``window`` (width, height) is cut out of it, see :func:`place_window`; None: all of it. Points
    that leave it are dropped.
    """
    drawn = draw_variation((image.shape[1], image.shape[0]), points, settings, rng, window)
    image, points = warp(image, points, drawn.matrix, window)
    return _vary_colour(image, drawn.colours), points


def draw_variation(
    size: tuple[int, int],
    points: NDArray[np.float64],
    settings: Augmentation,
    rng: np.random.Generator,
    window: tuple[int, int] | None = None,
) -> Variation:
    """What :func:`augment` does to an image of ``size`` (width, height) with these points."""
    matrix = random_affine(size, settings, rng)
    if window is not None:
        moved = points @ matrix[:, :2].T + matrix[:, 2]
        matrix[:, 2] -= place_window(moved[_inside(moved, size)], size, window, rng)
    return Variation(matrix, window, _draw_colours(settings, rng))


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
    if settings.scale:
        linear = linear * np.exp(rng.uniform(-settings.scale, settings.scale))
    flips = np.where(rng.random(2) < settings.flip_p, -1.0, 1.0)
    linear = np.diag(flips) @ linear
    centre = np.array([(width - 1) / 2, (height - 1) / 2])
    return np.column_stack([linear, centre - linear @ centre + shift])


def warp(
    image: NDArray[np.uint8],
    points: NDArray[np.float64],
    matrix: NDArray[np.float64],
    window: tuple[int, int] | None = None,
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Apply a 2x3 matrix to pixels (bilinear, black border) and points; outside points go.

    The result has the size of ``window`` (width, height), by default that of the image.
    """
    size = window or (image.shape[1], image.shape[0])
    if window is not None or not np.array_equal(matrix, np.eye(2, 3)):
        image = np.asarray(cv2.warpAffine(image, matrix, size), dtype=np.uint8)
    return image, move_points(points, matrix, size)


def move_points(
    points: NDArray[np.float64], matrix: NDArray[np.float64], size: tuple[int, int]
) -> NDArray[np.float64]:
    """Where a 2x3 matrix takes points (N, 2), those outside an image of ``size`` left out."""
    points = points @ matrix[:, :2].T + matrix[:, 2]
    return points[_inside(points, size)]


def place_window(
    points: NDArray[np.float64],
    size: tuple[int, int],
    window: tuple[int, int],
    rng: np.random.Generator,
) -> NDArray[np.int_]:
    """Left and top px of a ``window`` in an image of ``size``, both (width, height).

    Every second one is placed around a random one of ``points``, the others anywhere, so that
    tissue without sutures is seen as well. Where the image is smaller, the window starts at 0.
    """
    room = np.maximum(np.array(size) - window, 0)
    if len(points) and rng.random() < 0.5:
        corner = points[rng.integers(len(points))] - rng.uniform(0.1, 0.9, 2) * window
    else:
        corner = rng.uniform(0, 1, 2) * room
    return np.clip(np.round(corner), 0, room).astype(int)


def crop_around(
    image: NDArray[np.uint8],
    points: NDArray[np.float64],
    size: tuple[int, int],
    rng: np.random.Generator,
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """A window of ``size`` (width, height), see :func:`place_window`, black beside the image."""
    whole = image.shape[1], image.shape[0]
    left, top = place_window(points, whole, size, rng)
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


def _draw_colours(settings: Augmentation, rng: np.random.Generator) -> Colours:
    jitter: tuple[tuple[str, float], ...] = ()
    levels = curves = tint = None
    if rng.random() < settings.jitter_p:
        changes = [
            ("brightness", rng.uniform(1 - settings.brightness, 1 + settings.brightness)),
            ("contrast", rng.uniform(*settings.contrast)),
            ("saturation", rng.uniform(*settings.saturation)),
            ("hue", rng.uniform(-settings.hue, settings.hue)),
        ]
        jitter = tuple(changes[i] for i in rng.permutation(len(changes)))
    if rng.random() < settings.brightness_contrast_p:
        reach = settings.brightness_contrast
        levels = 1 + rng.uniform(-reach, reach), 255 * rng.uniform(-reach, reach)
    if rng.random() < settings.curves_p:
        curves = _curves(settings, rng)
    if rng.random() < settings.tint_p:
        angle = 2 * np.pi * rng.uniform(-settings.tint_hue, settings.tint_hue)
        turned = np.cos(angle) * (np.eye(3) - _GREY) + np.sin(angle) * _TURN
        tint = _GREY + rng.uniform(*settings.tint_saturation) * turned
    return Colours(jitter, levels, curves, tint)


def _vary_colour(image: NDArray[np.uint8], colours: Colours) -> NDArray[np.uint8]:
    if colours.jitter:
        # Here, for it takes as long to load as torch, and a GPU's batches do without.
        from torchvision.transforms.v2 import functional

        changes = {
            "brightness": functional.adjust_brightness,
            "contrast": functional.adjust_contrast,
            "saturation": functional.adjust_saturation,
            "hue": functional.adjust_hue,
        }
        pixels = torch.from_numpy(image.copy()).permute(2, 0, 1)
        for change, amount in colours.jitter:
            pixels = changes[change](pixels, float(amount))
        image = pixels.permute(1, 2, 0).numpy()
    if colours.levels is not None:
        factor, offset = map(np.float32, colours.levels)
        image = np.clip(image * factor + offset, 0, 255).astype(np.uint8)
    if colours.curves is not None:
        image = np.asarray(cv2.LUT(image, colours.curves), np.uint8)
    if colours.tint is not None:
        image = np.asarray(cv2.transform(image, colours.tint), np.uint8)
    return image


def _curves(settings: Augmentation, rng: np.random.Generator) -> NDArray[np.uint8]:
    """A new level for each of 256 levels of each channel, (1, 256, 3)."""
    gain = 1 + rng.uniform(-settings.gain, settings.gain)
    gains = gain * (1 + rng.uniform(-settings.channel_gain, settings.channel_gain, 3))
    gammas = np.exp(rng.uniform(-settings.gamma, settings.gamma, 3))
    offsets = rng.uniform(-settings.offset, settings.offset, 3)
    levels = np.linspace(0, 1, 256)[:, None]
    bent = gains * levels**gammas + offsets
    return np.round(255 * bent.clip(0, 1)).astype(np.uint8)[None]
