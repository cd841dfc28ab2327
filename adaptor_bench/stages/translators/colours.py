"""Colours of images as numbers: moments, the linear map between two of them, cumulative shares."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from adaptor_bench.stages.protocols import Images

Float = NDArray[np.float64]
_MOST = 4096  # images whose colours are looked at, in memory at once


def moments(images: Images) -> tuple[Float, Float]:
    """Mean (3,) and covariance (3, 3) of the pixels of ``images``, scaled to [-1, 1].

    Of every fourth pixel across and down, and of a few thousand images, evenly spread, where there
    are more.
    """
    every = -(-len(images) // _MOST)
    some = (images[place] for place in range(0, len(images), every))
    pixels = np.concatenate([image[::4, ::4].reshape(-1, 3) for image in some]) / 127.5
    pixels -= 1
    return pixels.mean(0), np.atleast_2d(np.cov(pixels.T, bias=True))


def linear_transfer(
    source: tuple[Float, Float], target: tuple[Float, Float]
) -> tuple[Float, Float]:
    """Matrix (3, 3) and offset (3,) that give pixels of ``source`` the moments of ``target``.

    Of all linear maps that do, the one that changes colours least: Monge and Kantorovich's, as in
    Pitié and Kokaram 2007, "The linear Monge-Kantorovitch linear colour mapping".
    """
    (mean, covariance), (wanted_mean, wanted) = source, target
    floor = 1e-5 * np.eye(3)  # a grey domain has no spread of colours to divide by
    root = _power(covariance + floor, 0.5)
    inverse = _power(covariance + floor, -0.5)
    matrix = inverse @ _power(root @ (wanted + floor) @ root, 0.5) @ inverse
    return matrix, wanted_mean - matrix @ mean


def _power(matrix: Float, exponent: float) -> Float:
    """Of a symmetric, positive matrix."""
    values, vectors = np.linalg.eigh(matrix)
    raised: Float = (vectors * np.maximum(values, 1e-12) ** exponent) @ vectors.T
    return raised


def lab(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """An image (H, W, 3) RGB in CIE Lab: lightness 0..100, a and b about -100..100."""
    return np.asarray(cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2LAB))


def from_lab(image: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The way back; colours that a screen cannot show are clipped."""
    rgb = cv2.cvtColor(image.astype(np.float32), cv2.COLOR_LAB2RGB)
    return np.clip(np.round(rgb * 255), 0, 255).astype(np.uint8)
