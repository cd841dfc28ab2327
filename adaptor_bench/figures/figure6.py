"""Figure 6 of the seed paper: points found, invented and missed, on frames of every domain."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from adaptor_bench.data.frames import in_order
from adaptor_bench.errors import UsageError
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
from adaptor_bench.results.runs import Run


@drawing
def detections(frames: Sequence[Sequence[ScoredFrame]], chosen: bool = True) -> Drawing:
    """Figure 6: hits, false alarms and misses; one row a domain and method."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Circle

    columns = max(len(row) for row in frames)
    figure, axes = new_figure(4.6 * columns, 2.85 * len(frames) + 0.7, len(frames), columns)
    several = len({shown.run.method for row in frames for shown in row}) > 1
    for line, row in zip(axes, frames, strict=True):
        for ax in line[len(row) :]:
            ax.set_axis_off()
        for ax, shown in zip(line, row, strict=False):
            what = f"{shown.run.domain}, {shown.frame.surgery}"
            mark(ax, shown, tally(f"{shown.run.method}, {what}" if several else what, shown))
    missed = {"fc": "none", "ec": "#c9a800", "lw": 1.6, "ls": (0, (2.2, 1.1))}
    handles = [
        Line2D([], [], marker="o", ls="", ms=8, mfc="none", mec=HIT, mew=1.6, label="TP: found"),
        # As it is drawn: a cross in a ring.
        Line2D(
            [], [], marker=r"$\otimes$", ls="", ms=9, mew=0.2, c=FALSE, label="FP: no label there"
        ),
        Circle((0, 0), 1, **missed, label="FN: missed (dashed)"),
    ]
    legend(figure, handles, 3)
    flat = [shown for row in frames for shown in row]
    caption(figure, origin(flat, chosen))
    return figure


def _draw(roots: Sequence[Path], data: Path | None, domain: str, several: Sequence[str]) -> Drawing:
    """Methods on the same two frames of every domain, which are typical of the first."""
    names: list[str | None] = [*several] or [None]
    by_method = [runs_of_method(roots, name, domain) for name in names]
    dataset = dataset_of([run for runs in by_method for run in runs], data)
    rows = []
    for name in in_order({run.domain for run in by_method[0]}):
        here = sorted((r for r in by_method[0] if r.domain == name), key=_order)
        first = [run for run in here if run.seed == here[0].seed][:2]
        number = 2 if len(first) == 1 else 1
        frames = {run.fold: typical_frames(run, number) for run in first}
        for runs in by_method:
            row = []
            for shown in first:
                run = _same_fold(runs, shown)
                row += read_scored(run, dataset, frames[shown.fold])
            rows.append(row)
    return detections(rows)


def _order(run: Run) -> tuple[int, int]:
    return run.seed, run.fold


def _same_fold(runs: Sequence[Run], wanted: Run) -> Run:
    """The run of these on the domain, fold and seed of another. Raises UsageError."""
    for run in runs:
        if (run.domain, run.fold, run.seed) == (wanted.domain, wanted.fold, wanted.seed):
            return run
    raise UsageError(
        f"{runs[0].method}: no finished run of {wanted.domain} fold {wanted.fold}, "
        f"seed {wanted.seed}, as {wanted.method} has",
        hint="Methods are drawn on the same frames; run this fold, or leave the method out.",
    )


FIGURE = Figure(
    "figure6",
    "Points found (TP), invented (FP) and missed (FN), on frames of every domain.",
    _draw,
    ("data", "domain", "several"),
    of_runs=True,
)
