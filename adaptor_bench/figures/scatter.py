"""Precision against sensitivity: methods that miss, and methods that invent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.figures.boards import BoardView
from adaptor_bench.figures.canvas import Drawing, caption, drawing, legend, looks, new_figure
from adaptor_bench.figures.figure import Figure
from adaptor_bench.figures.scored import provenance
from adaptor_bench.scoring.metrics import precision, sensitivity
from adaptor_bench.scoring.uncertainty.tally import Tally

ISO = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


def _draw(views: Sequence[BoardView]) -> Drawing:
    points = {v.board.domain: _points(v.study.study.tally) for v in views if v.study}
    return precision_sensitivity(points, provenance([run for view in views for run in view.runs]))


def _points(tally: Tally) -> dict[str, NDArray[np.float64]]:
    """Method to (folds, 2): sensitivity and precision, mean over seeds; NaN for 0/0."""
    values = [tally.values(m.key) for m in (sensitivity, precision)]
    return {name: np.stack([v[m] for v in values], axis=1) for m, name in enumerate(tally.methods)}


@drawing
def precision_sensitivity(
    points: Mapping[str, Mapping[str, NDArray[np.float64]]], lines: Sequence[str]
) -> Drawing:
    """``points[domain][method]`` is (folds, 2): sensitivity and precision, 0..1, may hold NaN.

    Small: folds; large: their mean, where every fold has both. Grey: lines of equal F1.
    """
    figure, [axes] = new_figure(3.6 * len(points), 4.6, 1, len(points), sharey=True)
    look = looks(m for methods in points.values() for m in methods)
    handles, without = {}, []
    grid = np.linspace(0.005, 1, 400)
    for ax, (domain, methods) in zip(axes, points.items(), strict=True):
        for value in ISO:
            with np.errstate(divide="ignore", invalid="ignore"):
                other = value * grid / (2 * grid - value)
            there = (other > 0) & (other <= 1)
            ax.plot(100 * grid[there], 100 * other[there], color="#cccccc", lw=0.7, zorder=0)
            at = value / (2 - value)
            ax.annotate(f"{100 * value:.0f}", (99, 100 * at), fontsize=6, color="#777777",
                        ha="right", va="bottom")  # fmt: skip
        for method, values in methods.items():
            mark = {"color": look[method]["color"], "marker": look[method]["marker"]}
            ax.scatter(100 * values[:, 0], 100 * values[:, 1], s=14, alpha=0.55, lw=0, **mark)
            x, y = 100 * values.mean(axis=0)
            if np.isnan(x + y):
                without.append(f"{method} on {domain}")
            handles[method] = ax.scatter([x], [y], s=75, ec="black", lw=0.8, label=method, **mark)
        ax.set(xlabel="sensitivity (%)", xlim=(0, 100), ylim=(0, 100), aspect="equal")
        ax.set_title(domain, loc="left")
    axes[0].set_ylabel("precision (%)")
    legend(figure, list(handles.values()))
    absent = f"No mean, for a fold is 0/0: {', '.join(without)}." if without else ""
    caption(figure, ["Small: folds; large: mean over folds. Grey: equal F1 (%).", absent, *lines])
    return figure


FIGURE = Figure("scatter", "Precision against sensitivity per fold, with lines of equal F1.", _draw)
