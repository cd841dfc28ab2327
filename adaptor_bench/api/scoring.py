"""``ab.match`` and ``ab.evaluate``: score points from files or from arrays in memory."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from adaptor_bench.api.datasets import LabelledDataset
from adaptor_bench.entries.packed import read_folder
from adaptor_bench.errors import InputError, UsageError, plural
from adaptor_bench.matching.batch import PointBatch
from adaptor_bench.matching.match import Match
from adaptor_bench.matching.match import match as match_points
from adaptor_bench.matching.settings import RADIUS, MatchSettings
from adaptor_bench.scoring.metrics import METRICS, Counts, metrics_of
from adaptor_bench.scoring.reading import Batches, pair_batches, read_batches, refuse_run
from adaptor_bench.scoring.score import score_batches
from adaptor_bench.scoring.scorefile import FoldScore
from adaptor_bench.submission.plausibility import implausible
from adaptor_bench.submission.source import extracted

if TYPE_CHECKING:
    import pandas

Points = NDArray[np.float64]
PointSource = (
    str | os.PathLike[str] | Mapping[str, ArrayLike] | Sequence[ArrayLike] | LabelledDataset
)
"""Points of many frames: a folder or archive, key -> (N, 2), a list of (N, 2), or a dataset."""


def match(
    predictions: ArrayLike,
    labels: ArrayLike,
    radius: float = RADIUS,
    matching: str = "hungarian",
    inclusive: bool | None = None,
) -> Match:
    """Pair the predicted points of one frame with its labelled points.

    ``predictions`` (P, 2) and ``labels`` (L, 2) have order x, y, in pixels, as has ``radius``; an
    empty list is a frame without points. ``matching`` is ``hungarian`` (the ranked one),
    ``official`` or ``nearest``. ``inclusive`` says whether a pair at exactly the radius counts;
    None takes the rule's own boundary, ``<=`` but for ``nearest``.

    The result has ``pairs`` (K, 2), rows (index of the prediction, index of the label),
    ``distances`` (K,) in pixels, and the counts ``tp``, ``fp`` and ``fn``.

    >>> import adaptor_bench as ab
    >>> found = ab.match([(10, 10), (50, 50)], [(13, 14), (200, 100), (300, 100)])
    >>> found.tp, found.fp, found.fn
    (1, 1, 2)
    >>> found.pairs.tolist(), found.distances.tolist()
    ([[0, 0]], [5.0])

    Raises InputError for points that are not (N, 2) finite numbers, UsageError for a rule that
    does not exist or a radius that is not a positive number.
    """
    if not isinstance(radius, Real):
        raise UsageError(f"the radius must be a positive number of pixels, not {radius!r}")
    points = as_points(predictions, "predictions"), as_points(labels, "labels")
    return match_points(*points, radius, matching, inclusive)


@dataclass(frozen=True)
class Evaluation:
    """Predictions scored against labels. Printing it shows the table of ``bench evaluate``.

    ``score`` has the matched pairs of every frame; ``score.save(path)`` writes ``score.json``.
    ``warnings`` says, of files, what looks like one mistake in all of them, such as swapped
    coordinates.
    """

    score: FoldScore
    warnings: tuple[str, ...] = ()

    @property
    def counts(self) -> Counts:
        """True positives, false positives and false negatives, pooled over all frames."""
        return self.score.counts

    @property
    def metrics(self) -> dict[str, float]:
        """Precision, sensitivity, F1 of the pooled counts, in 0..1; NaN where they are 0/0."""
        return metrics_of(self.counts)

    @property
    def surgeries(self) -> dict[str, dict[str, float]]:
        """Counts and metrics of every surgery, by its name."""
        return {n: {**c.to_json(), **metrics_of(c)} for n, c in self.score.surgeries().items()}

    @property
    def missing(self) -> tuple[str, ...]:
        """Labelled frames without a prediction."""
        return self.score.missing

    @property
    def unknown(self) -> tuple[str, ...]:
        """Predicted frames, or files, that belong to no labelled frame and were not scored."""
        return self.score.unknown

    def to_json(self) -> dict[str, Any]:
        """The document that ``bench evaluate --format json`` prints, but for ``domains``: the folds
        of a leaderboard, which take the folder of labels."""
        from adaptor_bench.report.evaluation import evaluation_as_json

        return evaluation_as_json(self.score)

    def frame(self) -> pandas.DataFrame:
        """A data frame with one row per scored video frame: its counts and metrics.

        Columns: surgery, video, stem, labels, predictions, tp, fp, fn, the metrics (0..1, NaN for
        0/0), missing.
        """
        import pandas

        names = ["surgery", "video", "stem", "labels", "predictions", "tp", "fp", "fn", *METRICS]
        rows = []
        for f in self.score.scored:
            numbers = [*f.counts.to_json().values(), *metrics_of(f.counts).values()]
            rows.append((*f.key.split("/"), f.labels, f.predictions, *numbers, f.missing))
        return pandas.DataFrame(rows, columns=[*names, "missing"])

    def __str__(self) -> str:
        from adaptor_bench.report.evaluation import evaluation_table
        from adaptor_bench.report.render import render

        return "\n".join([render([evaluation_table(self.score)], "text"), *self.warnings])

    def __repr__(self) -> str:
        values = {**self.counts.to_json(), **{k: f"{v:.4f}" for k, v in self.metrics.items()}}
        shown = ", ".join(f"{key}={value}" for key, value in values.items())
        return f"Evaluation(frames={len(self.score.scored)}, {shown})"


def evaluate(
    predictions: PointSource,
    labels: PointSource,
    radius: float = RADIUS,
    matching: str = "hungarian",
    inclusive: bool | None = None,
    missing: str = "empty",
) -> Evaluation:
    """Score predictions against labels, frame by frame, counts pooled over all frames.

    Each of the two is a folder or archive in the challenge's layout (str or Path), a mapping from
    a frame's key to its points (N, 2), or a list of such arrays, one per frame; ``labels`` may
    also be what ``ab.load_dataset`` gives. Points have order x, y, in pixels of the frame as
    stored, as has ``radius``. A key is ``surgery/video/stem``; a plain name stands for one in a
    surgery and video called ``all``.

    ``matching`` and ``inclusive`` are as in ``ab.match``. ``missing`` says what a labelled frame
    without a prediction is: ``empty`` (all its labels are missed), ``skip`` or ``error``.

    >>> import adaptor_bench as ab
    >>> labels = {"a/video/1": [(10, 10)], "a/video/2": [(30, 30), (90, 90)], "b/video/1": []}
    >>> result = ab.evaluate({"a/video/1": [(11, 10)], "b/video/1": [(5, 5)]}, labels)
    >>> result
    Evaluation(frames=3, tp=1, fp=1, fn=2, precision=0.5000, sensitivity=0.3333, f1=0.4000)
    >>> result.missing, result.surgeries["a"]["precision"]
    (('a/video/2',), 1.0)
    >>> ab.evaluate([[(1, 1)], []], [[(1, 1)], [(2, 2)]]).metrics["precision"]
    1.0
    >>> frame = result.frame()
    >>> frame[["surgery", "stem", "tp", "fp", "fn", "missing"]]
      surgery stem  tp  fp  fn  missing
    0       a    1   1   0   0    False
    1       a    2   0   0   2     True
    2       b    1   0   1   0    False

    Raises InputError naming every file or frame that cannot be used, two lists of different
    lengths, and predictions of which none belongs to a labelled frame; UsageError for a rule,
    radius or missing policy that does not exist.
    """
    for what, given in (("predictions", predictions), ("labels", labels)):
        if not isinstance(given, Mapping | Iterable | str | os.PathLike):
            raise UsageError(
                f"{what}: expected a folder, a mapping or a list of points, not {given!r}"
            )
    settings = MatchSettings(matching, radius, inclusive, missing)
    warnings: tuple[str, ...] = ()
    if isinstance(predictions, str | os.PathLike) and isinstance(labels, str | os.PathLike):
        with ExitStack() as stack:
            predicted = stack.enter_context(extracted(Path(predictions)))
            labelled = stack.enter_context(extracted(Path(labels), labels=True))
            batches = read_batches(predicted, labelled, settings)
        warnings = tuple(implausible(batches))
    else:
        batches = _in_memory(predictions, labels, settings)
    score = score_batches(batches, settings)
    if score.unknown and len(score.missing) == len(score.frames):
        raise InputError(
            f"none of the {len(score.unknown)} predicted frames is labelled: predicted is "
            f"{score.unknown[0]!r}, for instance, and labelled {score.frames[0].key!r}"
        )
    return Evaluation(score, warnings)


def as_points(points: ArrayLike, where: str) -> Points:
    """``points`` as an array (N, 2). Raises InputError, which calls them ``where``."""
    try:
        return PointBatch.from_frames([points]).points
    except (TypeError, ValueError) as error:
        ragged = "inhomogeneous" in str(error)
        said = "points must have two coordinates each" if ragged else error
        raise InputError(
            f"{where}: {said}", hint="Points are (N, 2) numbers, order x, y, in pixels."
        ) from error


def _in_memory(predictions: PointSource, labels: PointSource, settings: MatchSettings) -> Batches:
    """Both sides as batches, by the keys of the labels."""
    predicted, labelled = (
        points_by_frame(predictions, "predictions"),
        points_by_frame(labels, "labels"),
    )
    lists = [not isinstance(s, Mapping | str | os.PathLike | LabelledDataset)
             for s in (predictions, labels)]  # fmt: skip
    if all(lists) and len(predicted) != len(labelled):
        raise InputError(
            f"{len(predicted)} frames of predictions, but {len(labelled)} of labels",
            hint="Two lists belong together by position; a frame without points is an empty list.",
        )
    if not labelled:
        raise InputError("there are no labelled frames to score")
    absent = [key for key in labelled if key not in predicted]
    if absent and settings.missing == "error":
        raise InputError.collect(
            f"{len(absent)} of {len(labelled)} labelled frames have no prediction:", absent
        )
    unknown = tuple(key for key in predicted if key not in labelled)
    batch = PointBatch.from_frames(list(labelled.values()))
    return replace(pair_batches(predicted, list(labelled), batch), unknown=unknown)


def points_by_frame(source: PointSource, what: str) -> dict[str, Points]:
    """Key to points (N, 2); ``what`` names the source in errors (InputError)."""
    if isinstance(source, LabelledDataset):
        return source.labels()
    if isinstance(source, str | os.PathLike):
        refuse_run(Path(source))
        with extracted(Path(source)) as folder:
            return read_folder(folder)
    named = source if isinstance(source, Mapping) else dict(enumerate(source))
    points: dict[str, Points] = {}
    problems = []
    for name, of_frame in named.items():
        key = str(name) if str(name).count("/") == 2 else f"all/all/{name}"
        if "/" in str(name) and key != str(name):
            problems.append(f"{name!r} is not surgery/video/stem, nor a plain name")
            continue
        try:
            points[key] = as_points(of_frame, f"{what} of frame {name!r}")
        except InputError as error:
            problems.append(error.message)
    if problems:
        raise InputError.collect(f"{plural(len(problems), 'frame')} cannot be used:", problems)
    return points
