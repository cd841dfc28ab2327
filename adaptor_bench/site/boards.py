"""What the front page and the page of ranking cards show of every board."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from adaptor_bench.entries.entry import Leaderboard
from adaptor_bench.figures.boards import BoardView
from adaptor_bench.figures.figure import Figure, Panel
from adaptor_bench.report.columns import DIGITS, method_label, percent, shown_columns
from adaptor_bench.report.markup import Markup, web_address
from adaptor_bench.report.table import INTERVAL, MOST_FOLDS, Column, Table, number
from adaptor_bench.results.board import Board
from adaptor_bench.results.notes import (
    PHANTOM,
    about_facts,
    board_notes,
    matching_notes,
    withdrawn_notes,
)
from adaptor_bench.results.result import Result
from adaptor_bench.scoring.metrics import METRICS, PRIMARY


def board_page(
    view: BoardView, anchor: str, pages: Mapping[str, str], figures: Iterable[Figure]
) -> dict[str, Any]:
    """The board as the template reads it; ``pages`` by the name of a result."""
    board = view.board
    definition = board.leaderboard
    notes = [*board_notes(board)]
    if definition is not None:
        if not board.results:
            notes += ["No entry yet.", *matching_notes(definition.settings, ())]
        notes += [*definition.notes, *withdrawn_notes(definition)]
    if view.obstacle:
        notes.append(f"No intervals and no ranking card: {view.obstacle}.")
    if board.measured and not view.frames:
        notes.append("The dataset is not available: no curves over the radius, no pictures.")
    return {
        "anchor": anchor,
        "heading": board.title,
        "remark": PHANTOM if board.kind == "phantom" else "",
        "about": [(n, _linked(text)) for n, text in about_facts(definition)] if definition else (),
        "table": _table(view),
        "links": {method_label(r): pages[r.name] for r in board.measured},
        "notes": notes,
        "sentences": view.card.sentences if view.card else (),
        "foremost": 1 + len(view.study.answers if view.study else ()),  # who leads, what holds
        "panels": panels(view, figures, "board"),
    }


def _linked(text: str) -> Markup | str:
    """A web address as a link; other text as it is."""
    link = Markup('<a href="{0}" rel="noopener noreferrer">{0}</a>')
    return link.format(text) if web_address(text) else text


def with_definitions(boards: Sequence[Board], leaderboards: Sequence[Leaderboard]) -> list[Board]:
    """The same, those whose results are all entries of one leaderboard with its definition; and a
    board without a result for every domain of a leaderboard that nobody has entered yet."""
    by_name = {definition.id: definition for definition in leaderboards}
    found = []
    for board in boards:
        names = {r.entry.board if r.entry else "" for r in board.measured}
        definition = by_name.get(names.pop()) if len(names) == 1 else None
        found.append(replace(board, leaderboard=definition))
    there = {(board.dataset, board.domain) for board in found if board.measured}
    empty = [
        Board(domain, definition.dataset, definition.kind, (), leaderboard=definition)
        for definition in leaderboards
        for domain in definition.folds
        if (definition.dataset, domain) not in there
    ]
    return [*empty, *found]


def panels(view: BoardView, figures: Iterable[Figure], page: str, first: str = "") -> list[Panel]:
    """The figures that stand on a page, as far as they have something to show."""
    shown = (figure.on_page(view, first) for figure in figures if figure.page == page)
    return [panel for panel in shown if panel is not None]


def _table(view: BoardView) -> Table:
    """The leaderboard's columns, the interval beside the metric that ranks, the folds."""
    board = view.board
    columns: list[Column] = []
    caption = "Percent; mean ± standard deviation over the folds of one seed."
    for column in shown_columns(board):
        columns.append(column.column)
        if column.key == PRIMARY:
            title = column.title
            if any(view.interval(r.name) for r in board.results):
                columns.append(Column(INTERVAL, f"{title} interval", "right", "metric"))
                assert view.study is not None
                level = 100 * view.study.study.options.level
                caption += f" Interval: {level:g} %, Student's t over folds, corrected."
            columns += [
                Column(f"fold_{k}", f"{title} f{k}", "right", "metric", number(DIGITS))
                for k in (board.folds if len(board.folds) <= MOST_FOLDS else ())
            ]
    rows = []
    for result in board.results:
        row = {column.key: column.of(result) for column in shown_columns(board)}
        limits = view.interval(result.name)
        row[INTERVAL] = f"{limits[0]:.2f} to {limits[1]:.2f}" if limits else None
        rows.append(row | {f"fold_{k}": percent(v) for k, v in result.main.folds.items()})
    return Table(caption, tuple(columns), rows, best=_best(board.results))


def _best(results: Sequence[Result]) -> frozenset[tuple[int, str]]:
    """The best means among those with a rank, where there are several."""
    best = set()
    ranked = [(i, r) for i, r in enumerate(results) if r.rank is not None]
    for key, metric in METRICS.items() if len(ranked) > 1 else ():
        means = {i: mean for i, r in ranked if (mean := r.metrics[key].mean) is not None}
        top = (max if metric.higher_is_better else min)(means.values(), default=0.0)
        best |= {(i, key) for i, mean in means.items() if abs(mean - top) < 1e-9}
    return frozenset(best)


def provenance(view: BoardView) -> dict[str, Any] | None:
    """Where the board's numbers come from; None for published numbers alone."""
    results = view.board.measured
    if not results:
        return None
    first = results[0]
    parts = [part for result in results for part in result.fold_results]
    facts = [
        ("Dataset", f"{first.dataset} ({first.kind})"),
        ("Fingerprint", first.fingerprint),
        ("Folds", f"{first.plan[0]}, {first.plan[1]}"),
        ("Device", _listed(part.device for part in parts)),
        ("Training and prediction", _duration(part.seconds.get("total") for part in parts)),
    ]
    names = dict.fromkeys(name for part in parts for name in part.versions)
    facts += [(_fact(n), _listed(part.versions.get(n) for part in parts)) for n in names]
    return {"heading": view.board.title, "facts": facts}


def _fact(name: str) -> str:
    """How the page calls a version."""
    own = {"commit": "Commit", "machine": "Machine", "python": "Python"}
    return own.get(name, f"Version of {name}")


def _listed(values: Iterable[Any]) -> str:
    return ", ".join(dict.fromkeys("not recorded" if v is None else str(v) for v in values))


def _duration(values: Iterable[Any]) -> str:
    numbers = [v for v in values if isinstance(v, int | float) and not isinstance(v, bool)]
    seconds = [v for v in numbers if math.isfinite(v)]
    return f"{sum(seconds) / 60:.1f} minutes in all" if seconds else "not recorded"
