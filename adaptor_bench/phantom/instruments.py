"""Instruments in the frame: shafts with jaws, as ribbons. Geometry only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .geometry import Ring, View, direction, perpendicular
from .options import Difficulty
from .randomness import Episode, SmoothDrift, draw_episodes
from .raster import bezier

KINDS = ("needle_holder", "forceps", "hook")
#: How far a shaft is drawn; longer than the frame's diagonal, px.
SHAFT_LENGTH = 640.0
PRESENCE = (0.05, 0.22)


@dataclass(frozen=True)
class Ribbon:
    """A strip of metal with the shading of a rod."""

    centre: np.ndarray  # (S, 2) px
    width: np.ndarray  # (S,) px


@dataclass(frozen=True)
class Instrument:
    """One instrument in one frame, its ribbons listed from the back to the front."""

    ribbons: list[Ribbon]
    pivot: np.ndarray | None  # (2,) px of the jaws' screw
    tone: float  # relative brightness of the metal
    stain: float  # 0..1, blood on it
    blur: float  # px, how far out of focus it is; 0: sharp


class _Pass:
    """One time that an instrument is brought in."""

    def __init__(
        self,
        rng: np.random.Generator,
        episode: Episode,
        domain: str,
        handedness: float,
        *,
        close: bool,
    ) -> None:
        near = 1.0 if domain == "sim" else 1.25  # operating instruments come closer to the lens
        near *= rng.uniform(2.0, 3.6) if close else 1.0
        self.blur = rng.uniform(1.5, 5.0) if close else 0.0
        self.episode = episode
        self.kind = rng.choice(KINDS, p=(0.5, 0.3, 0.2))
        self.angle, self.radius = rng.uniform(0, 2 * np.pi), rng.uniform(0.15, 1.05)  # on the ring
        self.heading = handedness + rng.normal(0, 0.45)  # from the tip toward the hand, rad
        self.tip_width = rng.uniform(8, 15) * near
        self.growth = rng.uniform(1.4, 3.4)
        self.opening = rng.uniform(0.0, 0.45)  # of the jaws, rad
        self.tone = rng.uniform(0.6, 1.3)
        self.stain = rng.uniform(0.2, 1.0) if domain == "intraop" else 0.0
        self.sway = SmoothDrift(rng, 4, cycles=25.0)

    def pose(self, time: float, ring: Ring, view: View, rng: np.random.Generator) -> Instrument:
        sway = self.sway.at(time)
        target = ring.point(self.angle + 0.2 * sway[3], self.radius)
        tip = view.to_frame(target) + 9.0 * sway[:2] + rng.normal(0, 1.5, 2)
        heading = self.heading + 0.1 * sway[2]
        opening = max(0.0, self.opening + 0.12 * sway[3])
        scale, pivot = view.zoom * self.tip_width, None
        if self.kind == "needle_holder":
            ribbons, pivot = _needle_holder(tip, heading, scale, self.growth, opening)
        elif self.kind == "forceps":
            ribbons = _forceps(tip, heading, scale, self.growth, opening)
        else:
            ribbons = _hook(tip, heading, scale, self.growth)
        return Instrument(ribbons, pivot, self.tone, self.stain, self.blur)


class InstrumentTray:
    """All instruments of a surgery."""

    def __init__(
        self, rng: np.random.Generator, difficulty: Difficulty, domain: str, handedness: float
    ) -> None:
        kinds = (False, difficulty.instruments), (True, difficulty.near_instruments)
        # The nearest come last: they are painted over the others.
        self._passes = [
            _Pass(rng, episode, domain, handedness, close=close)
            for close, mean_present in kinds
            for episode in draw_episodes(rng, mean_present, PRESENCE)
        ]

    def in_view(
        self, time: float, ring: Ring, view: View, rng: np.random.Generator
    ) -> list[Instrument]:
        """Instruments at a time of the surgery, in frame px."""
        return [p.pose(time, ring, view, rng) for p in self._passes if p.episode.covers(time)]


def _rod(start: np.ndarray, heading: float, width: float, growth: float) -> Ribbon:
    """A shaft from ``start`` to the hand, wider toward the camera."""
    along = np.array([0.0, 4.0, 12.0, 40.0, 110.0, 220.0, 380.0, SHAFT_LENGTH])
    taper = np.array([0.62, 0.85, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0])
    widths = width * taper * (1 + growth * along / 420.0)
    return Ribbon(start + direction(heading) * along[:, None], widths)


def _jaw(pivot: np.ndarray, heading: float, length: float, width: float, bow: float) -> Ribbon:
    """One jaw from the pivot to its tip, bowed outward by ``bow`` px and tapering."""
    ahead = direction(heading)
    aside = perpendicular(ahead)
    end = pivot + ahead * length
    controls = [pivot, pivot + ahead * length * 0.35 + aside * bow, end + aside * bow * 0.6, end]
    return Ribbon(bezier(controls, 9), width * np.linspace(1.0, 0.35, 9))


def _needle_holder(
    tip: np.ndarray, heading: float, width: float, growth: float, opening: float
) -> tuple[list[Ribbon], np.ndarray]:
    length = 2.6 * width
    pivot = tip + direction(heading) * length
    back = heading + np.pi
    jaws = [
        _jaw(pivot, back + side * opening / 2, length, 0.52 * width, side * 0.12 * width)
        for side in (-1.0, 1.0)
    ]
    return [*jaws, _rod(pivot, heading, width, growth)], pivot + direction(heading) * width * 0.5


def _forceps(
    tip: np.ndarray, heading: float, width: float, growth: float, opening: float
) -> list[Ribbon]:
    """Two long prongs that meet near the tip and part toward the hand."""
    ahead = direction(heading)
    aside = perpendicular(ahead)
    along = np.array([0.0, 8.0, 25.0, 60.0, 120.0, 220.0, 380.0, SHAFT_LENGTH])
    prongs = []
    for side in (-1.0, 1.0):
        gap = side * (0.5 + 4.0 * opening + along * (0.05 + 0.05 * opening))
        centre = tip + ahead * along[:, None] + aside * gap[:, None]
        widths = width * 0.45 * (0.45 + 0.55 * np.minimum(along / 30.0, 1.0))
        prongs.append(Ribbon(centre, widths * (1 + growth * along / 420.0)))
    return prongs


def _hook(tip: np.ndarray, heading: float, width: float, growth: float) -> list[Ribbon]:
    """A thin rod whose end is bent to a hook."""
    ahead = direction(heading)
    aside = perpendicular(ahead)
    elbow = tip + ahead * 1.4 * width
    controls = [
        tip + aside * 1.5 * width,
        tip + aside * 0.4 * width - ahead * 0.4 * width,
        tip - ahead * 0.3 * width,
        elbow,
    ]
    bend = Ribbon(bezier(controls, 10), np.linspace(0.18, 0.34, 10) * width)
    return [bend, _rod(elbow, heading, 0.5 * width, growth)]
