"""Painting of stitches: entry and exit marks, threads, and the cover map they leave.

Everything is computed for all threads of a frame at once; only the drawing calls are looped.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from .appearance import Palette
from .geometry import FRAME_HEIGHT, FRAME_WIDTH, perpendicular
from .marks import Sinking
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

#: A thread is painted in pieces of three samples, so that its colour can change along it.
_PIECE_STARTS = np.arange(0, SAMPLES - 1, 3)
_PIECE_CORNERS = _PIECE_STARTS[:, None] + np.arange(4)
#: Length of the thread that shows at a bare landmark, px.
STUB_PX = 6.0
#: Threads at least this wide show a sheen, px.
SHEEN_WIDTH = 3.0
#: Distance from the tissue at which a faint thread has its full colour, px.
RISEN_PX = 110.0
_ALONG = np.linspace(0, 1, 7)
_RIDGE_WIDTH = np.array([1.0, 2.4, 3.2, 3.6, 3.2, 2.4, 1.0])  # px


@dataclass
class ThreadCoats:
    """How T threads are coloured; arrays (T,)."""

    spool: np.ndarray
    contrast: np.ndarray  # opacity away from the tissue, 0..1
    opacity: np.ndarray  # share of it where the thread meets the tissue, 0..1; 1: a sharp end
    fade: np.ndarray  # px until it has it all
    knot: np.ndarray  # index of the sample with a knot; 0: none
    identity: np.ndarray  # in the cover map
    stain_phase: np.ndarray  # rad
    bare: np.ndarray  # bool: a stub only


def thread_colours(
    background: np.ndarray, paths: ThreadPaths, coats: ThreadCoats, palette: Palette
) -> np.ndarray:
    """Colours (T, S, 3) along the threads: more or less faint, soiled, lit when near."""
    x = np.clip(np.round(paths.centre[..., 0]), 0, FRAME_WIDTH - 1).astype(int)
    y = np.clip(np.round(paths.centre[..., 1]), 0, FRAME_HEIGHT - 1).astype(int)
    behind = background[y, x].astype(np.float32)
    nearness = paths.nearness[..., None]
    body = palette.threads[coats.spool][:, None, :] * (0.84 + 0.5 * nearness)
    soil = 0.5 + 0.5 * np.sin(paths.arc / 33.0 + coats.stain_phase[:, None])
    soil = palette.stain_strength * soil * np.exp(-paths.arc / 210.0)
    body = body + (palette.thread_stain - body) * soil[..., None]
    # However faint it is at the tissue, it soon rises from it.
    clear = np.minimum(paths.arc / RISEN_PX, 1.0)
    opacity = coats.contrast[:, None] + (1 - coats.contrast[:, None]) * clear
    stub_end = np.clip(1.5 - paths.arc / STUB_PX, 0, 1)
    opacity = np.where(coats.bare[:, None], coats.contrast[:, None] * stub_end, opacity)
    return np.clip(behind + (body - behind) * opacity[..., None], 0, 255)


class ThreadArtwork:
    """A frame's T threads in their colours (T, S, 3), ready to be drawn one by one."""

    def __init__(
        self, paths: ThreadPaths, colours: np.ndarray, coats: ThreadCoats, palette: Palette
    ) -> None:
        self._paths, self._colours, self._coats, self._palette = paths, colours, coats, palette
        left, right = paths.sides()
        corners = [left[:, _PIECE_CORNERS], right[:, _PIECE_CORNERS[:, ::-1]]]
        self._pieces = np.ascontiguousarray(fixed_point(np.concatenate(corners, axis=2)))
        self._braid = braid_strokes(paths)

    def paint(self, image: np.ndarray, cover: CoverMap, index: int) -> None:
        """Draw thread ``index``, sunk into the tissue at its start, and put it on the cover map."""
        start, opacity = self._paths.centre[index, 0], float(self._coats.opacity[index])
        if opacity == 1:
            self._draw(image, cover, index)
            return
        sinking = Sinking(image, start, opacity, float(self._coats.fade[index]))
        self._draw(image, cover, index)
        sinking.blend()

    def _draw(self, image: np.ndarray, cover: CoverMap, index: int) -> None:
        colours, width = self._colours[index], self._paths.width[index]
        pieces, bare = self._pieces[index], self._coats.bare[index]
        if bare:
            pieces = pieces[self._paths.arc[index, _PIECE_STARTS] < 1.5 * STUB_PX]
        for outline, colour in zip(pieces, colours[_PIECE_STARTS + 1].tolist(), strict=False):
            cv2.fillPoly(image, [outline], colour, cv2.LINE_AA, FRACTION_BITS)
        cover.put(pieces, int(self._coats.identity[index]))
        if bare:
            return
        wide = np.flatnonzero(width > SHEEN_WIDTH)
        if len(wide) and wide[0] < SAMPLES - 1:
            lifted = self._paths.centre[index] - np.stack([0 * width, 0.18 * width], axis=1)
            sheen = colours[8:].mean(axis=0) * 1.04 + self._palette.sheen
            for part in self._glinting(index, int(wide[0])):
                stroke(image, [lifted[part]], sheen)
        if self._palette.braid > 0.02 and len(self._braid[index]):
            stroke(image, self._braid[index], colours[-3] * (1 - 0.2 * self._palette.braid))
        knot = int(self._coats.knot[index])
        if knot:
            size = 0.5 * width[knot] + 0.8
            knob = ellipse_outline(self._paths.centre[index, knot], (size * 1.2, size), 0.5, 12)
            fill(image, knob + 0.6, colours[knot] * 0.7)
            fill(image, knob, colours[knot] * 1.03)

    def _glinting(self, index: int, first: int) -> list[slice]:
        """Where along a thread its sheen shows: everywhere if dry, in bits if wet."""
        wet = self._palette.wet
        if wet < 0.05:
            return [slice(first, None)]
        arc = self._paths.arc[index] + 40.0 * index
        shown = np.sin(arc / 11.0) * np.sin(arc / 4.3) > 1.5 * wet - 0.95
        return [slice(s, s + 2) for s in range(first, SAMPLES - 1) if shown[s]]


def paint_ridges(image: np.ndarray, ends: np.ndarray, threads: np.ndarray) -> None:
    """The tissue raised between entries and exits (N, 2, 2), the thread (N, 3) shining through."""
    tissues = colours_at(image, ends.mean(axis=1))
    lines = ends[:, :1] + _ALONG[:, None] * (ends[:, 1:] - ends[:, :1])
    for line, tissue, thread in zip(lines, tissues, threads, strict=True):
        fill(image, ribbon_outline(line, _RIDGE_WIDTH), tissue * 1.03)
        stroke(image, [line + np.array([0.0, 0.8])], tissue * 0.88 + thread * 0.12)


def paint_pledget(image: np.ndarray, ends: np.ndarray, colour: np.ndarray) -> None:
    """A felt pad between entry and exit (2, 2)."""
    tissue = colour_at(image, ends.mean(axis=0))
    along = ends[1] - ends[0]
    aside = perpendicular(along) / float(np.hypot(*along)) * 2.6
    pad = np.array([ends[0] - aside, ends[1] - aside, ends[1] + aside, ends[0] + aside])
    fill(image, pad + np.array([0.8, 1.0]), tissue * 0.7)
    fill(image, pad, colour * 0.5 + tissue * 0.5)
    stroke(image, [pad[[0, 1]]], np.minimum(tissue * 0.4 + colour * 0.65, 255))
