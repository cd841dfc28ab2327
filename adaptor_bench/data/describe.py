"""What a dataset folder holds: surgeries, frames, points, and the folds it will get."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from adaptor_bench.data.frames import Dataset, index_dataset
from adaptor_bench.data.labels import read_all
from adaptor_bench.errors import InputError, plural


def describe_dataset(root: Path) -> dict[str, Any]:
    """Counts per domain and surgery, landmark statistics, and Table 1 of the folds.

    Raises InputError listing every unreadable label.
    """
    dataset = index_dataset(root)
    labels = [frame.label for frames in dataset.frames.values() for frame in frames]
    files = read_all(labels, "label file")
    numbers = iter([len(file.points) for file in files])
    domains: dict[str, Any] = {}
    for domain, frames in dataset.frames.items():
        by_surgery: dict[str, list[int]] = {}
        for frame in frames:
            by_surgery.setdefault(frame.surgery, []).append(next(numbers))
        counts = [number for numbers in by_surgery.values() for number in numbers]
        domains[domain] = {
            "frames": len(frames),
            "points": sum(counts),
            "mean": float(np.mean(counts)) if counts else None,
            "max": max(counts, default=0),
            "empty": sum(number == 0 for number in counts),
            "surgeries": {
                s: {"frames": len(n), "points": sum(n)}
                | ({"cohort": dataset.cohorts[s]} if dataset.cohorts else {})
                for s, n in by_surgery.items()
            },
            **_folds(dataset, domain),
        }
    return {
        "name": dataset.name,
        "kind": dataset.kind,
        "domains": domains,
        "passed_over": list(dataset.passed_over),
    }


def _folds(dataset: Dataset, domain: str) -> dict[str, Any]:
    surgeries = dataset.surgeries(domain)
    try:
        plan = dataset.fold_plan(domain)
    except InputError as error:
        return {"fold_plan": None, "reason": error.message, "folds": []}
    return {
        "fold_plan": plan.name,
        "folds": [
            {
                "fold": fold.number,
                "validation": list(fold.validation),
                "train_frames": sum(surgeries[s] for s in fold.train),
                "validation_frames": sum(surgeries[s] for s in fold.validation),
            }
            for fold in plan.folds
        ],
    }


def describe_text(description: dict[str, Any]) -> str:
    """The description as lines for a terminal."""
    lines = [f"{description['name']} ({description['kind']})"]
    for domain, found in description["domains"].items():
        mean = "-" if found["mean"] is None else f"{found['mean']:.1f}"
        lines += [
            "",
            f"{domain}: {plural(found['frames'], 'frame')} of "
            f"{plural(len(found['surgeries']), 'surgery', 'surgeries')}, "
            f"{plural(found['points'], 'point')} ({mean} a frame, at most {found['max']}), "
            f"{plural(found['empty'], 'frame')} without any",
        ]
        lines += [
            f"  {surgery:<16} {numbers['frames']:>5} frames {numbers['points']:>6} points"
            for surgery, numbers in found["surgeries"].items()
        ]
        lines.append(f"  folds: {found['fold_plan'] or found['reason']}")
        lines += [
            f"    f{fold['fold']}: train {fold['train_frames']:>5}, validation "
            f"{fold['validation_frames']:>4} ({', '.join(fold['validation'])})"
            for fold in found["folds"]
        ]
    return "\n".join(lines)
