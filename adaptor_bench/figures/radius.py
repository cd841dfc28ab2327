"""F1 against the matching radius: how exactly methods locate what they find."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.errors import InputError
from adaptor_bench.figures.boards import BoardView
from adaptor_bench.figures.canvas import Drawing, caption, drawing, legend, looks, new_figure
from adaptor_bench.figures.curves import radii_of
from adaptor_bench.figures.figure import Figure, Panel
from adaptor_bench.figures.scored import provenance
from adaptor_bench.figures.svg import SERIES, dash, key, line, marker, svg, text
from adaptor_bench.report.markup import Markup
from adaptor_bench.report.table import Column, Table, number

_WIDTH, _HEIGHT = 640.0, 340.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 46.0, 12.0, 26.0, 44.0


def _draw(views: Sequence[BoardView]) -> Drawing:
    for view in views:
        if not view.curves:
            raise InputError(
                f"{view.board.domain}: no method whose frames and predictions are there",
                hint="Give the dataset of the runs as --data; `bench run` keeps predictions.",
            )
    board, values = views[0].board, {view.board.domain: view.curves for view in views}
    runs = [run for view in views for run in view.runs]
    return radius_curves(radii_of(board), values, provenance(runs), board.settings.radius)


@drawing
def radius_curves(
    radii: Sequence[float],
    curves: Mapping[str, Mapping[str, NDArray[np.float64]]],
    lines: Sequence[str],
    radius: float,
) -> Drawing:
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
            style = {"color": colour, "ls": look[method]["ls"]}
            (handles[method],) = ax.plot(radii, mean, label=method, **style)
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


def _panel(view: BoardView, first: str) -> Panel | None:
    names = sorted(view.curves, key=lambda name: (name != first, view.places[name]))
    if not names or first not in ("", names[0]):
        return None
    radii, radius = radii_of(view.board), view.board.settings.radius
    curves = {name: (100 * view.curves[name].mean(axis=0)).tolist() for name in names}
    lines = {view.places[name]: curve for name, curve in curves.items()}
    at = radii.index(radius)
    said = ", ".join(f"{name} {number(1)(y[at])}" for name, y in curves.items())
    columns = [Column("radius", "Radius, px", "right", show=lambda r: f"{r:g}")]
    columns += [Column(f"f1 {name}", name, "right", show=number(2)) for name in names]
    rows = [
        {"radius": r} | {f"f1 {n}": y[i] for n, y in curves.items()} for i, r in enumerate(radii)
    ]
    title = f"F1 in percent by matching radius in pixels, {view.board.domain}: {said}"
    return Panel(
        "F1 by matching radius",
        line_plot(radii, lines, title=f"{title} at {radius:g} px", mark=radius),
        "Matched again at every radius by the rule of the board; mean over folds. A curve that "
        "still climbs far right of the mark locates loosely; one that is low everywhere misses or "
        "invents points.",
        tuple((key(view.places[name]), name) for name in names),
        Table("F1 by radius as a table", tuple(columns), rows),
    )


def line_plot(
    radii: Sequence[float], lines: Mapping[int, Sequence[float]], *, title: str, mark: float
) -> Markup:
    """F1 in percent over ``radii``, by number of the series, NaN where there is none; a vertical
    line at the radius ``mark``."""
    first, last = radii[0], radii[-1]

    def px(x: float) -> float:
        return _LEFT + (x - first) / ((last - first) or 1.0) * (_WIDTH - _LEFT - _RIGHT)

    def py(y: float) -> float:
        return _HEIGHT - _BOTTOM - y / 100 * (_HEIGHT - _TOP - _BOTTOM)

    parts = []
    for y in range(0, 101, 20):
        parts.append(line(_LEFT, py(y), _WIDTH - _RIGHT, py(y), "grid"))
        parts.append(text(_LEFT - 6, py(y) + 4, str(y), "end"))
    step = max(1, round((last - first) / 14))
    for x in range(math.ceil(first), math.floor(last) + 1, step):
        parts.append(line(px(x), _HEIGHT - _BOTTOM, px(x), _HEIGHT - _BOTTOM + 4, "axis"))
        parts.append(text(px(x), _HEIGHT - _BOTTOM + 17, str(x), "middle"))
    parts.append(line(_LEFT, py(0), _WIDTH - _RIGHT, py(0), "axis"))
    parts.append(line(px(mark), _TOP, px(mark), py(0), "mark"))
    parts.append(text(px(mark) + 5, _TOP + 10, f"scored at {mark:g} px", "start"))
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    parts.append(text(middle, _HEIGHT - 8, "matching radius, px", "middle"))
    parts.append(text(_LEFT - 6, 12, "F1 %", "end"))
    drawn = Markup('<polyline points="{}" class="{}" stroke-dasharray="{}"/>')
    for index, values in lines.items():
        points = [(px(x), py(y)) for x, y in zip(radii, values, strict=True) if not math.isnan(y)]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(drawn.format(path, f"line s{index % SERIES}", dash(index)))
        parts += [marker(index, x, y) for x, y in points[index % 3 :: 3]]
    return svg(_WIDTH, _HEIGHT, title, parts)


FIGURE = Figure(
    "radius",
    "F1 against the matching radius, 1 to 15 px.",
    _draw,
    ("data", "domain"),
    page="board",
    panel=_panel,
)
