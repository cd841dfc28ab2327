"""Results from wherever they are known: finished runs, entries of a leaderboard, papers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from adaptor_bench.data.frames import Dataset, Frame
from adaptor_bench.entries.entry import Entry, Leaderboard
from adaptor_bench.entries.packed import Packed, unpack
from adaptor_bench.errors import InputError
from adaptor_bench.matching.batch import PointBatch
from adaptor_bench.progress import Progress
from adaptor_bench.results.cost import COST_MACHINE, cost_from_json, cost_of_run
from adaptor_bench.results.published import PublishedResult
from adaptor_bench.results.result import REAL, Result, ScoredFold, fold_names
from adaptor_bench.results.runs import Run
from adaptor_bench.scoring.metrics import Counts
from adaptor_bench.scoring.reading import pair_batches, read_labels
from adaptor_bench.scoring.score import score_batches
from adaptor_bench.scoring.scorefile import FoldScore

Unpublished = dict[str, str]  # entry's id -> why its predictions cannot be shown


def results_of_runs(
    runs: Iterable[Run], score_of: Callable[[Run], FoldScore] = Run.score, ddof: int = 0
) -> list[Result]:
    """One result per dataset, method, domain, profile, parameters and code, in order of runs.

    ``score_of`` gives the score of a run, or raises InputError. Raises InputError listing every
    unreadable score, and runs that claim the same seed and fold of a result.
    """
    grouped: dict[str, dict[tuple[int, int], tuple[Run, FoldScore]]] = {}
    problems: list[str] = []
    for run in runs:
        key = json.dumps(
            [run.dataset["name"], run.method, run.domain, run.profile, run.parameters, run.program],
            sort_keys=True,
        )
        of_result = grouped.setdefault(key, {})
        place = run.seed, run.fold
        if place in of_result:
            problems.append(
                f"{of_result[place][0].path} and {run.path}: both are seed {run.seed}, fold "
                f"{run.fold} of {run.method!r} on {run.domain!r}"
            )
            continue
        try:
            of_result[place] = run, score_of(run)
        except InputError as error:
            problems.append(error.message)
    if problems:
        raise InputError.collect("these runs cannot go into a table:", problems)
    return [_of_runs([pair for _, pair in sorted(g.items())], ddof) for g in grouped.values()]


def _of_runs(pairs: Sequence[tuple[Run, FoldScore]], ddof: int) -> Result:
    run, score = pairs[0]
    labelled = {r.fold for r, s in pairs if s.labels}
    return Result(
        method=run.method,
        title=run.title,
        domain=run.domain,
        dataset=run.dataset["name"],
        kind=run.dataset["kind"],
        fingerprint=run.dataset["fingerprint"],
        profile=run.profile,
        parameters=run.parameters,
        changes=run.profile_changes,
        code=run.program,
        plan=(run.fold_plan["name"], run.fold_plan["sha256"]),
        folds=run.folds,
        settings=score.settings,
        fold_results=tuple(
            ScoredFold(
                seed=r.seed,
                fold=r.fold,
                surgeries=s.surgeries(),
                where=str(r.path),
                validation=r.validation,
                cohort=r.cohort or "",
                score=s,
                run=r,
                device=r.device,
                versions=r.versions,
                seconds=r.seconds,
                cost=cost_of_run(r),
            )
            for r, s in pairs
        ),
        unlabelled=frozenset({r.fold for r, _ in pairs} - labelled),
        without_prediction=sum(len(s.missing) for _, s in pairs),
        frame_sizes=frozenset(size for r, _ in pairs for size in r.frame_sizes),
        notes=_notes_of([r for r, _ in pairs]),
        ddof=ddof,
        role=run.role,
        perfect={name: c for r, s in pairs for name, c in r.ceilings(s.settings).items()},
    )


def _notes_of(runs: Sequence[Run]) -> tuple[str, ...]:
    """Every note once, with the folds it concerns where it does not concern all, and their seed
    where it is of one of several: a training that was repeated is marked, never just averaged."""
    notes, seeds = [], {run.seed for run in runs}
    for note in dict.fromkeys(note for run in runs for note in run.notes):
        of = {(run.fold, run.seed) for run in runs if note in run.notes}
        without = {(run.fold, run.seed) for run in runs} - of
        if not without:
            notes.append(note)
        elif len(seeds) > 1 and {fold for fold, _ in of} & {fold for fold, _ in without}:
            places = [f"{fold_names([fold])[0]} of seed {seed}" for fold, seed in sorted(of)]
            notes.append(f"{', '.join(places)}: {note}")
        else:
            notes.append(f"{', '.join(fold_names({fold for fold, _ in of}))}: {note}")
    return tuple(notes)


def published_results(entries: Iterable[PublishedResult], dataset: str = REAL) -> list[Result]:
    """What was printed, as it was printed, of ``dataset``."""
    return [
        Result(
            method=printed.method,
            title=printed.method,
            domain=printed.domain,
            dataset=dataset,
            kind=REAL if dataset == REAL else "published",
            source="published",
            printed=printed,
        )
        for printed in entries
    ]


def results_of_entries(board: Leaderboard, entries: Iterable[Entry], ddof: int = 0) -> list[Result]:
    """One result per entry and domain it was measured on, from the counts of its file alone."""
    return [
        _of_entry(board, entry, domain, _counted(board, entry, domain), ddof)
        for entry in entries
        for domain in board.folds
        if domain in entry.measured
    ]


def scored_entries(
    board: Leaderboard,
    entries: Sequence[Entry],
    dataset: Dataset,
    progress: Progress,
    ddof: int = 0,
) -> tuple[list[Result], Unpublished]:
    """As :func:`results_of_entries`, with frames, pairs and points: scored again on ``dataset``.

    An entry whose predictions were not published has its counts alone, and the reason. Raises
    InputError, naming all, for predictions that cannot be read or do not score as their entry says.
    """
    results: list[Result] = []
    left_out: Unpublished = {}
    problems: list[str] = []
    frames = _frames_by_fold(board, dataset)
    labels = {key: read_labels(there) for key, there in frames.items()}
    with progress.bar("entries") as bar:
        for number, entry in enumerate(entries, start=1):
            bar(number, len(entries))
            if entry.predictions is None:
                left_out[entry.id] = "its predictions were not published"
                results += results_of_entries(board, [entry], ddof)
                continue
            try:
                packed = unpack(board.folder / "predictions" / Path(entry.predictions).name)
            except InputError as error:
                problems.append(error.message)
                continue
            for domain in entry.measured:
                parts, wrong = _scored(board, entry, domain, packed, frames, labels)
                problems += wrong
                results.append(_of_entry(board, entry, domain, parts, ddof))
    if problems:
        raise InputError.collect(
            f"{board.folder}: entries do not have the scores they state:",
            problems,
            hint=f"`bench verify {board.folder}` says more; are these the leaderboard's data?",
        )
    return results, left_out


def _of_entry(
    board: Leaderboard, entry: Entry, domain: str, parts: Sequence[ScoredFold], ddof: int
) -> Result:
    setup = entry.setup or {}
    measured = entry.measured[domain].values()
    missing = sum(counted.missing for counted in measured)
    # Where frames without a prediction are left out, their labels are not counted anywhere.
    partial = board.settings.missing == "skip" and missing
    labelled = {p.fold for p in parts if p.counts.tp + p.counts.fn}
    return Result(
        method=entry.method,
        title=entry.title,
        domain=domain,
        dataset=board.dataset,
        kind=board.kind,
        fingerprint=board.fingerprints[domain],
        team=entry.team,
        profile=setup.get("profile"),
        parameters=setup.get("parameters", {}),
        changes=setup.get("profile_changes", {}),
        code=str((setup.get("code") or {}).get("sha256", ""))[:12],
        plan=board.plans[domain],
        folds=tuple(sorted(board.folds[domain])),
        settings=board.settings,
        fold_results=tuple(parts),
        unlabelled=frozenset() if partial else frozenset({p.fold for p in parts} - labelled),
        without_prediction=missing,
        notes=(*entry.notes, *setup.get("notes", ())),
        entry=entry,
        ddof=ddof,
        role=setup.get("role", ""),
        cost_machine=setup.get(COST_MACHINE, {}),
        perfect={name: Counts(**c) for name, c in setup.get("ceiling", {}).get(domain, {}).items()},
    )


def _counted(board: Leaderboard, entry: Entry, domain: str) -> list[ScoredFold]:
    """A fold with a surgery missing is not there."""
    setup = entry.setup or {}
    costs = setup.get("cost", {}).get(domain, {})
    return [
        ScoredFold(
            seed=seed,
            fold=fold,
            surgeries={surgery: stored.surgeries[surgery] for surgery in surgeries},
            validation=surgeries,
            cohort=board.cohorts.get(domain, {}).get(fold, ""),
            where=f"leaderboard {board.id}: {entry.id}, {domain}, seed {seed}, fold {fold}",
            device=setup.get("device", "not said"),
            versions=setup.get("versions", {}),
            cost=cost_from_json(costs.get(str(seed), {}), fold),
        )
        for seed, stored in sorted(entry.measured[domain].items())
        for fold, surgeries in sorted(board.folds[domain].items())
        if all(surgery in stored.surgeries for surgery in surgeries)
    ]


def _scored(
    board: Leaderboard,
    entry: Entry,
    domain: str,
    packed: Packed,
    frames: Mapping[tuple[str, int], Sequence[Frame]],
    labels: Mapping[tuple[str, int], PointBatch],
) -> tuple[list[ScoredFold], list[str]]:
    parts, problems = [], []
    for part in _counted(board, entry, domain):
        held, here = packed.get((domain, part.seed), {}), frames[domain, part.fold]
        batches = pair_batches(held, [f.key for f in here], labels[domain, part.fold])
        # Distances as a score.json keeps them: nobody can tell these from those of runs.
        score = FoldScore.from_json(score_batches(batches, board.settings).to_json())
        now = score.surgeries()
        if differing := [s for s, counts in part.surgeries.items() if now.get(s) != counts]:
            problems.append(f"{entry.id}: {domain}, seed {part.seed}: {', '.join(differing)}")
            continue
        points = {frame.key: held[frame.key] for frame in here if frame.key in held}
        parts.append(replace(part, score=score, held=points))
    return parts, problems


def _frames_by_fold(board: Leaderboard, dataset: Dataset) -> dict[tuple[str, int], list[Frame]]:
    """The validation frames of every domain and fold of the board, by surgery."""
    found: dict[tuple[str, int], list[Frame]] = {}
    for domain, folds in board.folds.items():
        by_surgery: dict[str, list[Frame]] = {}
        for frame in dataset.frames.get(domain, ()):
            by_surgery.setdefault(frame.surgery, []).append(frame)
        for fold, surgeries in folds.items():
            found[domain, fold] = [f for s in surgeries for f in by_surgery.get(s, ())]
    return found
