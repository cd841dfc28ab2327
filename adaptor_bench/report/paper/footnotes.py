"""Footnotes of the paper's tables: what printed numbers leave open, how measured ones came about.

Everything said about printed numbers is computed from them or stands in their file in
``leaderboards/published/``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from adaptor_bench.evaluate.metrics import METRICS
from adaptor_bench.report.footers import PHANTOM, change_notes, matching_notes, unlabelled_notes
from adaptor_bench.report.paper.lines import Line
from adaptor_bench.results.published import PROTOCOLS, PublishedResult

__all__ = ["incomplete_notes", "measured_notes", "published_notes"]

_HALF = 0.005  # half a unit of the last printed digit, percent


def published_notes(entries: Sequence[PublishedResult]) -> list[str]:
    """One note an entry: its source, which numbers do not agree, what it leaves open."""
    notes = []
    for entry in entries:
        source = f"{entry.source['document']}, {entry.source['place']}"
        printed = [f"printed as {d.printed:.2f}" for d in entry.discrepancies]
        said = [
            f"{source}; {PROTOCOLS[entry.protocol]}.",
            *(f"{d.describe()}." for d in entry.discrepancies),
            *_folds_beyond_rounding(entry),
            *_mean_of_folds(entry),
            # The file's own words repeat what was recomputed above.
            *(note for note in entry.notes if not any(p in note for p in printed)),
        ]
        notes.append(f"{entry.method}: {' '.join(said)}")
    if entries:
        notes.append("Published rows: numbers and spreads as printed; matching as in their paper.")
    return notes


def measured_notes(lines: Sequence[Line], ddof: int) -> list[str]:
    """Data, folds, matching, profile, seeds and changed settings of measured ``lines``."""
    cells = [line.cell for line in lines if line.cell]
    runs = [run for cell in cells for run, _ in cell.pairs()]
    run, score = cells[0].pairs()[0]
    notes = [PHANTOM] if run.dataset["kind"] == "phantom" else []
    notes += [
        f"Dataset: {run.dataset['name']} ({run.dataset['kind']}), fingerprint "
        f"{run.dataset['fingerprint'][:12]}; folds: {run.fold_plan['name']} "
        f"({run.fold_plan['sha256'][:12]}).",
        *matching_notes(score.settings, runs),
        _seeds(lines),
        "Counts are pooled within a fold; mean ± "
        f"{('population', 'sample')[ddof]} standard deviation over the folds (ddof {ddof}).",
    ]
    if any(len(line.seeds) > 1 for line in lines):
        notes.append("With several seeds a fold's value is the mean over the seeds.")
    notes += incomplete_notes(lines)
    missing = sum(len(score.missing) for cell in cells for _, score in cell.pairs())
    if missing:
        notes.append(f"{missing} frames had no prediction file.")
    notes += change_notes((r.method, r.profile, r.profile_changes) for r in runs)
    said = {(r.method, note): None for r in runs for note in r.notes}
    return notes + [f"{method}: {note}" for method, note in said]


def incomplete_notes(lines: Sequence[Line]) -> list[str]:
    """Every line without a mean, with the folds that are missing or undefined; and the folds
    that count for no line."""
    notes = []
    for line in lines:
        if line.missing:
            word = "folds" if len(line.missing) > 1 else "fold"
            notes.append(f"{line.method}: {word} {', '.join(line.missing)} missing, hence no mean.")
        for key, numbers in line.numbers.items():
            undefined = [k for k, value in (numbers.folds or {}).items() if math.isnan(value)]
            if undefined:
                notes.append(
                    f"{line.method}: {METRICS[key].title} is 0/0 in {', '.join(undefined)}."
                )
    return notes + unlabelled_notes((line.method, line.unlabelled) for line in lines)


def _seeds(lines: Sequence[Line]) -> str:
    profiles = sorted({line.profile for line in lines if line.profile})
    by_seeds: dict[tuple[int, ...], list[str]] = {}
    for line in lines:
        by_seeds.setdefault(line.seeds, []).append(line.method)
    groups = [
        f"seed{'s' * (len(seeds) > 1)} {', '.join(map(str, seeds))}"
        + (f" ({', '.join(names)})" if len(by_seeds) > 1 else "")
        for seeds, names in by_seeds.items()
    ]
    return f"Profile: {', '.join(profiles)}; {'; '.join(groups)}."


def _folds_beyond_rounding(entry: PublishedResult) -> list[str]:
    """Printed F1 of a fold that no precision and sensitivity rounding to the printed can give."""
    metrics = entry.metrics
    printed = [metrics[key].folds for key in METRICS if key in metrics and metrics[key].folds]
    if len(printed) < len(METRICS):
        return []
    p, s, f = (dict(folds or {}) for folds in printed)
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
    folds = metrics["f1"].folds
    if not folds or set(metrics) != set(METRICS):
        return []
    harmonic = _harmonic(metrics["precision"].mean, metrics["sensitivity"].mean)
    if abs(float(np.mean(list(folds.values()))) - metrics["f1"].mean) > 2 * _HALF:
        return []
    return [
        f"Mean F1 {metrics['f1'].mean:.2f} is the mean over folds, not the harmonic mean of mean "
        f"precision and sensitivity ({harmonic:.2f})."
    ]


def _harmonic(p: float, s: float) -> float:
    return 2 * p * s / (p + s)
