"""How probable each rank of each method is."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.figures.boards import BoardView
from adaptor_bench.figures.figure import Figure, Panel
from adaptor_bench.figures.svg import CELL, Grid
from adaptor_bench.report.markup import Markup


def _panel(view: BoardView, first: str) -> Panel | None:
    if view.study is None or view.card is None:
        return None
    study = view.study.study
    return Panel(
        "How probable each rank is",
        rank_plot(study.methods, study.rank_probability),
        "The area of a disc is how probable it is that the method of the row has the rank of the "
        "column among true means over folds.",
        table=view.card.tables[1],
        prints=True,
    )


def rank_plot(methods: Sequence[str], probability: NDArray[np.float64]) -> Markup:
    """A row a method, a column a rank, a disc whose area is the probability.

    ``probability`` is (methods, ranks), NaN for a method without a value.
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
            shares.append(f"rank {k + 1} {100 * share:.1f} %")
            parts.append(disc.format(*grid.centre(i, k), radius, f"{name}: {shares[-1]}"))
        said.append(f"{name} {', '.join(shares) or 'never'}")
    return grid.picture("How probable each rank is: " + "; ".join(said), parts)


FIGURE = Figure("ranks", "How probable each rank of each method is.", page="ranking", panel=_panel)
