"""F1 against the CPU seconds of training: where more of it brings nothing any more."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from adaptor_bench.figures.canvas import Drawing, caption, drawing, legend, looks, new_figure
from adaptor_bench.figures.figure import Figure
from adaptor_bench.results.learning import LearningCurve, learning_curves
from adaptor_bench.results.runs import runs_below


@drawing
def learning_figure(curves: Sequence[LearningCurve]) -> Drawing:
    """A panel a domain; bars are 95 % intervals over folds; a ring marks the method's budget."""
    domains = list(dict.fromkeys(curve.domain for curve in curves))
    figure, [axes] = new_figure(3.6 * len(domains), 3.6, 1, len(domains), sharey=True)
    look = looks(curve.method for curve in curves)
    handles = {}
    for ax, domain in zip(axes, domains, strict=True):
        for curve in (c for c in curves if c.domain == domain):
            style = {"color": look[curve.method]["color"], "ls": look[curve.method]["ls"]}
            x = [p.seconds for p in curve.points]
            y = [p.f1.estimate for p in curve.points]
            (handles[curve.method],) = ax.plot(x, y, "o", ms=3, label=curve.method, **style)
            handles[curve.method].set_linestyle(style["ls"])
            limited = [p for p in curve.points if p.f1.low == p.f1.low]
            ax.vlines(
                [p.seconds for p in limited], [p.f1.low for p in limited],
                [p.f1.high for p in limited], color=style["color"], lw=0.8, alpha=0.6,
            )  # fmt: skip
            for p in (p for p in curve.points if p.budget == 1):
                ax.plot(p.seconds, p.f1.estimate, "o", ms=8, mfc="none", color=style["color"])
        ax.set_xscale("log", base=2)
        ax.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        ax.xaxis.set_minor_formatter(lambda value, _: "")
        ax.set(xlabel="CPU seconds of training a fold", ylim=(0, 100))
        ax.set_title(domain, loc="left")
        ax.grid(axis="y", lw=0.4, color="#dddddd")
    axes[0].set_ylabel("F1 (%)")
    legend(figure, list(handles.values()))
    datasets = ", ".join(sorted({curve.dataset for curve in curves}))
    lines = ["Bars: 95 % intervals over folds; ring: the method's own budget.", f"Data: {datasets}"]
    caption(figure, lines)
    return figure


def _draw(roots: Sequence[Path], domain: str) -> Drawing:
    curves = learning_curves(runs_below(roots))
    return learning_figure([c for c in curves if domain in ("all", c.domain)])


FIGURE = Figure(
    "curve", "F1 against the CPU seconds of training.", _draw, ("domain",), of_runs=True
)
