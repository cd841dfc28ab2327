"""From runs to the numbers that charts show."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.data.frames import Dataset
from adaptor_bench.errors import InputError
from adaptor_bench.evaluate.analysis.radius import RADII, radius_curve
from adaptor_bench.evaluate.metrics import f1, precision, sensitivity
from adaptor_bench.evaluate.reading import read_batches
from adaptor_bench.evaluate.uncertainty.estimands import resampled
from adaptor_bench.evaluate.uncertainty.intervals import percentile_interval
from adaptor_bench.evaluate.uncertainty.resampling import resample
from adaptor_bench.evaluate.uncertainty.study import Study
from adaptor_bench.evaluate.uncertainty.tally import Tally
from adaptor_bench.figures.charts import Estimate
from adaptor_bench.progress import Progress
from adaptor_bench.report.studies import BoardStudy
from adaptor_bench.results.runs import Cell

__all__ = ["RADII", "curves_by_fold", "points_by_fold", "surgery_estimates"]

Floats = NDArray[np.float64]


def curves_by_fold(cell: Cell, dataset: Dataset, progress: Progress | None = None) -> Floats:
    """F1 (folds, radii) of one method at every radius of RADII, mean over seeds.

    The predictions are matched anew with the rule and boundary of the score. Raises InputError
    when the labels are not those the runs were scored on.
    """
    frames = dataset.frames.get(cell.example.domain, ())
    by_fold: dict[int, list[Floats]] = {}
    for run, score in cell.pairs():
        if not score.labels:
            continue  # a fold without labels counts for nobody
        surgeries = set(score.surgeries())
        here = [frame for frame in frames if frame.surgery in surgeries]
        if {frame.key for frame in here} != {frame.key for frame in score.frames}:
            raise InputError(
                f"{dataset.root}: not the frames that {run.path} was scored on",
                hint="Give the runs' own data with --data.",
            )
        batches = read_batches(run.predictions, here, score.settings, progress)
        curve = radius_curve(
            batches.predictions, batches.labels, score.settings.rule, score.settings.inclusive
        )
        by_fold.setdefault(run.fold, []).append(curve.f1)
    if not by_fold:
        raise InputError(f"{cell.example.method}: nothing is labelled, hence no curve")
    return np.array([np.mean(by_fold[fold], axis=0) for fold in sorted(by_fold)])


def points_by_fold(found: Tally) -> dict[str, Floats]:
    """Method to (folds, 2): sensitivity and precision, mean over seeds; NaN for 0/0."""
    values = [
        found.over_seeds(metric.of_last_axis(found.by_fold)) for metric in (sensitivity, precision)
    ]
    return {
        method: np.stack([v[m] for v in values], axis=1) for m, method in enumerate(found.methods)
    }


def surgery_estimates(board: BoardStudy) -> dict[str, list[tuple[str, Estimate]]]:
    """Method to F1 with interval per surgery, the mean over folds last."""
    found: Study = board.study
    tally = found.tally
    rows: dict[str, list[tuple[str, Estimate]]] = {method: [] for method in tally.methods}
    for s in sorted(range(len(tally.surgeries)), key=lambda s: _natural(tally.surgeries[s])):
        one = _alone(tally, s)
        draws = resample(one, found.options.resamples, found.options.seed, nested=True)
        values = resampled(one, draws)
        at = one.over_seeds(f1.of_last_axis(one.by_surgery))[:, 0]
        for m, method in enumerate(tally.methods):
            interval = percentile_interval(float(at[m]), values[:, m], draws.probability)
            rows[method].append(
                (tally.surgeries[s], Estimate(interval.estimate, interval.low, interval.high))
            )
    for method in tally.methods:
        student = found.student[method]["f1"]
        mean = Estimate(student.estimate, max(student.low, 0.0), min(student.high, 1.0))
        rows[method].append(("mean over folds", mean))
    return rows


def _alone(tally: Tally, s: int) -> Tally:
    """The tally of one surgery."""
    frames = tally.surgery == s
    return Tally(
        tally.methods,
        (tally.surgeries[s],),
        (1,),
        tuple(np.array(tally.frames)[frames].tolist()),
        tally.counts[:, frames],
        tally.owner,
        np.zeros(int(frames.sum()), np.int64),
        np.zeros(1, np.int64),
    )


def _natural(name: str) -> tuple[str, int]:
    stem = name.rstrip("0123456789")
    return stem, int(name[len(stem) :] or 0)
