"""From finished runs to figures: what each figure shows of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from adaptor_bench.data.frames import Dataset, Frame, in_order
from adaptor_bench.data.layout import DOMAINS
from adaptor_bench.errors import InputError
from adaptor_bench.figures.canvas import Figure
from adaptor_bench.figures.charts import forest, precision_sensitivity, radius_curves
from adaptor_bench.figures.frames import detections
from adaptor_bench.figures.numbers import (
    RADII,
    curves_by_fold,
    points_by_fold,
    surgery_estimates,
)
from adaptor_bench.figures.selection import (
    complete_methods,
    dataset_of,
    one_run,
    runs_of_method,
)
from adaptor_bench.figures.shots import Shot, chosen_frames, provenance, shoot
from adaptor_bench.results.runs import Run

__all__ = [
    "detections_of",
    "forest_of",
    "frames_to_translate",
    "radius_curves_of",
    "scatter_of",
    "single_shot",
]


def single_shot(
    roots: Sequence[Path],
    data: Path | None,
    domain: str,
    method: str | None,
    fold: int | None,
    frame: str | None,
) -> Shot:
    """One frame of one run: ``frame`` (surgery/video/stem), or a typical one.

    Raises InputError or UsageError.
    """
    run = one_run(runs_of_method(roots, method, domain), fold, frame)
    (shot,) = shoot(run, dataset_of([run], data), chosen_frames(run, 1, frame))
    return shot


def detections_of(
    roots: Sequence[Path], data: Path | None, domain: str, method: str | None
) -> Figure:
    """Hits, false alarms and misses of a method on two frames of every domain."""
    found = runs_of_method(roots, method, domain)
    dataset = dataset_of(found, data)
    rows = []
    for name in in_order({run.domain for run in found}):
        here = sorted((r for r in found if r.domain == name), key=lambda r: (r.seed, r.fold))
        first = [run for run in here if run.seed == here[0].seed][:2]
        per_run = 2 if len(first) == 1 else 1
        rows.append([s for run in first for s in shoot(run, dataset, chosen_frames(run, per_run))])
    return detections(rows)


def radius_curves_of(roots: Sequence[Path], data: Path | None, domain: str) -> Figure:
    """F1 against the matching radius, of every complete method."""
    chosen = complete_methods(roots, domain)
    dataset = dataset_of(chosen.runs, data)
    curves = {
        name: {method: curves_by_fold(cell, dataset) for method, cell in found.items()}
        for name, found in chosen.cells.items()
    }
    cell = next(iter(next(iter(chosen.cells.values())).values()))
    radius = cell.pairs()[0][1].settings.radius
    return radius_curves(RADII, curves, provenance(chosen.runs), radius)


def scatter_of(roots: Sequence[Path], domain: str) -> Figure:
    """Precision against sensitivity per fold, of every complete method."""
    chosen = complete_methods(roots, domain)
    points = {board.domain: points_by_fold(board.study.tally) for board in chosen.boards}
    return precision_sensitivity(points, provenance(chosen.runs))


def forest_of(roots: Sequence[Path], domain: str) -> Figure:
    """F1 surgery by surgery, of every complete method."""
    chosen = complete_methods(roots, domain)
    rows = {board.domain: surgery_estimates(board) for board in chosen.boards}
    return forest(rows, provenance(chosen.runs))


def frames_to_translate(
    roots: Sequence[Path], data: Path | None, method: str | None, fold: int | None
) -> tuple[Run, list[Frame]]:
    """An intraop run, and the first frame of up to four simulator surgeries.

    Raises InputError or UsageError.
    """
    source, target = DOMAINS
    run = one_run(runs_of_method(roots, method, target), fold)
    dataset: Dataset = dataset_of([run], data)
    if source not in dataset.frames:
        raise InputError(f"{dataset.root}: no {source} frames to translate")
    firsts = {frame.surgery: frame for frame in reversed(dataset.domain(source))}
    surgeries = sorted(firsts)
    return run, [firsts[s] for s in surgeries[:: max(1, len(surgeries) // 4)]][:4]
