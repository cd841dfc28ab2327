"""Whether finished runs are of a leaderboard: its folds, matching, frames and labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from adaptor_bench.data.frames import Frame
from adaptor_bench.entries.entry import Leaderboard
from adaptor_bench.entries.packed import Points
from adaptor_bench.entries.verify import differing_counts, score_points
from adaptor_bench.matching.settings import MatchSettings
from adaptor_bench.method import NOTHING_LEARNT
from adaptor_bench.results.result import Result, ScoredFold
from adaptor_bench.scoring.scorefile import FoldScore


def unfit(results: Sequence[Result], board: Leaderboard) -> list[str]:
    """Runs with other folds or another matching than the board's."""
    problems: list[str] = []
    for result in results:
        for part in result.fold_results:
            run, score = part.run, part.score
            assert run is not None and score is not None
            if run.fold_plan["sha256"] != board.plans[result.domain][1]:
                problems.append(f"{run.path}: other folds than the leaderboard's")
            elif run.validation != board.folds[result.domain].get(run.fold, run.validation):
                problems.append(f"{run.path}: fold {run.fold} is of other surgeries")
            if score.settings != board.settings:
                problems.append(f"{run.path}: {_settings(score.settings, board.settings)}")
    return list(dict.fromkeys(problems))


def other_frames(results: Sequence[Result], board: Leaderboard) -> list[str]:
    """Notes on runs on frames of another fingerprint than the board's."""
    return [
        f"{result.domain}: trained and predicted on frames of fingerprint "
        f"{part.run.dataset['fingerprint'][:12]}, scored on the leaderboard's labels."
        for result in results
        for part in result.fold_results
        if part.run
        and part.run.dataset["fingerprint"] != board.fingerprints[result.domain]
        and not board.of_labels_alone(result.domain)
    ]


def collapses(results: Sequence[Result]) -> list[str]:
    """Notes on trainings that learnt nothing, with the fold and seed of each."""
    return [
        f"{result.domain} f{part.fold}, seed {part.seed}: {note}"
        for result in results
        for part in result.fold_results
        for note in (part.run.notes if part.run else ())
        if NOTHING_LEARNT in note
    ]


def scored_again(
    part: ScoredFold, points: Points, frames: Sequence[Frame]
) -> tuple[FoldScore, list[str]]:
    """The score of a run's predictions on the board's own labels, which is what counts; and how
    the run's ``score.json`` differs from it. ``frames`` are those of the domain."""
    assert part.score is not None
    here = [frame for frame in frames if frame.surgery in part.validation]
    known = {frame.key: points[frame.key] for frame in here if frame.key in points}
    score = score_points(known, here, part.score.settings)
    told = ("in its score.json", "on the leaderboard's labels")
    problems = differing_counts(part.surgeries, score.surgeries(), told)
    if strange := sorted(points.keys() - {frame.key for frame in here}):
        problems.append(f"{len(strange)} predictions of other frames: {strange[0]}")
    return score, [f"{part.where}: {problem}" for problem in problems]


def _settings(found: MatchSettings, wanted: MatchSettings) -> str:
    here: Mapping[str, object] = wanted.to_json()
    return ", ".join(
        f"{key} is {value}, the leaderboard's {here[key]}"
        for key, value in found.to_json().items()
        if value != here[key]
    )
