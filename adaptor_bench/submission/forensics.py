"""Name the likely mistake behind a submission: x and y swapped, another resolution, and so on.

Two kinds of evidence. Without a reference, the extent of the points alone: most mistakes put
points where no frame is. With one, how many points have a label within 6 px before and after a
mistake is undone. A claim needs

- at least 5 different points, so that a constant prediction says nothing;
- with a reference: at least 30 % of the points on a label afterwards, 25 percentage points more
  than before, and a gain of three standard errors, gain >= 3 sqrt(before + after) counted in
  points. Nine points of nine against none are enough, eight are not;
- without: at least 4 points and 5 % outside the frame, and 99 % inside once the mistake is undone.

From more than a thousand frames every k-th is taken, so that the cost does not grow.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.data.sizes import FRAME_SIZE
from adaptor_bench.submission.codes import finding
from adaptor_bench.submission.findings import Finding
from adaptor_bench.submission.numbering import shifted_references
from adaptor_bench.submission.pairing import FramePoints, Pairing, stack, thin

_RADIUS = 6.0
_MOST_FRAMES = 1000
_DISTINCT = 5

_Points = NDArray[np.float64]


@dataclass(frozen=True)
class _Mistake:
    """``undo`` takes points (N, 2) and the sizes of their frames (N, 2), both x, y in px."""

    code: str
    claim: str
    remedy: str
    undo: Callable[[_Points, _Points], _Points]


def _unscaled(width: int, height: int) -> _Mistake:
    large = np.array([width, height], dtype=np.float64)
    return _Mistake(
        "looks-unscaled",
        f"looks like pixels of a {width}x{height} image",
        "scaling to the size of the frame",
        lambda points, sizes: points * (sizes / large),
    )


def _mirrored(claim: str, x: int, y: int) -> _Mistake:
    flip = np.array([x, y])
    return _Mistake(
        "looks-mirrored",
        f"looks {claim}",
        "mirroring back",
        lambda points, sizes: np.where(flip, sizes - 1 - points, points),
    )


_SWAPPED = _Mistake(
    "looks-swapped",
    "looks like x and y were swapped",
    "exchanging them",
    lambda points, sizes: points[:, ::-1],
)
_NORMALISED = _Mistake(
    "looks-normalised",
    "looks like fractions of the frame",
    "multiplying by its size",
    lambda points, sizes: points * sizes,
)
_LARGER = (_unscaled(960, 540), _unscaled(1920, 1080))
# A network's image, or the challenge's own size on other frames: only labels can tell.
_OTHER = (_unscaled(256, 144), _unscaled(*FRAME_SIZE))
_MIRRORED = (
    _mirrored("mirrored left to right", 1, 0),
    _mirrored("mirrored upside down", 0, 1),
    _mirrored("turned by 180 degrees", 1, 1),
)


def diagnose(
    frames: Sequence[FramePoints], reference: Sequence[FramePoints] | None = None
) -> list[Finding]:
    """Findings about the submission as a whole, each with its evidence; none if nothing is clear.

    ``frames`` are the predictions, ``reference`` the labels, in any order; frames pair up by key.
    Points that are not finite are left out. At most one mistake is named per kind of evidence.
    """
    step = max(1, math.ceil(len(frames) / _MOST_FRAMES))
    sample = [f for f in frames[::step] if len(f.points)]
    kept = [thin(frame.points) for frame in sample]
    points = stack(kept)
    if len(np.unique(points[:10_000], axis=0)) < _DISTINCT:
        return []
    where = "" if step == 1 else f" (of every {step}th frame)"
    sizes = np.repeat([f.size for f in sample], [len(p) for p in kept], axis=0).astype(float)
    found = list(_from_reference(sample, kept, sizes, reference, where)) if reference else []
    if not found:
        found = list(_from_extent(points, sizes, where))
    return found


def _from_extent(points: _Points, sizes: _Points, where: str) -> Iterator[Finding]:
    """Where the points lie, and where they would lie."""
    n = len(points)
    unit = ((points >= 0) & (points <= 1)).all(axis=1)
    if unit.mean() >= 0.99 and np.any(points[unit] % 1):
        text = f"{unit.sum():,} of {n:,} points{where} have x and y between 0 and 1"
        yield finding(_NORMALISED.code, ".", f"{_NORMALISED.claim}: {text}")
        return
    out = ~_inside(points, sizes)
    if out.sum() < 4 or out.mean() < 0.05 or len(np.unique(points[out], axis=0)) < 4:
        return
    for mistake in (_SWAPPED, *_LARGER):
        share = _inside(mistake.undo(points, sizes), sizes).mean()
        if share >= 0.99:
            text = (
                f"{mistake.claim}: {out.sum():,} of {n:,} points{where} lie outside the frame; "
                f"after {mistake.remedy}, {100 * share:.3g} % lie inside"
            )
            yield finding(mistake.code, ".", text)
            return


def _inside(points: _Points, sizes: _Points) -> NDArray[np.bool_]:
    return np.all((points >= 0) & (points <= sizes - 1), axis=1)


def _from_reference(
    sample: Sequence[FramePoints],
    kept: Sequence[_Points],
    sizes: _Points,
    reference: Sequence[FramePoints],
    where: str,
) -> Iterator[Finding]:
    """The mistake that, undone, brings by far the most points to a label; else a small shift."""
    labels = {frame.key: frame for frame in reference}
    thinned: dict[str, _Points] = {}

    def meant(frame: FramePoints | None) -> _Points:
        if frame is None:
            return np.empty((0, 2))
        if frame.key not in thinned:
            thinned[frame.key] = thin(frame.points)
        return thinned[frame.key]

    own = Pairing.of(kept, [meant(labels.get(f.key)) for f in sample])
    before = own.nearest()
    n = len(before)
    gains: list[tuple[int, str, str, str]] = []
    some = _is_gain(before, n)  # else so many are near already that nothing could be gained
    tried = (_SWAPPED, _NORMALISED, *_LARGER, *_OTHER, *_MIRRORED) if some else ()
    for mistake in tried:
        hits = _hits(own.nearest(mistake.undo(own.points, sizes)))
        if _is_gain(before, hits):
            gains.append((hits, mistake.code, mistake.claim, f"after {mistake.remedy}"))
    for other, frames in shifted_references([f.key for f in sample], labels):
        after = Pairing.of(kept, [meant(frame) for frame in frames]).nearest()
        if _is_gain(before, _hits(after)) or _is_closer(before, after):
            claim = f"looks like the points of the frame {other}"
            gains.append((_hits(after), "looks-renumbered", claim, "with the labels of that frame"))
    if gains:
        hits, code, claim, then = max(gains, key=lambda gain: gain[0])
        text = (
            f"{claim}: {_hits(before):,} of {n:,} points{where} have a label within {_RADIUS:g} px "
            f"as they stand, {hits:,} {then}"
        )
        yield finding(code, ".", text)
    else:
        yield from _shift(own, where)


def _hits(distances: _Points) -> int:
    return int((distances <= _RADIUS).sum())


def _is_gain(before: _Points, after: int) -> bool:
    """The rule in the module's docstring."""
    n, hits = len(before), _hits(before)
    enough = after >= 0.3 * n and after - hits >= 0.25 * n
    return enough and after - hits >= 3 * math.sqrt(after + hits)


def _is_closer(before: _Points, after: _Points) -> bool:
    """In a slow video most points stay within the radius; then distances have to halve, and become
    too small for a scene that merely moves as a whole."""
    near = before <= _RADIUS
    if near.sum() < 50 or _hits(after) < near.sum():
        return False
    halved = np.median(after[near]) <= min(1.5, 0.5 * np.median(before[near]))
    return bool(halved and (after[near] < before[near]).mean() >= 0.75)


def _shift(pairing: Pairing, where: str) -> Iterator[Finding]:
    """All points off by one pixel, or by half of one, in both directions.

    Only points and labels that have no second partner within the radius are looked at. The mean
    of both coordinates has to lie within 0.15 px or two standard errors of the shift, and the
    shift to be six standard errors: an unbiased detector with an error of 2 px never gets there.
    """
    residuals = pairing.residuals()
    close = np.square(residuals).sum(axis=1) <= _RADIUS**2
    rows, columns = pairing.rows[close], pairing.columns[close]
    single = (np.bincount(rows, minlength=1)[rows] == 1) & (
        np.bincount(columns, minlength=1)[columns] == 1
    )
    off = residuals[close][single]
    if len(off) < 30:
        return
    mean, error = off.mean(axis=0), off.std(axis=0) / math.sqrt(len(off))
    for shift in (1.0, -1.0, 0.5, -0.5):
        at_it = np.abs(mean - shift) <= np.maximum(0.15, 2 * error)
        if np.all(at_it) and np.all(abs(shift) >= 6 * error):
            size = "one pixel" if abs(shift) == 1 else "half a pixel"
            text = (
                f"looks shifted by {size} in x and y: points lie {mean[0]:+.2f} px in x and "
                f"{mean[1]:+.2f} px in y from their labels on average ({len(off):,} pairs{where})"
            )
            yield finding("looks-one-based" if shift == 1 else "looks-shifted", ".", text)
