"""What is in the way or misleading: loose and passing threads, needles, flaps and drops."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .geometry import FRAME_HEIGHT, FRAME_WIDTH, Ring, View, direction, perpendicular
from .options import Difficulty, Span
from .randomness import Episode, draw_episodes
from .raster import bezier
from .threads import ThreadShapes

PRESENCE = (0.08, 0.3)


@dataclass(frozen=True)
class Blob:
    """A lump over the scene, under which threads pass: a flap, a fold of the tissue itself, or a
    drop (material ``"flap"``, ``"fold"`` or ``"drop"``)."""

    outline: np.ndarray  # (N, 2) frame px
    material: str


class LooseThread:
    """A thread whose start is no landmark; a passing one goes from border to border."""

    def __init__(
        self,
        rng: np.random.Generator,
        episode: Episode,
        heading: float,
        contrast: Span,
        *,
        passing: bool,
    ) -> None:
        self.episode, self.passing = episode, passing
        if passing:
            # Border side and place. From the upper border downward and from the lower one upward,
            # toward the surgeon.
            self._start = (rng.choice([-1, 1]), rng.uniform(-0.05, 0.6))
            turn = heading - 0.5 * self._start[0] + rng.normal(0, 0.25)
        else:
            self._start = (rng.uniform(0, 2 * np.pi), rng.uniform(0.3, 1.3))  # on the ring
            turn = heading + rng.normal(0, 0.9)
        self.shape = ThreadShapes.draw(rng, np.array([turn]), 1.8 if passing else 1.15)
        self.shape.bend *= 2.0
        self._needle = not passing and rng.random() < 0.45
        self._needle_turn = rng.uniform(0, 2 * np.pi)
        self.spool = int(rng.integers(0, 4))
        self.contrast = float(rng.uniform(*contrast))

    def start(self, ring: Ring, view: View) -> np.ndarray:
        """Where it begins (2,), frame px."""
        if self.passing:
            edge = -8.0 if self._start[0] < 0 else FRAME_HEIGHT + 8.0
            return np.array([self._start[1] * FRAME_WIDTH, edge])
        return view.to_frame(ring.point(*self._start))

    def needle(self, ring: Ring, view: View) -> np.ndarray | None:
        """Centreline (14, 2), frame px, of a half-circle needle that hangs on its start."""
        if not self._needle:
            return None
        eye, chord = self.start(ring, view), direction(self._needle_turn) * 17.0 * view.zoom
        bulge = perpendicular(chord) * 0.75
        return bezier([eye, eye + chord * 0.1 + bulge, eye + chord * 0.9 + bulge, eye + chord], 14)


class _Lump:
    """A fold, flap or drop that comes and goes."""

    def __init__(self, rng: np.random.Generator, episode: Episode, drops: float) -> None:
        self.episode = episode
        kind = rng.random()
        self.material = "drop" if kind < drops else "fold" if kind < 0.85 else "flap"
        lumps = 1 + rng.normal(0, 0.03 if self.material == "drop" else 0.2, 18)
        # Smoothing over the closed outline keeps it round.
        self.radii = (np.roll(lumps, 1) + 2 * lumps + np.roll(lumps, -1)) / 4
        long = rng.uniform(3, 8) if self.material == "drop" else rng.uniform(7, 22)
        self.place = (rng.uniform(0, 2 * np.pi), rng.uniform(0.7, 1.35))  # on the ring
        self.size = np.array([long, long * rng.uniform(0.35, 0.9)])
        self.turn = rng.uniform(0, np.pi)

    def blob(self, ring: Ring, view: View) -> Blob:
        phase = np.linspace(0, 2 * np.pi, len(self.radii), endpoint=False)
        local = direction(phase) * self.size * self.radii[:, None] * view.zoom
        cos, sin = np.cos(self.turn), np.sin(self.turn)
        local = local @ np.array([[cos, sin], [-sin, cos]])
        return Blob(view.to_frame(ring.point(*self.place)) + local, self.material)


class Clutter:
    """All distractors and small occluders of a surgery."""

    def __init__(
        self, rng: np.random.Generator, difficulty: Difficulty, heading: float, domain: str
    ) -> None:
        loose = draw_episodes(rng, difficulty.loose_threads, PRESENCE)
        passing = draw_episodes(rng, difficulty.passing_threads, PRESENCE)
        self._threads = [
            LooseThread(rng, episode, heading, difficulty.contrast, passing=crosses)
            for crosses, episodes in ((False, loose), (True, passing))
            for episode in episodes
        ]
        drops = 0.12 if domain == "sim" else 0.2
        lumps = draw_episodes(rng, difficulty.flaps, PRESENCE)
        self._lumps = [_Lump(rng, episode, drops) for episode in lumps]

    def threads(self, time: float) -> list[LooseThread]:
        """Those in the picture at a time of the surgery."""
        return [thread for thread in self._threads if thread.episode.covers(time)]

    def blobs(self, time: float, ring: Ring, view: View) -> list[Blob]:
        """Flaps and drops of one frame."""
        return [lump.blob(ring, view) for lump in self._lumps if lump.episode.covers(time)]
