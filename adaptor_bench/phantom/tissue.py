"""Static details that both domains paint on their tissue: specks, empty holes, wet highlights."""

from __future__ import annotations

import cv2
import numpy as np

from .appearance import Palette
from .geometry import CANVAS_HEIGHT, CANVAS_WIDTH, Ring, direction
from .raster import bezier, ellipse_outline, fill, ribbon_outline, stroke

#: Pictures are mixed in bands of this many rows, which stay in the processor's cache.
BLEND_ROWS = 16
CANVAS_SHAPE = (CANVAS_HEIGHT, CANVAS_WIDTH)


def canvas_grid() -> tuple[np.ndarray, np.ndarray]:
    """x and y, each (canvas height, canvas width) float32 px."""
    y, x = np.mgrid[0:CANVAS_HEIGHT, 0:CANVAS_WIDTH].astype(np.float32)
    return x, y


def vary_colour(
    rng: np.random.Generator, colour: tuple[float, float, float], spread: float
) -> np.ndarray:
    """A colour (3,) made lighter or darker, and a little of another hue, by a spread in 0..1."""
    return np.array(colour, float) * (1 + 0.1 * spread * rng.normal()) + spread * rng.normal(
        0, 5, 3
    )


def smoothstep(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """0 below ``low``, 1 above ``high``, smooth between (``low`` may exceed ``high``)."""
    t = np.clip((values - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


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
    height, width = image.shape[:2]
    x = int(np.clip(round(float(point[0])), 1, width - 2))
    y = int(np.clip(round(float(point[1])), 1, height - 2))
    return image[y - 1 : y + 2, x - 1 : x + 2].reshape(9, 3).mean(axis=0)


def colours_at(image: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Mean colours (N, 3) of the 3 x 3 px around points (N, 2), clamped to the picture."""
    height, width = image.shape[:2]
    x = np.clip(np.round(points[:, 0]), 1, width - 2).astype(int)[:, None, None]
    y = np.clip(np.round(points[:, 1]), 1, height - 2).astype(int)[:, None, None]
    step = np.arange(-1, 2)
    return image[y + step[:, None], x + step].mean(axis=(1, 2))


def paint_specks(
    image: np.ndarray,
    rng: np.random.Generator,
    ring: Ring,
    count: float,
    dark: np.ndarray,
    bright: np.ndarray,
) -> None:
    """Dots and short streaks, dark and bright, that look like entry points but are none."""
    for _ in range(rng.poisson(count)):
        place = ring.point(rng.uniform(0, 2 * np.pi), rng.uniform(0.3, 1.5))
        colour = dark if rng.random() < 0.6 else bright
        tissue = colour_at(image, place)
        mixed = tissue + (colour - tissue) * rng.uniform(0.2, 0.9)
        size = min(0.6 + rng.exponential(0.55), 2.6)
        axes = (size * rng.uniform(1.0, 1.9), size * rng.uniform(0.6, 1.0))
        fill(image, ellipse_outline(place, axes, rng.uniform(0, np.pi), 12), mixed)


def paint_empty_holes(
    image: np.ndarray,
    rng: np.random.Generator,
    ring: Ring,
    count: float,
    depth: tuple[float, float],
    pinch: tuple[float, float],
    palette: Palette,
) -> None:
    """Pricks of the needle that hold no thread: of the colour, depth and size of entry points."""
    for _ in range(rng.poisson(count)):
        place = ring.point(rng.uniform(0, 2 * np.pi), rng.uniform(0.7, 1.3))
        around = colour_at(image, place)
        turn = rng.uniform(0, np.pi)
        size = rng.uniform(1.7, 2.5)
        halo = around + (palette.halo - around) * palette.halo_strength
        fill(image, ellipse_outline(place, (2.4 * size, 1.7 * size), turn, 14), halo)
        rim = place + direction(turn + np.linspace(-1.1, 1.1, 7)) * 1.9 * size
        stroke(image, [rim], around + rng.uniform(*pinch))
        hole = around + (palette.hole - around) * rng.uniform(*depth)
        fill(image, ellipse_outline(place, (1.1 * size, 0.8 * size), turn, 12), hole)


def paint_thread_remnants(
    image: np.ndarray, rng: np.random.Generator, ring: Ring, count: float, palette: Palette
) -> None:
    """Cut bits of thread that lie on the tissue; some are dots, the longest like stitches."""
    for _ in range(rng.poisson(count)):
        place = ring.point(rng.uniform(0, 2 * np.pi), rng.uniform(0.4, 1.4))
        step = direction(rng.uniform(0, 2 * np.pi)) * rng.uniform(0.8, 8.0)
        bow = rng.normal(0, 1.5, (2, 2))
        line = bezier(
            [place - step, place - step / 3 + bow[0], place + step / 3 + bow[1], place + step], 8
        )
        tissue = colour_at(image, place)
        colour = palette.threads[rng.integers(len(palette.threads))] * rng.uniform(0.55, 1.0)
        width = np.full(8, rng.uniform(1.8, 2.8))
        fill(image, ribbon_outline(line + np.array([0.8, 1.2]), width), tissue * 0.75)
        fill(image, ribbon_outline(line, width), colour)


def paint_fold(
    image: np.ndarray, line: np.ndarray, width: float, dark: float, bright: float
) -> None:
    """A crease: darkened along the line (N, 2), brightened beside it (relative changes)."""
    shade = np.zeros(image.shape[:2], np.uint8)
    ridge = np.zeros(image.shape[:2], np.uint8)
    taper = np.sin(np.linspace(0.15, np.pi - 0.15, len(line)))
    fill(shade, ribbon_outline(line, width * taper), 255)
    beside = line + np.array([0.0, -1.2 * width])
    fill(ridge, ribbon_outline(beside, 1.6 * width * taper), 255)
    soft = max(0.8, width * 0.35)
    x0, y0 = np.maximum(np.floor(line.min(axis=0) - 5 * width).astype(int), 0)
    x1, y1 = np.ceil(line.max(axis=0) + 5 * width).astype(int) + 1
    region = np.s_[y0:y1, x0:x1]
    if image[region].size == 0:
        return
    change = bright * cv2.GaussianBlur(ridge[region], (0, 0), 1.6 * soft).astype(np.float32)
    change -= dark * cv2.GaussianBlur(shade[region], (0, 0), soft).astype(np.float32)
    image[region] *= 1 + change[..., None] / 255


def paint_wet_highlights(
    rng: np.random.Generator, ring: Ring, count: float, spread: tuple[float, float]
) -> np.ndarray:
    """Reflections (canvas) uint8: broad faint sheens, and small glints along the ring's curves."""
    sheens = np.zeros(CANVAS_SHAPE, np.uint8)
    glints = np.zeros(CANVAS_SHAPE, np.uint8)
    for _ in range(rng.poisson(count)):
        angle = rng.uniform(0, 2 * np.pi)
        place = ring.point(angle, rng.uniform(*spread))
        turn = angle + ring.tilt + np.pi / 2 + rng.normal(0, 0.7)
        long = min(rng.lognormal(1.1, 0.7), 14.0)
        step = direction(turn) * long * 1.5
        bow = np.array([-step[1], step[0]]) * rng.normal(0, 0.35)
        line = bezier([place - step, place - step / 3 + bow, place + step / 3, place + step], 9)
        taper = np.sin(np.linspace(0.15, np.pi - 0.15, 9)) * rng.uniform(0.6, 1.3, 9)
        if rng.random() < 0.4:
            broad = ribbon_outline(line + rng.normal(0, 6, 2), long * 2.2 * taper)
            fill(sheens, broad, rng.uniform(25, 95))
        fill(
            glints,
            ribbon_outline(line, long * rng.uniform(0.2, 0.55) * taper),
            rng.uniform(40, 255),
        )
    soft = cv2.GaussianBlur(sheens, (0, 0), 5.5)
    return cv2.addWeighted(cv2.GaussianBlur(glints, (0, 0), 1.3), 0.95, soft, 0.8, 0)


def paint_strands(
    image: np.ndarray,
    rng: np.random.Generator,
    start: np.ndarray,
    end: np.ndarray,
    colour: np.ndarray,
) -> None:
    """A chorda: a pale cord between two points."""
    bow = rng.normal(0, 5, (2, 2))
    line = bezier(
        [start, start * 0.6 + end * 0.4 + bow[0], start * 0.3 + end * 0.7 + bow[1], end], 10
    )
    fill(image, ribbon_outline(line, np.linspace(2.6, 1.0, 10)), colour * 0.8)
    stroke(image, [line], colour)
