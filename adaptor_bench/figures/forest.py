"""F1 surgery by surgery, with intervals, and the mean over folds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import compress

import numpy as np

from adaptor_bench.data.layout import natural_order
from adaptor_bench.figures.boards import BoardView
from adaptor_bench.figures.canvas import Drawing, caption, drawing, legend, looks, new_figure
from adaptor_bench.figures.figure import Figure
from adaptor_bench.figures.scored import provenance
from adaptor_bench.scoring.metrics import f1
from adaptor_bench.scoring.uncertainty.estimands import resampled
from adaptor_bench.scoring.uncertainty.intervals import Interval, percentile_interval
from adaptor_bench.scoring.uncertainty.resampling import resample
from adaptor_bench.scoring.uncertainty.study import Study
from adaptor_bench.scoring.uncertainty.tally import Tally


def _draw(views: Sequence[BoardView]) -> Drawing:
    rows = {v.board.domain: _surgeries(v.study.study) for v in views if v.study}
    return forest(rows, provenance([run for view in views for run in view.runs]))


@drawing
def forest(
    rows: Mapping[str, Mapping[str, Sequence[tuple[str, Interval]]]], lines: Sequence[str]
) -> Drawing:
    """``rows[domain][method]``: (surgery, F1 with interval), the last one the mean over folds."""
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
            "Surgeries: 95 % percentile interval from frames drawn with replacement. Mean over "
            "folds: Student's t with the jackknife over surgeries.",
            *lines,
        ],
    )
    return figure


def _surgeries(study: Study) -> dict[str, list[tuple[str, Interval]]]:
    """Method to F1 with interval per surgery, the mean over folds last."""
    tally = study.tally
    rows: dict[str, list[tuple[str, Interval]]] = {method: [] for method in tally.methods}
    for surgery in natural_order(tally.surgeries):
        one = _alone(tally, tally.surgeries.index(surgery))
        draws = resample(one, study.options.resamples, study.options.seed, nested=True)
        values = resampled(one, draws)
        at = one.over_seeds(f1.of_last_axis(one.by_surgery))[:, 0]
        for m, method in enumerate(tally.methods):
            interval = percentile_interval(float(at[m]), values[:, m], draws.probability)
            rows[method].append((surgery, interval))
    for method in tally.methods:
        student = study.student[method]["f1"]
        mean = Interval(student.estimate, max(student.low, 0.0), min(student.high, 1.0))
        rows[method].append(("mean over folds", mean))
    return rows


def _alone(tally: Tally, s: int) -> Tally:
    """The tally of one surgery."""
    frames = tally.surgery == s
    return replace(
        tally,
        surgeries=(tally.surgeries[s],),
        folds=(1,),
        frames=tuple(compress(tally.frames, frames)),
        counts=tally.counts[:, frames],
        surgery=np.zeros(int(frames.sum()), np.int64),
        fold=np.zeros(1, np.int64),
    )


FIGURE = Figure("forest", "F1 of every surgery with its interval, and the mean over folds.", _draw)
