"""``bench card``: how sure the order of a leaderboard is, in sentences and tables."""

from __future__ import annotations

from pathlib import Path

import click

from adaptor_bench.cli import options
from adaptor_bench.cli.output import show


@click.command(name="card")
@click.argument("runs", nargs=-1, type=options.EXISTING_FOLDER)
@options.boards("Entries of this leaderboard, too")
@options.domain
@options.level
@options.formats(*options.PROSE_FORMATS)
def command(
    runs: tuple[Path, ...],
    boards: tuple[str, ...],
    domain: str,
    level: float,
    format_: str,
) -> None:
    """A ranking card for every board with two complete methods in RUNS (default: `runs`)."""
    from adaptor_bench.entries.entry import find_boards
    from adaptor_bench.errors import InputError
    from adaptor_bench.report.card import ranking_cards, render_cards
    from adaptor_bench.results.board import boards_of
    from adaptor_bench.results.load import load_results
    from adaptor_bench.results.runs import runs_below
    from adaptor_bench.results.sources import results_of_runs
    from adaptor_bench.scoring.uncertainty.study import Options

    folders = find_boards(boards)
    found = results_of_runs(runs_below(options.roots_of(runs, folders)))
    results = [*found, *load_results(folders)]
    chosen = [r for r in results if domain in ("all", r.domain)]
    cards = ranking_cards(boards_of(chosen), Options(level=level))
    if not cards:
        raise InputError(
            "no board with two complete methods",
            hint="`bench run` with two methods and all folds makes one; see `bench leaderboard`.",
        )
    show(render_cards(cards, format_), newline=False)
