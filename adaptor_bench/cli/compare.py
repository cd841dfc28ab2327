"""``bench compare``: the paired difference of two methods and its uncertainty."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

from adaptor_bench.cli.matching import Registered
from adaptor_bench.cli.numbers import FiniteRange
from adaptor_bench.cli.output import show

FORMATS = ["text", "markdown", "html", "latex", "json"]


def _metrics() -> Iterable[str]:
    from adaptor_bench.evaluate.metrics import METRICS

    return METRICS


@click.command(name="compare")
@click.argument("a")
@click.argument("b")
@click.option(
    "--runs",
    "roots",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Where to look for methods given by name.  [default: runs]",
)
@click.option(
    "--board",
    "boards",
    multiple=True,
    help="Look among the entries of this leaderboard, too: its name, its folder, or all.",
)
@click.option("--data", type=click.Path(path_type=Path), multiple=True,
              help="The data of a --board that is not of an embedded phantom.")  # fmt: skip
@click.option("--domain", default="all", show_default=True, help="sim, intraop, .. or all.")
@click.option("--profile", help="Only runs of this profile.")
@click.option("--metric", type=Registered(_metrics), default="f1", show_default=True)
@click.option(
    "--estimand",
    type=click.Choice(["folds", "pooled", "surgeries"]),
    default="folds",
    show_default=True,
    help="Mean over folds (as boards rank), all counts pooled, or mean over surgeries.",
)
@click.option("--level", type=FiniteRange(0.5, 0.999), default=0.95, show_default=True)
@click.option("--nested", is_flag=True, help="Draw frames within surgeries, too, even if few.")
@click.option("--resamples", type=click.IntRange(100, 1_000_000), default=10_000,
              show_default=True, help="Drawn where not all can be listed.")  # fmt: skip
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option("--format", "format_", type=click.Choice(FORMATS), default="text", show_default=True)
def command(
    a: str,
    b: str,
    roots: tuple[Path, ...],
    boards: tuple[str, ...],
    data: tuple[Path, ...],
    domain: str,
    profile: str | None,
    metric: str,
    estimand: str,
    level: float,
    nested: bool,
    resamples: int,
    seed: int,
    format_: str,
) -> None:
    """Compare A with B: folders of runs of one method each, or names of methods below --runs or
    on a --board."""
    from adaptor_bench.entries.entry import find_boards
    from adaptor_bench.evaluate.uncertainty.study import Options
    from adaptor_bench.progress import Progress
    from adaptor_bench.report.comparison import compare, render_comparisons
    from adaptor_bench.results.load import load_scored
    from adaptor_bench.results.runs import find_runs
    from adaptor_bench.results.sources import results_of_runs

    default = Path("runs")
    options = Options(metric, estimand, level, resamples, seed, nested or None)
    roots = roots or ((default,) if default.is_dir() else ())
    if boards:
        known = load_scored(roots, find_boards(boards), data, Progress()).results
    else:
        known = tuple(results_of_runs(find_runs(roots)))
    found = compare(a, b, known, domain=domain, profile=profile, options=options)
    show(render_comparisons(found, format_), newline=False)
