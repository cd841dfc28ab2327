"""How trainings went: losses and the F1 of the selection over the steps, fold by fold."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from adaptor_bench.errors import InputError
from adaptor_bench.figures.boards import BoardView
from adaptor_bench.figures.figure import Figure, Panel
from adaptor_bench.figures.svg import dash, key, line, marker, svg, text
from adaptor_bench.report.markup import Markup
from adaptor_bench.report.table import Column, Table, number
from adaptor_bench.train.curves import Curve, Curves, read_curves

_WIDTH, _HEIGHT = 640.0, 250.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 52.0, 12.0, 26.0, 40.0
_POINTS = 60  # of a line
HELD_BACK = "The F1 is that of the frames held back for selection, not of the fold."
_PLOTS = {"loss": "loss", "f1": "F1 %"}  # what a metric's name ends with, and its axis


def _panel(view: BoardView, first: str) -> Panel | None:
    result = next((r for r in view.board.measured if r.name == first), None)
    found: dict[tuple[int, int], Curves] = {}
    parts = [part for part in result.fold_results if part.run] if result else []
    for part in sorted(parts, key=lambda part: (part.fold, part.seed)):
        assert part.run is not None
        try:
            curves = read_curves(part.run.path)
        except InputError:  # a damaged one is no result, and missing in what the caption counts
            continue
        if curves:
            found[part.fold, part.seed] = curves
    names = list(dict.fromkeys(name for curves in found.values() for name in curves))
    plots: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for part_, metric in names:
        plots.setdefault((part_, metric.rpartition("_")[2]), []).append((part_, metric))
    if not plots:
        return None
    order = {name: n for group in plots.values() for n, name in enumerate(group)}
    once = {n for n in names if all(len(c[n]) == 1 for c in found.values() if n in c)}
    drawn = {
        place: drawable
        for place, group in plots.items()
        if (drawable := [name for name in group if name not in once])
    }
    pictures = [
        curve_plot(
            {order[name]: [c[name] for c in found.values() if name in c] for name in group},
            title=f"{part_}, {', '.join(map(_said, group))}, {view.board.domain}",
            axis=_PLOTS.get(ending, ending),
            scale=100.0 if ending == "f1" else 1.0,
        )
        for (part_, ending), group in drawn.items()
    ]
    lines = (
        f"Thin: {len(found)} of {len(parts)} trainings (fold and seed); thick: their mean. "
        if drawn
        else f"Of {len(found)} of {len(parts)} trainings (fold and seed). "
    )
    return Panel(
        "Training curves",
        Markup("").join(pictures),
        "".join(
            [
                lines,
                *(
                    _in_words(n, [c[n][0] for c in found.values() if n in c])
                    for n in names
                    if n in once
                ),
                HELD_BACK,
            ]
        ),
        tuple((key(order[n]), f"{n[0]}: {_said(n)}") for g in drawn.values() if g[1:] for n in g),
        _table(found, names),
    )


def curve_plot(
    lines: Mapping[int, Sequence[Curve]], *, title: str, axis: str, scale: float = 1.0
) -> Markup:
    """Curves by number of their series, over the steps; over percent of them where trainings have
    different lengths. The strong line is the mean of a series."""
    ends = {curve[-1][0] for curves in lines.values() for curve in curves}
    last = float(max(ends)) if len(ends) == 1 else 100.0
    series = {
        index: [_scaled(curve, last, scale) for curve in curves] for index, curves in lines.items()
    }
    heights = [y for curves in series.values() for curve in curves for _, y in curve]
    low, high = min(0.0, *heights), max(heights)
    high = 100.0 if scale == 100.0 else high or 1.0
    step = _tick(high - low)

    def place(x: float, y: float) -> tuple[float, float]:
        return (
            _LEFT + x / last * (_WIDTH - _LEFT - _RIGHT),
            _HEIGHT - _BOTTOM - (y - low) / (high - low) * (_HEIGHT - _TOP - _BOTTOM),
        )

    parts = []
    for n in range(math.ceil(low / step), math.floor(high / step) + 1):
        _, y = place(0, n * step)
        parts.append(line(_LEFT, y, _WIDTH - _RIGHT, y, "grid"))
        parts.append(text(_LEFT - 6, y + 4, f"{n * step:g}", "end"))
    step = _tick(last)
    for n in range(math.floor(last / step) + 1):
        x, y = place(n * step, low)
        parts.append(line(x, y, x, y + 4, "axis"))
        parts.append(text(x, y + 17, f"{n * step:g}", "middle"))
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    what = "step" if len(ends) == 1 else "percent of the steps"
    parts.append(text(middle, _HEIGHT - 6, what, "middle"))
    parts.append(text(_LEFT - 6, 14, axis, "end"))
    parts.append(text(_WIDTH - _RIGHT, 14, title, "end"))
    for index, curves in series.items():
        parts += [_line(index, [place(*p) for p in curve], "thin") for curve in curves]
        parts.append(_line(index, [place(*p) for p in _mean(curves)], ""))
    return svg(_WIDTH, _HEIGHT, title, parts)


def _line(index: int, points: Sequence[tuple[float, float]], look: str) -> Markup:
    if len(points) == 1:  # a line of one point cannot be seen
        return marker(index, *points[0])
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    drawn = Markup('<polyline points="{}" class="{}" stroke-dasharray="{}"/>')
    return drawn.format(path, f"line s{index} {look}".strip(), "none" if look else dash(index))


def _scaled(curve: Curve, last: float, scale: float) -> Curve:
    """At most so many of its points, the last among them, ``last`` being where it ends."""
    every = max(1, -(-len(curve) // _POINTS))
    end = curve[-1][0]
    return [(step * last / end, value * scale) for step, value in curve[::-1][::every][::-1]]  # type: ignore[misc]


def _mean(curves: Sequence[Curve]) -> Curve:
    """Where all of them are, at the steps of the longest."""
    xs = [x for x, _ in max(curves, key=len)]
    all_ = [np.interp(xs, *np.array(curve, dtype=float).T) for curve in curves]
    return list(zip(xs, np.mean(all_, axis=0).tolist(), strict=True))


def _tick(span: float) -> float:
    """A round distance that goes three to seven times into ``span``."""
    power = 10.0 ** math.floor(math.log10(span))
    return next(power * m for m in (0.2, 0.5, 1.0, 2.0) if span / (power * m) <= 7)


def _in_words(name: tuple[str, str], points: Curve) -> str:
    """What was measured once in a training has no curve."""
    steps = sorted({step for step, _ in points})
    at = f"step {steps[0]}" if len(steps) == 1 else f"steps {steps[0]} to {steps[-1]}"
    mean = float(np.mean([value for _, value in points]))
    value = f"{100 * mean:.2f} %" if name[1].endswith("f1") else f"{mean:.3g}"
    return f"{name[0]}, {_said(name)}: measured once, at {at}; {value} in the mean. "


def _said(name: tuple[str, str]) -> str:
    return name[1].replace("_", " ").replace(" f1", " F1")


def _table(found: Mapping[tuple[int, int], Curves], names: Sequence[tuple[str, str]]) -> Table:
    columns = [Column("fold", "Fold"), Column("seed", "Seed", "right", show=str)]
    columns += [Column("/".join(n), f"{n[0]}: {_said(n)}", "right", show=number(3)) for n in names]
    rows = [
        {"fold": f"f{fold}", "seed": seed} | {"/".join(n): c[n][-1][1] for n in names if n in c}
        for (fold, seed), c in found.items()
    ]
    return Table("Last values of every training as a table", tuple(columns), rows)


FIGURE = Figure(
    "training", "Losses and F1 of the selection while training.", page="method", panel=_panel
)
