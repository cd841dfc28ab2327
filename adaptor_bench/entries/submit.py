"""Make entries: from finished runs, whose counts are known, or from anybody's predictions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from adaptor_bench.data.check import load_frames
from adaptor_bench.data.frames import in_order, index_dataset
from adaptor_bench.data.pixels import PixelStore
from adaptor_bench.data.sizes import radius_note
from adaptor_bench.entries.admission import collapses, other_frames, scored_again, unfit
from adaptor_bench.entries.entry import (
    Entry,
    Leaderboard,
    SeedCounts,
)
from adaptor_bench.entries.naming import check_names, entry_id
from adaptor_bench.entries.packed import Packed, Points, digest, read_folder
from adaptor_bench.entries.verify import frames_of_board, labels_digest, score_points
from adaptor_bench.errors import InputError, UsageError
from adaptor_bench.phantom import GENERATOR_VERSION
from adaptor_bench.phantom.default import embedded_profile
from adaptor_bench.results.cost import cost_to_json
from adaptor_bench.results.naming import differing_in
from adaptor_bench.results.result import Result
from adaptor_bench.results.runs import Run, runs_below
from adaptor_bench.results.sources import results_of_runs
from adaptor_bench.scoring.metrics import METRICS
from adaptor_bench.scoring.scorefile import FoldScore


@dataclass(frozen=True)
class About:
    """What the submitter says of an entry."""

    team: str
    method: str | None = None
    title: str | None = None
    id: str | None = None
    date: str | None = None
    reference: str | None = None
    url: str | None = None
    claim: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def entry_from_runs(
    roots: Sequence[Path], board: Leaderboard, about: About, data: Callable[[], Path]
) -> tuple[Entry, Packed]:
    """The entry of one method's finished runs, and its predictions.

    Predictions are scored again on the labels of ``data()``: what a run says of itself does not
    count. Frames of another fingerprint, drawn on another kind of processor, are a note.

    Raises UsageError when ``roots`` hold several methods and ``about.method`` names none of them,
    InputError listing all that does not fit the board: data, folds, matching, or a ``score.json``
    that does not follow from the predictions beside it.
    """
    runs = _one_method(runs_below(roots), about.method, roots)
    results = [r for r in results_of_runs(runs) if r.domain in board.folds]
    problems = unfit(results, board)
    on = [r.domain for r in results]
    problems += [
        f"{domain}: sets of runs that differ in {', '.join(differing)}"
        for domain in sorted(set(on))
        if (differing := differing_in([r for r in results if r.domain == domain]))
    ]
    across = differing_in([r for r in results if on.count(r.domain) == 1])
    if across and not problems:
        where = " and ".join(sorted(set(on)))
        problems.append(f"runs on {where} differ in {', '.join(across)}")
    if not results:
        domains = ", ".join(sorted({run.domain for run in runs}))
        problems.append(f"runs are on {domains}; the leaderboard has {', '.join(board.folds)}")
    if problems:
        raise InputError.collect(f"these runs do not fit the leaderboard {board.id!r}:", problems)
    frames_of, _ = frames_of_board(index_dataset(data()), board)
    notes = (*about.notes, *other_frames(results, board), *collapses(results))
    about = replace(about, notes=tuple(dict.fromkeys(notes)))
    scores: dict[tuple[str, int], list[FoldScore]] = {}
    packed: Packed = {}
    for result in results:
        for part in result.fold_results:
            points = part.points()
            score, unlike = scored_again(part, points, frames_of[result.domain])
            problems += unlike
            scores.setdefault((result.domain, part.seed), []).append(score)
            packed.setdefault((result.domain, part.seed), {}).update(points)
    if problems:
        raise InputError.collect("predictions and scores of these runs do not agree:", problems)
    measured: dict[str, dict[int, SeedCounts]] = {}
    for (domain, seed), of_seed in scores.items():
        counted = _counts(of_seed, packed[domain, seed], board.surgeries(domain))
        measured.setdefault(domain, {})[seed] = counted
    run = results[0].fold_results[0].run
    assert run is not None
    return _entry(board, about, run.method, run.title, measured, _setup(run, results)), packed


def entry_from_predictions(
    folder: Path, board: Leaderboard, about: About, data: Path
) -> tuple[Entry, Packed]:
    """The entry of a folder of predictions, scored against the labels of ``data``.

    Raises InputError when the data or the predicted frames are not those of the board, UsageError
    without a method.
    """
    if not about.method:
        raise UsageError("predictions do not say what made them", hint="Use --method NAME.")
    points = read_folder(folder)
    frames_of, _ = frames_of_board(index_dataset(data), board)
    known = {frame.key for frames in frames_of.values() for frame in frames}
    strange = sorted(set(points) - known)
    if strange:
        raise InputError.collect(
            f"{folder}: {len(strange)} predicted frames are not on the leaderboard {board.id!r}:",
            strange,
            hint="`bench validate PREDICTIONS --reference DATA` says more.",
        )
    measured: dict[str, dict[int, SeedCounts]] = {}
    packed: Packed = {}
    for domain in board.folds:
        frames = [f for f in frames_of[domain] if f.surgery in board.surgeries(domain)]
        found = {f.key: points[f.key] for f in frames if f.key in points}
        if found:
            packed[domain, 0] = found
            score = score_points(found, frames, board.settings)
            measured[domain] = {0: _counts([score], found, board.surgeries(domain))}
    if not measured:
        raise InputError(f"{folder}: no prediction for any frame of the leaderboard {board.id!r}")
    return _entry(board, about, about.method, about.method, measured, None), packed


def with_labels(board: Leaderboard, data: Path) -> Leaderboard:
    """The board with the hash of its labels. Raises InputError when ``data`` are not its data."""
    loaded = load_frames(index_dataset(data), board.folds, store=PixelStore(0))
    other = [d for d, f in board.fingerprints.items() if loaded[d].fingerprint != f]
    if other:
        raise InputError(f"{data}: not the {', '.join(other)} frames these runs were scored on")
    return replace(board, labels={domain: labels_digest(loaded[domain]) for domain in board.folds})


def board_from_runs(roots: Sequence[Path], folder: Path, title: str) -> Leaderboard:
    """A new leaderboard for the data, folds and matching of these runs. Not written yet.

    That of a phantom can be drawn again by its name, ``phantom-<profile>``.

    Raises InputError when the runs are of several datasets or differ in folds or matching.
    """
    runs = runs_below(roots)
    results = results_of_runs(runs)
    name, kind, settings = results[0].dataset, results[0].kind, results[0].settings
    assert settings is not None
    note = radius_note(settings.radius, {size for run in runs for size in run.frame_sizes})
    folds: dict[str, dict[int, tuple[str, ...]]] = {}
    cohorts: dict[str, dict[int, str]] = {}
    for run in runs:
        folds.setdefault(run.domain, {})[run.fold] = run.validation
        if run.cohort:
            cohorts.setdefault(run.domain, {})[run.fold] = run.cohort
    board = Leaderboard(
        folder,
        folder.resolve().name,
        title,
        name,
        kind,
        embedded_profile(name, kind),
        settings,
        {domain: dict(sorted(folds[domain].items())) for domain in in_order(folds)},
        {run.domain: (run.fold_plan["name"], run.fold_plan["sha256"]) for run in runs},
        {run.domain: run.dataset["fingerprint"] for run in runs},
        (note,) if note else (),
        version=GENERATOR_VERSION if embedded_profile(name, kind) else None,
        cohorts=cohorts,
    )
    problems = unfit(results, board)
    problems += [f"other frames: {note}" for note in other_frames(results, board)]
    problems += [
        f"{domain}: no run of folds {', '.join(str(k) for k in lacking)}"
        for domain, of_domain in folds.items()
        if (lacking := [k for r in runs if r.domain == domain for k in r.folds
                        if k not in of_domain])
    ]  # fmt: skip
    if problems:
        raise InputError.collect("these runs do not make one leaderboard:", problems)
    return board


def _entry(
    board: Leaderboard,
    about: About,
    method: str,
    title: str,
    measured: dict[str, dict[int, SeedCounts]],
    setup: dict[str, Any] | None,
) -> Entry:
    unknown = sorted({key for claims in about.claim.values() for key in claims} - set(METRICS))
    if unknown:
        raise UsageError(f"there is no metric {unknown[0]!r}", hint=f"Known: {', '.join(METRICS)}.")
    elsewhere = sorted(set(about.claim) - set(measured))
    if elsewhere:
        raise UsageError(f"a claim for {elsewhere[0]!r}, where nothing was measured")
    shown = about.title or title
    check_names([
        ("team", about.team), ("method", method), ("title", shown), ("url", about.url),
        ("reference", about.reference), *(("note", note) for note in about.notes),
    ])  # fmt: skip
    return Entry(
        id=entry_id(about.team, method, about.id),
        board=board.id,
        team=about.team,
        method=method,
        title=shown,
        measured={domain: measured[domain] for domain in board.folds if domain in measured},
        claim={domain: dict(found) for domain, found in about.claim.items()},
        setup=setup,
        date=about.date,
        reference=about.reference,
        url=about.url,
        notes=about.notes,
    )


def _one_method(runs: Sequence[Run], method: str | None, roots: Sequence[Path]) -> list[Run]:
    where = ", ".join(map(str, roots))
    methods = sorted({run.method for run in runs})
    if method is None and len(methods) > 1:
        raise UsageError(
            f"{where}: runs of several methods: {', '.join(methods)}", hint="Choose with --method."
        )
    chosen = [run for run in runs if method in (None, run.method)]
    if not chosen:
        raise UsageError(f"{where}: no run of {method!r}", hint=f"There: {', '.join(methods)}.")
    return chosen


def _counts(scores: Sequence[FoldScore], points: Points, order: Sequence[str]) -> SeedCounts:
    surgeries = {name: c for score in scores for name, c in score.surgeries().items()}
    return SeedCounts(
        frames=sum(len(score.scored) for score in scores),
        missing=sum(len(score.missing) for score in scores),
        sha256=digest(points),
        surgeries={name: surgeries[name] for name in order if name in surgeries},
    )


def _setup(run: Run, results: Sequence[Result]) -> dict[str, Any]:
    code = {"code": {"sha256": run.code["sha256"]}} if run.program and run.code else {}
    role = {"role": run.role} if run.role else {}
    perfect = {
        r.domain: {name: counts.to_json() for name, counts in r.perfect.items()}
        for r in results
        if r.ceilings
    }
    ceiling = {"ceiling": perfect} if perfect else {}
    costs = {
        r.domain: {str(seed): cost_to_json(told) for seed in r.seeds if (told := r.costs(seed))}
        for r in results
    }
    cost = {"cost": costs} if (costs := {d: c for d, c in costs.items() if c}) else {}
    return (
        code
        | role
        | ceiling
        | cost
        | {
            "profile": run.profile,
            "parameters": run.parameters,
            "profile_changes": run.profile_changes,
            "device": run.device,
            "versions": run.versions,
            "notes": list(run.notes),
        }
    )
