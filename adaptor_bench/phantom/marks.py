"""What an entry point does to the tissue around it, and how a thread sinks into it.

Only additions, products and square roots, which every processor rounds alike.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import cv2
import numpy as np

#: Half size of the patch that a mark changes, px.
MARK_REACH = 9
#: Where the light comes from, for raised tissue; y points down.
LIGHT = np.array([-0.5, -0.86])
_STEPS = np.arange(-MARK_REACH, MARK_REACH + 1, dtype=np.float32)


@dataclass
class Marks:
    """N marks in the tissue, each an array (N,)."""

    turn: np.ndarray  # direction of the thread, rad
    bulge: np.ndarray  # relief of the tissue raised around it, grey levels; below 0: sunken
    bulge_size: np.ndarray  # px
    dimple: np.ndarray  # darkening of the hole, 0 (none) to 1; below 0: a bright pucker instead
    dimple_size: np.ndarray  # px
    dimple_stretch: np.ndarray  # 1 round; above 1 a slit along the thread
    stain: np.ndarray  # how much of the halo it has, 0..1

    def take(self, index: np.ndarray) -> Marks:
        """The marks at some indices."""
        return Marks(**{f.name: getattr(self, f.name)[index] for f in fields(self)})


def draw_marks(
    rng: np.random.Generator,
    count: int,
    *,
    bulge: tuple[float, float],
    stain: tuple[float, float],
    dimple: tuple[float, float],
    dimple_fraction: float,
    pucker_fraction: float,
    raised: float,
) -> Marks:
    """Marks of ``count`` places; spans are of grey levels, shares of the halo, and darkening.
    ``raised``: the share of them that bulge; the others are sunken."""
    side = np.where(rng.random(count) < raised, 1.0, -1.0)
    kind, depth = rng.random(count), rng.uniform(*dimple, count)
    return Marks(
        turn=rng.uniform(0, 2 * np.pi, count),
        bulge=side * rng.uniform(*bulge, count),
        bulge_size=rng.uniform(2.6, 3.8, count),
        dimple=np.select(
            [kind < dimple_fraction, kind < dimple_fraction + pucker_fraction], [depth, -depth], 0.0
        ),
        dimple_size=rng.uniform(1.2, 2.2, count),
        dimple_stretch=np.where(rng.random(count) < 0.3, rng.uniform(1.5, 3, count), 1.0),
        stain=rng.uniform(*stain, count),
    )


def _patch(image: np.ndarray, place: np.ndarray, reach: int) -> tuple[np.ndarray, slice, slice]:
    """The part (a view) of the picture within ``reach`` px of a place, and which rows and columns
    of the full patch it holds."""
    column, row = (int(value) for value in np.floor(place))
    height, width = image.shape[:2]
    top, left = max(row - reach, 0), max(column - reach, 0)
    part = image[top : max(row + reach + 1, 0), left : max(column + reach + 1, 0)]
    rows = slice(top - row + reach, min(row + reach + 1, height) - row + reach)
    columns = slice(left - column + reach, min(column + reach + 1, width) - column + reach)
    return part, rows, columns


def paint_marks(
    image: np.ndarray,
    places: np.ndarray,
    marks: Marks,
    hole: np.ndarray,
    halo: np.ndarray,
    halo_strength: float,
    gleam: np.ndarray,
) -> None:
    """Raise, stain and pierce the tissue at places (N, 2). Hole, halo and gleam, which is that of a
    bright pucker, are colours (3,)."""
    offset = (places - np.floor(places)).astype(np.float32)
    dx = _STEPS[None, None, :] - offset[:, 0, None, None]
    dy = _STEPS[None, :, None] - offset[:, 1, None, None]
    cos, sin = (f(marks.turn).astype(np.float32)[:, None, None] for f in (np.cos, np.sin))
    along, across = cos * dx + sin * dy, cos * dy - sin * dx

    def column(values: np.ndarray) -> np.ndarray:
        return values.astype(np.float32)[:, None, None]

    size = column(marks.bulge_size)
    round_ = 1 / (1 + (dx * dx + dy * dy) / (size * size))
    round_ = np.maximum(round_ - np.float32(0.2), 0)
    lit = (dx * np.float32(LIGHT[0]) + dy * np.float32(LIGHT[1])) / size
    relief = column(marks.bulge) * 3 * lit * round_ * round_
    across = across * column(marks.dimple_stretch) / column(marks.dimple_size)
    along = along / (column(marks.dimple_size) * column(marks.dimple_stretch))
    depth = column(np.abs(marks.dimple)) / (1 + (along * along + across * across) ** 2)
    stained = column(marks.stain * halo_strength) * round_
    for number, place in enumerate(places):
        part, rows, columns = _patch(image, place, MARK_REACH)
        if part.size == 0:
            continue
        patch = part.astype(np.float32)
        if halo_strength > 0:
            patch += stained[number, rows, columns, None] * (halo.astype(np.float32) - patch)
        patch += relief[number, rows, columns, None]
        if marks.dimple[number] != 0:
            colour = (hole if marks.dimple[number] > 0 else gleam).astype(np.float32)
            patch += depth[number, rows, columns, None] * (colour - patch)
        part[...] = np.clip(patch + np.float32(0.5), 0, 255).astype(np.uint8)


class Sinking:
    """A thread that vanishes in the tissue at its start: remembers what was there before it."""

    def __init__(self, image: np.ndarray, place: np.ndarray, opacity: float, fade: float) -> None:
        """The share ``opacity`` of the thread shows at a place (2,) px, all of it from ``fade`` px
        on."""
        reach = int(fade) + 1
        self._part, rows, columns = _patch(image, place, reach)
        self._before = self._part.copy()
        steps = np.arange(-reach, reach + 1, dtype=np.float32)
        dx, dy = steps - np.float32(place[0] % 1), steps - np.float32(place[1] % 1)
        far = np.minimum((dx * dx)[columns] + (dy * dy)[rows, None], np.float32(fade * fade))
        far = np.sqrt(far) / np.float32(fade)
        rise = far * (2 - far)
        start = np.float32(opacity)
        self._share = ((start + (1 - start) * rise) * 256).astype(np.int32)[..., None]

    def blend(self) -> None:
        """Let what was painted since vanish: the nearer to the tissue, the fainter and softer."""
        if self._part.size == 0:
            return
        share, before = self._share, self._before.astype(np.int32)
        change = self._part - before
        soft = _softened(self._part) - _softened(self._before)
        softer = soft + (((change - soft) * share) >> 8)
        self._part[...] = np.clip(before + ((softer * share) >> 8), 0, 255)


def _softened(patch: np.ndarray) -> np.ndarray:
    return cv2.GaussianBlur(patch, (5, 5), 0.9).astype(np.int32)
