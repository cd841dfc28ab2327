"""What ``bench audit --emulate`` adds: a published program's numbers beside the correct ones."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from adaptor_bench.audit.reconcile import PRINTED, Reconciliation
from adaptor_bench.evaluate.jsonable import jsonable
from adaptor_bench.evaluate.metrics import Counts
from adaptor_bench.report.counts import COUNTS, count, label
from adaptor_bench.report.table import Column, Table, number

_CALLS = (("PREDICTIONS", "LABELS"), ("LABELS", "PREDICTIONS"))


def reconciliation_tables(reconciled: Reconciliation) -> list[Table]:
    """What the script prints in either order of its arguments, and how it comes to that."""
    printed = Table(
        "The challenge's script (evaluation.py, 2021), emulated: what it prints",
        (
            label("call", "Called with"),
            count("files", "Total files"),
            count("skipped", "skipped"),
            *_numbers(sensitivity="Sensitivity", precision="Precision", f1="F1 score"),
            Column("ends", "Ends with"),
        ),
        [
            {
                "call": " ".join(call) + note,
                "files": run.files,
                "skipped": len(run.skipped),
                **run.counts.to_json(),
                **run.printed,
                "ends": run.crash,
            }
            for call, run, note in zip(_CALLS, reconciled.runs, (" (documented)", ""), strict=True)
        ],
        (
            "It takes the first folder for the labels, so that in the documented order its FP are "
            "missed labels and its FN are invented points.",
            "It walks the second folder; files without a counterpart in the first count as files "
            "and are otherwise skipped, those only in the first are never looked at.",
        ),
    )
    steps = Table(
        "From the correct numbers to the printed ones",
        (label("step", "Step"), *_numbers(), Column("why", "Why")),
        [
            {"step": step.name, **step.counts.to_json(), **step.printed, "why": step.why}
            for step in reconciled.steps
        ],
        ("TP, FP and FN under their true names throughout.",),
    )
    return [printed, steps]


def reconciliation_as_json(reconciled: Reconciliation) -> dict[str, Any]:
    """The same for a program; null for what is not printed."""
    return jsonable(
        {
            "program": "official-2021",
            "runs": [
                {
                    "arguments": call,
                    "total_files": run.files,
                    "skipped": run.skipped,
                    "counts": run.counts,
                    **run.printed,
                    "crash": run.crash,
                }
                for call, run in zip(_CALLS, reconciled.runs, strict=True)
            ],
            "steps": [
                {
                    "step": step.name,
                    "counts": step.counts,
                    **{metric.key: step.printed[metric.key] for metric in PRINTED},
                    "why": step.why,
                }
                for step in reconciled.steps
            ],
        }
    )


def cardio_table(nearest: Counts, original: Counts) -> Table:
    """Our ``nearest`` (``<``) beside the original routine."""
    return Table(
        "Cardio-AI's routine (match_keypoints), emulated",
        (label("matching", "Matching"), *_numbers()),
        [{"matching": name, **of, **c.to_json()} for name, c, of in _cardio(nearest, original)],
        (
            "The original tells points apart by their coordinates: three identical predictions on "
            "a label strike one another off, and one pair is enough for all labels at one place. "
            "Of equally near labels it takes the first in the file.",
        ),
    )


def cardio_as_json(nearest: Counts, original: Counts) -> dict[str, Any]:
    """The same for a program."""
    rows = [{"matching": name, "counts": c, **of} for name, c, of in _cardio(nearest, original)]
    return jsonable({"program": "cardio-ai", "counts": rows})


def _cardio(nearest: Counts, original: Counts) -> Iterable[tuple[str, Counts, dict[str, float]]]:
    for name, counts in (("nearest, <", nearest), ("original", original)):
        yield name, counts, {metric.key: metric(counts) for metric in PRINTED}


def _numbers(**titles: str) -> Iterable[Column]:
    """Columns of counts and printed ratios, in the order of ``titles``."""
    yield from COUNTS
    for key, title in (titles or {m.key: m.title for m in PRINTED}).items():
        yield Column(key, title, "right", "metric", number(4))
