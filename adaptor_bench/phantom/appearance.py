"""How a surgery looks: colours, light, and the details that both domains have on their tissue."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np

from .geometry import FRAME_HEIGHT, FRAME_WIDTH, Ring, direction, perpendicular
from .lookalikes import paint_lookalikes
from .options import Difficulty, Span
from .raster import bezier, fill, ribbon_outline, stroke
from .tissue import CANVAS_SHAPE


@dataclass(frozen=True)
class Palette:
    """Colours of one surgery, RGB in 0..255 before exposure."""

    threads: np.ndarray  # (4, 3) the spools in use
    thread_width: float  # their thickness, 1 as in the simulator
    braid: float  # 0..1: how far the strokes of the braid darken them
    sheen: float  # how far the upper edge of a wide thread is brightened, grey levels
    wet: float  # 0..1: share of a thread on which that sheen breaks into glints
    thread_stain: np.ndarray  # (3,) what threads are soiled with
    stain_strength: float  # 0..1
    hole: np.ndarray  # (3,) colour at the bottom of an entry point
    halo: np.ndarray  # (3,) tissue around it
    halo_strength: float  # 0..1
    pledget: np.ndarray  # (3,)
    metal: np.ndarray  # (3,)
    metal_stain: np.ndarray  # (3,)
    flap: np.ndarray  # (3,)
    drop: np.ndarray  # (3,)
    specks: tuple[np.ndarray, np.ndarray]  # (3,) each: dark and bright ones


@dataclass(frozen=True)
class Lighting:
    """The endoscope's light of one surgery."""

    centre: np.ndarray  # (2,) frame px
    falloff: float  # darkening toward the border: relative loss one frame width away
    exposure: float  # overall gain
    tint: np.ndarray  # (3,) gain per channel
    bloom: float  # strength of the glow around over-exposed places
    slope: np.ndarray  # (2,) relative gain gained per frame width, for light from the side
    veil: float  # veiling glare: grey levels added everywhere
    defocus: np.ndarray  # (2,) blur gained per frame width, px: the tissue tilts out of focus
    sharpening: float  # the camera's edge enhancement, 0..1
    chroma_loss: int  # colour is recorded at one n-th of the resolution


class Appearance(ABC):
    """How one surgery of a domain looks; its random numbers are drawn in a fixed order."""

    # What a domain draws its light, folds and reflections from.
    LIGHT_X: ClassVar[Span]  # centre of the light, fractions of the frame
    LIGHT_Y: ClassVar[Span]
    FALLOFF: ClassVar[Span]
    EXPOSURE: ClassVar[Span]
    BLOOM: ClassVar[Span]
    SLOPE: ClassVar[Span]
    VEIL: ClassVar[Span]
    DEFOCUS: ClassVar[Span]
    SHARPENING: ClassVar[Span]
    CHROMA_LOSS: ClassVar[int]
    GLINTS: ClassVar[Span]  # brightness of small reflections, grey levels
    FOLDS: ClassVar[tuple[int, int]]  # from so many to one fewer than so many creases
    FOLD_WIDTH: ClassVar[Span]  # px
    FOLD_DARK: ClassVar[Span]  # relative darkening
    FOLD_BRIGHT: ClassVar[float]  # relative brightening beside it
    WET: ClassVar[Span]  # where reflections lie, relative radius

    def __init__(self, rng: np.random.Generator, difficulty: Difficulty, ring: Ring) -> None:
        self.rng, self.difficulty, self.ring = rng, difficulty, ring
        self.palette = self._draw_palette()
        self.lighting = self._draw_lighting()

    @abstractmethod
    def _draw_palette(self) -> Palette: ...

    @abstractmethod
    def _paint_tissue(self) -> np.ndarray:
        """The scene (canvas height, canvas width, 3), float, without sharp details."""

    @abstractmethod
    def _paint_gap(self, image: np.ndarray) -> None:
        """The valve's opening."""

    @abstractmethod
    def _fold_line(self) -> np.ndarray:
        """Where a crease (16, 2) lies."""

    def _paint_above(self, image: np.ndarray, highlights: np.ndarray) -> None:
        """What stands before the tissue: nothing, unless a domain says otherwise."""
        return

    def paint_scene(self) -> tuple[np.ndarray, np.ndarray]:
        """Everything that does not move against the tissue, (canvas height, canvas width, 3) uint8
        RGB, and the highlights, added after exposure, of one channel. To be called once."""
        painted = np.clip(self._paint_tissue(), 0, 255).astype(np.uint8)
        self._paint_gap(painted)
        paint_lookalikes(painted, self.rng.spawn(1)[0], self.ring, self.difficulty, self.palette)
        highlights = self._paint_highlights()
        self._paint_above(painted, highlights)
        return cv2.GaussianBlur(painted, (0, 0), 0.6), highlights

    def _draw_lighting(self) -> Lighting:
        rng = self.rng
        centre = rng.uniform(*self.LIGHT_X) * FRAME_WIDTH, rng.uniform(*self.LIGHT_Y) * FRAME_HEIGHT
        falloff, exposure = float(rng.uniform(*self.FALLOFF)), float(rng.uniform(*self.EXPOSURE))
        # White balance: the draw moves red up and blue down, or back.
        shift = rng.uniform(*self.difficulty.warmth)
        tint = 1 + np.array([shift, 0.0, -shift]) + rng.normal(0, 0.014, 3)
        slope, defocus = (
            direction(rng.uniform(0, 2 * np.pi)) * rng.uniform(*span)
            for span in (self.SLOPE, self.DEFOCUS)
        )
        return Lighting(
            centre=np.array(centre),
            falloff=falloff,
            exposure=exposure,
            tint=tint,
            bloom=float(rng.uniform(*self.BLOOM)),
            slope=slope,
            veil=float(rng.uniform(*self.VEIL)),
            defocus=defocus,
            sharpening=float(rng.uniform(*self.SHARPENING)),
            chroma_loss=self.CHROMA_LOSS,
        )

    def _vary(self, colour: tuple[float, float, float], spread: float) -> np.ndarray:
        """A colour (3,) made lighter or darker, and a little of another hue, by a spread (0..1)."""
        lighter = 1 + 0.1 * spread * self.rng.normal()
        return np.array(colour, float) * lighter + spread * self.rng.normal(0, 5, 3)

    def _anywhere(self, low: float, high: float) -> np.ndarray:
        """A point (2,) of the canvas at any angle, its relative radius within a span."""
        return self.ring.point(self.rng.uniform(0, 2 * np.pi), self.rng.uniform(low, high))

    def _paint_folds(self, image: np.ndarray) -> None:
        """Creases: darkened along a line, brightened beside it."""
        rng = self.rng
        for _ in range(int(rng.integers(*self.FOLDS))):
            line, width = self._fold_line(), rng.uniform(*self.FOLD_WIDTH)
            dark = rng.uniform(*self.FOLD_DARK)
            shade, ridge = np.zeros((2, *image.shape[:2]), np.uint8)
            taper = np.sin(np.linspace(0.15, np.pi - 0.15, len(line)))
            fill(shade, ribbon_outline(line, width * taper), 255)
            beside = line + np.array([0.0, -1.2 * width])
            fill(ridge, ribbon_outline(beside, 1.6 * width * taper), 255)
            soft = max(0.8, width * 0.35)
            x0, y0 = np.maximum(np.floor(line.min(axis=0) - 5 * width).astype(int), 0)
            x1, y1 = np.ceil(line.max(axis=0) + 5 * width).astype(int) + 1
            part = np.s_[y0:y1, x0:x1]
            if image[part].size == 0:
                continue
            change = self.FOLD_BRIGHT * _blurred(ridge[part], 1.6 * soft).astype(np.float32)
            change -= dark * _blurred(shade[part], soft).astype(np.float32)
            image[part] *= 1 + change[..., None] / 255

    def _slit(
        self, centre: np.ndarray, reach: np.ndarray, bow: float, wide: tuple[float, float]
    ) -> tuple[np.ndarray, np.ndarray]:
        """The lower and upper edge (16, 2) of the valve's opening, ``wide`` px at two places."""
        aside = perpendicular(reach) / np.hypot(*reach)

        def edge(part: int, first: float, second: float) -> np.ndarray:
            bends = [
                centre - reach / part + aside * first,
                centre + reach / part + aside * second,
            ]
            return bezier([centre - reach, *bends, centre + reach], 16)

        return edge(2, bow + wide[0], bow + wide[1]), edge(3, bow, bow)

    def _paint_chorda(
        self, image: np.ndarray, start: np.ndarray, end: np.ndarray, colour: np.ndarray
    ) -> None:
        """A pale cord between two points."""
        bow = self.rng.normal(0, 5, (2, 2))
        bends = [start * 0.6 + end * 0.4 + bow[0], start * 0.3 + end * 0.7 + bow[1]]
        line = bezier([start, *bends, end], 10)
        fill(image, ribbon_outline(line, np.linspace(2.6, 1.0, 10)), colour * 0.8)
        stroke(image, [line], colour)

    def _paint_highlights(self) -> np.ndarray:
        """Reflections (canvas) uint8: broad faint sheens, small glints along the ring's curves."""
        rng, ring = self.rng, self.ring
        sheens, glints = np.zeros((2, *CANVAS_SHAPE), np.uint8)
        for _ in range(rng.poisson(self.difficulty.highlights)):
            angle = rng.uniform(0, 2 * np.pi)
            place = ring.point(angle, rng.uniform(*self.WET))
            turn = angle + ring.tilt + np.pi / 2 + rng.normal(0, 0.7)
            long = min(rng.lognormal(1.1, 0.7), 14.0)
            step = direction(turn) * long * 1.5
            bow = perpendicular(step) * rng.normal(0, 0.35)
            line = bezier([place - step, place - step / 3 + bow, place + step / 3, place + step], 9)
            taper = np.sin(np.linspace(0.15, np.pi - 0.15, 9)) * rng.uniform(0.6, 1.3, 9)
            if rng.random() < 0.4:
                broad = ribbon_outline(line + rng.normal(0, 6, 2), long * 2.2 * taper)
                fill(sheens, broad, rng.uniform(25, 95))
            narrow = ribbon_outline(line, long * rng.uniform(0.2, 0.55) * taper)
            fill(glints, narrow, rng.uniform(*self.GLINTS))
        return cv2.addWeighted(_blurred(glints, 1.3), 0.95, _blurred(sheens, 5.5), 0.8, 0)


def _blurred(image: np.ndarray, sigma: float) -> np.ndarray:
    return cv2.GaussianBlur(image, (0, 0), sigma)
