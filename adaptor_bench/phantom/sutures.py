"""Stitches of a surgery: where they enter and leave the tissue, and when they are placed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .geometry import Ring, headings
from .marks import Marks, draw_marks
from .options import Difficulty
from .randomness import SmoothDrift
from .threads import ThreadShapes

#: Smallest distance between the middles of two stitches along the ring, px.
STITCH_SPACING = 15.0
#: Smallest distance between any two points, and range of that between the two of a stitch, px.
#: The exponent makes short ones frequent, as in the published example frames.
SMALLEST_GAP, LARGEST_GAP, GAP_EXPONENT = 5.4, 23.0, 1.45
#: How often a stitch is drawn anew until it is clear of those before it.
TRIES = 12
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
    contrast: np.ndarray  # (K,) opacity of its threads, 0..1
    opacity: np.ndarray  # (K, 2) share of it where a thread vanishes, 0..1
    fade: np.ndarray  # (K, 2) px
    marks: Marks  # of 2 K points, stitch by stitch
    bare: np.ndarray  # (K, 2) bool: only a stub of thread shows
    single: np.ndarray  # (K,) bool: the second point is out of sight
    double: np.ndarray  # (K,) bool: of doubled thread
    pledget: np.ndarray  # (K,) bool
    placed_at: np.ndarray  # (K,) time at which the stitch is begun; <= 0: before the video
    opening: float  # until this time nothing is placed
    motion: SmoothDrift  # 2 K signals: sway of each thread
    pull: SmoothDrift  # 2 K signals: how hard each thread is pulled; the first K: where to

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
            if not self.single[stitch] and not (half and stitch == last):
                ends.append((int(stitch), 1))
        return ends


def _stitch_angles(rng: np.random.Generator, ring: Ring, wanted: int) -> np.ndarray:
    """Ring angles of the stitches: in one or two runs, never closer than STITCH_SPACING."""
    smallest = STITCH_SPACING / ring.mean_radius
    # The annulus is sutured nearly all around; a stretch of it (the anterior side) stays free.
    free = rng.uniform(0.5, 1.6)
    start = rng.uniform(0, 2 * np.pi)
    slack = max(2 * np.pi - free - wanted * smallest, 0.0)
    gaps = rng.dirichlet(np.full(wanted, 0.9)) * slack + smallest
    return start + np.cumsum(gaps)


def _place_points(rng: np.random.Generator, ring: Ring, angles: np.ndarray) -> np.ndarray:
    """Both points of each stitch (K, 2, 2), along the annulus or slightly inside or outside."""
    count = len(angles)
    points = np.empty((count, 2, 2))
    for number, angle in enumerate(angles):
        for _ in range(TRIES):
            share = rng.random() ** GAP_EXPONENT
            gap = SMALLEST_GAP + (LARGEST_GAP - SMALLEST_GAP) * share
            turn_by, off, slide = rng.normal(0, 0.4), rng.normal(0, 0.035), rng.normal(0, 0.03)
            middle = ring.point(angle + slide, 1 + off)
            ahead = ring.point(angle + 0.05) - ring.point(angle - 0.05)
            turn = headings(ahead) + turn_by
            step = np.array([np.cos(turn), np.sin(turn)]) * gap / 2
            points[number] = middle - step, middle + step
            apart = points[number][:, None] - points[:number].reshape(1, -1, 2)
            if (apart * apart).sum(axis=-1).min(initial=np.inf) > SMALLEST_GAP**2:
                break
    return points


def _exit_headings(
    rng: np.random.Generator, ring: Ring, points: np.ndarray, domain: str
) -> np.ndarray:
    """Headings (K, 2) of the threads: gathered in bundles that leave toward the surgeon, the
    nearest one or, crossing others, any."""
    middle = points.mean(axis=1)
    if domain == "sim":
        away = rng.normal(0.05, 0.1) + np.sort(rng.uniform(-0.75, 0.75, rng.integers(3, 6)))
    else:
        away = rng.uniform(-0.7, 0.9) + np.sort(rng.uniform(-1.7, 1.7, rng.integers(3, 6)))
    reach = rng.uniform(260, 480, len(away))
    gathered = ring.centre + np.stack([np.cos(away), np.sin(away)], axis=1) * reach[:, None]
    facing = headings(middle - ring.centre)
    apart = np.abs(np.sin((facing[:, None] - away) / 2))
    chosen = np.where(
        rng.random(len(middle)) < 0.7,
        apart.argmin(axis=1),
        rng.integers(0, len(away), len(middle)),
    )
    toward = gathered[chosen][:, None] - points
    spread = rng.normal(0, 0.07, (len(points), 1)) + rng.normal(0, 0.06, (len(points), 2))
    return headings(toward) + spread


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
    single = rng.random(count) < difficulty.single_fraction
    points = _place_points(rng, ring, angles)
    heading = _exit_headings(rng, ring, points, domain)
    shapes = ThreadShapes.draw(rng, heading.reshape(-1))
    # The two threads of a stitch are one thread: equally thick, about equally near the camera.
    partner = np.repeat(np.arange(count) * 2, 2)
    shapes.width = shapes.width[partner]
    shapes.growth = shapes.growth[partner] * rng.uniform(0.8, 1.2, 2 * count)
    fade = rng.uniform(*difficulty.fade_px, (count, 2))
    shapes.tip, shapes.taper = rng.uniform(0.45, 0.9, 2 * count), fade.reshape(-1)
    marks = draw_marks(
        rng,
        2 * count,
        bulge=difficulty.bulge,
        stain=(0.6, 1.0),
        dimple=difficulty.dimple_depth,
        dimple_fraction=difficulty.dimple_fraction,
        pucker_fraction=difficulty.pucker_fraction,
        raised=0.95,
    )
    marks.turn = heading.reshape(-1)

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
        contrast=rng.uniform(*difficulty.contrast, count),
        opacity=rng.uniform(*difficulty.end_contrast, (count, 2)),
        fade=fade,
        marks=marks,
        bare=rng.random((count, 2)) < difficulty.bare_fraction,
        single=single,
        double=rng.random(count) < difficulty.double_fraction,
        pledget=rng.random(count) < difficulty.pledget_fraction,
        placed_at=placed_at,
        opening=opening,
        motion=SmoothDrift(rng, 2 * count, cycles=5.0),
        pull=SmoothDrift(rng, 2 * count, cycles=5.0),
    )
