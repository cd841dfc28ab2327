"""From the correct numbers to those the challenge's script prints, one cause at a time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from adaptor_bench.audit.audit import Audit
from adaptor_bench.audit.emulator import SCRIPT_RADIUS, ScriptRun, emulate_official
from adaptor_bench.errors import plural
from adaptor_bench.matching.match import match_frames
from adaptor_bench.matching.settings import RULE
from adaptor_bench.scoring.metrics import Counts, f1, precision, sensitivity
from adaptor_bench.scoring.reading import Batches

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


def printed(counts: Counts) -> dict[str, float]:
    """What a program without mistakes prints of ``counts``; NaN for 0/0."""
    return {metric.key: metric(counts) for metric in PRINTED}


def reconcile_official(
    batches: Batches, audited: Audit, predictions: Path, labels: Path
) -> tuple[tuple[ScriptRun, ScriptRun], list[Step]]:
    """Emulate the script on the folders that ``batches`` and ``audited`` come from.

    Returns the script called as documented and with its arguments exchanged, and the steps to the
    former.
    """
    runs = emulate_official(predictions, labels), emulate_official(labels, predictions)
    steps = [Step(f"correct: {RULE}", audited.primary, printed(audited.primary), "")]

    def add(name: str, counts: Counts, why: str) -> None:
        change = _change(steps[-1].counts, counts)
        steps.append(Step(name, counts, printed(counts), f"{why}: {change}"))

    points = batches.predictions, batches.labels
    tp = match_frames(*points, SCRIPT_RADIUS, "official", True).tp
    constant = "" if audited.radius == SCRIPT_RADIUS else f"; radius {SCRIPT_RADIUS} is built in"
    why = f"repeatedly the closest pair instead of as many as possible{constant}"
    add("rule official", audited.pooled(tp), why)
    if audited.missing.any():
        frames = plural(int(audited.missing.sum()), "labelled frame")
        why = f"{frames} without a prediction file left out"
        add("missing left out", audited.pooled(tp, "skip"), why)
    run, scored = runs[0], int((~audited.missing).sum())
    # Its counts under their true names, then what it prints.
    true = Counts(run.counts.tp, run.counts.fn, run.counts.fp)
    if run.crash:
        why = f"it ends with {run.crash}"
    else:
        why = "the last of equally close pairs in file order goes first"
        if run.evaluated != scored:
            why = (
                f"it finds {run.evaluated} of {scored} frames, by the path "
                "folder/subfolder/point_labels/name.json"
            )
        add("the script's counts", true, why)
        why = (
            "its two folders are bound the wrong way round, so precision and sensitivity are "
            "exchanged"
        )
    return runs, [*steps, Step("printed", true, run.printed, why)]


def _change(before: Counts, now: Counts) -> str:
    old = before.to_json()
    changes = [
        f"{n - old[name]:+d} {name.upper()}" for name, n in now.to_json().items() if n != old[name]
    ]
    return ", ".join(changes) or "no change here"
