"""F1 fold by fold, and the mean over folds with its interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from adaptor_bench.figures.boards import BoardView
from adaptor_bench.figures.canvas import Drawing, caption, drawing, legend, looks, new_figure
from adaptor_bench.figures.figure import Figure
from adaptor_bench.figures.scored import provenance
from adaptor_bench.scoring.metrics import f1
from adaptor_bench.scoring.uncertainty.intervals import Interval
from adaptor_bench.scoring.uncertainty.study import Study


def _draw(views: Sequence[BoardView]) -> Drawing:
    rows = {v.board.domain: _folds(v.study.study) for v in views if v.study}
    return forest(rows, provenance([run for view in views for run in view.runs]))


@drawing
def forest(
    rows: Mapping[str, Mapping[str, Sequence[tuple[str, Interval]]]], lines: Sequence[str]
) -> Drawing:
    """``rows[domain][method]``: (fold, F1 with limits), the last one the mean over folds."""
    look = looks(m for methods in rows.values() for m in methods)
    handles = {}
    heights = [
        sum(1 for _ in next(iter(methods.values()))) * (len(methods) + 1.2)
        for methods in rows.values()
    ]
    figure, axes = new_figure(
        6.6, 0.11 * sum(heights) + 1.5, len(rows), 1, height_ratios=heights, sharex=True
    )
    for [ax], (domain, methods) in zip(axes, rows.items(), strict=True):
        step = len(methods) + 1.2
        # One place a method, whatever its rank.
        methods = {m: methods[m] for m in look if m in methods}
        names = [name for name, _ in next(iter(methods.values()))]
        for i, (method, estimates) in enumerate(methods.items()):
            colour, marker = look[method]["color"], look[method]["marker"]
            y = np.array([k * step + i for k in range(len(estimates))])
            value = 100 * np.array([e.estimate for _, e in estimates])
            low = 100 * np.array([e.low for _, e in estimates])
            high = 100 * np.array([e.high for _, e in estimates])
            ax.hlines(y, low, high, color=colour, lw=1.1)
            size = [18.0] * (len(estimates) - 1) + [48.0]
            handles[method] = ax.scatter(
                value, y, s=size, color=colour, marker=marker, zorder=3, label=method
            )
        middle = [k * step + (len(methods) - 1) / 2 for k in range(len(names))]
        ax.set_yticks(middle, names)
        ax.axhline((len(names) - 1) * step - 1.1, color="#999999", lw=0.6)
        ax.set_ylim(len(names) * step - 0.6, -1.0)
        ax.tick_params(axis="y", length=0)
        ax.grid(axis="x", lw=0.4, color="#dddddd")
        ax.set_title(domain, loc="left")
    axes[-1][0].set(xlabel="F1 (%)", xlim=(0, 100))
    legend(figure, list(handles.values()))
    caption(
        figure,
        [
            "Folds: mean and range over seeds. Mean over folds: 95 % interval, Student's t over "
            "folds, corrected for shared training surgeries.",
            *lines,
        ],
    )
    return figure


def _folds(study: Study) -> dict[str, list[tuple[str, Interval]]]:
    """Method to F1 with its range over seeds per fold, the mean over folds last."""
    tally = study.tally
    networks = f1.of_last_axis(tally.by_fold)  # (rows, folds)
    rows: dict[str, list[tuple[str, Interval]]] = {}
    for m, method in enumerate(tally.methods):
        seeds = networks[tally.owner == m]
        rows[method] = [
            (f"f{fold}", Interval(float(of.mean()), float(of.min()), float(of.max())))
            for fold, of in zip(tally.folds, seeds.T, strict=True)
        ]
        mean = study.intervals[method]["f1"]
        cut = Interval(mean.estimate, max(mean.low, 0.0), min(mean.high, 1.0))
        rows[method].append(("mean over folds", cut))
    return rows


FIGURE = Figure("forest", "F1 of every fold, and the mean over folds with its interval.", _draw)
