"""Which frames the gallery shows, and what stands on them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.data.labels import read_points
from adaptor_bench.data.pointfiles import FrameFiles
from adaptor_bench.errors import InputError
from adaptor_bench.figures.boards import BoardView
from adaptor_bench.figures.scored import difference
from adaptor_bench.results.result import Result, ScoredFold
from adaptor_bench.scoring.scorefile import FrameScore

_SIZE = (512, 288)  # of a frame whose label does not say


@dataclass(frozen=True)
class Candidate:
    """A frame that could be shown: its scores and the folds it is in, by the number of a result
    on all boards. ``anchor`` is the id of its board."""

    anchor: str
    view: BoardView
    key: str
    scores: dict[int, FrameScore] = field(default_factory=dict)
    folds: dict[int, ScoredFold] = field(default_factory=dict)


def disagreement(scores: Sequence[FrameScore]) -> int:
    """How far methods differ on a frame: the labels that some of them found and others missed,
    plus the difference between the most and the fewest false positives."""
    found = [{label for _, label, _ in score.pairs} for score in scores]
    if len(found) < 2:
        return 0
    false = [score.counts.fp for score in scores]
    some, all_of_them = set[int]().union(*found), found[0].intersection(*found[1:])
    return len(some - all_of_them) + max(false) - min(false)


def mean_error(scores: Sequence[FrameScore]) -> float:
    """False positives and misses of a frame, mean over the methods."""
    return sum(s.counts.fp + s.counts.fn for s in scores) / len(scores) if scores else 0.0


def choose(views: Mapping[str, BoardView], number: int) -> list[Candidate]:
    """``number`` frames: every surgery the same share as far as it has frames.

    Within a surgery half of them (rounded up) are those on which the methods differ most (then
    those with most errors, then in order), the others are spread evenly over the rest. The result
    is in the order of boards and frames, and depends on nothing but the results.
    """
    groups: dict[tuple[str, str], list[Candidate]] = {}
    for anchor, view in views.items():
        for candidate in _candidates(anchor, view):
            groups.setdefault((anchor, candidate.key.split("/")[0]), []).append(candidate)
    shares = _shares([len(group) for group in groups.values()], number)
    chosen = []
    for group, share in zip(groups.values(), shares, strict=True):
        chosen += _of_surgery(group, share)
    return chosen


def shown_seed(result: Result) -> int:
    """The seed whose predictions the gallery shows: the lowest with the most folds."""
    seeds = [part.seed for part in result.fold_results]
    return min(seeds, key=lambda seed: (-seeds.count(seed), seed))


def _candidates(anchor: str, view: BoardView) -> list[Candidate]:
    candidates: dict[str, Candidate] = {}
    for result in view.board.competitors:
        place, seed = view.places[result.name], shown_seed(result)
        for part in result.fold_results:
            for frame in part.score.scored if part.score and part.seed == seed else ():
                candidate = candidates.setdefault(frame.key, Candidate(anchor, view, frame.key))
                candidate.scores[place] = frame
                candidate.folds[place] = part
    order = {key: place for place, key in enumerate(view.frames)}
    return sorted(candidates.values(), key=lambda c: (order.get(c.key, len(order)), c.key))


def _shares(sizes: Sequence[int], number: int) -> list[int]:
    """``number`` divided over groups of ``sizes``, none above its size, as evenly as it goes."""
    turns = sorted((turn, i) for i, size in enumerate(sizes) for turn in range(size))
    taken = Counter(i for _, i in turns[:number])
    return [taken[i] for i in range(len(sizes))]


def _of_surgery(group: list[Candidate], share: int) -> list[Candidate]:
    def difficulty(place: int) -> tuple[float, float, int]:
        scores = list(group[place].scores.values())
        return -disagreement(scores), -mean_error(scores), place

    ordered = sorted(range(len(group)), key=difficulty)
    most = (share + 1) // 2
    rest = sorted(ordered[most:])
    wanted = share - most
    spread = [rest[(2 * i + 1) * len(rest) // (2 * wanted)] for i in range(wanted)]
    return [group[place] for place in sorted(ordered[:most] + spread)]


def _predictions(
    part: ScoredFold, key: str, files_in: Callable[[Path], FrameFiles]
) -> NDArray[np.float64] | None:
    """(N, 2), x then y in pixels; None where the fold has no predictions."""
    if part.run is None:
        return part.points().get(key, np.empty((0, 2)))
    if not part.run.predictions.is_dir():
        return None
    file = files_in(part.run.predictions).frames.get(key)
    return np.empty((0, 2)) if file is None else read_points(file).points


def describe(
    candidate: Candidate, board: int, files_in: Callable[[Path], FrameFiles]
) -> dict[str, Any]:
    """The frame as the page's script reads it: pixels of the frame, lists of x, y, x, y, ..

    ``files_in`` is :func:`find_point_files`, which may remember the folders it was asked for.

    ``labels`` is None without the dataset, ``p`` without prediction files. ``t`` lists the pairs
    as stored with the score: prediction, label, prediction, label, .. Raises InputError for points
    that cannot be read, or that are not those the stored pairs are about.
    """
    surgery, video, stem = candidate.key.split("/")
    frame = candidate.view.frames.get(candidate.key)
    labels, size = None, _SIZE
    if frame is not None:
        label = read_points(frame.label)
        labels, size = label.points, label.size or _SIZE
    methods, problems = [], []
    for index, score in sorted(candidate.scores.items()):
        part = candidate.folds[index]
        points = _predictions(part, candidate.key, files_in)
        if differs := difference(score, points, labels):
            problems.append(f"{part.where}: {candidate.key}: {differs}")
        methods.append(
            {
                "method": index,
                "p": _flat(points),
                "t": [i for pair in score.pairs for i in pair[:2]],
                "tp": score.counts.tp,
                "fp": score.counts.fp,
                "fn": score.counts.fn,
                "heat": None,
            }
        )
    if problems:
        raise InputError("\n  ".join(problems))
    scores = list(candidate.scores.values())
    return {
        "id": f"{candidate.anchor}/{candidate.key}",
        "board": board,
        "surgery": surgery,
        "video": video,
        "stem": stem,
        "size": list(size),
        "image": None,
        "labels": _flat(labels),
        "count": max(score.labels for score in scores),
        "disagreement": disagreement(scores),
        "error": round(mean_error(scores), 1),
        "methods": methods,
    }


def _flat(points: NDArray[np.float64] | None) -> list[float] | None:
    return None if points is None else [round(float(value), 1) for value in points.ravel()]
