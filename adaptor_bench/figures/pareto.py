"""F1 against what training costs: which methods no other beats at their price."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

from adaptor_bench.errors import InputError
from adaptor_bench.figures.boards import BoardView
from adaptor_bench.figures.canvas import (
    Axes,
    Drawing,
    Look,
    caption,
    drawing,
    looks,
    new_figure,
    text_width,
)
from adaptor_bench.figures.costs import (
    LEAST,
    Mark,
    axis_limits,
    axis_ticks,
    explained,
    front_corners,
    marks_of,
)
from adaptor_bench.figures.figure import Figure, Panel
from adaptor_bench.figures.labels import Box, place_names
from adaptor_bench.figures.svg import SERIES, line, marker, name_room, shortened, svg, text
from adaptor_bench.report.markup import Markup
from adaptor_bench.report.table import Column, Table, number
from adaptor_bench.results.notes import PHANTOM, seeds_note
from adaptor_bench.results.result import Result

AXIS = "CPU seconds of training a fold"
_WIDTH, _HEIGHT = 640.0, 400.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 46.0, 12.0, 26.0, 44.0
_SMALL = 6.5  # points


# --- on paper ------------------------------------------------------------------------------------


@drawing
def _draw(views: Sequence[BoardView]) -> Drawing:
    found = [(view, marks) for view in views if (marks := marks_of(view))]
    if not found:
        raise InputError(
            "no method with all its folds whose cost is known",
            hint="`bench run` records it, and `bench submit` copies it from runs.",
        )
    figure, [axes] = new_figure(5.4 * len(found), 5.0, 1, len(found), sharey=True)
    look = looks(mark.name for _, marks in found for mark in marks)
    for ax, (view, marks) in zip(axes, found, strict=True):
        _panel_on_paper(ax, view, marks, look)
    axes[0].set_ylabel("F1 (%)")
    shown = [view for view, _ in found]
    caption(figure, [explained(shown), *_data_of(shown)])
    figure.draw_without_rendering()  # names are placed where everything else has come to stand
    for ax, (view, marks) in zip(axes, found, strict=True):
        _name_on_paper(ax, marks, view.board.floor)
    return figure


def _panel_on_paper(
    ax: Axes, view: BoardView, marks: Sequence[Mark], look: Mapping[str, Look]
) -> None:
    corners = front_corners(marks)
    ax.plot(*zip(*corners, strict=True), color="#777777", lw=1.0, zorder=2)
    for mark in marks:
        style = look[mark.name]
        ax.vlines(mark.seconds, mark.low, mark.high, color=style["color"], lw=0.8, alpha=0.6)
        if mark.cost.translation:
            own = max(mark.cost.training, LEAST)
            ax.hlines(mark.f1, own, mark.seconds, color=style["color"], lw=0.8, alpha=0.6)
        ax.scatter([mark.seconds], [mark.f1], s=34, color=style["color"], zorder=3,
                   marker=style["marker"], ec="white", lw=0.5, clip_on=False)  # fmt: skip
    if (floor := view.board.floor) is not None:
        height = 100 * (floor.main.mean or 0.0)
        ax.axhline(height, color="#888888", lw=0.8, ls=(0, (2, 2)), zorder=0)
        ax.annotate(
            _called(floor), (0, height), xycoords=("axes fraction", "data"),
            xytext=(2, 2), textcoords="offset points", fontsize=_SMALL, color="#666666",
        )  # fmt: skip
    low, high = axis_limits(marks)
    ax.set_xscale("log")
    ax.set(xlim=(low, high), ylim=(0, 100), xlabel=AXIS)
    ax.set_xticks(ticks := axis_ticks(low, high), [f"{tick:g}" for tick in ticks])
    ax.minorticks_off()
    ax.grid(axis="y", lw=0.4, color="#dddddd")
    ax.set_title(view.board.domain, loc="left")


def _name_on_paper(ax: Axes, marks: Sequence[Mark], floor: Result | None) -> None:
    """In points of 1/72 inch, at which texts are measured."""
    scale = 72 / ax.figure.dpi

    def point(x: float, y: float) -> tuple[float, float]:
        at = ax.transData.transform((x, y)) * scale
        return float(at[0]), float(at[1])

    whole = [float(v) * scale for v in ax.get_window_extent().extents]
    within = (whole[0], whole[1], whole[2], whole[3])
    places = [point(mark.seconds, mark.f1) for mark in marks]
    bars = [(x - 1, point(m.seconds, m.low)[1], x + 1, point(m.seconds, m.high)[1])
            for m, (x, _) in zip(marks, places, strict=True)]  # fmt: skip
    tails = [
        (point(max(m.cost.training, LEAST), m.f1)[0], y - 1, x, y + 1)
        for m, (x, y) in zip(marks, places, strict=True)
        if m.cost.translation
    ]
    taken = [*bars, *tails, *_boxes([point(x, y) for x, y in front_corners(marks)])]
    if floor is not None:
        below, wide = (
            point(1, 100 * (floor.main.mean or 0.0))[1],
            text_width(_called(floor), _SMALL),
        )
        taken.append((within[0], below, within[0] + wide + 4, below + 1.5 * _SMALL))
    names = [shortened(mark.name) for mark in marks]
    widths = [text_width(n, _SMALL) * _wider(m) + 2 for n, m in zip(names, marks, strict=True)]
    found = place_names(places, widths, 1.25 * _SMALL, within, taken)
    for mark, name, (x, y), width, (left, middle) in zip(
        marks, names, places, widths, found, strict=True
    ):
        far = abs(middle - y) > 1
        edge = min(max(x, left), left + width)
        arrow = {"arrowstyle": "-", "lw": 0.5, "color": "#777777", "shrinkA": 0, "shrinkB": 3}
        ax.annotate(
            name, (mark.seconds, mark.f1), xytext=(left - x + 1, middle - y), fontsize=_SMALL,
            textcoords="offset points", va="center", ha="left", annotation_clip=False,
            weight="bold" if mark.front else "normal", in_layout=False,
            arrowprops=arrow | {"relpos": ((edge - left) / width, 0.5)} if far else None,
        )  # fmt: skip


def _boxes(corners: Sequence[tuple[float, float]]) -> list[Box]:
    """What the segments of a step line take."""
    return [
        (min(a[0], b[0]) - 1, min(a[1], b[1]) - 1, max(a[0], b[0]) + 1, max(a[1], b[1]) + 1)
        for a, b in pairwise(corners)
    ]


def _wider(mark: Mark) -> float:
    """Names on the front are bold."""
    return 1.13 if mark.front else 1.0


def _called(floor: Result) -> str:
    return f"best floor: {shortened(floor.name)}"


def _data_of(views: Sequence[BoardView]) -> list[str]:
    """Of which data, profile and seeds."""
    first = views[0].board
    folds = ", ".join(f"{v.board.domain} {len(v.board.folds)} folds" for v in views)
    shown = [result for view in views for result in view.complete]
    lines = [f"{first.dataset}: {folds}. {' '.join(seeds_note(shown))}"]
    return [*lines, PHANTOM] if first.kind == "phantom" else lines


# --- on the site ---------------------------------------------------------------------------------


def _panel(view: BoardView, first: str) -> Panel | None:
    marks = marks_of(view)
    if first or len(marks) < 2:
        return None
    said = "; ".join(f"{m.name} {number(1)(m.f1)} for {number(1)(m.cost.total)} s" for m in marks)
    floor, where = view.board.floor, view.board.domain
    line_at = (_called(floor), 100 * (floor.main.mean or 0.0)) if floor else None
    return Panel(
        "F1 by cost of training",
        pareto_plot(marks, title=f"F1 in percent by {AXIS}, {where}: {said}", floor=line_at),
        explained([view]),
        table=_table(marks),
    )


def pareto_plot(
    marks: Sequence[Mark], *, title: str, floor: tuple[str, float] | None = None
) -> Markup:
    """Every mark with its interval and name, the front, and a dashed line at the ``floor`` (what
    it is called, percent)."""
    low, high = axis_limits(marks)

    def px(seconds: float) -> float:
        share = math.log(seconds / low) / math.log(high / low)
        return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)

    def py(value: float) -> float:
        return _HEIGHT - _BOTTOM - value / 100 * (_HEIGHT - _TOP - _BOTTOM)

    parts = []
    for percent in range(0, 101, 20):
        parts.append(line(_LEFT, py(percent), _WIDTH - _RIGHT, py(percent), "grid"))
        parts.append(text(_LEFT - 6, py(percent) + 4, str(percent), "end"))
    for tick in axis_ticks(low, high):
        parts.append(line(px(tick), py(0), px(tick), py(0) + 4, "axis"))
        parts.append(text(px(tick), py(0) + 17, f"{tick:g}", "middle"))
    parts.append(line(_LEFT, py(0), _WIDTH - _RIGHT, py(0), "axis"))
    parts.append(text((_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - 8, AXIS, "middle"))
    parts.append(text(_LEFT - 6, 12, "F1 %", "end"))
    taken: list[Box] = []
    if floor is not None:
        name, value = floor
        parts.append(line(_LEFT, py(value), _WIDTH - _RIGHT, py(value), "mark"))
        parts.append(text(_LEFT + 4, py(value) - 4, shortened(name), "start"))
        taken.append((_LEFT, py(value) - 16, _LEFT + 4 + name_room([name]), py(value)))
    steps = [(px(x), py(y)) for x, y in front_corners(marks)]
    taken += _boxes(steps)
    corners = " ".join(f"{x:.1f},{y:.1f}" for x, y in steps)
    parts.append(Markup('<polyline points="{}" class="front"/>').format(corners))
    for mark in marks:
        look, x = f"whisker s{mark.index % SERIES}", px(mark.seconds)
        parts.append(line(x, py(mark.low), x, py(mark.high), look))
        taken.append((x - 1, py(mark.high), x + 1, py(mark.low)))
        if mark.cost.translation:
            own = px(max(mark.cost.training, LEAST))
            parts.append(line(own, py(mark.f1), x, py(mark.f1), look))
            taken.append((own, py(mark.f1) - 1, x, py(mark.f1) + 1))
    places = [(px(mark.seconds), py(mark.f1)) for mark in marks]
    names = [shortened(mark.name) for mark in marks]
    widths = [name_room([n]) * _wider(m) for n, m in zip(names, marks, strict=True)]
    within = (_LEFT, _TOP - 12, _WIDTH, py(0))
    found = place_names(places, widths, 15.0, within, taken)
    for mark, name, (x, y), width, (left, middle) in zip(
        marks, names, places, widths, found, strict=True
    ):
        if abs(middle - y) > 1:
            parts.append(line(x, y, min(max(x, left), left + width), middle, "leader"))
        parts.append(marker(mark.index, x, y))
        parts.append(text(left, middle + 4, name, "start", "on-front" if mark.front else ""))
    return svg(_WIDTH, _HEIGHT, title, parts)


def _table(marks: Sequence[Mark]) -> Table:
    columns = (
        Column("name", "Method"),
        Column("f1", "F1", "right", show=number(2)),
        Column("interval", "Interval", "right"),
        Column("training", "CPU s without translator", "right", show=number(1)),
        Column("translator", "of translator", "right", show=number(1)),
        Column("total", "CPU s", "right", show=number(1)),
        Column("peak", "Peak MiB", "right", show=number(0)),
        Column("front", "On the front"),
    )
    rows = [
        {
            "name": mark.name,
            "f1": mark.f1,
            "interval": f"{mark.low:.2f} to {mark.high:.2f}" if mark.low < mark.high else None,
            "training": mark.cost.training,
            "translator": mark.cost.translation or None,
            "total": mark.cost.total,
            "peak": mark.cost.peak,
            "front": "yes" if mark.front else "no",
        }
        for mark in marks
    ]
    return Table("F1 and cost as a table", columns, rows)


FIGURE = Figure(
    "pareto",
    "F1 against the CPU seconds of training, with the Pareto front; of RUNS or of leaderboards.",
    _draw,
    of_boards=True,
    page="board",
    panel=_panel,
)
