"""Instruments in the frame: shafts with jaws, as ribbons. Geometry only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .geometry import Ring, View, direction, perpendicular
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

    kind: str
    ribbons: tuple[Ribbon, ...]
    pivot: np.ndarray | None  # (2,) px of the jaws' screw
    tone: float  # relative brightness of the metal
    stain: float  # 0..1, blood on it


@dataclass(frozen=True)
class _Pass:
    """One time that an instrument is brought in."""

    episode: Episode
    kind: str
    target_angle: float  # on the ring
    target_radius: float
    heading: float  # from the tip toward the hand, rad
    tip_width: float
    growth: float
    opening: float  # of the jaws, rad
    tone: float
    stain: float
    sway: SmoothDrift


class InstrumentTray:
    """All instruments of a surgery."""

    def __init__(
        self, rng: np.random.Generator, mean_present: float, domain: str, handedness: float
    ) -> None:
        self._passes = [
            self._draw_pass(rng, episode, domain, handedness)
            for episode in draw_episodes(rng, mean_present, PRESENCE)
        ]

    @staticmethod
    def _draw_pass(
        rng: np.random.Generator, episode: Episode, domain: str, handedness: float
    ) -> _Pass:
        near = 1.0 if domain == "sim" else 1.25  # operating instruments come closer to the lens
        return _Pass(
            episode=episode,
            kind=str(rng.choice(KINDS, p=(0.5, 0.3, 0.2))),
            target_angle=float(rng.uniform(0, 2 * np.pi)),
            target_radius=float(rng.uniform(0.15, 1.05)),
            heading=float(handedness + rng.normal(0, 0.45)),
            tip_width=float(rng.uniform(8, 14) * near),
            growth=float(rng.uniform(1.4, 3.4)),
            opening=float(rng.uniform(0.0, 0.45)),
            tone=float(rng.uniform(0.6, 1.3)),
            stain=float(rng.uniform(0.2, 1.0) if domain == "intraop" else 0.0),
            sway=SmoothDrift(rng, 4, cycles=25.0),
        )

    def in_view(
        self, time: float, ring: Ring, view: View, rng: np.random.Generator
    ) -> list[Instrument]:
        """Instruments at a time of the surgery, in frame px."""
        present = [entry for entry in self._passes if entry.episode.covers(time)]
        return [self._pose(entry, time, ring, view, rng) for entry in present]

    @staticmethod
    def _pose(
        entry: _Pass, time: float, ring: Ring, view: View, rng: np.random.Generator
    ) -> Instrument:
        sway = entry.sway.at(time)
        target = ring.point(entry.target_angle + 0.2 * sway[3], entry.target_radius)
        tip = view.to_frame(target) + 9.0 * sway[:2] + rng.normal(0, 1.5, 2)
        heading = entry.heading + 0.1 * sway[2]
        opening = max(0.0, entry.opening + 0.12 * sway[3])
        scale = view.zoom * entry.tip_width
        if entry.kind == "needle_holder":
            ribbons, pivot = _needle_holder(tip, heading, scale, entry.growth, opening)
        elif entry.kind == "forceps":
            ribbons, pivot = _forceps(tip, heading, scale, entry.growth, opening), None
        else:
            ribbons, pivot = _hook(tip, heading, scale, entry.growth), None
        return Instrument(entry.kind, tuple(ribbons), pivot, entry.tone, entry.stain)


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
