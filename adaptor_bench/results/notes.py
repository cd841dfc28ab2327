"""The sentences that stand below tables of results, whichever table it is and in whatever format.

Everything said about printed numbers is computed from them or stands in their file in
``leaderboards/published/``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from adaptor_bench.data.sizes import radius_note
from adaptor_bench.entries.entry import ABOUT, Leaderboard
from adaptor_bench.errors import plural
from adaptor_bench.harness.failures import Failure
from adaptor_bench.matching.settings import MatchSettings
from adaptor_bench.results.board import Board
from adaptor_bench.results.published import PROTOCOLS, PublishedResult
from adaptor_bench.results.result import REAL, Result, fold_names
from adaptor_bench.scoring.metrics import METRICS, PRIMARY
from adaptor_bench.values import readable

PHANTOM = "Numbers on the phantom are numbers about the phantom, not AdaptOR results."
PRINTED = "Published rows: numbers and spreads as printed; matching as in their paper."
_HALF = 0.005  # half a unit of the last printed digit, percent


def board_notes(board: Board) -> tuple[str, ...]:
    """Everything that concerns this board alone."""
    notes = incomplete_notes(board.results)
    notes += [failure_note(failure) for failure in board.failures]
    if board.measured:
        notes += [*floor_notes(board), *measured_notes(board)]
    printed = [r.printed for r in board.published if r.printed]
    elsewhere = board.dataset != REAL
    notes += published_notes(sorted(printed, key=lambda entry: entry.id), thorough=elsewhere)
    return tuple(dict.fromkeys(notes))


def closing_notes(boards: Sequence[Board]) -> tuple[str, ...]:
    """What concerns several measured boards, to be said once below the last."""
    notes = change_notes(r for board in boards for r in board.measured)
    for definition in {id(b.leaderboard): b.leaderboard for b in boards}.values():
        if definition is not None:
            told = [f"{name}: {text}" for name, text in about_facts(definition)]
            notes += [*told, *definition.notes, *withdrawn_notes(definition)]
    if any(board.kind == "phantom" for board in boards):
        notes.append(PHANTOM)
    return tuple(dict.fromkeys(notes))


def about_facts(board: Leaderboard) -> list[tuple[str, str]]:
    """What the organiser says of a leaderboard, each with what it is called."""
    said = {key: board.about[key] for key in ABOUT if key in board.about}
    return [
        (ABOUT[key], text)
        for key, value in said.items()
        for text in (value if isinstance(value, list) else [value])
    ]


def withdrawn_notes(board: Leaderboard) -> list[str]:
    """One line for every entry that was taken off."""
    return [
        f"Withdrawn{' on ' + w['date'] if 'date' in w else ''}: {w['method']} ({w['team']}), "
        f"{w['reason'].rstrip('.')}."
        for w in board.withdrawn
    ]


# --- results -------------------------------------------------------------------------------------


def incomplete_notes(results: Sequence[Result], *, ranked: bool = True) -> list[str]:
    """Of every result what it lacks: folds, values, frames, a rank of its own; and the folds that
    count for none. ``ranked`` says whether the table has ranks."""
    notes = []
    for result in results:
        if result.missing:
            notes.append(missing_note(result, ranked=ranked))
        for key, aggregate in result.metrics.items():
            undefined = [fold for fold, value in aggregate.folds.items() if math.isnan(value)]
            if undefined:
                where = ", ".join(fold_names(undefined))
                notes.append(f"{result.name}: {METRICS[key].title} is 0/0 in {where}.")
        if result.without_prediction:
            frames = plural(result.without_prediction, "labelled frame")
            notes.append(f"{result.name}: {frames} had no prediction.")
        if not all(result.claim_holds(key) for key in METRICS):
            notes.append(f"{result.name} (!): the claim is not what was measured.")
        if result.same_as:
            notes.append(same_note(result.name, result.same_as))
    return notes + unlabelled_notes((r.name, r.main.unlabelled) for r in results)


def floor_notes(board: Board) -> list[str]:
    """The best floor, and which competitors are not above it: in the mean, else in some fold."""
    floor = board.floor
    if floor is None:
        return []
    title = METRICS[PRIMARY].title
    best = f"Best floor: {floor.name}, {title} {100 * (floor.main.mean or 0.0):.2f}"
    below, folds = [], []
    for result in board.competitors:
        mean, values = result.main.mean, result.main.folds
        if mean is not None and not mean > (floor.main.mean or 0.0):
            below.append(result.name)
        elif under := [k for k, v in values.items() if not v > floor.main.folds.get(k, -1.0)]:
            folds.append(f"{result.name} in {', '.join(fold_names(under))}")
    if not below and not folds:
        return [best + "; every method is above it, in every fold."] if board.competitors else []
    notes = [f"{best}; not above it: {', '.join(below)}." if below else f"{best}."]
    return notes + ([f"Not above the best floor: {'; '.join(folds)}."] if folds else [])


def ceiling_note(board: Board) -> str:
    """What perfect maps score through every competitor's decoder, in one sentence."""
    found = {
        r.name: 100 * mean
        for r in board.competitors
        if r.ceilings and (mean := r.ceilings[PRIMARY].mean) is not None
    }
    told = ", ".join(f"{name} {value:.2f}" for name, value in found.items())
    title = METRICS[PRIMARY].title
    return f"Ceilings, {title} of perfect maps through a method's decoder: {told}." if told else ""


def missing_note(result: Result, *, ranked: bool = True) -> str:
    """Which folds a result lacks, and what follows."""
    folds = "folds" if len(result.missing) > 1 else "fold"
    so = "hence no mean and no rank" if ranked else "hence no mean"
    return f"{result.name}: {folds} {', '.join(fold_names(result.missing))} missing, {so}."


def same_note(name: str, other: str) -> str:
    """That two results are one competitor."""
    return (
        f"{name} is the same as {other}: their predictions agree point for point. They are one "
        "competitor with one rank."
    )


def unlabelled_notes(rows: Iterable[tuple[str, Mapping[int, float]]]) -> list[str]:
    """One line per fold. ``rows`` are names with the false points in each such fold."""
    by_fold: dict[int, list[str]] = {}
    for name, unlabelled in rows:
        for fold, false in unlabelled.items():
            by_fold.setdefault(fold, []).append(f"{name} {false:g}")
    return [
        f"Fold f{fold} has no labels and counts for no method: means and ranks are over the other "
        f"folds. False points there: {', '.join(found)}."
        for fold, found in sorted(by_fold.items())
    ]


def failure_note(failure: Failure) -> str:
    """A failed fold in one sentence."""
    return f"{failure.method}, {failure.domain}: fold f{failure.fold} failed ({failure.reason})."


# --- how measured numbers came about -------------------------------------------------------------


def measured_notes(board: Board) -> list[str]:
    """Data, folds, matching, profiles and seeds of the measured results, and their own notes."""
    results = board.measured
    compared = [r for r in results if not r.role] or results
    spread = {0: "population", 1: "sample"}.get(board.ddof, "")
    empty = {fold for r in results for fold in r.main.unlabelled}
    folds = len(results[0].folds) - len(empty)
    notes = [
        dataset_note(results[0]),
        *matching_notes(board.settings, results),
        *seeds_note(compared),
        f"Counts are pooled within a fold; mean ± {spread} standard deviation over "
        f"n = {folds} folds (ddof {board.ddof}).",
    ]
    if any(len(r.seeds) > 1 for r in compared):
        counts = {len(r.seeds) for r in compared}
        of = f" ({folds} folds x {max(counts)} seeds)" if len(counts) == 1 else ""
        notes.append(
            f"With several seeds the mean is over all networks{of}, a fold's value over its seeds; "
            "the standard deviation stays that over the folds of one seed (root mean square)."
        )
    names: dict[str, list[str]] = {}
    for result in results:
        for note in result.notes:
            names.setdefault(note, []).append(result.name)
    return notes + [f"{', '.join(of)}: {note}" for note, of in names.items()]


def dataset_note(result: Result) -> str:
    """Dataset and folds, with their hashes."""
    plan, sha = result.plan
    return (
        f"Dataset: {result.dataset} ({result.kind}), fingerprint {result.fingerprint[:12]}; "
        f"folds: {plan} ({sha[:12]})."
    )


def matching_notes(settings: MatchSettings, results: Iterable[Result]) -> list[str]:
    """Rule, radius, boundary and missing policy; what the radius is on frames of other sizes."""
    note = radius_note(settings.radius, {size for r in results for size in r.frame_sizes})
    return [settings.describe(), *([note] if note else [])]


def seeds_note(results: Sequence[Result]) -> list[str]:
    """Profiles and seeds, as far as it is known how results were made; names where seeds differ."""
    made = [r for r in results if r.profile]
    by_seeds: dict[tuple[int, ...], list[str]] = {}
    for result in made:
        by_seeds.setdefault(result.seeds, []).append(result.name)
    groups = [
        f"seed{'s' * (len(seeds) > 1)} {', '.join(map(str, seeds))}"
        + (f" ({', '.join(names)})" if len(by_seeds) > 1 else "")
        for seeds, names in sorted(by_seeds.items())
    ]
    profiles = sorted({r.profile for r in made if r.profile})
    return [f"Profile: {', '.join(profiles)}; {'; '.join(groups)}."] if made else []


def change_notes(results: Iterable[Result]) -> list[str]:
    """One line per distinct set of changes to the published settings, naming whom it applies to."""
    names: dict[str, dict[str, None]] = {}
    for result in results:
        text = ", ".join(
            f"{key} {readable(published)} -> {readable(used)}"
            for key, (published, used) in sorted(result.changes.items())
        )
        if text:
            names.setdefault(f"{result.profile} changes: {text}.", {})[result.name] = None
    return [f"{', '.join(of)}: {text}" for text, of in names.items()]


# --- printed numbers -----------------------------------------------------------------------------


def published_notes(entries: Sequence[PublishedResult], *, thorough: bool = False) -> list[str]:
    """Where numbers are printed and which do not agree; ``thorough``: one note an entry, with what
    it leaves open."""
    notes = []
    for entry in entries:
        said = [
            f"{entry.printed_in}; {PROTOCOLS[entry.protocol]}.",
            *(f"{d.describe()}." for d in entry.discrepancies),
        ]
        if thorough:
            # The file's own words repeat what was recomputed.
            printed = [f"printed as {d.printed:.2f}" for d in entry.discrepancies]
            said += [*_folds_beyond_rounding(entry), *_mean_of_folds(entry)]
            said += [note for note in entry.notes if not any(p in note for p in printed)]
            said = [" ".join(said)]
        notes += [f"{entry.method}: {one}" for one in said]
    return [*notes, PRINTED] if entries else []


def _folds_beyond_rounding(entry: PublishedResult) -> list[str]:
    """Printed F1 of a fold that no precision and sensitivity rounding to the printed can give."""
    wanted = ("precision", "sensitivity", "f1")
    if not all(key in entry.metrics and entry.metrics[key].folds for key in wanted):
        return []
    p, s, f = (dict(entry.metrics[key].folds or {}) for key in wanted)
    notes = []
    for name, value in f.items():
        low, high = (_harmonic(p[name] + margin, s[name] + margin) for margin in (-_HALF, _HALF))
        if not low - _HALF <= value <= high + _HALF:
            notes.append(
                f"F1 of {name} is printed as {value:.2f}; the printed precision {p[name]:.2f} and "
                f"sensitivity {s[name]:.2f} allow {low:.3f} to {high:.3f}."
            )
    return notes


def _mean_of_folds(entry: PublishedResult) -> list[str]:
    """That mean F1 is not a function of mean P and S, where the printed folds show it."""
    metrics = entry.metrics
    if not {"precision", "sensitivity", "f1"} <= set(metrics) or not metrics["f1"].folds:
        return []
    folds = metrics["f1"].folds
    harmonic = _harmonic(metrics["precision"].mean, metrics["sensitivity"].mean)
    if abs(float(np.mean(list(folds.values()))) - metrics["f1"].mean) > 2 * _HALF:
        return []
    return [
        f"Mean F1 {metrics['f1'].mean:.2f} is the mean over folds, not the harmonic mean of mean "
        f"precision and sensitivity ({harmonic:.2f})."
    ]


def _harmonic(p: float, s: float) -> float:
    return 2 * p * s / (p + s)
