"""Which differences between methods the folds can tell."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from adaptor_bench.figures.boards import BoardView
from adaptor_bench.figures.figure import Figure, Panel
from adaptor_bench.figures.svg import CELL, Grid, text
from adaptor_bench.report.markup import Markup
from adaptor_bench.scoring.uncertainty.significance import Comparison


def _panel(view: BoardView, first: str) -> Panel | None:
    if view.study is None or view.card is None:
        return None
    study = view.study.study
    return Panel(
        "Which differences the folds can tell",
        significance_map(study.methods, study.pairs),
        "p of the primary analysis, row against column, corrected by Holm's method. Filled: the "
        f"row is better ({100 * study.options.level:g} % interval of the difference above 0).",
        table=view.card.tables[2],
    )


def significance_map(methods: Sequence[str], pairs: Mapping[tuple[str, str], Comparison]) -> Markup:
    """Row against column: the corrected p; filled where the row is better beyond doubt.

    ``methods`` stand best first and ``pairs`` holds every (better, worse).
    """
    grid, parts, told = Grid(methods), [], []
    side = CELL - 4
    box = Markup(
        '<rect x="{:.1f}" y="{:.1f}" width="{side:.0f}" height="{side:.0f}" rx="3" class="{}">'
        "<title>{}</title></rect>"
    )
    for i, a in enumerate(methods):
        x, y = grid.centre(i, i)
        parts.append(text(x, y + 4, "·", "middle", "faint"))
        for j, b in enumerate(methods[i + 1 :], start=i + 1):
            x, y = grid.centre(i, j)
            pair = pairs[a, b]
            sure = pair.verdict == "yes"
            tip = f"{a} against {b}: corrected p {_p(pair.p_holm)}"
            look = "sure" if sure else "unsure"
            parts.append(box.format(x - side / 2, y - side / 2, look, tip, side=side))
            parts.append(text(x, y + 4, _p(pair.p_holm), "middle", "on" if sure else ""))
            if sure:
                told.append(f"{a} over {b}")
    return grid.picture("Significant differences: " + ("; ".join(told) or "none"), parts)


def _p(value: float) -> str:
    if math.isnan(value):
        return "-"
    return "<.001" if value < 0.001 else f"{value:.3f}".removeprefix("0")


FIGURE = Figure(
    "significance", "Which differences the folds can tell.", page="ranking", panel=_panel
)
