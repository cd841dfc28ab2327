"""Frames of finished runs with what was labelled and predicted there, ready to be drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.data.frames import Dataset, Frame
from adaptor_bench.data.images import read_image
from adaptor_bench.data.labels import read_points
from adaptor_bench.errors import InputError, UsageError, suggest
from adaptor_bench.figures.canvas import Axes, frame_axes
from adaptor_bench.results.runs import Run
from adaptor_bench.scoring.metrics import Counts, f1
from adaptor_bench.scoring.scorefile import FrameScore

HIT = "#00d000"
FALSE = "#ff2020"
MISSED = "#ffe000"
_SAME = 0.01  # px between a stored distance and that of points as files keep them
CHOICE = "Chosen by rule, not by eye: F1 of the frame nearest that of its fold; most labels first."


@dataclass(frozen=True)
class ScoredFrame:
    """A frame (H, W, 3), its labels (L, 2) and predictions (P, 2), order x, y px, and which are
    paired within ``radius`` px: ``hit`` (P,) marks predictions, ``found`` (L,) labels."""

    run: Run
    frame: Frame
    image: NDArray[np.uint8]
    labels: NDArray[np.float64]
    predictions: NDArray[np.float64]
    hit: NDArray[np.bool_]
    found: NDArray[np.bool_]
    radius: float

    @property
    def counts(self) -> Counts:
        """TP, FP and FN of the frame."""
        tp = int(self.hit.sum())
        return Counts(tp, len(self.hit) - tp, len(self.found) - tp)


def typical_frames(run: Run, number: int, wanted: str | None = None) -> list[str]:
    """Keys of ``number`` frames of a run, or the one asked for (``surgery/video/stem``).

    Typical ones: F1 nearest the fold's own, among frames with at least half the median number of
    labels; then more labels, then the name. From different videos as far as there are. Raises
    UsageError for a frame the run was not scored on.
    """
    score = run.score()
    frames = {frame.key: frame for frame in score.scored}
    if wanted is not None:
        if wanted not in frames:
            raise UsageError(
                f"{wanted!r} is not a frame of {run.domain} fold {run.fold}",
                hint=suggest(wanted, frames),
            )
        return [wanted]
    typical = f1(score.counts)
    least = np.median([f.labels for f in frames.values()]) / 2

    def order(frame: FrameScore) -> tuple[bool, float, int, str]:
        value = f1(frame.counts)
        far = abs(value - typical) if value == value else 2.0
        return frame.labels < least, round(far, 2), -frame.labels, frame.key

    ranked = [frame.key for frame in sorted(frames.values(), key=order)]
    firsts: dict[str, str] = {}
    for key in ranked:
        firsts.setdefault(key.rsplit("/", 1)[0], key)
    return list(dict.fromkeys([*firsts.values(), *ranked]))[:number]


def read_scored(run: Run, dataset: Dataset, keys: Sequence[str]) -> list[ScoredFrame]:
    """The frames ``keys`` of ``run``. Raises InputError listing those that ``dataset`` has
    otherwise than the run was scored on."""
    frames = {frame.key: frame for frame in dataset.frames.get(run.domain, ())}
    fold_score = run.score()
    scored = {frame.key: frame for frame in fold_score.frames}
    radius = fold_score.settings.radius
    drawn, problems = [], []
    for key in keys:
        frame, score = frames.get(key), scored[key]
        if frame is None:
            problems.append(f"{key}: no such frame")
            continue
        labels = read_points(frame.label).points
        path = frame.prediction_path(run.predictions)
        predictions = np.empty((0, 2)) if score.missing else read_points(path).points
        if differs := difference(score, predictions, labels):
            problems.append(f"{key}: {differs}")
            continue
        hit, found = np.zeros(len(predictions), bool), np.zeros(len(labels), bool)
        hit[[i for i, _, _ in score.pairs]] = True
        found[[j for _, j, _ in score.pairs]] = True
        image = read_image(frame.image)
        drawn.append(ScoredFrame(run, frame, image, labels, predictions, hit, found, radius))
    if problems:
        raise InputError.collect(
            f"{dataset.root}: not the frames that {run.path} was scored on:", problems,
            hint="Pass the run's own data as --data.",
        )  # fmt: skip
    return drawn


def difference(
    score: FrameScore, points: NDArray[np.float64] | None, labels: NDArray[np.float64] | None
) -> str:
    """What of points (N, 2) and labels (M, 2), as far as known, is not as it was scored."""
    for what, known, counted in (
        ("predictions", points, score.predictions),
        ("labels", labels, score.labels),
    ):
        if known is not None and len(known) != counted:
            return f"{len(known)} {what}, its score file says {counted}"
    if points is None or labels is None or not score.pairs:
        return ""
    first, second, stored = (np.array(side) for side in zip(*score.pairs, strict=True))
    now = np.linalg.norm(points[first] - labels[second], axis=1)
    if np.abs(now - stored).max() <= _SAME:
        return ""
    return "points are not where its score file says; in another order, perhaps"


def provenance(runs: Sequence[Run]) -> list[str]:
    """One line per dataset: methods, domains, folds, profile, seeds; and what a phantom is."""
    lines = []
    for name in sorted({run.dataset["name"] for run in runs}):
        here = [run for run in runs if run.dataset["name"] == name]
        methods = ", ".join(sorted({run.method for run in here}))
        where = "; ".join(
            f"{domain} fold{'s' * (len(folds) > 1)} {', '.join(map(str, folds))}"
            for domain in sorted({run.domain for run in here})
            if (folds := sorted({run.fold for run in here if run.domain == domain}))
        )
        profiles = ", ".join(sorted({run.profile for run in here}))
        seeds = ", ".join(str(s) for s in sorted({run.seed for run in here}))
        several = "s" * (len({run.seed for run in here}) > 1)
        lines.append(f"{methods}. {name}: {where}; profile {profiles}, seed{several} {seeds}.")
    if any(run.dataset["kind"] == "phantom" for run in runs):
        lines.append("Phantom: numbers about the phantom, not AdaptOR results.")
    return lines


def origin(frames: Sequence[ScoredFrame], chosen: bool) -> list[str]:
    """Where frames come from, and how they were ``chosen`` if nobody asked for them."""
    return [CHOICE if chosen else "", *provenance([shown.run for shown in frames])]


def tally(name: str, shown: ScoredFrame) -> str:
    """``NAME: TP 3, FP 1, FN 1``."""
    c = shown.counts
    return f"{name}: TP {c.tp}, FP {c.fp}, FN {c.fn}"


def mark(axes: Axes, shown: ScoredFrame, title: str) -> None:
    """The frame with TP green rings, FP red crosses in rings, FN yellow dashed rings.

    Rings have the radius of the matching.
    """
    from matplotlib.patches import Circle

    frame_axes(axes, shown.image, title)

    def ring(point: NDArray[np.float64], colour: str, style: Any = "-") -> None:
        for width, shade in ((1.5, "black"), (0.8, colour)):
            axes.add_patch(
                Circle(tuple(point), shown.radius, fill=False, ec=shade, lw=width, ls=style)
            )

    for point in shown.labels[~shown.found]:
        ring(point, MISSED, (0, (2.2, 1.1)))
    for point in shown.predictions[~shown.hit]:
        ring(point, FALSE)
        axes.plot(*point, "x", color=FALSE, ms=2.6, mew=0.7)
    for point in shown.predictions[shown.hit]:
        ring(point, HIT)
