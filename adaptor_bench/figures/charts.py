"""Charts the seed paper lacks: F1 over the radius, precision against sensitivity, surgeries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.figures.canvas import (
    Figure,
    caption,
    drawing,
    legend,
    looks,
    new_figure,
)

__all__ = ["Estimate", "forest", "precision_sensitivity", "radius_curves"]

Floats = NDArray[np.float64]
ISO = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


@dataclass(frozen=True)
class Estimate:
    """A value with limits, all in 0..1; NaN where there is none."""

    value: float
    low: float
    high: float


@drawing
def radius_curves(
    radii: Sequence[float],
    curves: Mapping[str, Mapping[str, Floats]],
    lines: Sequence[str],
    radius: float,
) -> Figure:
    """F1 over the matching radius; ``curves[domain][method]`` is (folds, radii), 0..1.

    Line: mean over folds; band: ± its population standard deviation. ``radius`` is that of the
    scores, and marked.
    """
    figure, [axes] = new_figure(3.6 * len(curves), 3.6, 1, len(curves), sharey=True)
    look = looks(m for methods in curves.values() for m in methods)
    handles = {}
    for ax, (domain, methods) in zip(axes, curves.items(), strict=True):
        for method, values in methods.items():
            mean, spread = 100 * values.mean(axis=0), 100 * values.std(axis=0)
            colour = look[method]["color"]
            line = {"color": colour, "ls": look[method]["ls"]}
            (handles[method],) = ax.plot(radii, mean, label=method, **line)
            ax.fill_between(radii, mean - spread, mean + spread, color=colour, alpha=0.12, lw=0)
        if radii[0] <= radius <= radii[-1]:
            ax.axvline(radius, color="#888888", lw=0.8, ls=(0, (2, 2)), zorder=0)
            ax.annotate(
                f"{radius:g} px", (radius, 1), xycoords=("data", "axes fraction"),
                xytext=(2, -7), textcoords="offset points", fontsize=6.5, color="#666666",
            )  # fmt: skip
        ax.set(xlabel="matching radius (px)", ylim=(0, 100), xlim=(radii[0], radii[-1]))
        ax.set_title(domain, loc="left")
        ax.grid(axis="y", lw=0.4, color="#dddddd")
    axes[0].set_ylabel("F1 (%)")
    legend(figure, list(handles.values()))
    caption(figure, ["Line: mean over folds; band: ± population standard deviation over folds.",
                     *lines])  # fmt: skip
    return figure


@drawing
def precision_sensitivity(
    points: Mapping[str, Mapping[str, Floats]], lines: Sequence[str]
) -> Figure:
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


@drawing
def forest(
    rows: Mapping[str, Mapping[str, Sequence[tuple[str, Estimate]]]], lines: Sequence[str]
) -> Figure:
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
            value = 100 * np.array([e.value for _, e in estimates])
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
