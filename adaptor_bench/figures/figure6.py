"""Figure 6 of the seed paper: points found, invented and missed, on frames of every domain."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from adaptor_bench.data.frames import in_order
from adaptor_bench.figures.canvas import Drawing, caption, drawing, legend, new_figure
from adaptor_bench.figures.figure import Figure
from adaptor_bench.figures.scored import (
    FALSE,
    HIT,
    ScoredFrame,
    mark,
    origin,
    read_scored,
    tally,
    typical_frames,
)
from adaptor_bench.figures.selection import dataset_of, runs_of_method


@drawing
def detections(frames: Sequence[Sequence[ScoredFrame]], chosen: bool = True) -> Drawing:
    """Figure 6: hits, false alarms and misses; one row a domain."""
    from matplotlib.lines import Line2D

    columns = max(len(row) for row in frames)
    figure, axes = new_figure(4.6 * columns, 2.85 * len(frames) + 0.7, len(frames), columns)
    for line, row in zip(axes, frames, strict=True):
        for ax in line[len(row) :]:
            ax.set_axis_off()
        for ax, shown in zip(line, row, strict=False):
            mark(ax, shown, tally(f"{shown.run.domain}, {shown.frame.surgery}", shown))
    handles = [
        Line2D([], [], marker="o", ls="", ms=8, mfc="none", mec=HIT, mew=1.6, label="TP: found"),
        Line2D([], [], marker="x", ls="", ms=6, mew=1.6, color=FALSE, label="FP: no label there"),
        Line2D([], [], ls=(0, (2.2, 1.1)), lw=2, color="#c9a800", label="FN: missed (dashed)"),
    ]
    legend(figure, handles, 3)
    flat = [shown for row in frames for shown in row]
    caption(figure, origin(flat, chosen))
    return figure


def _draw(roots: Sequence[Path], data: Path | None, domain: str, method: str | None) -> Drawing:
    """A method on two frames of every domain."""
    runs = runs_of_method(roots, method, domain)
    dataset = dataset_of(runs, data)
    rows = []
    for name in in_order({run.domain for run in runs}):
        here = sorted((r for r in runs if r.domain == name), key=lambda r: (r.seed, r.fold))
        first = [run for run in here if run.seed == here[0].seed][:2]
        number = 2 if len(first) == 1 else 1
        rows.append(
            [f for run in first for f in read_scored(run, dataset, typical_frames(run, number))]
        )
    return detections(rows)


FIGURE = Figure(
    "figure6",
    "Points found (TP), invented (FP) and missed (FN), on frames of every domain.",
    _draw,
    ("data", "domain", "method"),
    of_runs=True,
)
