"""Finished runs as they would have been scored under other settings."""

from __future__ import annotations

from collections.abc import Callable

from adaptor_bench.data.frames import Dataset
from adaptor_bench.errors import InputError
from adaptor_bench.matching.settings import MatchSettings
from adaptor_bench.results.runs import Run
from adaptor_bench.scoring.reading import read_batches
from adaptor_bench.scoring.score import score_batches
from adaptor_bench.scoring.scorefile import FoldScore


def rescoring(settings: MatchSettings, dataset: Dataset | None) -> Callable[[Run], FoldScore]:
    """Gives the score of a run under ``settings``: its own, or a new one against ``dataset``.

    The function raises InputError for a run that was scored otherwise when there are no labels,
    or when they are not those that it was scored on.
    """

    def score_of(run: Run) -> FoldScore:
        stored = run.score()
        if stored.settings == settings:
            return stored
        if dataset is None:
            raise InputError(
                f"{run.path}: scored with other settings ({_short(stored.settings)}); "
                "pass its labels as --data to rescore it"
            )
        surgeries = set(run.validation)
        frames = [f for f in dataset.frames.get(run.domain, ()) if f.surgery in surgeries]
        if not frames:
            raise InputError(f"{run.path}: {dataset.root} has no frame of {', '.join(surgeries)}")
        batches = read_batches(run.predictions, frames, settings)
        before = score_batches(batches, stored.settings)
        if not _alike(before, stored):
            raise InputError(f"{run.path}: {dataset.root} has not the labels it was scored on")
        return score_batches(batches, settings)

    return score_of


def _alike(a: FoldScore, b: FoldScore) -> bool:
    """The same frames, counts and pairs; distances to 1/1000 px, for one of them was rounded."""

    def parts(score: FoldScore) -> tuple[list[object], list[float]]:
        pairs = [pair for frame in score.frames for pair in frame.pairs]
        frames = [(f.key, f.predictions, f.labels, len(f.pairs)) for f in score.frames]
        return [frames, [pair[:2] for pair in pairs]], [pair[2] for pair in pairs]

    (same, distances), (other, others) = parts(a), parts(b)
    return same == other and all(abs(d - e) < 1e-3 for d, e in zip(distances, others, strict=True))


def _short(settings: MatchSettings) -> str:
    boundary = "" if settings.inclusive else ", strict"
    return f"{settings.rule}, {settings.radius:g} px{boundary}, missing {settings.missing}"
