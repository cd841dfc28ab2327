"""Whether finished runs are of a leaderboard: its folds, matching, frames and labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from adaptor_bench.data.frames import Frame
from adaptor_bench.entries.entry import Board
from adaptor_bench.entries.packed import Points
from adaptor_bench.entries.rescore import score_points
from adaptor_bench.evaluate.scorefile import FoldScore, MatchSettings
from adaptor_bench.runs import Cell, Run

__all__ = ["again", "beside", "elsewhere", "unfit"]


def unfit(cells: Sequence[Cell], board: Board) -> list[str]:
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


def elsewhere(cells: Sequence[Cell], board: Board) -> dict[Path, str]:
    """Runs on frames of another fingerprint than the board's, and a note on their frames."""
    return {
        run.path: f"{run.domain}: trained and predicted on frames of fingerprint "
        f"{run.dataset['fingerprint'][:12]}, scored on the leaderboard's labels."
        for cell in cells
        for run, _ in cell.pairs()
        if run.dataset["fingerprint"] != board.fingerprints[run.domain]
    }


def beside(run: Run, score: FoldScore, points: Points) -> list[str]:
    """Whether the score is of the predictions beside it, as far as numbers of points tell."""
    counted = {f.key: f.predictions for f in score.frames if not f.missing}
    there = {key: len(found) for key, found in points.items()}
    differing = sorted(k for k in counted.keys() | there.keys() if counted.get(k) != there.get(k))
    if not differing:
        return []
    return [f"{run.path}: {len(differing)} frames, such as {differing[0]}"]


def again(
    run: Run, score: FoldScore, points: Points, frames_of: Mapping[str, Sequence[Frame]]
) -> list[str]:
    """Whether scoring on the board's own frames gives the run's counts."""
    frames = [f for f in frames_of[run.domain] if f.surgery in run.validation]
    again = score_points(points, frames, score.settings)
    if again.surgeries() == score.surgeries():
        return []
    return [f"{run.path}: scored on other labels than the leaderboard's"]


def _settings(found: MatchSettings, wanted: MatchSettings) -> str:
    differing = [
        f"{key} is {value}, the leaderboard's {wanted.to_json()[key]}"
        for key, value in found.to_json().items()
        if value != wanted.to_json()[key]
    ]
    return ", ".join(differing)
