"""Rules over all frames of a submission: coverage, and results that cannot be meant."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.data.layout import natural_order
from adaptor_bench.data.sizes import FRAME_SIZE
from adaptor_bench.errors import plural
from adaptor_bench.matching.batch import PointBatch
from adaptor_bench.scoring.reading import Batches, pair_batches
from adaptor_bench.submission.codes import finding
from adaptor_bench.submission.filecheck import Checked
from adaptor_bench.submission.findings import Finding
from adaptor_bench.submission.forensics import diagnose
from adaptor_bench.submission.pairing import FramePoints
from adaptor_bench.submission.reference import Reference

_FEW = 5
"""With fewer frames, equal or empty predictions can well be chance."""
_FACTOR = 4
"""A mean count this many times the reference's, or this small a part of it, cannot be meant: even
poor detectors find between half and twice as many points as there are."""
_FRAMES_FOR_MEAN = 10


@dataclass
class Submission:
    """The frames seen so far, in little memory: one file name and a few numbers for each.

    ``files`` maps ``surgery/video/stem`` to the first file that claims the frame. ``readable``
    counts the files with a list of points, ``listed`` the points in those lists, ``scored``
    the files in which points carry scores. ``foreign``: files of another program are among them.
    """

    whole: bool
    reference: Reference | None = None
    files: dict[str, str] = field(default_factory=dict)
    readable: int = 0
    listed: int = 0
    scored: int = 0
    foreign: bool = False
    _coordinates: array[float] = field(default_factory=lambda: array("d"))
    _counts: array[int] = field(default_factory=lambda: array("q"))

    def add(self, key: str, file: str, checked: Checked) -> Iterator[Finding]:
        """Take in one file; a finding if its frame was there before."""
        self.readable += checked.readable
        self.listed += checked.listed
        self.scored += checked.scores > 0
        first = self.files.setdefault(key, file)
        if first is not file:
            yield finding("frame-duplicate", file, f"the same frame as {first}", found=key)
            return
        self._coordinates.extend(checked.points)
        self._counts.append(len(checked.points) // 2)

    def frames(self) -> list[NDArray[np.float64]]:
        """(N, 2) finite points of each frame, in the order of ``files``."""
        points = np.frombuffer(self._coordinates, dtype=np.float64).reshape(-1, 2)
        ends = np.cumsum(self._counts).tolist()
        return [points[a:b] for a, b in zip([0, *ends], ends, strict=False)]

    def batches(self) -> Batches:
        """What is scored: the labels of the reference, and the points of a valid submission."""
        assert self.reference is not None
        labels, sizes = self.reference.points, self.reference.sizes
        keys = natural_order(labels)
        return pair_batches(
            dict(zip(self.files, self.frames(), strict=True)),
            keys,
            PointBatch.from_frames([labels[key] for key in keys]),
            [sizes[key] for key in keys],
        )


def something_there(submission: Submission) -> Iterator[Finding]:
    """There is a file for a frame, or what has to become one."""
    if not submission.files and not submission.foreign:
        yield finding("no-frames", ".", "no prediction file found", expected="a file per frame")


def coverage(submission: Submission) -> Iterator[Finding]:
    """The frames are the reference's: all of them, and no others."""
    if submission.reference is None:
        return
    files, expected = submission.files, submission.reference.sizes
    if submission.whole:
        for key in natural_order(expected.keys() - files.keys()):
            yield finding("frame-missing", f"{key}.json", "no prediction for this frame")
    for key in natural_order(files.keys() - expected.keys()):
        yield finding("frame-unexpected", files[key], "the reference has no such frame", found=key)


def known_sizes(submission: Submission) -> Iterator[Finding]:
    """The reference says how large its frames are."""
    if submission.reference is not None and (n := submission.reference.guessed):
        all_of_them = f"{n:,} of {len(submission.reference.sizes):,} frames"
        message = f"the size of {all_of_them} is unknown, taken as 512x288"
        yield finding("size-unknown", ".", message, found=all_of_them)


def constant_predictions(submission: Submission) -> Iterator[Finding]:
    """The same points in most frames."""
    seen = Counter(points.tobytes() for points in submission.frames() if len(points))
    if not seen:
        return
    (points, n), *_ = seen.most_common(1)
    if n >= _FEW and 2 * n > len(submission.files):
        same = plural(len(points) // 16, "point")
        message = f"{n:,} of {len(submission.files):,} frames have the same {same}"
        yield finding("predictions-constant", ".", message, found=f"{n} equal frames")


def plausible_counts(submission: Submission) -> Iterator[Finding]:
    """About as many points as the reference has."""
    labels = {} if submission.reference is None else submission.reference.points
    pairs = [
        (n, len(labels[key]))
        for key, n in zip(submission.files, submission._counts, strict=True)
        if key in labels
    ]
    found, expected = sum(n for n, _ in pairs), sum(n for _, n in pairs)
    enough = len(pairs) >= _FRAMES_FOR_MEAN and found and expected
    if enough and not expected / _FACTOR <= found <= expected * _FACTOR:
        mean, wanted = found / len(pairs), expected / len(pairs)
        yield finding(
            "count-implausible",
            ".",
            f"{mean:.3g} points a frame on average, where the reference has {wanted:.3g}",
            found=f"{mean:.3g} points a frame",
            expected=f"about {wanted:.3g} points a frame",
        )


def all_empty(submission: Submission) -> Iterator[Finding]:
    """Some frame has a point."""
    n = len(submission.files)
    if n >= _FEW and not submission.listed and submission.readable >= n:
        yield finding("all-empty", ".", f"none of the {n:,} frames has a point")


def scores_present(submission: Submission) -> Iterator[Finding]:
    """Say once that scores do not change the ranking."""
    if submission.scored:
        n = submission.scored
        message = f"points carry scores in {plural(n, 'file')}; the ranking ignores them"
        yield finding("score-present", ".", message)


def likely_mistakes(submission: Submission) -> Iterator[Finding]:
    """Points that would fit after undoing one of the usual mistakes."""
    reference = submission.reference
    sizes = {} if reference is None else reference.sizes
    frames = [
        FramePoints(key, points, sizes.get(key, FRAME_SIZE))
        for key, points in zip(submission.files, submission.frames(), strict=True)
    ]
    labels = None
    if reference is not None and reference.points:
        labels = [FramePoints(key, points, sizes[key]) for key, points in reference.points.items()]
    yield from diagnose(frames, labels)


# The one mistake comes before the many findings that it explains.
SUBMISSION_RULES: tuple[Callable[[Submission], Iterator[Finding]], ...] = (
    likely_mistakes,
    something_there,
    coverage,
    known_sizes,
    constant_predictions,
    plausible_counts,
    all_empty,
    scores_present,
)
