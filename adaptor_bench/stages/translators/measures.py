"""How well images are translated, without labels and without a network that must be downloaded.

Images are (H, W, 3) uint8, RGB. All numbers are 0 at best.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from adaptor_bench.stages.protocols import Images
from adaptor_bench.stages.translators.colours import lab

Float = NDArray[np.float64]

SCALES = 1.0, 2.0, 4.0  # px, sigma of the blurs that textures are seen at
_PLACES, _DIRECTIONS, _LEVELS = 256, 64, 200


def pixel_error(images: Images, others: Images) -> float:
    """Mean absolute difference of pixels, 0..255; both are in the same order and of equal sizes.

    Of images and what is translated there and back it is the cycle error (Zhu et al. 2017, eq. 2),
    of real images of a domain and what is translated into that domain the identity error (section
    5.2). NaN for no images.
    """
    differences = [
        np.abs(one.astype(np.int16) - other).mean()
        for one, other in zip(images, others, strict=True)
    ]
    return float(np.mean(differences)) if differences else float("nan")


def colour_style(images: Images, seed: int = 0) -> Float:
    """(N, 3): CIE Lab at random places of every image, after a blur of the largest scale."""
    return np.concatenate(
        [
            cv2.GaussianBlur(lab(image), (0, 0), SCALES[-1])[_places(image, seed)].astype(float)
            for image in images
        ]
    )


def texture_style(images: Images, seed: int = 0) -> Float:
    """(N, 12): how strong grey edges are around random places of every image.

    At each of :data:`SCALES`, the strength of its derivative across, down and along both
    diagonals, averaged over twice the scale, as log(1 + strength), in grey levels a scale. Light
    and colour that change slowly play no part.
    """
    return np.concatenate([_textures(image)[_places(image, seed)] for image in images])


def style_distance(first: Float, second: Float, seed: int = 0) -> float:
    """Sliced Wasserstein distance of two sets of features (N, D) and (M, D).

    The mean over random directions of the 1-Wasserstein distance between the projections of both
    (Rabin et al. 2011; Bonneel et al. 2015), each feature in standard deviations of ``second``.
    """
    middle, spread = second.mean(0), np.maximum(second.std(0), 1e-6)
    directions = np.random.default_rng(seed).normal(size=(second.shape[1], _DIRECTIONS))
    directions /= np.linalg.norm(directions, axis=0)
    shares = (np.arange(_LEVELS) + 0.5) / _LEVELS
    one, other = (
        np.quantile((features - middle) / spread @ directions, shares, axis=0)
        for features in (first, second)
    )
    return float(np.abs(one - other).mean())


def self_distance(features: Sequence[Float], seed: int = 0) -> float:
    """The style distance between every second of some sets and the others: how far sets of one
    domain are from each other. ``features`` are those of the domain's surgeries, say."""
    if len(features) < 2:
        return float("nan")
    return style_distance(np.concatenate(features[::2]), np.concatenate(features[1::2]), seed=seed)


def _places(image: NDArray[np.uint8], seed: int) -> tuple[NDArray[np.int_], NDArray[np.int_]]:
    rng = np.random.default_rng(seed)
    return rng.integers(image.shape[0], size=_PLACES), rng.integers(image.shape[1], size=_PLACES)


def _textures(image: NDArray[np.uint8]) -> Float:
    """(H, W, 4 per scale)."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    seen = []
    for sigma in SCALES:
        down, across = np.gradient(sigma * cv2.GaussianBlur(grey, (0, 0), sigma))
        diagonals = (across + down) / np.sqrt(2), (across - down) / np.sqrt(2)
        for along in (across, down, *diagonals):
            seen.append(np.log1p(cv2.GaussianBlur(np.abs(along), (0, 0), 2 * sigma)))
    return np.stack(seen, axis=2).astype(float)
