"""Which landmarks a person could see, and hence which are labelled."""

from __future__ import annotations

import numpy as np

from .geometry import FRAME_HEIGHT, FRAME_WIDTH
from .raster import CoverMap

#: A landmark this close to the border, px, has no surroundings to be recognised by.
BORDER = 3
#: Half size of the window in which other objects may hide a landmark, px.
COVER_REACH = 2
#: Hidden when more than this share of that window belongs to other objects.
LARGEST_FOREIGN_SHARE = 0.45
#: Half size of the window that must show something, px: the matching radius. A thread that fades
#: before its landmark is found by its last part in sight.
EVIDENCE_REACH = 6
#: Smallest mean change of brightness that thread and mark make there, grey levels.
SMALLEST_EVIDENCE = 1.3
#: Brightness from which a pixel counts as over-exposed.
SATURATED = 247


def _windows(image: np.ndarray, points: np.ndarray, reach: int) -> np.ndarray:
    """The pixels (N, 2 reach + 1, 2 reach + 1, ...) around points inside the frame; beyond the
    border its last row or column again."""
    column, row = np.round(points).astype(int).T[:, :, None, None]
    steps = np.arange(-reach, reach + 1)
    rows = np.clip(row + steps[:, None], 0, FRAME_HEIGHT - 1)
    return image[rows, np.clip(column + steps, 0, FRAME_WIDTH - 1)]


def visible(
    cover: CoverMap,
    bare: np.ndarray,
    painted: np.ndarray,
    final: np.ndarray,
    gain: np.ndarray,
    points: np.ndarray,
) -> np.ndarray:
    """(N,) bool: which points (N, 2) can be seen; point i belongs to identity i + 1.

    One is seen when nothing else lies on it, nor on most of its surroundings, and when it changes
    the recorded picture there; over-exposed pixels show nothing. The pictures (H, W, 3) are of
    the frame before any suture is painted, shadows included; complete, before exposure; and as
    recorded. gain: exposure (N,) at the points.
    """
    x, y = np.round(points).T
    shown = (x >= BORDER) & (x < FRAME_WIDTH - BORDER) & (y >= BORDER) & (y < FRAME_HEIGHT - BORDER)
    (inside,) = np.nonzero(shown)
    near, identity = points[inside], (inside + 1)[:, None, None]

    def foreign(reach: int) -> np.ndarray:
        """Pixels around each on which something other than its thread lies."""
        window = _windows(cover.top, near, reach)
        return (window != 0) & (window != identity)

    hidden = foreign(COVER_REACH)
    free = ~hidden[:, COVER_REACH, COVER_REACH]
    free &= hidden.mean(axis=(1, 2)) <= LARGEST_FOREIGN_SHARE
    before = _windows(bare, near, EVIDENCE_REACH).astype(np.float32)
    after = _windows(painted, near, EVIDENCE_REACH).astype(np.float32)
    readable = _windows(final, near, EVIDENCE_REACH).min(axis=3) < SATURATED
    others = foreign(EVIDENCE_REACH + 1)
    # Their soft borders are theirs too.
    others = others[:, :-2] | others[:, 1:-1] | others[:, 2:]
    others = others[..., :-2] | others[..., 1:-1] | others[..., 2:]
    change = np.abs(after - before).mean(axis=3) * (readable & ~others)
    evidence = gain[inside] * change.mean(axis=(1, 2))
    shown[inside] = free & (evidence >= SMALLEST_EVIDENCE)
    return shown
