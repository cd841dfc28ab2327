"""Light on a bumpy, wet surface given as a map of heights."""

from __future__ import annotations

import cv2
import numpy as np

from .geometry import direction

#: How steeply the light falls, rad above the picture's plane; the camera looks straight down.
ELEVATION = 0.95
#: Darkest and brightest shade against a level place.
SHADES = 0.4, 1.4
#: Cosine of the angle to the mirror direction from which a wet place shines, and is white.
SHINES_FROM, WHITE_FROM = 0.972, 0.9985


def slopes(height: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rise to the right and downward of a map (H, W) float32, px per px."""
    right = cv2.Scharr(height, cv2.CV_32F, 1, 0, scale=1 / 32)
    down = cv2.Scharr(height, cv2.CV_32F, 0, 1, scale=1 / 32)
    return right, down


def light_on(
    height: np.ndarray, azimuth: float, ripple: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Shade (H, W), 1 on level ground, and wet shine (H, W) in 0..1 of a surface.

    height: (H, W) float32 px; azimuth: where the light comes from, rad; ripple: (H, W) float32
    px, bumps that are too fine to shade but break reflections up.
    """
    cos, sin = np.float32(np.cos(ELEVATION)), np.float32(np.sin(ELEVATION))
    toward_x, toward_y = (np.float32(v) for v in direction(azimuth))
    right, down = slopes(height)
    facing = sin - cos * (toward_x * right + toward_y * down)
    shade = facing / (sin * np.sqrt(1 + right * right + down * down))
    fine_right, fine_down = slopes(height * np.float32(0.8) + ripple)
    # The mirror direction lies halfway between light and camera.
    halfway = (np.pi / 2 + ELEVATION) / 2
    cos, sin = np.float32(np.cos(halfway)), np.float32(np.sin(halfway))
    mirror = sin - cos * (toward_x * fine_right + toward_y * fine_down)
    mirror /= np.sqrt(1 + fine_right * fine_right + fine_down * fine_down)
    shine = np.clip((mirror - SHINES_FROM) / np.float32(WHITE_FROM - SHINES_FROM), 0, 1)
    return np.clip(shade, *SHADES), shine * shine
