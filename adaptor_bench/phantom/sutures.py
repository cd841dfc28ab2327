"""Stitches of a surgery: where they enter and leave the tissue, and when they are placed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .geometry import Ring
from .options import Difficulty
from .randomness import SmoothDrift
from .threads import ThreadShapes

#: Smallest distance between the middles of two stitches along the ring, px.
STITCH_SPACING = 27.0
#: Smallest distance between the two points of a stitch, px.
SMALLEST_GAP = 5.0
#: The stitch in progress has only its first point for this share of its time.
HALF_PLACED = 0.3
#: The last stitch is begun before this time; then the finished ring is filmed.
LAST_PLACED = 0.85


@dataclass
class SuturePlan:
    """All K stitches of a surgery; end 0 is the entry, end 1 the exit."""

    points: np.ndarray  # (K, 2, 2) canvas px
    shapes: ThreadShapes  # of 2 K threads, stitch by stitch
    spool: np.ndarray  # (K,) which of the surgery's thread colours
    opacity: np.ndarray  # (K, 2) of a thread at the tissue, 0..1
    fade: np.ndarray  # (K, 2) px
    dimple: np.ndarray  # (K, 2) darkening of the hole, 0..1
    pinch: np.ndarray  # (K, 2) grey levels
    bare: np.ndarray  # (K, 2) bool: only a stub of thread shows
    pledget: np.ndarray  # (K,) bool
    placed_at: np.ndarray  # (K,) time at which the stitch is begun; <= 0: before the video
    opening: float  # until this time nothing is placed
    motion: SmoothDrift  # 2 K signals: sway of each thread

    def __len__(self) -> int:
        return len(self.points)

    def visible_ends(self, time: float) -> list[tuple[int, int]]:
        """(stitch, end) pairs that exist at a time, in the order in which they are painted."""
        if time < self.opening:
            return []
        begun = np.flatnonzero(self.placed_at <= time)
        last = begun[np.argmax(self.placed_at[begun])] if len(begun) else -1
        later = self.placed_at[self.placed_at > time]
        wait = (later.min() if len(later) else 1.0) - self.placed_at[last]
        half = len(begun) > 0 and 0 < self.placed_at[last] > time - HALF_PLACED * wait
        ends = []
        for stitch in begun:
            ends.append((int(stitch), 0))
            if not (half and stitch == last):
                ends.append((int(stitch), 1))
        return ends


def _stitch_angles(rng: np.random.Generator, ring: Ring, wanted: int) -> np.ndarray:
    """Ring angles of the stitches: in one or two runs, never closer than STITCH_SPACING."""
    smallest = STITCH_SPACING / ring.mean_radius
    # The annulus is sutured nearly all around; a stretch of it (the anterior side) stays free.
    free = rng.uniform(0.5, 1.6)
    start = rng.uniform(0, 2 * np.pi)
    slack = max(2 * np.pi - free - wanted * smallest, 0.0)
    gaps = rng.dirichlet(np.full(wanted, 1.1)) * slack + smallest
    return start + np.cumsum(gaps)


def _exit_headings(rng: np.random.Generator, angles: np.ndarray, domain: str) -> np.ndarray:
    """Headings (K, 2) of the threads: toward the surgeon, in one fan (sim) or two (intraop)."""
    if domain == "sim":
        heading = rng.normal(0.05, 0.12) + 0.45 * np.sin(angles) * rng.uniform(0.3, 1.1)
    else:
        main = rng.uniform(-0.7, 0.9)
        other = main + rng.choice([-1, 1]) * rng.uniform(1.0, 2.0)
        # The second fan holds the stitches that face it.
        faces = np.cos(angles - other) > rng.uniform(0.1, 0.7)
        heading = np.where(faces, other, main) + 0.3 * np.sin(angles - main)
    spread = rng.normal(0, 0.09, (len(angles), 1)) + rng.normal(0, 0.05, (len(angles), 2))
    return heading[:, None] + spread


def stitch_count(difficulty: Difficulty, surgery: int, seed: int) -> int:
    """Number of stitches of the surgery with a given number.

    The surgeries take turns, so that the mean over them hardly depends on the seed.
    """
    low, high = difficulty.stitches
    return low + (surgery + seed) % (high - low + 1)


def plan_sutures(
    rng: np.random.Generator, ring: Ring, domain: str, difficulty: Difficulty, count: int
) -> SuturePlan:
    """Draw a surgery's ``count`` stitches."""
    angles = _stitch_angles(rng, ring, count)
    gap = rng.uniform(*difficulty.pair_gap_px, count)
    close = rng.random(count) < difficulty.close_pair_fraction
    gap = np.where(close, rng.uniform(SMALLEST_GAP, difficulty.pair_gap_px[0], count), gap)
    # Points lie along the annulus, slightly inside or outside of it.
    middle = ring.point(angles, 1 + rng.normal(0, 0.025, count))
    ahead = ring.point(angles + 0.05) - ring.point(angles - 0.05)
    turn = np.arctan2(ahead[:, 1], ahead[:, 0]) + rng.normal(0, 0.35, count)
    step = np.stack([np.cos(turn), np.sin(turn)], axis=1) * (gap / 2)[:, None]
    points = np.stack([middle - step, middle + step], axis=1)

    heading = _exit_headings(rng, angles, domain)
    shapes = ThreadShapes.draw(rng, heading.reshape(-1))
    # The two threads of a stitch are one thread: equally thick, about equally near the camera.
    partner = np.repeat(np.arange(count) * 2, 2)
    shapes.width = shapes.width[partner]
    shapes.growth = shapes.growth[partner] * rng.uniform(0.8, 1.2, 2 * count)

    opening = difficulty.unsutured_opening if rng.random() < 0.4 else 0.0
    already = round(count * rng.uniform(*difficulty.placed_at_start))
    placed_at = np.zeros(count)
    # Half of the surgeries go along the ring, the others jump.
    order = np.roll(np.arange(count), rng.integers(count))
    if rng.random() < 0.5:
        order = rng.permutation(count)
    rest = order[already:]
    placed_at[rest] = np.sort(rng.uniform(0.02, LAST_PLACED, len(rest)))
    return SuturePlan(
        points=points,
        shapes=shapes,
        spool=rng.integers(0, 4, count),
        opacity=rng.uniform(*difficulty.end_contrast, (count, 2)),
        fade=rng.uniform(*difficulty.fade_px, (count, 2)),
        dimple=rng.uniform(*difficulty.dimple_depth, (count, 2)),
        pinch=rng.uniform(*difficulty.pinch, (count, 2)),
        bare=rng.random((count, 2)) < difficulty.bare_fraction,
        pledget=rng.random(count) < difficulty.pledget_fraction,
        placed_at=placed_at,
        opening=opening,
        motion=SmoothDrift(rng, 2 * count, cycles=5.0),
    )
