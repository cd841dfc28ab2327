"""``bench card``: how sure the order of a leaderboard is, in sentences and tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from adaptor_bench.cli import options
from adaptor_bench.cli.output import show
from adaptor_bench.progress import message


@click.command(name="card")
@click.argument("runs", nargs=-1, type=options.EXISTING_FOLDER)
@options.boards("Entries of this leaderboard, too")
@options.results_data
@options.domain
@options.study_options
@options.formats(*options.PROSE_FORMATS)
def command(
    runs: tuple[Path, ...],
    boards: tuple[str, ...],
    data: tuple[Path, ...],
    domain: str,
    format_: str,
    **study: Any,
) -> None:
    """A ranking card for every board with two complete methods in RUNS (default: `runs`)."""
    from adaptor_bench.entries.entry import find_boards
    from adaptor_bench.errors import InputError
    from adaptor_bench.progress import Progress
    from adaptor_bench.report.card import ranking_cards, render_cards
    from adaptor_bench.results.board import boards_of
    from adaptor_bench.results.load import load_scored

    folders = find_boards(boards)
    loaded = load_scored(options.roots_of(runs, folders), folders, data, Progress())
    chosen = [r for r in loaded.results if domain in ("all", r.domain)]
    cards = ranking_cards(boards_of(chosen), options.study_of(**study))
    for line in loaded.left_out:
        message(f"left out: {line}")
    if not cards:
        raise InputError(
            "no board with two complete methods",
            hint="`bench run` with two methods and all folds makes one; see `bench leaderboard`.",
        )
    show(render_cards(cards, format_), newline=False)
