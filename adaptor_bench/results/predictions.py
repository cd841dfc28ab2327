"""Results of predictions about which nothing is known but their points: scored on labels."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePath

from adaptor_bench.data.description import read_description
from adaptor_bench.data.folds import FoldPlan, report_folds
from adaptor_bench.data.frames import in_order, surgery_order
from adaptor_bench.data.layout import DOMAINS, composed
from adaptor_bench.data.pointfiles import find_point_files
from adaptor_bench.entries.packed import Points
from adaptor_bench.matching.settings import MatchSettings
from adaptor_bench.progress import Progress, message
from adaptor_bench.results.result import Result, ScoredFold
from adaptor_bench.scoring.reading import Batches, read_batches
from adaptor_bench.scoring.score import score_batches
from adaptor_bench.scoring.scorefile import FoldScore
from adaptor_bench.submission.plausibility import require_some, unscored
from adaptor_bench.submission.source import extracted

Plans = dict[str, tuple[FoldPlan, Mapping[int, str]]]


def results_of_predictions(
    path: Path, labels: Path, settings: MatchSettings, name: str, progress: Progress | None = None
) -> list[Result]:
    """What the predictions at ``path``, a folder or an archive, reach on the folder ``labels``: one
    result a domain, called ``name``. Raises InputError as reading and scoring do."""
    with extracted(path) as folder:
        batches = read_batches(folder, labels, settings, progress)
    require_some(batches, path)
    for line in unscored(batches):
        message(line)
    score, plans = score_batches(batches, settings), label_plans(labels)
    return results_of_score(score, plans, labels.resolve().name, name, by_surgery(batches))


def results_of_score(
    score: FoldScore,
    plans: Plans,
    dataset: str,
    name: str,
    points: Mapping[str, Points] | None = None,
) -> list[Result]:
    """The same of what was scored already, with the ``points`` by surgery where they matter, on
    ``plans`` of :func:`label_plans` of the labels, which are called ``dataset``."""
    surgeries = score.surgeries()
    results = []
    for domain, (plan, cohorts) in plans.items():
        parts = tuple(
            ScoredFold(
                0,
                fold.number,
                {surgery: surgeries[surgery] for surgery in fold.validation},
                f"{name}, {domain}, fold {fold.number}",
                fold.validation,
                cohorts.get(fold.number, ""),
                held=None
                if points is None
                else {k: p for s in fold.validation for k, p in points.get(s, {}).items()},
            )
            for fold in plan.folds
            if all(surgery in surgeries for surgery in fold.validation)
        )
        within = {surgery for fold in plan.folds for surgery in fold.validation}
        results.append(
            Result(
                method=name,
                title=name,
                domain=domain,
                dataset=dataset,
                kind="folder",
                plan=(plan.name, plan.sha256),
                folds=tuple(fold.number for fold in plan.folds),
                settings=score.settings,
                fold_results=parts,
                unlabelled=frozenset(p.fold for p in parts if not p.counts.tp + p.counts.fn),
                without_prediction=sum(f.surgery in within for f in score.frames if f.missing),
                name=name,
            )
        )
    return results


def label_plans(labels: Path) -> Plans:
    """The folds of every domain of a folder of labels, and the cohort of each where there are
    several; with or without folders ``point_labels``. They are those that a leaderboard of the
    labels would have. Raises InputError where ``dataset.toml`` lacks the cohort of a surgery."""
    description = read_description(labels)
    files = find_point_files(labels)
    frames: dict[str, dict[str, int]] = {}
    for key, path in files.frames.items():
        surgery = key.split("/")[0]
        first = PurePath(path).relative_to(labels / files.around).parts[0]
        domain = first if first in DOMAINS else description.domain_of(surgery)
        counted = frames.setdefault(domain, {})
        counted[surgery] = counted.get(surgery, 0) + 1
    cohorts = description.cohorts_of({composed(s) for of in frames.values() for s in of})
    plans: Plans = {}
    for domain in in_order(frames):
        names = sorted(sorted(frames[domain]), key=lambda s: surgery_order(s, cohorts.get(s, "")))
        plan = report_folds({n: frames[domain][n] for n in names}, domain, None, cohorts)
        plans[domain] = plan, {f.number: f.cohort for f in plan.folds if f.cohort}
    return plans


def by_surgery(batches: Batches) -> dict[str, Points]:
    """Surgery to frame to the points (N, 2) predicted for it; missing frames are not there."""
    found: dict[str, Points] = {}
    predicted = batches.predictions
    for n, key in enumerate(batches.keys):
        if not batches.missing[n]:
            here = predicted.points[predicted.starts[n] : predicted.starts[n + 1]]
            found.setdefault(key.split("/")[0], {})[key] = here
    return found
