"""Leaderboards as text in every format: of finished runs, and of the entries of a leaderboard."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from adaptor_bench.atomic import write_text
from adaptor_bench.data.layout import DOMAINS
from adaptor_bench.entries.entry import Entry, Leaderboard
from adaptor_bench.errors import UsageError, suggest
from adaptor_bench.harness.failures import find_failures
from adaptor_bench.report.columns import DIGITS, percent, shown_columns
from adaptor_bench.report.render import RENDERERS, render
from adaptor_bench.report.rows import flat_table, plain_rows
from adaptor_bench.report.table import Column, Table, number, wrapped
from adaptor_bench.results.board import Board, boards_of, leaderboard_boards, printed_beside
from adaptor_bench.results.notes import board_notes, closing_notes, failure_note
from adaptor_bench.results.published import load_published
from adaptor_bench.results.runs import Run, runs_below
from adaptor_bench.results.sources import published_results, results_of_runs
from adaptor_bench.scoring.metrics import METRICS, PRIMARY
from adaptor_bench.scoring.scorefile import FoldScore

FORMATS = tuple(RENDERERS)


def render_leaderboard(
    roots: Sequence[Path],
    domain: str = "all",
    format: str = "text",
    *,
    per_fold: bool = False,
    all_published: bool = False,
    ddof: int = 0,
    score_of: Callable[[Run], FoldScore] = Run.score,
) -> str:
    """The leaderboard of all runs below ``roots``, ending in a newline.

    ``domain`` is ``all`` or the name of one; ``per_fold`` shows the folds of every metric and not
    of F1 alone; ``all_published`` adds results under other protocols, unranked. Without ``roots``
    only published rows appear. ``score_of`` gives the score of a run. Raises UsageError for an
    unknown domain or format, InputError when a root holds no run, is malformed, or its runs cannot
    be compared.
    """
    failures = find_failures(roots)
    runs = runs_below(roots, [failure_note(failure) for failure in failures])
    known = {*DOMAINS, "all", *(run.domain for run in runs)}
    if domain not in known:
        raise UsageError(f"there is no domain {domain!r}", hint=suggest(domain, known))
    chosen = [run for run in runs if domain in ("all", run.domain)]
    printed = [entry for entry in load_published() if domain in ("all", entry.domain)]
    boards = boards_of(
        [*results_of_runs(chosen, score_of, ddof), *published_results(printed)],
        all_published=all_published,
        failures=[f for f in failures if domain in ("all", f.domain)],
    )
    return render_boards(boards, format, per_fold=per_fold)


def render_entries(
    leaderboard: Leaderboard,
    entries: Sequence[Entry],
    format: str = "text",
    *,
    domain: str = "all",
    ddof: int = 0,
) -> str:
    """A whole leaderboard from its files alone, or one domain of it; what papers print about its
    data stands below. Raises UsageError."""
    boards = [*leaderboard_boards(leaderboard, entries, ddof), *printed_beside(leaderboard)]
    return render_boards([b for b in boards if domain in ("all", b.domain)], format)


def write_tables(leaderboard: Leaderboard, entries: Sequence[Entry]) -> list[Path]:
    """Write ``table.md`` and ``table.json`` beside the entries: same entries, same bytes."""
    written = []
    for name, format in (("table.md", "markdown"), ("table.json", "json")):
        write_text(leaderboard.folder / name, render_entries(leaderboard, entries, format))
        written.append(leaderboard.folder / name)
    return written


def render_boards(boards: Sequence[Board], format: str, *, per_fold: bool = False) -> str:
    """Boards in one of :data:`FORMATS`: JSON and CSV are one list of all rows. Raises
    UsageError."""
    if format not in FORMATS:
        raise UsageError(f"there is no format {format!r}", hint=suggest(format, FORMATS))
    if format == "json":
        return json.dumps(plain_rows(boards), indent=1, allow_nan=False) + "\n"
    if format == "csv":
        return render([flat_table(boards)], "csv")
    shown = tuple(METRICS) if per_fold else (PRIMARY,)
    tables: list[Table] = []
    measured = [board for board in boards if board.measured or board.leaderboard]
    for board in boards:
        tables += _tables(board, shown)
        if measured and board is measured[-1]:
            notes = (*tables[-1].notes, *closing_notes(measured))
            tables[-1] = replace(tables[-1], notes=notes)
    return render(tables, format)


def _tables(board: Board, shown: Sequence[str]) -> list[Table]:
    """The summary, then the folds of the metrics in ``shown``; notes below the last."""
    columns = shown_columns(board)
    rows = [{column.key: column.of(r) for column in columns} for r in board.results]
    tables = [Table(f"{board.title} (%)", tuple(c.column for c in columns), rows)]
    if not rows:
        return [replace(tables[0], notes=("No entry yet.",))]
    with_folds = [r for r in board.results if r.main.folds or r.missing]
    for key in shown if with_folds else ():
        values = [
            {"method": r.name + f" ({r.role})" * bool(r.role)}
            | {f"f{k}": percent(v) for k, v in r.metrics[key].folds.items()}
            for r in with_folds
        ]
        for part in wrapped(board.folds):
            headings = (
                Column("method", "Method", role="label"),
                *(Column(f"f{k}", f"f{k}", "right", "metric", number(DIGITS)) for k in part),
            )
            title = f"{METRICS[key].title} per fold, {board.domain} (%)"
            tables.append(Table(title, headings, values))
    notes = (*board_notes(board), *(note for c in columns if (note := c.note_of(board))))
    return [*tables[:-1], replace(tables[-1], notes=notes)]
