"""From the correct numbers to those the challenge's script prints, one cause at a time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from adaptor_bench.audit.audit import Audit
from adaptor_bench.audit.emulator import SCRIPT_RADIUS, ScriptRun, emulate_official
from adaptor_bench.errors import plural
from adaptor_bench.evaluate.metrics import Counts, f1, precision, sensitivity
from adaptor_bench.evaluate.reading import Batches
from adaptor_bench.matching.match import match_frames
from adaptor_bench.matching.settings import RULE

PRINTED = (precision, sensitivity, f1)
"""What the programs print, whatever else can be measured."""


@dataclass(frozen=True)
class Step:
    """The numbers after one more cause, and what it is.

    ``counts`` are true ones: FP predictions without a label, FN labels without a prediction. The
    ratios, in 0..1, are what would be ``printed``; NaN for 0/0 or when the script crashes.
    """

    name: str
    counts: Counts
    printed: dict[str, float]
    why: str


@dataclass(frozen=True)
class Reconciliation:
    """The script called as documented and with its arguments exchanged; the steps to the former."""

    runs: tuple[ScriptRun, ScriptRun]
    steps: tuple[Step, ...]


def reconcile_official(
    batches: Batches, audited: Audit, predictions: Path, labels: Path
) -> Reconciliation:
    """Emulate the script on the folders that ``batches`` and ``audited`` come from."""
    documented = emulate_official(predictions, labels)
    steps = [_step(f"correct: {RULE}", audited.primary, "")]
    points = batches.predictions, batches.labels
    tp = match_frames(*points, SCRIPT_RADIUS, "official", True).tp
    everything = np.ones(len(tp), dtype=bool)
    before, now = audited.primary, _pooled(tp, audited, everything)
    constant = "" if audited.radius == SCRIPT_RADIUS else f"; radius {SCRIPT_RADIUS} is built in"
    why = f"repeatedly the closest pair instead of as many as possible{constant}"
    steps.append(_step("rule official", now, f"{why}: {_change(before, now)}"))
    if audited.missing.any():
        before, now = now, _pooled(tp, audited, ~audited.missing)
        frames = int(audited.missing.sum())
        why = f"{plural(frames, 'labelled frame')} without a prediction file left out"
        steps.append(_step("missing left out", now, f"{why}: {_change(before, now)}"))
    scored = int((~audited.missing).sum())
    steps += _script_steps(documented, now, scored)
    exchanged = emulate_official(labels, predictions)
    return Reconciliation((documented, exchanged), tuple(steps))


def _script_steps(run: ScriptRun, before: Counts, scored: int) -> list[Step]:
    """The script's own counts under their true names, then what it prints."""
    true = Counts(run.counts.tp, run.counts.fn, run.counts.fp)
    if run.crash:
        return [Step("printed", true, run.printed, f"it ends with {run.crash}")]
    if run.evaluated != scored:
        why = (
            f"it finds {run.evaluated} of {scored} frames, by the path "
            "folder/subfolder/point_labels/name.json"
        )
    else:
        why = "the last of equally close pairs in file order goes first"
    return [
        _step("the script's counts", true, f"{why}: {_change(before, true)}"),
        Step(
            "printed",
            true,
            run.printed,
            "its two folders are bound the wrong way round, so precision and sensitivity are "
            "exchanged",
        ),
    ]


def _pooled(tp: np.ndarray, audited: Audit, scored: np.ndarray) -> Counts:
    hits = int(tp[scored].sum())
    predicted, labelled = audited.predictions[scored].sum(), audited.labels[scored].sum()
    return Counts(hits, int(predicted) - hits, int(labelled) - hits)


def _step(name: str, counts: Counts, why: str) -> Step:
    return Step(name, counts, {metric.key: metric(counts) for metric in PRINTED}, why)


def _change(before: Counts, now: Counts) -> str:
    changes = [
        f"{after - old:+d} {name}"
        for name, old, after in (
            ("TP", before.tp, now.tp),
            ("FP", before.fp, now.fp),
            ("FN", before.fn, now.fn),
        )
        if after != old
    ]
    return ", ".join(changes) or "no change here"
