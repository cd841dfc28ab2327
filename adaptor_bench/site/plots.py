"""Inline SVG plots of the boards: curves over the radius, folds and intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from adaptor_bench.figures.svg import SERIES, dash, marker, name_room, shortened, svg
from adaptor_bench.figures.svg import line as _line
from adaptor_bench.figures.svg import text as _text
from adaptor_bench.report.markup import Markup

__all__ = ["FoldLine", "Series", "fold_plot", "line_plot"]

_WIDTH, _HEIGHT = 640.0, 340.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 46.0, 12.0, 26.0, 44.0


@dataclass(frozen=True)
class Series:
    """One line: ``x`` and ``y`` of equal length, NaN where there is no value."""

    name: str
    index: int
    x: Sequence[float]
    y: Sequence[float]


@dataclass(frozen=True)
class FoldLine:
    """One row of a fold plot, percent: the folds' values, their mean, and an interval."""

    name: str
    index: int
    values: Sequence[float]
    mean: float | None
    low: float | None = None
    high: float | None = None


def line_plot(
    series: Sequence[Series], *, title: str, x_title: str, y_title: str, mark: float
) -> Markup:
    """Lines over a shared axis; y from 0 to 100, a vertical line at ``x = mark``."""
    first = min((x for s in series for x in s.x), default=0.0)
    last = max((x for s in series for x in s.x), default=1.0)

    def px(x: float) -> float:
        return _LEFT + (x - first) / ((last - first) or 1.0) * (_WIDTH - _LEFT - _RIGHT)

    def py(y: float) -> float:
        return _HEIGHT - _BOTTOM - y / 100 * (_HEIGHT - _TOP - _BOTTOM)

    parts = []
    for y in range(0, 101, 20):
        parts.append(_line(_LEFT, py(y), _WIDTH - _RIGHT, py(y), "grid"))
        parts.append(_text(_LEFT - 6, py(y) + 4, str(y), "end"))
    step = max(1, round((last - first) / 14))
    for x in range(math.ceil(first), math.floor(last) + 1, step):
        parts.append(_line(px(x), _HEIGHT - _BOTTOM, px(x), _HEIGHT - _BOTTOM + 4, "axis"))
        parts.append(_text(px(x), _HEIGHT - _BOTTOM + 17, str(x), "middle"))
    parts.append(_line(_LEFT, py(0), _WIDTH - _RIGHT, py(0), "axis"))
    parts.append(_line(px(mark), _TOP, px(mark), py(0), "mark"))
    parts.append(_text(px(mark) + 5, _TOP + 10, f"scored at {mark:g} px", "start"))
    parts.append(_text((_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - 8, x_title, "middle"))
    parts.append(_text(_LEFT - 6, 12, y_title, "end"))
    for s in series:
        look = f"line s{s.index % SERIES}"
        points = [(px(x), py(y)) for x, y in zip(s.x, s.y, strict=True) if not math.isnan(y)]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        drawn = Markup('<polyline points="{}" class="{}" stroke-dasharray="{}"/>')
        parts.append(drawn.format(path, look, dash(s.index)))
        parts += [marker(s.index, x, y) for x, y in points[s.index % 3 :: 3]]
    return svg(_WIDTH, _HEIGHT, title, parts)


def fold_plot(rows: Sequence[FoldLine], *, title: str) -> Markup:
    """A row per method: a ring per fold, a bar at the mean, a thick line for the interval."""
    left = 12 + name_room([row.name for row in rows])
    width = max(_WIDTH, left + 320)
    height = 34 + 26.0 * len(rows)

    def px(value: float) -> float:
        # Intervals are not cut at 0 and 100; the axis is.
        return left + 12 + min(max(value, 0.0), 100.0) / 100 * (width - left - 26)

    parts = []
    for value in range(0, 101, 20):
        parts.append(_line(px(value), 4, px(value), height - 26, "grid"))
        parts.append(_text(px(value), height - 10, str(value), "middle"))
    for place, row in enumerate(rows):
        y = 18 + 26.0 * place
        look = f"s{row.index % SERIES}"
        parts.append(_text(left, y + 4, shortened(row.name), "end"))
        if row.low is not None and row.high is not None:
            parts.append(_line(px(row.low), y, px(row.high), y, f"interval {look}"))
        parts += [
            Markup('<circle cx="{:.1f}" cy="{:.1f}" r="4" class="dot {}"/>').format(px(v), y, look)
            for v in row.values
            if not math.isnan(v)
        ]
        if row.mean is not None:
            parts.append(_line(px(row.mean), y - 9, px(row.mean), y + 9, f"mean {look}"))
    return svg(width, height, title, parts)
