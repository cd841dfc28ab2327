"""Inline SVG plots of a ranking: how often each rank, and which differences a test can tell."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.evaluate.uncertainty.study import Pair
from adaptor_bench.figures.svg import line as _line
from adaptor_bench.figures.svg import name_room, shortened, svg
from adaptor_bench.figures.svg import text as _text
from adaptor_bench.report.markup import Markup

__all__ = ["rank_plot", "significance_map"]

_CELL, _TOP = 38.0, 26.0


def rank_plot(methods: Sequence[str], probability: NDArray[np.float64]) -> Markup:
    """A row a method, a column a rank, a disc whose area is the share of resamples.

    ``probability`` is (methods, ranks), NaN where no resample has a rank.
    """
    left = _left(methods)
    parts = _frame(methods, left)
    said = []
    for i, name in enumerate(methods):
        shares = []
        for k, share in enumerate(probability[i]):
            if math.isnan(share) or share < 0.0005:
                continue
            x, y = _centre(left, i, k)
            radius = (_CELL / 2 - 2) * math.sqrt(share)
            disc = Markup(
                '<circle cx="{:.1f}" cy="{:.1f}" r="{:.1f}" class="disc"><title>{}</title></circle>'
            )
            tip = f"{name}: rank {k + 1} in {100 * share:.1f} %"
            parts.append(disc.format(x, y, max(radius, 1.2), tip))
            shares.append(f"rank {k + 1} in {100 * share:.1f} %")
        said.append(f"{name} {', '.join(shares) or 'never'}")
    return _svg(methods, left, "How often each rank: " + "; ".join(said), parts)


def significance_map(
    methods: Sequence[str], pairs: Mapping[tuple[str, str], Pair], level: float
) -> Markup:
    """Row against column: the corrected p; filled where the row is better beyond doubt.

    ``methods`` stand best first and ``pairs`` holds every (better, worse).
    """
    left = _left(methods)
    parts = _frame(methods, left)
    told = []
    for i, a in enumerate(methods):
        for j, b in enumerate(methods):
            x, y = _centre(left, i, j)
            if j <= i:
                if i == j:
                    parts.append(_text(x, y + 4, "·", "middle", "faint"))
                continue
            pair = pairs[a, b]
            sure = pair.significant(level)
            side = _CELL - 4
            box = Markup(
                '<rect x="{:.1f}" y="{:.1f}" width="{side:.0f}" height="{side:.0f}" rx="3" '
                'class="{}"><title>{}</title></rect>'
            )
            tip = f"{a} against {b}: corrected p {_p(pair.p_holm)}"
            look = "sure" if sure else "unsure"
            parts.append(box.format(x - side / 2, y - side / 2, look, tip, side=side))
            parts.append(_text(x, y + 4, _p(pair.p_holm), "middle", "on" if sure else ""))
            if sure:
                told.append(f"{a} over {b}")
    title = "Significant differences: " + ("; ".join(told) or "none")
    return _svg(methods, left, title, parts)


def _frame(methods: Sequence[str], left: float) -> list[Markup]:
    """Row names with their numbers, column numbers, and a line under every row."""
    width, _ = _size(methods, left)
    parts = []
    for k, name in enumerate(methods):
        x, y = _centre(left, k, k)
        parts.append(_text(left - 10, y + 4, f"{shortened(name)}  {k + 1}", "end"))
        parts.append(_text(x, _TOP - 9, str(k + 1), "middle"))
        edge = y + _CELL / 2
        parts.append(_line(0, edge, width, edge, "grid"))
    return parts


def _left(methods: Sequence[str]) -> float:
    return 40 + name_room(methods)


def _centre(left: float, row: int, column: int) -> tuple[float, float]:
    return left + _CELL * (column + 0.5), _TOP + _CELL * (row + 0.5)


def _size(methods: Sequence[str], left: float) -> tuple[float, float]:
    return left + _CELL * len(methods) + 4, _TOP + _CELL * len(methods) + 4


def _svg(methods: Sequence[str], left: float, title: str, parts: Sequence[Markup]) -> Markup:
    return svg(*_size(methods, left), title, parts, "grid-plot")


def _p(value: float) -> str:
    if math.isnan(value):
        return "-"
    return "<.001" if value < 0.001 else f"{value:.2g}".removeprefix("0")
