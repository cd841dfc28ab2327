"""What two published programs would print for the same files, their mistakes included.

``official-2021`` is the challenge's evaluation script (Cardio-AI/adaptor_docker_example,
``evaluation.py`` of 2021); ``cardio-ai`` is the matching routine of Cardio-AI/
suture-detection-pytorch (``match_keypoints``, ``remove_dupes``). Both are written anew from their
behaviour, so that numbers published with them can be reconciled with correct ones.
"""

from __future__ import annotations

import json
import math
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from pathlib import Path, PurePath
from typing import Any

from adaptor_bench.bounded import LIMIT, read_up_to
from adaptor_bench.matching.batch import PointBatch
from adaptor_bench.scoring.metrics import Counts

PROGRAMS = ("official-2021", "cardio-ai")
SCRIPT_RADIUS = 6  # px; a constant in the challenge's script

Point = tuple[float, ...] | list[float]
_CRASHES = (KeyError, TypeError, ValueError, OverflowError, RecursionError, OSError)


@dataclass(frozen=True)
class ScriptRun:
    """One run of the challenge's script with the folders ``first`` and ``second``, in this order.

    ``counts`` are under the script's own names. ``files`` is its "Total files"; ``skipped`` are
    those of them (relative to ``second``) for which ``first`` has no counterpart. ``crash`` is the
    error it ends with, or None.
    """

    first: Path
    second: Path
    files: int
    skipped: tuple[str, ...]
    counts: Counts
    crash: str | None = None

    @property
    def evaluated(self) -> int:
        """Files whose points were counted."""
        return self.files - len(self.skipped)

    @property
    def printed(self) -> dict[str, float]:
        """Sensitivity and precision under the script's own names of counts, and their harmonic
        mean; NaN after a crash."""
        if self.crash:
            return dict.fromkeys(("sensitivity", "precision", "f1"), math.nan)
        c = self.counts
        s, p = c.tp / (c.tp + c.fn), c.tp / (c.tp + c.fp)
        return {"sensitivity": s, "precision": p, "f1": (2 * p * s) / (p + s)}


def emulate_official(first: Path, second: Path) -> ScriptRun:
    """Run the challenge's script as ``evaluation.py FIRST SECOND``, which its usage line calls
    PREDICTIONS and LABELS.

    It binds FIRST to the labels and SECOND to the predictions. It walks SECOND and looks for every
    JSON file's counterpart in FIRST by the last four parts of the path (folder, subfolder,
    ``point_labels``, name); a file without one is counted in "Total files" and otherwise skipped.
    Nothing is raised: an error of the script is what ``crash`` says. Folders are visited in sorted
    order, where the script takes the order of the file system.
    """
    find = _finder(first)
    files, skipped, total = 0, [], Counts()
    at = ""
    try:
        for walked, name in _json_files(second):
            files += 1
            path = walked / name
            at = f" ({path.relative_to(second)})"
            predictions = _load(path)
            counterpart = find(walked, name)
            if counterpart is None:
                skipped.append(path.relative_to(second).as_posix())
                continue
            labels = _load(counterpart)
            total += _document_counts(predictions["points"], labels["points"])
    except _CRASHES as error:
        crash: str | None = f"{type(error).__name__}: {error}{at}"
    else:
        crash = None if total.tp else "ZeroDivisionError: division by zero"
    return ScriptRun(first, second, files, tuple(skipped), total, crash)


def script_counts(
    predictions: Sequence[Point], labels: Sequence[Point], radius: float = SCRIPT_RADIUS
) -> Counts:
    """The script's matching of one frame: repeatedly the closest pair ``<= radius``.

    Of equally close pairs the last one in the order of the points (predictions first) wins, so the
    counts depend on the order of the points in the files.
    """
    pairs = [
        (distance, -i, -j)
        for i, p in enumerate(predictions)
        for j, q in enumerate(labels)
        if (distance := _distance(p, q)) <= radius
    ]
    taken_i, taken_j = set(), set()
    for _, i, j in sorted(pairs):
        if i not in taken_i and j not in taken_j:
            taken_i.add(i)
            taken_j.add(j)
    tp = len(taken_i)
    return Counts(tp, len(predictions) - tp, len(labels) - tp)


def cardio_counts(
    predictions: Sequence[Point], labels: Sequence[Point], radius: float = SCRIPT_RADIUS
) -> Counts:
    """Cardio-AI's matching of one frame: each prediction its nearest label ``< radius``.

    Predictions that share a label are then compared two by two, and of each two the farther one is
    struck off (the earlier one, if equally far). Points are told apart by their coordinates only:
    three identical predictions strike one another off altogether, and one pair is enough for all
    labels at the same place. TP are the pairs left, FN the labels without one.
    """
    asked: list[tuple[Point, Point]] = []
    for p in predictions:
        reach = [(_distance(p, q), j) for j, q in enumerate(labels)]
        distance, j = min(reach, default=(math.inf, -1))
        if distance < radius:
            asked.append((tuple(p), tuple(labels[j])))
    left = Counter(asked)
    for one, other in combinations(asked, 2):
        if one[1] == other[1]:
            loser = other if _distance(*one) < _distance(*other) else one
            left[loser] = max(0, left[loser] - 1)
    kept = {q for (_, q), n in left.items() if n}
    tp = left.total()
    return Counts(tp, len(predictions) - tp, sum(tuple(q) not in kept for q in labels))


def emulate_cardio(predictions: PointBatch, labels: PointBatch, radius: float) -> Counts:
    """:func:`cardio_counts` pooled over all frames of two batches."""
    frames = zip(predictions, labels, strict=True)
    return sum((cardio_counts(p.tolist(), q.tolist(), radius) for p, q in frames), Counts())


def _document_counts(predictions: Any, labels: Any) -> Counts:
    """Counts for two decoded lists of points. A point is looked at only if there is a pair."""
    if not predictions or not labels:
        return Counts(0, len(predictions), len(labels))
    return script_counts(
        [(p["x"], p["y"]) for p in predictions], [(q["x"], q["y"]) for q in labels]
    )


def _json_files(root: Path) -> Iterator[tuple[Path, str]]:
    """Folder and name of every JSON file, links to folders not followed."""
    for folder, subfolders, names in os.walk(root):
        subfolders.sort()
        for name in sorted(names):
            if name.endswith(".json"):
                yield Path(folder), name


def _finder(root: Path) -> Callable[[Path, str], Path | None]:
    """The script's search below ``root``: the first folder that holds the last four parts."""
    folders: list[Path] = []
    for folder, subfolders, _ in os.walk(root):
        subfolders.sort()
        folders.append(Path(folder))

    @cache
    def places(tail: PurePath) -> tuple[Path, ...]:
        return tuple(folder / tail for folder in folders if (folder / tail).is_dir())

    def find(walked: Path, name: str) -> Path | None:
        tail = PurePath(walked.parent.parent.name, walked.parent.name, walked.name)
        return next((place / name for place in places(tail) if (place / name).exists()), None)

    return find


def _load(path: Path) -> Any:
    return json.loads(read_up_to(path, LIMIT).decode())


def _distance(p: Point, q: Point) -> float:
    """As both programs compute it; ``hypot`` may differ in the last digit."""
    return math.sqrt((q[0] - p[0]) ** 2 + (q[1] - p[1]) ** 2)
