"""Painting of stitches: entry and exit marks, threads, and the cover map they leave.

Everything is computed for all threads of a frame at once; only the drawing calls are looped.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from .appearance import Palette
from .geometry import FRAME_HEIGHT, FRAME_WIDTH, direction, perpendicular
from .raster import (
    FRACTION_BITS,
    CoverMap,
    ellipse_outline,
    fill,
    fixed_point,
    ribbon_outline,
    stroke,
)
from .threads import SAMPLES, ThreadPaths, braid_strokes
from .tissue import colour_at, colours_at

#: A thread is painted in pieces of two samples, so that its colour can change along it.
_PIECE_STARTS = np.arange(0, SAMPLES - 1, 2)
_PIECE_CORNERS = _PIECE_STARTS[:, None] + np.arange(3)
#: Length of the thread that shows at a bare landmark, px.
STUB_PX = 6.0
#: Threads at least this wide show a sheen, px.
SHEEN_WIDTH = 2.0
_ALONG = np.linspace(0, 1, 7)
_RIDGE_WIDTH = np.array([1.0, 2.4, 3.2, 3.6, 3.2, 2.4, 1.0])  # px


@dataclass
class ThreadCoats:
    """How T threads are coloured; arrays (T,)."""

    spool: np.ndarray
    opacity: np.ndarray  # where the thread meets the tissue, 0..1
    fade: np.ndarray  # px until it is opaque
    stain_phase: np.ndarray  # rad
    bare: np.ndarray  # bool: a stub only


def thread_colours(
    background: np.ndarray, paths: ThreadPaths, coats: ThreadCoats, palette: Palette
) -> np.ndarray:
    """Colours (T, S, 3) along the threads: fading into the tissue, soiled, lit when near."""
    x = np.clip(np.round(paths.centre[..., 0]), 0, FRAME_WIDTH - 1).astype(int)
    y = np.clip(np.round(paths.centre[..., 1]), 0, FRAME_HEIGHT - 1).astype(int)
    behind = background[y, x].astype(np.float32)
    # The rise of the width says how near the camera a thread has come.
    nearness = np.clip((paths.width / paths.width[:, :1] - 1) / 3, 0, 1)[..., None]
    body = palette.threads[coats.spool][:, None, :] * (0.84 + 0.5 * nearness)
    soil = 0.5 + 0.5 * np.sin(paths.arc / 33.0 + coats.stain_phase[:, None])
    soil = palette.stain_strength * soil * np.exp(-paths.arc / 210.0)
    body = body + (palette.thread_stain - body) * soil[..., None]
    rising = np.minimum(paths.arc / coats.fade[:, None], 1.0)
    opacity = coats.opacity[:, None] + (1 - coats.opacity[:, None]) * rising * (2 - rising)
    stub_end = np.clip(1.5 - paths.arc / STUB_PX, 0, 1)
    opacity = np.where(coats.bare[:, None], coats.opacity[:, None] * stub_end, opacity)
    return np.clip(behind + (body - behind) * opacity[..., None], 0, 255)


class ThreadArtwork:
    """All outlines and colours of a frame's T threads, ready to be drawn one by one."""

    def __init__(self, paths: ThreadPaths, colours: np.ndarray, bare: np.ndarray) -> None:
        left, right = paths.sides()
        pieces = np.concatenate(
            [left[:, _PIECE_CORNERS], right[:, _PIECE_CORNERS[:, ::-1]]], axis=2
        )
        self._pieces = np.ascontiguousarray(fixed_point(pieces))
        self._piece_colours = colours[:, _PIECE_STARTS + 1].tolist()
        shown = paths.arc[:, _PIECE_STARTS] < 1.5 * STUB_PX
        self._shown = np.where(bare, shown.sum(axis=1), len(_PIECE_STARTS)).tolist()
        self._bare = bare
        near = paths.width > SHEEN_WIDTH
        self._sheen_start = np.where(near.any(axis=1), near.argmax(axis=1), SAMPLES).tolist()
        lifted = paths.centre - np.stack([np.zeros_like(paths.width), 0.18 * paths.width], axis=2)
        self._sheen = fixed_point(lifted)
        self._sheen_colours = np.minimum(colours[:, 8:].mean(axis=1) * 1.14 + 10, 255).tolist()
        self._braid = [fixed_point(strokes) for strokes in braid_strokes(paths)]
        self._braid_colours = (colours[:, -3] * 0.86).tolist()

    def paint(self, image: np.ndarray, cover: CoverMap, index: int, identity: int) -> None:
        """Draw thread ``index`` and put it on the cover map; a bare one ends after its stub."""
        pieces = self._pieces[index, : self._shown[index]]
        for outline, colour in zip(pieces, self._piece_colours[index], strict=False):
            cv2.fillPoly(image, [outline], colour, cv2.LINE_AA, FRACTION_BITS)
        cover.put(pieces, identity)
        if self._bare[index]:
            return
        start = self._sheen_start[index]
        if start < SAMPLES - 1:
            line = [self._sheen[index, start:]]
            colour = self._sheen_colours[index]
            cv2.polylines(image, line, False, colour, 1, cv2.LINE_AA, FRACTION_BITS)
        if len(self._braid[index]):
            strokes, colour = list(self._braid[index]), self._braid_colours[index]
            cv2.polylines(image, strokes, False, colour, 1, cv2.LINE_AA, FRACTION_BITS)


def paint_ridges(image: np.ndarray, ends: np.ndarray, threads: np.ndarray) -> None:
    """The tissue raised between entries and exits (N, 2, 2), the thread (N, 3) shining through."""
    tissues = colours_at(image, ends.mean(axis=1))
    lines = ends[:, :1] + _ALONG[:, None] * (ends[:, 1:] - ends[:, :1])
    for line, tissue, thread in zip(lines, tissues, threads, strict=True):
        fill(image, ribbon_outline(line, _RIDGE_WIDTH), tissue * 1.07)
        stroke(image, [line + np.array([0.0, 0.8])], tissue * 0.8 + thread * 0.2)


def paint_pledget(image: np.ndarray, ends: np.ndarray, colour: np.ndarray) -> None:
    """A felt pad between entry and exit (2, 2)."""
    tissue = colour_at(image, ends.mean(axis=0))
    along = ends[1] - ends[0]
    aside = perpendicular(along) / float(np.hypot(*along)) * 2.6
    pad = np.array([ends[0] - aside, ends[1] - aside, ends[1] + aside, ends[0] + aside])
    fill(image, pad + np.array([0.8, 1.0]), tissue * 0.7)
    fill(image, pad, colour * 0.7 + tissue * 0.3)
    stroke(image, [pad[[0, 1]]], np.minimum(colour * 1.06, 255))


def paint_entry_marks(
    image: np.ndarray,
    palette: Palette,
    points: np.ndarray,
    leaves: np.ndarray,
    radius: np.ndarray,
    dimple: np.ndarray,
    pinch: np.ndarray,
    creases: np.ndarray,
) -> None:
    """Puckered rims with a small dark hole in each, at entry and exit points (N, 2).

    The others are (N,): heading of the thread, rad; size of the mark, px; darkening of the hole,
    0..1; brightening of the rim, grey levels; number of fine folds behind the hole, 0..3.
    """
    tissues = colours_at(image, points)
    for tissue, place, turn, size, deep, raised, folds in zip(
        tissues, points, leaves, radius, dimple, pinch, creases, strict=True
    ):
        if palette.halo_strength > 0:
            halo = tissue + (palette.halo - tissue) * palette.halo_strength
            fill(image, ellipse_outline(place, (2.4 * size, 1.7 * size), turn, 14), halo)
        behind = turn + np.pi
        rim = place + 1.9 * size * direction(behind + np.linspace(-1.1, 1.1, 7))
        stroke(image, [rim], tissue + raised)
        fan = direction(behind + np.array([-1.0, 0.1, 1.1]))[:folds, None]
        stroke(image, place + size * fan * np.array([[1.5], [2.9]]), tissue * (1 - 0.3 * deep))
        hole = tissue + (palette.hole - tissue) * deep
        fill(image, ellipse_outline(place, (1.15 * size, 0.85 * size), turn, 14), hole)
