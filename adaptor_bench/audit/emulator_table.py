"""What ``bench audit --emulate`` adds: a published program's numbers beside the correct ones."""

from __future__ import annotations

import math
from typing import Any

from adaptor_bench.audit.emulator import ScriptRun
from adaptor_bench.audit.reconcile import Reconciliation
from adaptor_bench.evaluate.metrics import Counts, f1, precision, sensitivity
from adaptor_bench.report.table import Column, Table, number

__all__ = [
    "cardio_as_json",
    "cardio_table",
    "reconciliation_as_json",
    "reconciliation_tables",
]

_COUNTS = tuple(Column(key, key.upper(), "right") for key in ("tp", "fp", "fn"))
_SHARE = number(4)


def reconciliation_tables(found: Reconciliation) -> list[Table]:
    """What the script prints in either order of its arguments, and how it comes to that."""
    printed = Table(
        "The challenge's script (evaluation.py, 2021), emulated: what it prints",
        (
            Column("call", "Called with", role="label"),
            Column("files", "Total files", "right"),
            Column("skipped", "skipped", "right"),
            *_COUNTS,
            Column("sensitivity", "Sensitivity", "right", "metric", _SHARE),
            Column("precision", "Precision", "right", "metric", _SHARE),
            Column("f1", "F1 score", "right", "metric", _SHARE),
            Column("ends", "Ends with"),
        ),
        [
            _run_row("PREDICTIONS LABELS (documented)", found.documented),
            _run_row("LABELS PREDICTIONS", found.exchanged),
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
        (
            Column("step", "Step", role="label"),
            *_COUNTS,
            *(
                Column(key, key.capitalize(), "right", "metric", _SHARE)
                for key in ("precision", "sensitivity", "f1")
            ),
            Column("why", "Why"),
        ),
        [
            {
                "step": step.name,
                **step.counts.to_json(),
                "precision": step.precision,
                "sensitivity": step.sensitivity,
                "f1": step.f1,
                "why": step.why,
            }
            for step in found.steps
        ],
        ("TP, FP and FN under their true names throughout.",),
    )
    return [printed, steps]


def reconciliation_as_json(found: Reconciliation) -> dict[str, Any]:
    """The same for a program; null for what is not printed."""
    return {
        "program": "official-2021",
        "runs": [
            {"arguments": ["PREDICTIONS", "LABELS"], **_run(found.documented)},
            {"arguments": ["LABELS", "PREDICTIONS"], **_run(found.exchanged)},
        ],
        "steps": [
            {
                "step": step.name,
                "counts": step.counts.to_json(),
                "precision": _null(step.precision),
                "sensitivity": _null(step.sensitivity),
                "f1": _null(step.f1),
                "why": step.why,
            }
            for step in found.steps
        ],
    }


def cardio_table(nearest: Counts, original: Counts) -> Table:
    """Our ``nearest`` (``<``) beside the original routine."""
    return Table(
        "Cardio-AI's routine (match_keypoints), emulated",
        (
            Column("what", "Matching", role="label"),
            *_COUNTS,
            *(
                Column(key, key.capitalize(), "right", "metric", _SHARE)
                for key in ("precision", "sensitivity", "f1")
            ),
        ),
        [{"what": name, **_ratios(c), **c.to_json()} for name, c in _cardio(nearest, original)],
        (
            "The original tells points apart by their coordinates: three identical predictions on "
            "a label strike one another off, and one pair is enough for all labels at one place. "
            "Of equally near labels it takes the first in the file.",
        ),
    )


def cardio_as_json(nearest: Counts, original: Counts) -> dict[str, Any]:
    """The same for a program."""
    return {
        "program": "cardio-ai",
        "counts": [
            {
                "matching": name,
                "counts": c.to_json(),
                **{key: _null(value) for key, value in _ratios(c).items()},
            }
            for name, c in _cardio(nearest, original)
        ],
    }


def _cardio(nearest: Counts, original: Counts) -> list[tuple[str, Counts]]:
    return [("nearest, <", nearest), ("original", original)]


def _ratios(counts: Counts) -> dict[str, float]:
    return {
        "precision": precision(counts),
        "sensitivity": sensitivity(counts),
        "f1": f1(counts),
    }


def _run_row(call: str, run: ScriptRun) -> dict[str, Any]:
    return {
        "call": call,
        "files": run.files,
        "skipped": len(run.skipped),
        **run.counts.to_json(),
        "sensitivity": run.sensitivity,
        "precision": run.precision,
        "f1": run.f1,
        "ends": run.crash,
    }


def _run(run: ScriptRun) -> dict[str, Any]:
    return {
        "total_files": run.files,
        "skipped": list(run.skipped),
        "counts": run.counts.to_json(),
        "sensitivity": _null(run.sensitivity),
        "precision": _null(run.precision),
        "f1": _null(run.f1),
        "crash": run.crash,
    }


def _null(value: float) -> float | None:
    return None if math.isnan(value) else value
