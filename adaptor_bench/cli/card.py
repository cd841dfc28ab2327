"""``bench card``: how much of a ranking the data can carry, in sentences and tables."""

from __future__ import annotations

from pathlib import Path

import click

from adaptor_bench.cli.numbers import FiniteRange
from adaptor_bench.cli.output import show
from adaptor_bench.progress import message

FORMATS = ["text", "markdown", "html", "latex", "json"]


@click.command(name="card")
@click.argument("runs", nargs=-1, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--board",
    "boards",
    multiple=True,
    help="Entries of this leaderboard, too: its name, its folder, or all; repeatable.",
)
@click.option("--data", type=click.Path(path_type=Path), multiple=True,
              help="The data of a --board that is not of an embedded phantom.")  # fmt: skip
@click.option("--domain", default="all", show_default=True, help="sim, intraop, .. or all.")
@click.option("--level", type=FiniteRange(0.5, 0.999), default=0.95, show_default=True)
@click.option("--nested", is_flag=True, help="Draw frames within surgeries, too, even if few.")
@click.option("--resamples", type=click.IntRange(100, 1_000_000), default=10_000,
              show_default=True, help="Drawn where not all can be listed.")  # fmt: skip
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option("--format", "format_", type=click.Choice(FORMATS), default="text", show_default=True)
def command(
    runs: tuple[Path, ...],
    boards: tuple[str, ...],
    data: tuple[Path, ...],
    domain: str,
    level: float,
    nested: bool,
    resamples: int,
    seed: int,
    format_: str,
) -> None:
    """A ranking card for every board with two complete methods below RUNS (default: `runs`)."""
    from adaptor_bench.entries.entry import find_boards
    from adaptor_bench.errors import InputError
    from adaptor_bench.evaluate.uncertainty.study import Options
    from adaptor_bench.progress import Progress
    from adaptor_bench.report.card import ranking_cards, render_cards
    from adaptor_bench.results.board import boards_of
    from adaptor_bench.results.load import load_scored

    folders = find_boards(boards)
    roots = runs or (() if folders else (Path("runs"),))
    loaded = load_scored(roots, folders, data, Progress())
    chosen = [r for r in loaded.results if domain in ("all", r.domain)]
    options = Options(level=level, resamples=resamples, seed=seed, nested=nested or None)
    cards = ranking_cards(boards_of(chosen), options)
    for line in loaded.left_out:
        message(f"left out: {line}")
    if not cards:
        raise InputError(
            "no board with two complete methods",
            hint="`bench run` with two methods and all folds makes one; see `bench leaderboard`.",
        )
    show(render_cards(cards, format_), newline=False)
