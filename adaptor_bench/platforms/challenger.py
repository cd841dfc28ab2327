"""The long table that challengeR and Rankings Reloaded read: task, case, algorithm, value.

Two tasks, because neither reproduces the pooled F1 of the board, and a reader should see both:
``frame-f1`` has one row a frame, ``surgery-f1`` one a surgery, its counts pooled. Larger is better
(``smallBetter = FALSE``). 0/0, a frame with neither labels nor predictions, is ``NA``.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from adaptor_bench.atomic import write_text
from adaptor_bench.errors import InputError, UsageError, plural
from adaptor_bench.names import csv_cell
from adaptor_bench.platforms.judging import judge, ratios
from adaptor_bench.platforms.platform import Order, Platform
from adaptor_bench.scoring.metrics import Counts
from adaptor_bench.scoring.scorefile import FoldScore

COLUMNS = ("task", "case", "algorithm", "value")


class ChallengeR(Platform):
    """A table of several algorithms instead of a bundle."""

    name = "challenger-csv"

    def write(self, order: Order) -> str:
        """The CSV. An entry is a folder or an archive of predictions, which needs labels, a
        score.json, or a folder of ``fold_*/score.json``."""
        if order.image is not None:
            raise UsageError("--image is for bundles; challenger-csv writes a table")
        if not order.entries:
            raise UsageError("challenger-csv needs at least one --entry NAME=PATH")
        scores: dict[str, FoldScore] = {}
        for entry in order.entries:
            name, equals, text = entry.partition("=")
            if not (name and equals and Path(text).exists()):
                raise UsageError(f"--entry {entry}: expected NAME=PATH with an existing path")
            if name in scores:
                raise UsageError(f"--entry {name}: given twice")
            scores[name] = _score(name, Path(text), order)
        write_text(order.out, challenger_csv(scores))
        algorithms = plural(len(scores), "algorithm")
        return f"{order.out}: {algorithms}; larger is better (smallBetter = FALSE)"


def _score(name: str, path: Path, order: Order) -> FoldScore:
    folds = sorted(path.glob("fold_*/score.json"))
    if path.name.endswith(".json"):
        score = FoldScore.load(path)
    elif folds:
        score = join_folds([FoldScore.load(fold) for fold in folds])
    elif order.labels is None:
        raise UsageError(f"--entry {name}={path}: predictions need --labels")
    else:
        score = judge(path, order.labels, order.settings).score
    # A score.json was matched before; what was asked for must not be something else.
    if order.chosen and score.settings != order.settings:
        raise UsageError(
            f"--entry {name}: its score.json was made with other settings: "
            f"{score.settings.describe()}"
        )
    return score


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
