"""``bench compare``: the paired difference of two methods and its uncertainty."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from adaptor_bench.cli import completion, options
from adaptor_bench.cli.options import option
from adaptor_bench.cli.output import show


@click.command(name="compare")
@click.argument("a", shell_complete=completion.method_or_path)
@click.argument("b", shell_complete=completion.method_or_path)
@option(
    "--runs",
    "roots",
    multiple=True,
    type=options.EXISTING_FOLDER,
    help="Where to look for methods given by name.  [default: runs]",
)
@option(
    "--labels",
    type=options.EXISTING_FOLDER,
    help="Score A and B, folders or archives of predictions, against these labels.",
)
@options.boards("Look among the entries of this leaderboard, too")
@options.domain
@option("--profile", help="Only runs of this profile.")
@option("--metric", type=options.metrics, default="f1")
@options.level
@options.matching_options
@options.formats(*options.PROSE_FORMATS)
@click.pass_context
def command(
    context: click.Context,
    /,
    a: str,
    b: str,
    roots: tuple[Path, ...],
    labels: Path | None,
    boards: tuple[str, ...],
    domain: str,
    profile: str | None,
    metric: str,
    level: float,
    format_: str,
    **matching: Any,
) -> None:
    """Compare A with B: folders of runs of one method each, or names of methods in --runs or
    on a --board; with --labels two folders or archives of predictions."""
    from adaptor_bench.entries.entry import find_boards
    from adaptor_bench.progress import Progress
    from adaptor_bench.report.card import render_cards
    from adaptor_bench.report.comparison import compare, compare_predictions
    from adaptor_bench.results.load import load_results
    from adaptor_bench.results.runs import find_runs
    from adaptor_bench.results.sources import results_of_runs
    from adaptor_bench.scoring.uncertainty.study import Options

    settings = Options(metric, level)
    if labels is not None:
        if roots or boards or profile:
            raise click.UsageError("--labels cannot be combined with --runs, --board or --profile.")
        for path in map(Path, (a, b)):
            if not path.exists():
                raise click.UsageError(f"{path}: no such file or folder of predictions.")
        matched = options.settings_of(**matching)
        compared = compare_predictions(
            Path(a), Path(b), labels, matched, Progress(), domain=domain, options=settings
        )
        show(render_cards(compared, format_), newline=False)
        return
    if options.asked(context):
        raise click.UsageError("--matching, --radius, --strict and --missing are for --labels.")
    if archive := next((x for x in (a, b) if Path(x).is_file()), None):
        raise click.UsageError(f"{archive} is a file: give --labels to score predictions.")
    roots = roots or tuple(path for path in (Path("runs"),) if path.is_dir())
    known = [*results_of_runs(find_runs(roots)), *load_results(find_boards(boards))]
    compared = compare(a, b, known, domain=domain, profile=profile, options=settings)
    show(render_cards(compared, format_), newline=False)
