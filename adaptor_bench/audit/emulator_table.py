"""What ``bench audit --emulate`` adds: a published program's numbers beside the correct ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from adaptor_bench.audit.emulator import ScriptRun
from adaptor_bench.audit.reconcile import PRINTED, Step, printed
from adaptor_bench.report.counts import COUNTS, count, label
from adaptor_bench.report.table import Column, Table, number
from adaptor_bench.scoring.jsonable import jsonable
from adaptor_bench.scoring.metrics import Counts

_CALLS = ("PREDICTIONS", "LABELS"), ("LABELS", "PREDICTIONS")


def official_output(
    runs: Sequence[ScriptRun], steps: Sequence[Step]
) -> tuple[list[Table], dict[str, Any]]:
    """What the script prints in either order of its arguments, and how it comes to that: for
    people, and for a program, with null for what is not printed."""
    calls: list[dict[str, Any]] = [
        {
            "arguments": call,
            "total_files": run.files,
            "skipped": run.skipped,
            "counts": run.counts,
            **run.printed,
            "crash": run.crash,
        }
        for call, run in zip(_CALLS, runs, strict=True)
    ]
    explained: list[dict[str, Any]] = [
        {
            "step": step.name,
            "counts": step.counts,
            **{metric.key: step.printed[metric.key] for metric in PRINTED},
            "why": step.why,
        }
        for step in steps
    ]
    prints = Table(
        "The challenge's script (evaluation.py, 2021), emulated: what it prints",
        (
            label("call", "Called with"),
            count("total_files", "Total files"),
            count("skipped", "skipped"),
            *_numbers(sensitivity="Sensitivity", precision="Precision", f1="F1 score"),
            Column("crash", "Ends with"),
        ),
        [
            row | row["counts"].to_json() | {"call": call, "skipped": len(row["skipped"])}
            for row, call in zip(
                calls, ("PREDICTIONS LABELS (documented)", "LABELS PREDICTIONS"), strict=True
            )
        ],
        (
            "It takes the first folder for the labels, so that in the documented order its FP are "
            "missed labels and its FN are invented points.",
            "It walks the second folder; files without a counterpart in the first count as files "
            "and are otherwise skipped, those only in the first are never looked at.",
        ),
    )
    way = Table(
        "From the correct numbers to the printed ones",
        (label("step", "Step"), *_numbers(), Column("why", "Why")),
        [row | row["counts"].to_json() for row in explained],
        ("TP, FP and FN under their true names throughout.",),
    )
    document = {"program": "official-2021", "runs": calls, "steps": explained}
    return [prints, way], jsonable(document)


def cardio_output(nearest: Counts, original: Counts) -> tuple[list[Table], dict[str, Any]]:
    """Our ``nearest`` (``<``) beside the original routine: for people, and for a program."""
    rows: list[dict[str, Any]] = [
        {"matching": name, "counts": counts, **printed(counts)}
        for name, counts in (("nearest, <", nearest), ("original", original))
    ]
    table = Table(
        "Cardio-AI's routine (match_keypoints), emulated",
        (label("matching", "Matching"), *_numbers()),
        [row | row["counts"].to_json() for row in rows],
        (
            "The original tells points apart by their coordinates: three identical predictions on "
            "a label strike one another off, and one pair is enough for all labels at one place. "
            "Of equally near labels it takes the first in the file.",
        ),
    )
    return [table], jsonable({"program": "cardio-ai", "counts": rows})


def _numbers(**titles: str) -> Iterable[Column]:
    """Columns of counts and printed ratios, in the order of ``titles``."""
    yield from COUNTS
    for key, title in (titles or {m.key: m.title for m in PRINTED}).items():
        yield Column(key, title, "right", "metric", number(4))
