"""Threads: from a point on the tissue (or the border) out of the frame, in one vectorised step."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from .geometry import FRAME_HEIGHT, FRAME_WIDTH, direction, perpendicular
from .raster import normals

#: Samples along a thread; they are denser near its start.
SAMPLES = 25
_DENSITY = 1.6
_PROGRESS = np.linspace(0, 1, SAMPLES) ** _DENSITY
#: How far a thread is drawn beyond the border, px.
_OVERSHOOT = 16.0
#: The braid shows where a thread has a width in this range, px: further away it is too fine,
#: nearer to the camera out of focus. At most so many strokes are drawn.
BRAID_WIDTH, MOST_STROKES = (2.6, 6.0), 64


@dataclass
class ThreadShapes:
    """Shape parameters of T threads, each an array (T,)."""

    heading: np.ndarray  # direction in which a thread leaves the frame, rad
    bend: np.ndarray  # sideways bulge of the whole thread, fraction of its length
    hook: np.ndarray  # turn in the first ~15 px, as if the thread rose from the tissue, px
    wave_height: np.ndarray  # px
    wave_length: np.ndarray  # px
    wave_phase: np.ndarray  # rad
    kink_at: np.ndarray  # distance of a sharp bend from the start, px
    kink_height: np.ndarray  # px
    width: np.ndarray  # at the start, px
    growth: np.ndarray  # relative widening at 250 px from the start
    tip: np.ndarray  # width at the very start, relative to `width`; 1 for a cut end
    taper: np.ndarray  # px until the width is reached

    @classmethod
    def draw(
        cls, rng: np.random.Generator, heading: np.ndarray, zoom_width: float = 1.0
    ) -> ThreadShapes:
        """Plausible shapes for threads that leave along ``heading`` (T,) rad."""
        count = len(heading)
        side = rng.choice([-1.0, 1.0], (3, count))
        return cls(
            heading=np.asarray(heading, float),
            bend=rng.normal(0, 0.045, count),
            hook=side[0] * rng.uniform(0.0, 4.0, count),
            wave_height=rng.uniform(0.1, 1.4, count),
            wave_length=rng.uniform(38, 120, count),
            wave_phase=rng.uniform(0, 2 * np.pi, count),
            kink_at=rng.uniform(25, 190, count),
            kink_height=side[1] * rng.exponential(3.5, count),
            # The text's matching radius, 6 px, is "roughly the thickness of a suture" where it
            # enters; in the published example frames threads are about half of that.
            width=rng.uniform(1.5, 2.6, count) * zoom_width,
            growth=np.minimum(rng.lognormal(-0.8, 1.0, count), 4.5),
            tip=np.ones(count),
            taper=np.ones(count),
        )

    def take(self, index: np.ndarray) -> ThreadShapes:
        """The shapes at some indices."""
        return ThreadShapes(**{f.name: getattr(self, f.name)[index] for f in fields(self)})

    def __len__(self) -> int:
        return len(self.heading)


def join_shapes(parts: list[ThreadShapes]) -> ThreadShapes:
    """The shapes of several groups in one."""
    return ThreadShapes(
        **{
            f.name: np.concatenate([getattr(part, f.name) for part in parts])
            for f in fields(ThreadShapes)
        }
    )


@dataclass
class ThreadPaths:
    """Centrelines of T threads in the frame."""

    centre: np.ndarray  # (T, S, 2) px
    normal: np.ndarray  # (T, S, 2) unit vectors
    arc: np.ndarray  # (T, S) distance from the start, px
    width: np.ndarray  # (T, S) px
    nearness: np.ndarray  # (T, S) to the camera, 0..1, as the widening says

    def sides(self, scale: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
        """The two edges, each (T, S, 2)."""
        offset = self.normal * (self.width * scale / 2)[..., None]
        return self.centre + offset, self.centre - offset


def distance_to_border(start: np.ndarray, heading: np.ndarray) -> np.ndarray:
    """Distance (T,) from ``start`` (T, 2) along ``heading`` (T,) to just outside the frame."""
    step = direction(heading)
    step = np.where(np.abs(step) < 1e-3, 1e-3, step)
    ends = np.where(step > 0, (FRAME_WIDTH, FRAME_HEIGHT), (0.0, 0.0)) + np.sign(step) * _OVERSHOOT
    return np.clip(((ends - start) / step).min(axis=1), 20.0, 700.0)


def trace_threads(start: np.ndarray, shapes: ThreadShapes) -> ThreadPaths:
    """Centrelines that begin exactly at ``start`` (T, 2) px."""
    length = distance_to_border(start, shapes.heading)[:, None]
    arc = length * _PROGRESS
    ahead = direction(shapes.heading)[:, None, :]
    aside = perpendicular(ahead)

    def column(values: np.ndarray) -> np.ndarray:
        return values[:, None]

    bulge = column(shapes.bend) * np.minimum(length, 260.0) * 4 * _PROGRESS * (1 - _PROGRESS)
    # The hook rises over the first few px and dies away; e * x * exp(-x) peaks at 1 for x = 1.
    rise = arc / 9.0
    hook = column(shapes.hook) * np.e * rise * np.exp(-rise)
    # Waves start at zero, are strongest near the tissue and straighten under tension.
    envelope = (1 - np.exp(-arc / 20.0)) * (0.35 + 0.65 * np.exp(-arc / 160.0))
    phase = 2 * np.pi * arc / column(shapes.wave_length)
    wave = column(shapes.wave_height) * envelope
    wave = wave * (np.sin(phase + column(shapes.wave_phase)) - np.sin(column(shapes.wave_phase)))
    kink = column(shapes.kink_height) * np.clip(
        1 - np.abs(arc - column(shapes.kink_at)) / np.minimum(column(shapes.kink_at), 70.0), 0, None
    )
    offset = bulge + hook + wave + kink
    centre = start[:, None, :] + ahead * arc[..., None] + aside * offset[..., None]
    widening = column(shapes.growth) * (arc / 250.0) ** 1.3
    width = column(shapes.width) * (1 + widening)
    tip = column(shapes.tip)
    width = width * (tip + (1 - tip) * np.minimum(arc / column(shapes.taper), 1.0))
    return ThreadPaths(
        centre=centre,
        normal=normals(centre),
        arc=arc,
        width=width,
        nearness=np.minimum(widening / 3, 1),
    )


def braid_strokes(paths: ThreadPaths) -> list[np.ndarray]:
    """Per thread, short oblique strokes (M, 2, 2) that suggest its braid where it is wide."""
    spacing = np.clip(paths.width.mean(axis=1), 2.4, 5.0)[:, None]
    at = spacing * np.arange(1, MOST_STROKES + 1)
    length = paths.arc[:, -1:]
    # Place of each stroke among the samples, which are not evenly spaced.
    place = np.minimum(at / length, 1.0) ** (1 / _DENSITY) * (SAMPLES - 1)
    before = np.minimum(place.astype(int), SAMPLES - 2)
    share = (place - before)[..., None]
    thread = np.arange(len(length))[:, None]

    def along(values: np.ndarray) -> np.ndarray:
        return values[thread, before] * (1 - share) + values[thread, before + 1] * share

    width = along(paths.width[..., None])
    across = along(paths.normal)
    ahead = np.stack([across[..., 1], -across[..., 0]], axis=-1)
    slant = 0.42 * width * (across + 0.9 * ahead)
    middle = along(paths.centre)
    strokes = np.stack([middle - slant, middle + slant], axis=2)
    finest, widest = BRAID_WIDTH
    shown = (at < length) & (width[..., 0] > finest) & (width[..., 0] < widest)
    return [strokes[index, shown[index]] for index in range(len(strokes))]
