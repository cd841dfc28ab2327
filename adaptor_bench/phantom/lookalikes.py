"""What lies on the static scene and looks like a landmark, but is none."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from .geometry import Ring, direction, perpendicular
from .marks import draw_marks, paint_marks
from .options import Difficulty
from .raster import bezier, ellipse_outline, fill, ribbon_outline, stroke
from .tissue import colour_at

#: Relative width along a bit of thread or felt: its ends are rounded.
_ROUNDED = np.sqrt(1 - np.linspace(-0.96, 0.96, 10) ** 4)


class Colours(Protocol):
    """What is needed of a surgery's palette."""

    @property
    def threads(self) -> np.ndarray: ...
    @property
    def hole(self) -> np.ndarray: ...
    @property
    def halo(self) -> np.ndarray: ...
    @property
    def halo_strength(self) -> float: ...
    @property
    def pledget(self) -> np.ndarray: ...
    @property
    def specks(self) -> tuple[np.ndarray, np.ndarray]: ...


def paint_lookalikes(
    image: np.ndarray,
    rng: np.random.Generator,
    ring: Ring,
    difficulty: Difficulty,
    palette: Colours,
) -> None:
    """Paint a surgery's static look-alikes on the canvas."""
    painter = _Painter(image, rng, ring, difficulty, palette)
    painter.prints()
    painter.specks()
    painter.empty_marks()
    painter.pads()
    painter.remnants()
    painter.buried()


class _Painter:
    def __init__(
        self,
        image: np.ndarray,
        rng: np.random.Generator,
        ring: Ring,
        difficulty: Difficulty,
        palette: Colours,
    ) -> None:
        self.image, self.rng, self.ring = image, rng, ring
        self.difficulty, self.palette = difficulty, palette

    def _anywhere(self, low: float, high: float) -> np.ndarray:
        """A point (2,) of the canvas at any angle, its relative radius within a span."""
        return self.ring.point(self.rng.uniform(0, 2 * np.pi), self.rng.uniform(low, high))

    def _curve(self, middle: np.ndarray, half: float, bow: float) -> np.ndarray:
        """A slightly bent line (10, 2) through a place, 2 ``half`` px long."""
        step = direction(self.rng.uniform(0, 2 * np.pi)) * half
        bend = self.rng.normal(0, bow, (2, 2))
        return bezier(
            [
                middle - step,
                middle - step / 3 + bend[0],
                middle + step / 3 + bend[1],
                middle + step,
            ],
            10,
        )

    def specks(self) -> None:
        """Dots and short streaks, dark and bright: pores, drops, bubbles."""
        rng = self.rng
        dark, bright = self.palette.specks
        for _ in range(rng.poisson(self.difficulty.specks)):
            place = self._anywhere(0.3, 1.5)
            colour = dark if rng.random() < 0.6 else bright
            tissue = colour_at(self.image, place)
            mixed = tissue + (colour - tissue) * rng.uniform(0.15, 0.8)
            size = min(0.6 + rng.exponential(0.55), 2.6)
            axes = (size * rng.uniform(1.0, 1.9), size * rng.uniform(0.6, 1.0))
            fill(self.image, ellipse_outline(place, axes, rng.uniform(0, np.pi), 12), mixed)

    def empty_marks(self) -> None:
        """Dimples, pricks and bulges as at an entry point, but without a thread."""
        rng, knobs = self.rng, self.difficulty
        count = int(rng.poisson(knobs.empty_holes))
        angles = rng.uniform(0, 2 * np.pi, count)
        places = self.ring.point(angles, rng.uniform(0.8, 1.2, count))
        marks = draw_marks(
            rng,
            count,
            bulge=(0.0, 0.4 * knobs.bulge[1]),
            stain=(0.0, 0.5),
            dimple=knobs.dimple_depth,
            dimple_fraction=0.35,
            pucker_fraction=0.35,
            raised=0.5,
        )
        colours = self.palette
        paint_marks(
            self.image,
            places,
            marks,
            colours.hole,
            colours.halo,
            colours.halo_strength,
            colours.specks[1],
        )

    def pads(self) -> None:
        """Felt pads that hold no thread any more."""
        for _ in range(self.rng.poisson(self.difficulty.empty_pads)):
            line = self._curve(self._anywhere(0.85, 1.15), self.rng.uniform(4, 8), 0.6)
            tissue = colour_at(self.image, line[4])
            colour = self.palette.pledget * 0.45 + tissue * 0.55
            wide = self.rng.uniform(4.0, 6.0) * _ROUNDED
            fill(self.image, ribbon_outline(line + np.array([0.8, 1.2]), wide), tissue * 0.78)
            fill(self.image, ribbon_outline(line, wide), colour)

    def remnants(self) -> None:
        """Cut bits of thread that lie on the tissue; some are dots, the longest like stitches."""
        rng, threads = self.rng, self.palette.threads
        for _ in range(rng.poisson(self.difficulty.remnants)):
            line = self._curve(self._anywhere(0.5, 1.4), rng.uniform(0.8, 16.0), 2.0)
            tissue = colour_at(self.image, line[4])
            colour = threads[rng.integers(len(threads))] * rng.uniform(0.55, 1.0)
            colour = tissue + (colour - tissue) * rng.uniform(0.3, 0.9)
            width = rng.uniform(1.1, 2.1) * _ROUNDED
            fill(self.image, ribbon_outline(line + np.array([0.6, 0.9]), width), tissue * 0.88)
            fill(self.image, ribbon_outline(line, width), colour)

    def buried(self) -> None:
        """Threads that run just below the surface, between stitches: pale or dark soft lines."""
        rng, threads = self.rng, self.palette.threads
        for _ in range(rng.poisson(self.difficulty.buried_threads)):
            start, span = rng.uniform(0, 2 * np.pi), rng.uniform(0.12, 0.6)
            line = self.ring.point(start + np.linspace(0, span, 10), rng.uniform(0.95, 1.06))
            tissue = colour_at(self.image, line[5])
            colour = threads[rng.integers(len(threads))]
            colour = tissue + (colour - tissue) * rng.uniform(0.1, 0.4)
            taper = rng.uniform(1.4, 2.2) * (1 - np.linspace(-0.9, 0.9, 10) ** 4)
            fill(self.image, ribbon_outline(line, taper), colour)

    def prints(self) -> None:
        """Marks of the mould or of a pen: ticks, crosses and rings along the annulus."""
        rng, ring = self.rng, self.ring
        for _ in range(rng.poisson(self.difficulty.prints)):
            angle = rng.uniform(0, 2 * np.pi)
            place = ring.point(angle, rng.uniform(0.85, 1.15))
            tissue = colour_at(self.image, place)
            ink = tissue * rng.uniform(0.55, 0.85)
            outward = place - ring.centre
            outward = outward / float(np.sqrt((outward * outward).sum())) * rng.uniform(2.5, 6)
            kind = rng.integers(3)
            if kind == 0:
                stroke(self.image, [np.stack([place - outward, place + outward])], ink)
            elif kind == 1:
                aside = perpendicular(outward) * 0.6
                for step in (outward * 0.6 + aside, outward * 0.6 - aside):
                    stroke(self.image, [np.stack([place - step, place + step])], ink)
            else:
                size = float(rng.uniform(2.0, 4.0))
                around = ellipse_outline(place, (size, size), 0.0, 16)
                stroke(self.image, [np.concatenate([around, around[:1]])], ink)
