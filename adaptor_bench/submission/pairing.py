"""Many frames at once: how far each predicted point is from the labels of a frame.

Points of all frames lie in one array, and every (point, label) of the same frame is one row of two
index arrays, so that a transformation of all points is tried in a few numpy calls.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.data.sizes import FRAME_SIZE

MOST_POINTS = 40
"""Points of one frame that are looked at; evenly taken from longer lists."""
_FAR = 1e9


@dataclass(frozen=True)
class FramePoints:
    """Points of one frame. ``key`` is ``surgery/video/stem``; ``points`` (N, 2) x, y in pixels;
    ``size`` width and height of the frame in pixels."""

    key: str
    points: NDArray[np.float64]
    size: tuple[int, int] = FRAME_SIZE


@dataclass(frozen=True)
class Pairing:
    """N points and M labels; ``rows`` (K,) and ``columns`` (K,) index the K pairs of one frame.

    Rows are in order, so all pairs of a point stand together.
    """

    points: NDArray[np.float64]
    labels: NDArray[np.float64]
    rows: NDArray[np.intp]
    columns: NDArray[np.intp]

    @classmethod
    def of(
        cls, predicted: Sequence[NDArray[np.float64]], labels: Sequence[NDArray[np.float64]]
    ) -> Pairing:
        """Frame i of ``predicted`` meets frame i of ``labels``; arrays (N, 2) and (M, 2)."""
        n_labels = np.array([len(frame) for frame in labels], dtype=np.intp)
        frame_of = np.repeat(np.arange(len(predicted)), [len(frame) for frame in predicted])
        first = np.concatenate(([0], np.cumsum(n_labels)))[frame_of]
        times = n_labels[frame_of] if len(frame_of) else np.zeros(0, np.intp)
        rows = np.repeat(np.arange(len(frame_of)), times)
        start = np.cumsum(times) - times
        columns = np.arange(len(rows)) - start[rows] + first[rows]
        return cls(stack(predicted), stack(labels), rows, columns)

    def residuals(self, points: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
        """(K, 2): point minus label of every pair, px; ``points`` stand in for the own ones."""
        moved = self.points if points is None else points
        return moved[self.rows] - self.labels[self.columns]

    def nearest(self, points: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
        """(N,): distance of each point to the nearest label of its frame, px; inf without one."""
        found = np.full(len(self.points), np.inf)
        if len(self.rows):
            starts = np.flatnonzero(np.diff(self.rows, prepend=-1))
            x, y = np.square(self.residuals(points)).T  # much faster than a sum over two columns
            squares = x + y
            found[self.rows[starts]] = np.sqrt(np.minimum.reduceat(squares, starts))
        return found


def stack(frames: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """All points below each other, (N, 2)."""
    return np.concatenate([np.empty((0, 2)), *frames])


def thin(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """The finite points, at most :data:`MOST_POINTS`, brought into a range that can be squared."""
    points = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    usual = (np.abs(points) <= _FAR).all()
    if not usual:
        points = points[np.isfinite(points).all(axis=1)]
    if len(points) > MOST_POINTS:
        points = points[np.linspace(0, len(points) - 1, MOST_POINTS).astype(np.intp)]
    return points if usual else np.clip(points, -_FAR, _FAR)
