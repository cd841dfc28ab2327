"""Whether finished runs are of a leaderboard: its folds, matching, frames and labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from adaptor_bench.data.frames import Frame
from adaptor_bench.entries.entry import Leaderboard
from adaptor_bench.entries.packed import Points
from adaptor_bench.entries.rescore import score_points
from adaptor_bench.evaluate.metrics import Counts
from adaptor_bench.evaluate.scorefile import FoldScore
from adaptor_bench.matching.settings import MatchSettings
from adaptor_bench.results.runs import Cell, Run

__all__ = ["again", "elsewhere", "unfit"]


def unfit(cells: Sequence[Cell], board: Leaderboard) -> list[str]:
    """Runs with other folds or another matching than the board's."""
    problems: dict[str, None] = {}
    for cell in cells:
        domain = cell.example.domain
        for run, score in cell.pairs():
            at = run.path
            if run.fold_plan["sha256"] != board.plans[domain][1]:
                problems[f"{at}: other folds than the leaderboard's"] = None
            elif run.validation != board.folds[domain].get(run.fold, run.validation):
                problems[f"{at}: fold {run.fold} is of other surgeries"] = None
            if score.settings != board.settings:
                problems[f"{at}: {_settings(score.settings, board.settings)}"] = None
    return list(problems)


def elsewhere(cells: Sequence[Cell], board: Leaderboard) -> list[str]:
    """Notes on runs on frames of another fingerprint than the board's."""
    return [
        f"{run.domain}: trained and predicted on frames of fingerprint "
        f"{run.dataset['fingerprint'][:12]}, scored on the leaderboard's labels."
        for cell in cells
        for run, _ in cell.pairs()
        if run.dataset["fingerprint"] != board.fingerprints[run.domain]
    ]


def again(
    run: Run, score: FoldScore, points: Points, frames_of: Mapping[str, Sequence[Frame]]
) -> tuple[FoldScore, list[str]]:
    """The score of a run's predictions on the board's own labels, which is what counts; and how
    the run's ``score.json`` differs from it."""
    frames = [f for f in frames_of[run.domain] if f.surgery in run.validation]
    found = score_points({f.key: points[f.key] for f in frames if f.key in points}, frames,
                         score.settings)  # fmt: skip
    stored, now = score.surgeries(), found.surgeries()
    problems = [
        f"{run.path}: {surgery}: TP/FP/FN {_text(stored.get(surgery))} in its score.json, "
        f"{_text(now.get(surgery))} on the leaderboard's labels"
        for surgery in sorted(stored.keys() | now.keys())
        if stored.get(surgery) != now.get(surgery)
    ]
    if strange := sorted(points.keys() - {f.key for f in frames}):
        problems.append(f"{run.path}: {len(strange)} predictions of other frames: {strange[0]}")
    return found, problems


def _text(counts: Counts | None) -> str:
    return "-" if counts is None else f"{counts.tp}/{counts.fp}/{counts.fn}"


def _settings(found: MatchSettings, wanted: MatchSettings) -> str:
    differing = [
        f"{key} is {value}, the leaderboard's {wanted.to_json()[key]}"
        for key, value in found.to_json().items()
        if value != wanted.to_json()[key]
    ]
    return ", ".join(differing)
