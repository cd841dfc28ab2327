"""``bench compare``: the paired difference of two methods and its uncertainty."""

from __future__ import annotations

from pathlib import Path

import click

from adaptor_bench.cli import options
from adaptor_bench.cli.options import option
from adaptor_bench.cli.output import show


@click.command(name="compare")
@click.argument("a")
@click.argument("b")
@option(
    "--runs",
    "roots",
    multiple=True,
    type=options.EXISTING_FOLDER,
    help="Where to look for methods given by name.  [default: runs]",
)
@options.boards("Look among the entries of this leaderboard, too")
@options.domain
@option("--profile", help="Only runs of this profile.")
@option("--metric", type=options.metrics, default="f1")
@options.level
@options.formats(*options.PROSE_FORMATS)
def command(
    a: str,
    b: str,
    roots: tuple[Path, ...],
    boards: tuple[str, ...],
    domain: str,
    profile: str | None,
    metric: str,
    level: float,
    format_: str,
) -> None:
    """Compare A with B: folders of runs of one method each, or names of methods in --runs or
    on a --board."""
    from adaptor_bench.entries.entry import find_boards
    from adaptor_bench.report.card import render_cards
    from adaptor_bench.report.comparison import compare
    from adaptor_bench.results.load import load_results
    from adaptor_bench.results.runs import find_runs
    from adaptor_bench.results.sources import results_of_runs
    from adaptor_bench.scoring.uncertainty.study import Options

    roots = roots or tuple(path for path in (Path("runs"),) if path.is_dir())
    known = [*results_of_runs(find_runs(roots)), *load_results(find_boards(boards))]
    settings = Options(metric, level)
    compared = compare(a, b, known, domain=domain, profile=profile, options=settings)
    show(render_cards(compared, format_), newline=False)
