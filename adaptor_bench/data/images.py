"""Pixels in, and the exact coordinate mapping between a frame and its resized copy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from adaptor_bench.atomic import complete_file
from adaptor_bench.errors import InputError

__all__ = ["read_image", "resize_image", "resize_image_smoothly", "scale_points", "write_image"]


def read_image(path: Path) -> NDArray[np.uint8]:
    """Decode one frame to RGB, shape (height, width, 3), uint8. Raises InputError."""
    try:
        with Image.open(path) as image:
            return np.asarray(image.convert("RGB"))
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such image") from error
    except (OSError, SyntaxError, ValueError, UnidentifiedImageError) as error:
        raise InputError(f"{path}: not readable as an image: {error}") from error
    except Image.DecompressionBombError as error:
        raise InputError(f"{path}: refused, too many pixels for a frame") from error


def resize_image(image: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Resize to ``size`` (width, height); averages pixels when it shrinks."""
    if (image.shape[1], image.shape[0]) == size:
        return image
    return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BOX))


def resize_image_smoothly(image: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Resize to ``size`` (width, height) for the eye: no visible pixels when it grows."""
    if (image.shape[1], image.shape[0]) == size:
        return image
    return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BICUBIC))


def write_image(path: Path, image: NDArray[np.uint8]) -> None:
    """Write (height, width, 3) uint8 RGB as PNG, in one step; folders are made as needed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with complete_file(path) as temporary:
        Image.fromarray(image).save(temporary, "PNG")


def scale_points(
    points: NDArray[np.float64], source: tuple[int, int], target: tuple[int, int]
) -> NDArray[np.float64]:
    """Map points (N, 2) from a frame of ``source`` (width, height) to one of ``target``.

    Pixel centres are at integers, so the frame spans [-0.5, width - 0.5] and the mapping keeps
    its borders: x' = (x + 0.5) * w' / w - 0.5. Applying it back and forth is the identity.
    """
    scale = np.array(target, dtype=float) / np.array(source, dtype=float)
    return (np.asarray(points, dtype=float).reshape(-1, 2) + 0.5) * scale - 0.5
