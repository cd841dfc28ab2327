"""Colours and masks on the canvas: how a static scene is mixed, and what colour is where."""

from __future__ import annotations

import cv2
import numpy as np

from .geometry import CANVAS_HEIGHT, CANVAS_WIDTH
from .raster import fill

#: Pictures are mixed in bands of this many rows, which stay in the processor's cache.
BLEND_ROWS = 16
CANVAS_SHAPE = (CANVAS_HEIGHT, CANVAS_WIDTH)


def canvas_grid() -> tuple[np.ndarray, np.ndarray]:
    """x and y, each (canvas height, canvas width) float32 px."""
    y, x = np.mgrid[0:CANVAS_HEIGHT, 0:CANVAS_WIDTH].astype(np.float32)
    return x, y


def smoothstep(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """0 below ``low``, 1 above ``high``, smooth between (``low`` may exceed ``high``)."""
    t = np.clip((values - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def mask_of(outline: np.ndarray, blur: float = 0.0) -> np.ndarray:
    """The inside of an outline (N, 2) on the canvas, float32 in 0..1, blurred by ``blur`` px."""
    mask = np.zeros(CANVAS_SHAPE, np.uint8)
    fill(mask, outline, 255)
    soft = cv2.GaussianBlur(mask, (0, 0), blur) if blur else mask
    return soft.astype(np.float32) / 255


def blend(image: np.ndarray, colour: np.ndarray, mask: np.ndarray) -> None:
    """Mix a colour (3,) or a picture (H, W, 3) into a float picture by a mask (H, W) in place."""
    for top in range(0, len(image), BLEND_ROWS):
        rows = slice(top, top + BLEND_ROWS)
        block = image[rows]
        change = (colour[rows] if colour.ndim == 3 else colour) - block
        change *= mask[rows, :, None]
        block += change


def colour_at(image: np.ndarray, point: np.ndarray) -> np.ndarray:
    """Mean colour (3,) of the 3 x 3 px around a point, clamped to the picture."""
    return colours_at(image, point[None])[0]


def colours_at(image: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Mean colours (N, 3) of the 3 x 3 px around points (N, 2), clamped to the picture."""
    height, width = image.shape[:2]
    x = np.clip(np.round(points[:, 0]), 1, width - 2).astype(int)[:, None, None]
    y = np.clip(np.round(points[:, 1]), 1, height - 2).astype(int)[:, None, None]
    step = np.arange(-1, 2)
    return image[y + step[:, None], x + step].mean(axis=(1, 2))
