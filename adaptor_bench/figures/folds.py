"""F1 fold by fold, beside the mean and its interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from adaptor_bench.figures.boards import BoardView
from adaptor_bench.figures.figure import Figure, Panel
from adaptor_bench.figures.svg import SERIES, line, name_room, shortened, svg, text
from adaptor_bench.report.columns import percent
from adaptor_bench.report.markup import Markup
from adaptor_bench.report.table import number


@dataclass(frozen=True)
class FoldLine:
    """One row of a fold plot, percent: the folds' values, their mean, and an interval."""

    name: str
    index: int
    values: Sequence[float]
    mean: float | None
    low: float | None = None
    high: float | None = None


def _panel(view: BoardView, first: str) -> Panel | None:
    rows = (
        []
        if first
        else [
            FoldLine(
                result.name,
                view.places[result.name],
                [100 * value for value in result.main.folds.values()],
                percent(result.main.mean),
                *(view.interval(result.name) or ()),
            )
            for result in view.board.competitors
        ]
    )
    if not rows:
        return None
    said = "; ".join(f"{row.name} mean {number(1)(row.mean)}" for row in rows)
    band = ", the band the interval" if any(row.low is not None for row in rows) else ""
    return Panel(
        "F1 by fold",
        fold_plot(rows, title=f"F1 by fold, percent, {view.board.domain}: {said}"),
        f"A ring is a fold, the upright bar their mean{band}. The numbers are in the table above.",
    )


def fold_plot(rows: Sequence[FoldLine], *, title: str) -> Markup:
    """A row per method: a ring per fold, a bar at the mean, a thick line for the interval."""
    left = 12 + name_room([row.name for row in rows])
    width = max(640.0, left + 320)
    height = 34 + 26.0 * len(rows)

    def px(value: float) -> float:
        # Intervals are not cut at 0 and 100; the axis is.
        return left + 12 + min(max(value, 0.0), 100.0) / 100 * (width - left - 26)

    parts = []
    for value in range(0, 101, 20):
        parts.append(line(px(value), 4, px(value), height - 26, "grid"))
        parts.append(text(px(value), height - 10, str(value), "middle"))
    for place, row in enumerate(rows):
        y = 18 + 26.0 * place
        look = f"s{row.index % SERIES}"
        parts.append(text(left, y + 4, shortened(row.name), "end"))
        if row.low is not None and row.high is not None:
            parts.append(line(px(row.low), y, px(row.high), y, f"interval {look}"))
        parts += [
            Markup('<circle cx="{:.1f}" cy="{:.1f}" r="4" class="dot {}"/>').format(px(v), y, look)
            for v in row.values
            if not math.isnan(v)
        ]
        if row.mean is not None:
            parts.append(line(px(row.mean), y - 9, px(row.mean), y + 9, f"mean {look}"))
    return svg(width, height, title, parts)


FIGURE = Figure(
    "folds", "F1 of every fold, with the mean and its interval.", page="board", panel=_panel
)
