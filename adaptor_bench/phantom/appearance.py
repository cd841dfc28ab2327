"""What every domain's appearance offers; the domains fill it in their own modules."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from .geometry import Ring
from .options import Difficulty, Span


@dataclass(frozen=True)
class StaticScene:
    """A surgery's scene without threads and instruments, on the canvas."""

    image: np.ndarray  # (canvas height, canvas width, 3) uint8 RGB
    highlights: np.ndarray  # (canvas height, canvas width) uint8, added after exposure


@dataclass(frozen=True)
class Palette:
    """Colours of one surgery, RGB in 0..255 before exposure."""

    threads: np.ndarray  # (4, 3) the spools in use
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


@dataclass(frozen=True)
class Lighting:
    """The endoscope's light of one surgery."""

    centre: np.ndarray  # (2,) frame px
    falloff: float  # darkening toward the border: relative loss one frame width away
    exposure: float  # overall gain
    tint: np.ndarray  # (3,) gain per channel
    bloom: float  # strength of the glow around over-exposed places


class Appearance(ABC):
    """How one surgery of a domain looks. Everything random about it is drawn at construction."""

    def __init__(self, rng: np.random.Generator, difficulty: Difficulty) -> None:
        self.difficulty = difficulty
        self.palette = self._draw_palette(rng)
        self.lighting = self._draw_lighting(rng)

    @abstractmethod
    def _draw_palette(self, rng: np.random.Generator) -> Palette: ...

    @abstractmethod
    def _draw_lighting(self, rng: np.random.Generator) -> Lighting: ...

    @abstractmethod
    def paint_scene(self, rng: np.random.Generator, ring: Ring) -> StaticScene:
        """Paint everything that does not move against the tissue."""


def white_balance(rng: np.random.Generator, warmth: Span) -> np.ndarray:
    """Gain per channel (3,): a draw from ``warmth`` moves red up and blue down, or back."""
    shift = rng.uniform(*warmth)
    return 1 + np.array([shift, 0.0, -shift]) + rng.normal(0, 0.02, 3)
