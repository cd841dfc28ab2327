"""How often each method has each rank among resamples."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.figures.boards import BoardView
from adaptor_bench.figures.figure import Figure, Panel
from adaptor_bench.figures.svg import CELL, Grid
from adaptor_bench.report.markup import Markup
from adaptor_bench.report.sentences import how_resampled


def _panel(view: BoardView, first: str) -> Panel | None:
    if view.study is None or view.card is None:
        return None
    study = view.study.study
    return Panel(
        "How often each rank",
        rank_plot(study.methods, study.rank_probability),
        f"The area of a disc is the share of resamples ({how_resampled(study)}) in which the "
        "method of the row has the rank of the column.",
        table=view.card.tables[1],
        prints=True,
    )


def rank_plot(methods: Sequence[str], probability: NDArray[np.float64]) -> Markup:
    """A row a method, a column a rank, a disc whose area is the share of resamples.

    ``probability`` is (methods, ranks), NaN where no resample has a rank.
    """
    grid, parts, said = Grid(methods), [], []
    disc = Markup(
        '<circle cx="{:.1f}" cy="{:.1f}" r="{:.1f}" class="disc"><title>{}</title></circle>'
    )
    for i, name in enumerate(methods):
        shares = []
        for k, share in enumerate(probability[i]):
            if math.isnan(share) or share < 0.0005:
                continue
            radius = max((CELL / 2 - 2) * math.sqrt(share), 1.2)
            shares.append(f"rank {k + 1} in {100 * share:.1f} %")
            parts.append(disc.format(*grid.centre(i, k), radius, f"{name}: {shares[-1]}"))
        said.append(f"{name} {', '.join(shares) or 'never'}")
    return grid.picture("How often each rank: " + "; ".join(said), parts)


FIGURE = Figure("ranks", "How often each method has each rank.", page="ranking", panel=_panel)
