"""What F1 the same number of points in every frame would get without looking at the frame.

Two blind detectors: ``uniform`` throws the points anywhere in the frame; ``prior`` puts them where
labels of *other* surgeries are (of other frames, where there is one surgery only), so that it
knows where stitches tend to be but nothing about the surgery at hand. Both predict exactly as many
points in every frame as the detector judged.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.errors import UsageError
from adaptor_bench.matching.batch import Indices, PointBatch
from adaptor_bench.matching.match import match_frames
from adaptor_bench.matching.settings import MatchSettings
from adaptor_bench.scoring.analysis.breakdown import group_of, part_of_key
from adaptor_bench.scoring.metrics import Floats, f1

_BUDGET = 1 << 20  # points thrown per floor; more make the error no smaller than matters
_AT_ONCE = 1 << 18  # points matched in one go, which bounds the memory
_FEWEST, _MOST = 5, 500  # draws

Thrower = Callable[[np.random.Generator], Floats]


@dataclass(frozen=True)
class Floor:
    """The expected F1 of a blind detector, its Monte-Carlo standard error, and skill above it.

    ``skill`` = (F1 - floor) / (1 - floor): 1 is perfect, 0 no better than blind, below 0 worse.
    ``absent`` says why there is no floor.
    """

    f1: float = math.nan
    standard_error: float = math.nan
    skill: float = math.nan
    absent: str | None = None


@dataclass(frozen=True)
class Chance:
    """Both floors. ``prior_from`` is ``other surgeries`` or ``other frames``."""

    seed: int
    draws: int
    f1: float
    prior_from: str
    uniform: Floor
    prior: Floor


def draws_for(predictions: PointBatch) -> int:
    """As many draws as throw about a million points, at least 5, at most 500."""
    return min(_MOST, max(_FEWEST, _BUDGET // max(1, len(predictions.points))))


def chance(
    keys: Sequence[str],
    predictions: PointBatch,
    labels: PointBatch,
    sizes: NDArray[np.integer],
    tp: int,
    settings: MatchSettings,
    draws: int | None = None,
    seed: int = 0,
) -> Chance:
    """Both floors under ``settings``, and the skill of a detector with ``tp`` matched points.

    ``keys`` (F,) are surgery/video/stem, ``sizes`` (F, 2) width and height in pixels. ``draws``
    (at least 2) is by default what :func:`draws_for` says. Equal arguments give equal results,
    whatever the order of the points within a frame.

    Raises UsageError for fewer than 2 draws or a seed below 0.
    """
    draws = draws_for(predictions) if draws is None else draws
    if draws < 2:
        raise UsageError(
            f"the standard error of a chance floor needs at least 2 draws, not {draws}"
        )
    if seed < 0:
        raise UsageError(f"the seed must be a whole number from 0, not {seed}")
    thrown, labelled = len(predictions.points), len(labels.points)
    reached = float(f1.of(tp, thrown - tp, labelled - tp))
    surgeries, surgery = group_of(part_of_key(keys, 1))
    several = len(surgeries) > 1
    groups = surgery if several else np.arange(len(keys))

    def floor(throw: Thrower | None, stream: int) -> Floor:
        if throw is None:
            return Floor(absent="some frames have no labels elsewhere to draw from")
        generator = np.random.default_rng([seed, stream])
        counts = _hits(throw, generator, predictions, labels, draws, settings)
        values = f1.of(counts, thrown - counts, labelled - counts)
        mean = float(values.mean())
        error = float(values.std(ddof=1)) / math.sqrt(draws)
        skill = (reached - mean) / (1 - mean) if mean < 1 else math.nan
        return Floor(mean, error, skill)

    return Chance(
        seed=seed,
        draws=draws,
        f1=reached,
        prior_from="other surgeries" if several else "other frames",
        uniform=floor(uniform_thrower(predictions, sizes), 0),
        prior=floor(prior_thrower(predictions, labels, sizes, groups), 1),
    )


def uniform_thrower(predictions: PointBatch, sizes: NDArray[np.integer]) -> Thrower:
    """Throws the points of ``predictions`` uniformly over 0..width - 1, 0..height - 1.

    That is the range of a valid prediction.
    """
    extent = _extent(sizes)[predictions.frame_of]
    return lambda generator: generator.random(extent.shape) * extent


def prior_thrower(
    predictions: PointBatch, labels: PointBatch, sizes: NDArray[np.integer], groups: Indices
) -> Thrower | None:
    """Draws every point from the labels of frames in another group, with replacement.

    ``groups`` (F,) numbers them from 0. Positions are scaled to the size of the frame they are
    thrown into; a label outside its own frame is moved to its edge. None if a frame with
    predictions has no labels in another group.
    """
    extent = _extent(sizes)
    x, y = labels.points.T
    by_group = np.lexsort((y, x, groups[labels.frame_of]))  # so the order in the files is no matter
    pool = (labels.points[by_group] / extent[labels.frame_of[by_group]]).clip(0, 1)
    size = np.bincount(groups[labels.frame_of], minlength=int(groups.max(initial=-1)) + 1)
    begin = np.cumsum(size) - size
    own = groups[predictions.frame_of]
    others = len(pool) - size[own]
    if (others == 0).any():
        return None
    room = extent[predictions.frame_of]

    def throw(generator: np.random.Generator) -> Floats:
        drawn = generator.integers(0, others)
        drawn += np.where(drawn >= begin[own], size[own], 0)  # step over the own group
        return pool[drawn] * room

    return throw


def _hits(
    throw: Thrower,
    generator: np.random.Generator,
    predictions: PointBatch,
    labels: PointBatch,
    draws: int,
    settings: MatchSettings,
) -> NDArray[np.int64]:
    """True positives of every draw, shape (draws,): several draws are one long batch of frames."""
    heaviest = max(len(predictions.points), len(labels.points), len(labels), 1)
    at_once = max(1, _AT_ONCE // heaviest)
    hits: list[NDArray[np.int64]] = []
    for first in range(0, draws, at_once):
        n = min(at_once, draws - first)
        points = np.concatenate([throw(generator) for _ in range(n)])
        matches = match_frames(
            PointBatch.from_counts(points, np.tile(predictions.counts, n)),
            PointBatch.from_counts(np.tile(labels.points, (n, 1)), np.tile(labels.counts, n)),
            settings.radius,
            settings.rule,
            settings.inclusive,
        )
        hits.append(matches.tp.reshape(n, -1).sum(axis=1))
    return np.concatenate(hits)


def _extent(sizes: NDArray[np.integer]) -> Floats:
    """The largest coordinates of every frame, (F, 2), at least 1."""
    return np.maximum(np.asarray(sizes, dtype=float).reshape(-1, 2) - 1, 1)
