"""What is in the way or misleading: loose and passing threads, needles, flaps and drops."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .geometry import FRAME_HEIGHT, FRAME_WIDTH, Ring, View, direction, perpendicular
from .options import Difficulty
from .randomness import Episode, draw_episodes
from .raster import bezier
from .threads import ThreadShapes

PRESENCE = (0.08, 0.3)


@dataclass(frozen=True)
class Blob:
    """A lump over the scene: a tissue flap (material ``"flap"``) or a drop (``"drop"``)."""

    outline: np.ndarray  # (N, 2) frame px
    material: str


@dataclass(frozen=True)
class _LooseThread:
    episode: Episode
    start: tuple[float, float]  # ring angle (rad) and relative radius, or border side and place
    passing: bool
    needle: bool
    needle_turn: float  # rad
    spool: int
    shape: ThreadShapes  # of one thread


@dataclass(frozen=True)
class _BlobPlan:
    episode: Episode
    angle: float  # on the ring, rad
    radius: float
    size: np.ndarray  # (2,) semi-axes px
    turn: float
    lumps: np.ndarray  # (corners,) relative radius
    material: str


@dataclass(frozen=True)
class LooseThreads:
    """Threads of one frame whose start is no landmark."""

    start: np.ndarray  # (T, 2) frame px
    shapes: list[ThreadShapes]  # T times one thread
    spool: np.ndarray  # (T,)
    needles: list[np.ndarray | None]  # centreline (S, 2) px of the needle at the start


class Clutter:
    """All distractors and small occluders of a surgery."""

    def __init__(
        self, rng: np.random.Generator, difficulty: Difficulty, heading: float, domain: str
    ) -> None:
        loose = draw_episodes(rng, difficulty.loose_threads, PRESENCE)
        passing = draw_episodes(rng, difficulty.passing_threads, PRESENCE)
        self._threads = [self._draw_thread(rng, episode, False, heading) for episode in loose]
        self._threads += [self._draw_thread(rng, episode, True, heading) for episode in passing]
        drops = 0.25 if domain == "sim" else 0.5
        self._blobs = [
            self._draw_blob(rng, episode, drops)
            for episode in draw_episodes(rng, difficulty.flaps, PRESENCE)
        ]

    @staticmethod
    def _draw_thread(
        rng: np.random.Generator, episode: Episode, passing: bool, heading: float
    ) -> _LooseThread:
        if passing:
            start = (float(rng.choice([-1, 1])), float(rng.uniform(-0.05, 0.6)))
            # From the upper border downward and from the lower one upward, toward the surgeon.
            turn = heading - 0.5 * start[0] + rng.normal(0, 0.25)
        else:
            start = (float(rng.uniform(0, 2 * np.pi)), float(rng.uniform(0.3, 1.3)))
            turn = heading + rng.normal(0, 0.5)
        shape = ThreadShapes.draw(rng, np.array([turn]), 1.8 if passing else 1.15)
        shape.bend *= 2.0
        return _LooseThread(
            episode=episode,
            start=start,
            passing=passing,
            needle=bool(not passing and rng.random() < 0.45),
            needle_turn=float(rng.uniform(0, 2 * np.pi)),
            spool=int(rng.integers(0, 4)),
            shape=shape,
        )

    @staticmethod
    def _draw_blob(rng: np.random.Generator, episode: Episode, drops: float) -> _BlobPlan:
        corners = 18
        drop = rng.random() < drops
        lumps = 1 + rng.normal(0, 0.03 if drop else 0.12, corners)
        # Smoothing over the closed outline keeps it round.
        lumps = (np.roll(lumps, 1) + 2 * lumps + np.roll(lumps, -1)) / 4
        long = rng.uniform(3, 8) if drop else rng.uniform(6, 16)
        return _BlobPlan(
            episode=episode,
            angle=float(rng.uniform(0, 2 * np.pi)),
            radius=float(rng.uniform(0.88, 1.1)),
            size=np.array([long, long * rng.uniform(0.5, 0.95)]),
            turn=float(rng.uniform(0, np.pi)),
            lumps=lumps,
            material="drop" if drop else "flap",
        )

    def threads(self, time: float, ring: Ring, view: View) -> LooseThreads:
        """Loose threads of one frame."""
        present = [thread for thread in self._threads if thread.episode.covers(time)]
        start = np.zeros((len(present), 2))
        needles: list[np.ndarray | None] = []
        for index, thread in enumerate(present):
            if thread.passing:
                edge = -8.0 if thread.start[0] < 0 else FRAME_HEIGHT + 8.0
                start[index] = (thread.start[1] * FRAME_WIDTH, edge)
            else:
                start[index] = view.to_frame(ring.point(*thread.start))
            needle = _needle(start[index], thread.needle_turn, view.zoom)
            needles.append(needle if thread.needle else None)
        spool = np.array([thread.spool for thread in present], int)
        return LooseThreads(start, [thread.shape for thread in present], spool, needles)

    def blobs(self, time: float, ring: Ring, view: View) -> list[Blob]:
        """Flaps and drops of one frame."""
        blobs = []
        for plan in self._blobs:
            if not plan.episode.covers(time):
                continue
            phase = np.linspace(0, 2 * np.pi, len(plan.lumps), endpoint=False)
            local = direction(phase) * plan.size * plan.lumps[:, None] * view.zoom
            cos, sin = np.cos(plan.turn), np.sin(plan.turn)
            local = local @ np.array([[cos, sin], [-sin, cos]])
            centre = view.to_frame(ring.point(plan.angle, plan.radius))
            blobs.append(Blob(centre + local, plan.material))
        return blobs


def _needle(eye: np.ndarray, turn: float, zoom: float) -> np.ndarray:
    """Centreline (14, 2) px of a half-circle needle that hangs on a thread's end."""
    chord = direction(turn) * 17.0 * zoom
    bulge = perpendicular(chord) * 0.75
    return bezier([eye, eye + chord * 0.1 + bulge, eye + chord * 0.9 + bulge, eye + chord], 14)
