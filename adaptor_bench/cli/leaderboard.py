"""``bench leaderboard``: all finished runs and the published results, ranked where they may be."""

from __future__ import annotations

from pathlib import Path

import click

from adaptor_bench.data.frames import DOMAINS


@click.command(name="leaderboard")
@click.argument("runs", nargs=-1, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--domain", type=click.Choice([*DOMAINS, "all"]), default="all", show_default=True)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "markdown", "json", "csv"]),
    default="text",
    show_default=True,
)
@click.option("--per-fold", is_flag=True, help="Show the folds of all metrics, not of F1 alone.")
@click.option(
    "--all-published", is_flag=True, help="Add results published under other protocols, unranked."
)
@click.option(
    "--ddof",
    type=click.IntRange(0, 1),
    default=0,
    show_default=True,
    help="0: population standard deviation over folds, as published; 1: sample.",
)
def command(
    runs: tuple[Path, ...],
    domain: str,
    format_: str,
    per_fold: bool,
    all_published: bool,
    ddof: int,
) -> None:
    """Rank what stands below RUNS (default: the folder `runs`, if there is one).

    Rows of different datasets are never ranked together. An entry with a missing fold has no
    mean and no rank.
    """
    from adaptor_bench.report.leaderboard import render_leaderboard
    from adaptor_bench.runs import find_runs

    default = Path("runs")
    if not runs and default.is_dir() and find_runs([default]):
        runs = (default,)
    click.echo(
        render_leaderboard(
            runs,
            domain,
            format_,
            per_fold=per_fold,
            all_published=all_published,
            ddof=ddof,
        ),
        nl=False,
    )
