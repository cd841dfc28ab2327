"""What the front page shows of every board: rows, notes, plots, provenance."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from adaptor_bench.evaluate.metrics import METRICS, PRIMARY
from adaptor_bench.figures.svg import key
from adaptor_bench.report.card import Card
from adaptor_bench.report.columns import DIGITS, ResultColumn, percent, shown_columns
from adaptor_bench.report.studies import profile_of
from adaptor_bench.report.table import Spread, number
from adaptor_bench.results.board import Board
from adaptor_bench.results.notes import PHANTOM, board_notes, matching_notes
from adaptor_bench.results.result import Result
from adaptor_bench.site.curves import Curve
from adaptor_bench.site.gather import Section, Subject
from adaptor_bench.site.plots import FoldLine, Series, fold_plot, line_plot

__all__ = ["board_page", "curve_page", "heading", "provenance"]


def heading(section: Section) -> str:
    """The board's title in words."""
    board = section.board
    if board.kind == "published":
        return f"{board.domain}: published on AdaptOR 2021"
    return board.title


def board_page(section: Section, curves: Mapping[int, Curve], card: Card | None) -> dict[str, Any]:
    """The board as the template reads it; ``card`` is its ranking card, if it has one.

    ``columns`` and the cells of its ``rows`` are those of every leaderboard, and behind the metrics
    the interval and the folds of the metric that ranks.
    """
    board = section.board
    pages = {entry.result.name: entry.subject.page for entry in section.entries}
    intervals = _intervals(section)
    columns = shown_columns(board)
    metrics = max(i for i, column in enumerate(columns) if column.role == "metric") + 1
    best = {c.key: _best(board, c) for c in columns if c.role == "metric"}
    rows = []
    for result in board.results:
        cells = [_cell(column, result, best.get(column.key)) for column in columns]
        extra = [_number(result.main.folds.get(fold)) for fold in board.folds]
        if intervals:
            low, high = intervals.get(result.name, (None, None))
            text = "-" if low is None else f"{low:.2f} to {high:.2f}"
            extra.insert(0, {"text": text, "key": low, "best": False})
        rows.append(
            {
                "page": pages.get(result.name),
                "name": result.name,
                "same_as": result.same_as,
                "incomplete": bool(result.missing),
                "cells": [*cells[:metrics], *extra, *cells[metrics:]],
            }
        )
    title = METRICS[PRIMARY].title
    added = [f"{title} interval"] * bool(intervals) + [f"{title} f{fold}" for fold in board.folds]
    heads = [_head(c.title, c.about, c.role, c.align == "right") for c in columns]
    return {
        "anchor": section.anchor,
        "heading": heading(section),
        "remark": _remark(section),
        "columns": [
            *heads[:metrics],
            *(_head(name, "", "metric", True) for name in added),
            *heads[metrics:],
        ],
        "rows": rows,
        "notes": _notes(section),
        "sentences": card.sentences if card else (),
        "has_interval": bool(intervals),
        "interval_name": _interval_name(section),
        "curve": curve_page(section, curves),
        "fold_plot": _fold_plot(section, intervals),
    }


def _head(title: str, about: str, role: str, right: bool) -> dict[str, Any]:
    return {"title": title, "about": about, "role": role, "num": right or role == "metric"}


def _cell(column: ResultColumn, result: Result, best: float | None) -> dict[str, Any]:
    value = column.of(result)
    key = value.mean if isinstance(value, Spread) else value
    shown = " ".join(column.show(value).split())
    return {
        "text": shown.replace("/", " of ") if column.key == "n" else shown,
        "key": key if isinstance(key, int | float) else None,
        "best": best is not None and isinstance(key, float) and abs(key - best) < 1e-7,
    }


def _number(value: float | None) -> dict[str, Any]:
    shown = percent(value)
    return {"text": number(DIGITS)(shown), "key": shown, "best": False}


def curve_page(
    board: Section, curves: Mapping[int, Curve], subject: Subject | None = None
) -> dict[str, Any] | None:
    """Plot, legend and table of F1 by radius, ``subject`` first; None where there is no curve."""
    shown = [e.subject for e in board.entries if e.subject.index in curves]
    if not shown or (subject is not None and subject not in shown):
        return None
    if subject is not None:
        shown.sort(key=lambda s: s is not subject)
    lines = [
        Series(s.name, s.index, curves[s.index].radii, curves[s.index].f1.tolist()) for s in shown
    ]
    settings = board.settings
    title = f"F1 in percent by matching radius in pixels, {board.board.domain}: " + ", ".join(
        f"{line.name} {_at(line, settings.radius)}" for line in lines
    )
    return {
        "svg": line_plot(
            lines,
            title=f"{title} at {settings.radius:g} px",
            x_title="matching radius, px",
            y_title="F1 %",
            mark=settings.radius,
        ),
        "series": [{"name": line.name, "key": key(line.index)} for line in lines],
        "rows": [
            {"radius": radius, "values": [line.y[i] for line in lines]}
            for i, radius in enumerate(lines[0].x)
        ],
        "caption": "Matched anew at every radius by the rule of the board; mean over folds. A "
        "curve that still climbs far right of the mark locates loosely; one that is low "
        "everywhere misses or invents points.",
    }


def provenance(board: Section) -> dict[str, Any] | None:
    """Where the board's numbers come from; None for published numbers alone."""
    if not board.entries:
        return None
    results = board.board.measured
    first = results[0]
    parts = [part for result in results for part in result.fold_results]
    facts = [
        ("Dataset", f"{first.dataset} ({first.kind})"),
        ("Fingerprint", first.fingerprint),
        ("Folds", ", ".join(first.plan)),
        ("Matching", " ".join(matching_notes(board.settings, results)).removeprefix("Matching: ")),
        ("Profile", _listed(profile_of(r) for r in results)),
        ("Training seeds", _listed(p.seed for p in parts)),
        ("Device", _listed(p.device for p in parts)),
        ("Training and prediction", _duration(p.seconds.get("total") for p in parts)),
    ]
    names = dict.fromkeys(name for p in parts for name in p.versions)
    facts += [(_fact(n), _listed(p.versions.get(n) for p in parts)) for n in names]
    return {"heading": heading(board), "facts": facts}


def _fact(name: str) -> str:
    """How the page calls a version."""
    own = {"commit": "Commit", "machine": "Machine", "python": "Python"}
    return own.get(name, f"Version of {name}")


def _remark(section: Section) -> str:
    if section.board.kind == "phantom":
        return f"{PHANTOM[:-1]}; published numbers stand apart and are not ranked with them."
    if section.board.kind == "published":
        return "As printed; not comparable with numbers measured on other data."
    return ""


def _notes(section: Section) -> list[str]:
    notes = list(board_notes(section.board))
    if section.obstacle:
        notes.append(f"No intervals and no ranking card: {section.obstacle}.")
    if section.entries and section.dataset is None:
        notes.append("The dataset is not available: no curves over the radius, no pictures.")
    return notes


def _intervals(board: Section) -> dict[str, tuple[float, float]]:
    """Method to low and high of F1, percent; only where there is an interval."""
    if board.certainty is None:
        return {}
    found = {}
    for name, metrics in board.certainty.study.student.items():
        interval = metrics[PRIMARY]
        if not math.isnan(interval.low):
            found[name] = (100 * interval.low, 100 * interval.high)
    return found


def _interval_name(board: Section) -> str:
    if board.certainty is None:
        return ""
    level = 100 * board.certainty.study.options.level
    return f"{level:g} %, Student's t with the jackknife over surgeries"


def _fold_plot(board: Section, intervals: Mapping[str, tuple[float, float]]) -> Any:
    rows = []
    for entry in board.entries:
        main = entry.result.main
        values = [100 * value for value in main.folds.values()]
        name = entry.subject.name
        low, high = intervals.get(name, (None, None))
        rows.append(FoldLine(name, entry.subject.index, values, percent(main.mean), low, high))
    if not rows:
        return None
    said = "; ".join(f"{r.name} mean {_plain(r.mean)}" for r in rows)
    return fold_plot(rows, title=f"F1 by fold, percent, {board.board.domain}: {said}")


def _best(board: Board, column: ResultColumn) -> float | None:
    ranked = [column.of(r) for r in board.results if r.rank is not None]
    means = [v.mean for v in ranked if isinstance(v, Spread) and v.mean is not None]
    return max(means) if len(means) > 1 else None


def _at(line: Series, radius: float) -> str:
    return _plain(line.y[list(line.x).index(radius)])


def _plain(value: float | None) -> str:
    return "-" if value is None or math.isnan(value) else f"{value:.1f}"


def _listed(values: Any) -> str:
    return ", ".join(dict.fromkeys("not recorded" if v is None else str(v) for v in values))


def _duration(values: Any) -> str:
    numbers = [v for v in values if isinstance(v, int | float) and not isinstance(v, bool)]
    seconds = [v for v in numbers if math.isfinite(v)]
    return f"{sum(seconds) / 60:.1f} minutes in all" if seconds else "not recorded"
