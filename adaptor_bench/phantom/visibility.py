"""Which landmarks a person could see, and hence which are labelled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .geometry import FRAME_HEIGHT, FRAME_WIDTH
from .raster import CoverMap

#: A landmark this close to the border, px, has no surroundings to be recognised by.
BORDER = 3
#: Half size of the window in which other objects may hide a landmark, px.
COVER_REACH = 2
#: Hidden when more than this share of that window belongs to other objects.
LARGEST_FOREIGN_SHARE = 0.45
#: Half size of the window that must show something, px.
EVIDENCE_REACH = 3
#: Smallest mean change of brightness that thread, hole and pinch make there, grey levels.
SMALLEST_EVIDENCE = 4.0
#: Brightness from which a pixel counts as over-exposed.
SATURATED = 247


@dataclass(frozen=True)
class Pictures:
    """One frame at three stages, each (H, W, 3) uint8."""

    bare: np.ndarray  # before any suture is painted, shadows included
    painted: np.ndarray  # complete, before exposure
    final: np.ndarray  # as recorded


def inside_frame(points: np.ndarray) -> np.ndarray:
    """(N,) bool: at least BORDER px inside the frame."""
    x, y = np.round(points[:, 0]), np.round(points[:, 1])
    across = (x >= BORDER) & (x < FRAME_WIDTH - BORDER)
    return across & (y >= BORDER) & (y < FRAME_HEIGHT - BORDER)


def _windows(image: np.ndarray, points: np.ndarray, reach: int) -> np.ndarray:
    """The pixels (N, 2 reach + 1, 2 reach + 1, ...) around points inside the frame."""
    column, row = np.round(points).astype(int).T
    steps = np.arange(-reach, reach + 1)
    return image[row[:, None, None] + steps[:, None], column[:, None, None] + steps]


def foreign_around(
    cover: CoverMap, points: np.ndarray, identities: np.ndarray, reach: int
) -> np.ndarray:
    """(N, 2 reach + 1, 2 reach + 1) bool: pixels on which something other than its thread lies."""
    window = _windows(cover.top, points, reach)
    return (window != 0) & (window != identities[:, None, None])


def unoccluded(cover: CoverMap, points: np.ndarray, identities: np.ndarray) -> np.ndarray:
    """(N,) bool: nothing foreign lies on a point (N, 2), nor on most of its surroundings."""
    foreign = foreign_around(cover, points, identities, COVER_REACH)
    share = foreign.mean(axis=(1, 2))
    return ~foreign[:, COVER_REACH, COVER_REACH] & (share <= LARGEST_FOREIGN_SHARE)


def evidence(
    pictures: Pictures, gain: np.ndarray, points: np.ndarray, own: np.ndarray
) -> np.ndarray:
    """Mean visible change (N,) around points (N, 2), in grey levels of the final picture.

    gain: exposure (N,) at the points; own (N, window, window): pixels that belong to nothing
    else. Over-exposed pixels show nothing.
    """
    before = _windows(pictures.bare, points, EVIDENCE_REACH).astype(np.float32)
    after = _windows(pictures.painted, points, EVIDENCE_REACH).astype(np.float32)
    readable = _windows(pictures.final, points, EVIDENCE_REACH).min(axis=3) < SATURATED
    change = np.abs(after - before).mean(axis=3) * (readable & own)
    return gain * change.mean(axis=(1, 2))


def visible(
    cover: CoverMap, pictures: Pictures, gain: np.ndarray, points: np.ndarray
) -> np.ndarray:
    """(N,) bool: which points (N, 2) can be seen; point i belongs to identity i + 1.

    gain: exposure (N,) at the points.
    """
    shown = inside_frame(points)
    (inside,) = np.nonzero(shown)
    if len(inside):
        near, identities = points[inside], inside + 1
        own = ~foreign_around(cover, near, identities, EVIDENCE_REACH)
        shows = evidence(pictures, gain[inside], near, own) >= SMALLEST_EVIDENCE
        shown[inside] = shows & unoccluded(cover, near, identities)
    return shown
