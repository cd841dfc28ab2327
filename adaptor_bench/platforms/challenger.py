"""The long table that challengeR and Rankings Reloaded read: task, case, algorithm, value.

Two tasks, because neither reproduces the pooled F1 of the board, and a reader should see both:
``frame-f1`` has one row a frame, ``surgery-f1`` one a surgery, its counts pooled. Larger is better
(``smallBetter = FALSE``). 0/0, a frame with neither labels nor predictions, is ``NA``.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence

from adaptor_bench.errors import InputError
from adaptor_bench.evaluate.metrics import Counts
from adaptor_bench.evaluate.scorefile import FoldScore
from adaptor_bench.names import csv_cell
from adaptor_bench.platforms.judging import ratios

__all__ = ["COLUMNS", "challenger_csv", "join_folds"]

COLUMNS = ("task", "case", "algorithm", "value")


def challenger_csv(entries: Mapping[str, FoldScore]) -> str:
    """The CSV of all ``entries`` (algorithm name to its score), F1 in 0..1.

    Raises InputError when two entries were scored on other frames, or under other settings:
    a table with holes would be ranked over different cases.
    """
    scores = list(entries.items())
    for name, score in scores[1:]:
        _require_same(scores[0], (name, score))
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    for name, score in scores:
        for frame in score.scored:
            writer.writerow(["frame-f1", csv_cell(frame.key), csv_cell(name), _f1(frame.counts)])
    for name, score in scores:
        for surgery, counts in score.surgeries().items():
            writer.writerow(["surgery-f1", csv_cell(surgery), csv_cell(name), _f1(counts)])
    return stream.getvalue()


def join_folds(folds: Sequence[FoldScore]) -> FoldScore:
    """One score over the frames of several folds of one method. Raises InputError when a frame
    is in two of them or they were matched under different settings."""
    frames = tuple(frame for fold in folds for frame in fold.frames)
    if len({fold.settings for fold in folds}) != 1:
        raise InputError("the folds were matched under different settings")
    if len({frame.key for frame in frames}) != len(frames):
        raise InputError("a frame is in several folds; give one seed and one domain")
    return FoldScore(folds[0].settings, frames)


def _require_same(one: tuple[str, FoldScore], other: tuple[str, FoldScore]) -> None:
    if one[1].settings != other[1].settings:
        raise InputError(f"{one[0]} and {other[0]} were matched under different settings")
    keys = [{frame.key for frame in score.scored} for _, score in (one, other)]
    different = sorted(keys[0] ^ keys[1])
    if different:
        raise InputError.collect(
            f"{one[0]} and {other[0]} were not scored on the same frames; only one of them has:",
            different,
        )


def _f1(counts: Counts) -> str:
    value = ratios(counts)["f1"]
    return "NA" if value is None else repr(value)
