"""The points of many frames in a few flat arrays, and what was matched among them.

One array for all frames instead of one array a frame: a hundred thousand frames are then matched
by a few dozen numpy calls. Rows are points, order x, y, in pixels of the frame as stored.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

Points = NDArray[np.float64]
Indices = NDArray[np.intp]


@dataclass(frozen=True)
class PointBatch:
    """Points of F frames: frame f holds the rows ``starts[f]:starts[f + 1]`` of ``points``.

    ``points`` has shape (N, 2), pixels, order x, y; ``starts`` shape (F + 1,); ``scores`` shape
    (N,), or None. A point without a score has NaN.
    """

    points: Points
    starts: Indices
    scores: NDArray[np.float64] | None = None

    @classmethod
    def from_frames(
        cls, frames: Sequence[ArrayLike], scores: Sequence[ArrayLike] | None = None
    ) -> PointBatch:
        """A batch of one (n, 2) array a frame, n from 0 up, with (n,) scores a frame or none.

        Raises ValueError for an array of another shape, or a coordinate that is not finite.
        """
        arrays = [_as_points(a) for a in frames]
        starts = _starts([len(a) for a in arrays])
        points = np.concatenate(arrays) if arrays else np.empty((0, 2))
        if not np.isfinite(points).all():
            raise ValueError("coordinates must be finite")
        flat = None
        if scores is not None:
            flat = np.array([value for of_frame in scores for value in np.ravel(of_frame)], float)
            if len(flat) != len(points):
                raise ValueError(f"{len(flat)} scores for {len(points)} points")
        return cls(points, starts, flat)

    @classmethod
    def from_counts(
        cls,
        points: Points,
        counts: Sequence[int] | NDArray[np.integer],
        scores: NDArray[np.float64] | None = None,
    ) -> PointBatch:
        """A batch of ``points`` (N, 2) that are in order of the frames, ``counts`` (F,) a frame."""
        return cls(points, _starts(counts), scores)

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, frame: int) -> Points:
        if not -len(self) <= frame < len(self):
            raise IndexError(frame)
        frame %= len(self)
        return self.points[self.starts[frame] : self.starts[frame + 1]]

    def __iter__(self) -> Iterator[Points]:
        return (self[f] for f in range(len(self)))

    @cached_property
    def counts(self) -> Indices:
        """Points of every frame, shape (F,)."""
        return np.diff(self.starts)

    @cached_property
    def frame_of(self) -> Indices:
        """The frame of every point, shape (N,)."""
        return np.repeat(np.arange(len(self)), self.counts)

    def where(self, kept: NDArray[np.bool_]) -> PointBatch:
        """The frames for which ``kept``, shape (F,), is true, as a batch of their own (a copy)."""
        rows = kept[self.frame_of]
        scores = None if self.scores is None else self.scores[rows]
        return PointBatch.from_counts(self.points[rows], self.counts[kept], scores)

    def frames(self, first: int, last: int) -> PointBatch:
        """The frames ``first:last`` as a batch of their own (a view)."""
        a, b = self.starts[first], self.starts[last]
        scores = None if self.scores is None else self.scores[a:b]
        return PointBatch(self.points[a:b], self.starts[first : last + 1] - a, scores)


@dataclass(frozen=True)
class Matches:
    """The pairs of F frames.

    ``frame``, ``prediction`` and ``label`` have shape (K,); the last two are rows of the batches
    that were matched. ``distance`` has shape (K,), pixels. Pairs stand by rising prediction row,
    so also by rising frame. ``predictions`` and ``labels``, shape (F,), count the points of every
    frame. No row occurs twice.
    """

    frame: Indices
    prediction: Indices
    label: Indices
    distance: NDArray[np.float64]
    predictions: Indices
    labels: Indices

    @cached_property
    def tp(self) -> Indices:
        """Matched predictions of every frame, shape (F,)."""
        return np.bincount(self.frame, minlength=len(self.predictions))

    @property
    def fp(self) -> Indices:
        """Predictions without a label of every frame, shape (F,)."""
        return self.predictions - self.tp

    @property
    def fn(self) -> Indices:
        """Labels without a prediction of every frame, shape (F,)."""
        return self.labels - self.tp


def _as_points(array: ArrayLike) -> Points:
    points: Points = np.asarray(array, dtype=float)
    if points.ndim == 2 and points.shape[1] == 2:
        return points
    if points.size == 0:
        return np.empty((0, 2))
    raise ValueError(f"points must have shape (N, 2), not {points.shape}")


def _starts(counts: Sequence[int] | NDArray[np.integer]) -> Indices:
    starts = np.zeros(len(counts) + 1, dtype=np.intp)
    np.cumsum(counts, out=starts[1:])
    return starts
