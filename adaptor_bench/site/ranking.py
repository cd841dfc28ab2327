"""The ranking card of every board: what its order rests on, in sentences, plots and tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from adaptor_bench.report.card import Card, card_of
from adaptor_bench.report.markup import Markup, templates
from adaptor_bench.report.sentences import how_resampled
from adaptor_bench.report.table import Table
from adaptor_bench.site.gather import Section
from adaptor_bench.site.rankplots import rank_plot, significance_map

__all__ = ["PAGE", "board_card", "ranking_section"]

PAGE = "ranking.html"


def board_card(board: Section) -> Card | None:
    """The card of a board; None with fewer than two complete methods."""
    certainty = board.certainty
    if certainty is None or len(certainty.study.methods) < 2:
        return None
    return card_of(certainty)


def ranking_section(board: Section, card: Card, heading: str) -> dict[str, Any]:
    """A board's card as the template reads it."""
    assert board.certainty is not None
    found = board.certainty.study
    estimates, ranks, pairs, schemes = card.tables
    level = found.options.level
    return {
        "anchor": board.anchor,
        "heading": heading,
        "sentences": card.sentences,
        "estimates": _table([estimates]),
        "rank_plot": rank_plot(found.methods, found.rank_probability),
        "ranks": _table([ranks]),
        "map": significance_map(found.methods, found.pairs, level),
        "alpha": f"{1 - level:.3g}",
        "pairs": _table([pairs]),
        "schemes": _table([schemes]),
        "resampled": how_resampled(found),
    }


def _table(tables: Sequence[Table]) -> Markup:
    """Tables without their titles: the page has headings of its own."""
    page = templates().get_template("fragments.html")
    return Markup(page.render(tables=[replace(table, title="") for table in tables], site=True))
