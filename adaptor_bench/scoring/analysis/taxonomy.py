"""Why each false positive and each miss is one, and what every kind of error costs.

The idea is that of TIDE (Bolya et al., ECCV 2020) for points: every error gets exactly one class,
the first that fits, and a class costs what F1 would gain if an oracle repaired it alone. Distances
are judged with the boundary of the score (<= or <); r is the matching radius.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.matching.batch import Indices, Matches, PointBatch
from adaptor_bench.matching.candidates import find_candidates, take_in_order, within
from adaptor_bench.matching.match import match_frames
from adaptor_bench.scoring.jsonable import jsonable
from adaptor_bench.scoring.metrics import f1

CLASSES: dict[str, str] = {
    "left_apart": "FP and FN within r that the rule leaves unpaired",
    "duplicate": "FP within r of a label that another prediction has",
    "merged": "one prediction where two labels are",
    "near_miss": "FP and FN between r and 2r apart, paired one to one",
    "crowded": "FN within 2r of another label",
    "border": "within r of the edge of the frame",
    "background": "FP, none of these",
    "missed": "FN, none of these",
}
"""All classes in order of priority, and what belongs to them.

Merged are the FN within r of a prediction that is matched to another label, and where one FP lies
within r of the middle of two FN that are within 2r of each other, all three of them.
"""

_NUMBER = {name: n for n, name in enumerate(CLASSES)}
_OPEN, _MATCHED = -1, -2
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class ErrorClass:
    """Its size, and F1 (0..1) after its repair alone: its FP removed, its FN pairs.

    ``cost`` is that F1 minus the present one. NaN where either is 0/0.
    """

    name: str
    fp: int
    fn: int
    f1: float
    cost: float


@dataclass(frozen=True)
class Taxonomy:
    """``classes`` in order of priority; ``all_fp`` and ``all_fn`` repair one side whole.

    ``prediction_class`` and ``label_class``, one entry a row of the batches, index
    :data:`CLASSES`; matched points have -2. Each false positive has exactly one class, and so has
    each miss.
    """

    f1: float
    classes: tuple[ErrorClass, ...]
    all_fp: ErrorClass
    all_fn: ErrorClass
    prediction_class: Indices
    label_class: Indices

    def to_json(self) -> dict[str, Any]:
        """``{"f1", "classes": [{"name", "fp", "fn", "f1", "cost"}], "all_fp", "all_fn"}``."""
        kept = ("f1", "classes", "all_fp", "all_fn")
        return jsonable({key: getattr(self, key) for key in kept})


def taxonomy(
    predictions: PointBatch,
    labels: PointBatch,
    sizes: NDArray[np.integer],
    matches: Matches,
    radius: float,
    inclusive: bool = True,
) -> Taxonomy:
    """Class of every error that ``matches`` (under any rule) leaves; see :data:`CLASSES`.

    ``sizes`` (F, 2) are width and height of the frames in pixels. The order of points within a
    frame does not matter.
    """
    errors = _Errors(predictions, labels, matches, radius, inclusive)
    # Under the rules that find most pairs, or always the closest, nothing is left here.
    errors.pair("left_apart", radius)
    errors.duplicates()
    errors.merged()
    errors.pair("near_miss", 2 * radius)
    errors.crowded()
    errors.border(np.asarray(sizes).reshape(-1, 2))
    errors.of_prediction[errors.of_prediction == _OPEN] = _NUMBER["background"]
    errors.of_label[errors.of_label == _OPEN] = _NUMBER["missed"]

    tp = len(matches.prediction)
    fp, fn = len(predictions.points) - tp, len(labels.points) - tp
    before = float(f1.of(tp, fp, fn))

    def repaired(name: str, false: int, missed: int) -> ErrorClass:
        after = float(f1.of(tp + missed, fp - false, fn - missed))
        return ErrorClass(name, false, missed, after, after - before)

    counts = (
        (name, int(np.sum(errors.of_prediction == n)), int(np.sum(errors.of_label == n)))
        for name, n in _NUMBER.items()
    )
    return Taxonomy(
        before,
        tuple(repaired(*entry) for entry in counts),
        repaired("all_fp", fp, 0),
        repaired("all_fn", 0, fn),
        errors.of_prediction,
        errors.of_label,
    )


class _Errors:
    """The classes given so far. Every step looks only at errors that have none yet."""

    def __init__(
        self,
        predictions: PointBatch,
        labels: PointBatch,
        matches: Matches,
        radius: float,
        inclusive: bool,
    ) -> None:
        self.predictions, self.labels = predictions, labels
        self.radius, self.inclusive = radius, inclusive
        self.of_prediction = np.full(len(predictions.points), _OPEN)
        self.of_label = np.full(len(labels.points), _OPEN)
        self.of_prediction[matches.prediction] = _MATCHED
        self.of_label[matches.label] = _MATCHED
        near = find_candidates(predictions, labels, 2 * radius).within(2 * radius, inclusive)
        self.p, self.q = near.prediction_rows[near.i], near.label_rows[near.j]
        self.within_radius = within(near.d, radius, inclusive)

    def pair(self, name: str, reach: float) -> None:
        """FP and FN within ``reach``: one to one, most pairs, then least distance."""
        false, p = _part(self.predictions, self.of_prediction == _OPEN)
        missed, q = _part(self.labels, self.of_label == _OPEN)
        pairs = match_frames(false, missed, reach, "hungarian", self.inclusive)
        self.of_prediction[p[pairs.prediction]] = _NUMBER[name]
        self.of_label[q[pairs.label]] = _NUMBER[name]

    def duplicates(self) -> None:
        taken = self.within_radius & (self.of_label[self.q] == _MATCHED)
        self._classify(self.of_prediction, self.p[taken], "duplicate")

    def merged(self) -> None:
        """Misses beside a matched prediction; then each FP amid two misses, one to one to two."""
        serves = self.within_radius & (self.of_prediction[self.p] == _MATCHED)
        self._classify(self.of_label, self.q[serves], "merged")
        # Two labels within 2r with an FP within r of their middle are both within 2r of it.
        reached = np.zeros(len(self.of_label), dtype=bool)
        reached[self.q[self.of_prediction[self.p] == _OPEN]] = True
        false, p = _part(self.predictions, self.of_prediction == _OPEN)
        missed, q = _part(self.labels, reached & (self.of_label == _OPEN))
        reach = 2 * self.radius
        two = find_candidates(missed, missed, reach).within(reach, self.inclusive)
        two = two.subset(two.i < two.j)
        a, b = two.prediction_rows[two.i], two.prediction_rows[two.j]
        # Pairs stand in canonical order, so their middles are in order of the frames.
        middle = missed.points[a] / 2 + missed.points[b] / 2
        frames = np.bincount(missed.frame_of[a], minlength=len(missed))
        amid = find_candidates(false, PointBatch.from_counts(middle, frames), self.radius)
        amid = amid.within(self.radius, self.inclusive)
        of_two = amid.label_rows[amid.j]
        order = np.lexsort((of_two, amid.i, amid.d))  # the closest to its middle first
        at, of_two = amid.prediction_rows[amid.i[order]], of_two[order]
        n = len(false.points)
        nodes = np.column_stack([at, n + a[of_two], n + b[of_two]])
        taken = take_in_order(nodes, n + len(missed.points))
        self._classify(self.of_prediction, p[at[taken]], "merged")
        for ends in (a, b):
            self._classify(self.of_label, q[ends[of_two[taken]]], "merged")

    def crowded(self) -> None:
        reach = 2 * self.radius
        near = find_candidates(self.labels, self.labels, reach).within(reach, self.inclusive)
        other = near.i != near.j
        self._classify(self.of_label, near.label_rows[near.i[other]], "crowded")

    def border(self, sizes: NDArray[np.integer]) -> None:
        for batch, classes in (
            (self.predictions, self.of_prediction),
            (self.labels, self.of_label),
        ):
            far_side = sizes[batch.frame_of] - 1.0 - batch.points
            distance = np.minimum(batch.points, far_side).min(axis=1, initial=np.inf)
            inside = within(distance, self.radius, self.inclusive)
            self._classify(classes, np.flatnonzero(inside), "border")

    @staticmethod
    def _classify(classes: Indices, rows: Indices, name: str) -> None:
        classes[rows[classes[rows] == _OPEN]] = _NUMBER[name]


def _part(batch: PointBatch, which: Mask) -> tuple[PointBatch, Indices]:
    """The chosen points, all frames kept, and their rows in ``batch``."""
    rows = np.flatnonzero(which)
    counts = np.bincount(batch.frame_of[rows], minlength=len(batch))
    return PointBatch.from_counts(batch.points[rows], counts), rows
