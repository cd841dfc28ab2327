"""The steel that holds the atrium open: a curved arm, or engraved blades."""

from __future__ import annotations

import cv2
import numpy as np

from .geometry import Ring, direction, perpendicular
from .raster import bezier, cloud_noise, fill, ribbon_outline, stroke
from .tissue import CANVAS_SHAPE, blend

#: How often each kind is used.
KINDS = {"arm": 0.45, "blade": 0.4, "none": 0.15}


def paint_retractor(
    image: np.ndarray, highlights: np.ndarray, rng: np.random.Generator, ring: Ring
) -> None:
    """Paint a retractor of a random kind, or none, over the canvas and its highlights."""
    kind = rng.choice(list(KINDS), p=list(KINDS.values()))
    if kind == "arm":
        _paint_arm(image, highlights, rng, ring)
    elif kind == "blade":
        _paint_blades(image, highlights, rng, ring)


def _paint_arm(
    image: np.ndarray, highlights: np.ndarray, rng: np.random.Generator, ring: Ring
) -> None:
    """A curved steel bar that holds the atrium open."""
    # From the upper or lower border, around the valve, out of the picture on the right.
    upward = rng.choice([-1.0, 1.0])
    away = ring.mean_radius * rng.uniform(1.45, 1.8)
    begin = ring.centre + np.array([rng.uniform(-30, 60), upward * 330.0])
    corner = ring.centre + np.array([away * 1.1, upward * away])
    end = ring.centre + np.array([away * rng.uniform(1.2, 1.7), -upward * 330.0])
    line = bezier([begin, corner, ring.centre + np.array([away * 1.15, -upward * 40.0]), end], 28)
    width = rng.uniform(18, 28)
    shadow = np.zeros(CANVAS_SHAPE, np.uint8)
    fill(shadow, ribbon_outline(line + np.array([-6, 5]), np.full(28, width * 1.2)), 150)
    soft = cv2.GaussianBlur(shadow, (0, 0), 5)[..., None]
    image[:] = (image.astype(np.float32) * (1 - soft / 255.0)).astype(np.uint8)
    steel = np.array([92.0, 90.0, 92.0]) * rng.uniform(0.75, 1.2)
    profile = ((1.0, 0.5), (0.86, 0.85), (0.6, 1.0), (0.3, 1.15))
    for share, level in profile:
        fill(image, ribbon_outline(line, np.full(28, width * share)), steel * level)
    away = (line - ring.centre) / np.hypot(*(line - ring.centre).T)[:, None]
    fill(image, ribbon_outline(line - away * width * 0.36, np.full(28, 2.2)), steel * 1.9)
    cover = np.zeros(CANVAS_SHAPE, np.uint8)
    fill(cover, ribbon_outline(line, np.full(28, width)), 255)
    highlights[cover > 0] = 0


def _paint_blades(
    image: np.ndarray, highlights: np.ndarray, rng: np.random.Generator, ring: Ring
) -> None:
    """A brushed steel blade with engraved marks along one or two sides of the picture."""
    sides = rng.permutation(3)[: int(rng.integers(1, 3))]
    for side in sides:
        outward = direction((-np.pi / 2, np.pi, 0.0)[side] + rng.normal(0, 0.12))
        along = perpendicular(outward)
        edge = ring.centre + outward * ring.mean_radius * rng.uniform(1.2, 1.4)
        far = 900.0
        outline = np.array(
            [
                edge - along * far,
                edge + along * far,
                edge + (along + outward) * far,
                edge + (outward - along) * far,
            ]
        )
        mask = np.zeros(CANVAS_SHAPE, np.uint8)
        fill(mask, outline, 255)
        brushed = cloud_noise(rng, CANVAS_SHAPE, 40, 3, 0.8, stretch=12.0 if side == 0 else 0.3)
        sheen = cloud_noise(rng, CANVAS_SHAPE, 2, 2)
        steel = np.array([146.0, 136.0, 124.0]) * rng.uniform(0.6, 1.0)
        plate = steel * (1 + 0.04 * brushed + 0.16 * sheen)[..., None]
        picture = image.astype(np.float32)
        shadow = cv2.GaussianBlur(mask, (0, 0), 7).astype(np.float32) / 255
        picture *= 1 - 0.55 * shadow[..., None]
        blend(picture, plate, mask.astype(np.float32) / 255)
        image[:] = np.clip(picture, 0, 255).astype(np.uint8)
        stroke(image, [outline[:2]], steel * 1.5, 2)
        stroke(image, [outline[:2] + outward * 3], steel * 0.6)
        _engrave(image, rng, edge + outward * rng.uniform(24, 40), along, steel * 0.42)
        highlights[mask > 0] //= 6


def _engrave(
    image: np.ndarray,
    rng: np.random.Generator,
    place: np.ndarray,
    along: np.ndarray,
    ink: np.ndarray,
) -> None:
    """A row of letter-like marks: strokes on a 3 x 4 grid."""
    size = rng.uniform(9, 15)
    up = perpendicular(along)
    place = place - along * rng.uniform(60, 150)
    for letter in range(int(rng.integers(5, 10))):
        corner = place + along * letter * size * 0.95
        for _ in range(int(rng.integers(2, 5))):
            a, b = rng.integers(0, 3, 2) * 0.3, rng.integers(0, 4, 2) * 0.33
            ends = [corner + size * (along * a[k] + up * b[k]) for k in (0, 1)]
            stroke(image, [np.array(ends)], ink, 2)
