"""``bench curve``."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import click

from adaptor_bench.cli import completion, options
from adaptor_bench.cli.options import option
from adaptor_bench.cli.output import show
from adaptor_bench.methodspec import PROFILES


@click.command("curve")
@click.argument("method", shell_complete=completion.methods)
@option(
    "--method",
    "more",
    multiple=True,
    help="Another method; repeatable.",
    shell_complete=completion.methods,
)
@option(
    "--data",
    type=options.PATH,
    help="Dataset folder.  [default: the phantom, drawn once into the user's cache directory]",
)
@options.domain
@option("--fold", "folds", type=click.IntRange(1), multiple=True, help="A fold; repeatable.")
@option(
    "--budget",
    "budgets",
    type=options.FiniteRange(0, 1000, min_open=True),
    multiple=True,
    default=(0.25, 0.5, 1, 2, 4),
    help="Times the method's own steps of training; repeatable.",
)
@option("--profile", type=click.Choice(PROFILES), help="As for `bench run`.")
@option("--out", type=options.PATH, default=Path("runs/curve"), help="Where all of it goes.")
@option("--seed", "seeds", type=click.IntRange(0, 2**32 - 1), multiple=True, default=(0,))
@options.device
@options.workers
@options.threads
@options.methods_from
@options.formats(*options.TABLE_FORMATS)
def command(
    method: str,
    more: tuple[str, ...],
    budgets: tuple[float, ...],
    seeds: tuple[int, ...],
    out: Path,
    workers: int | None,
    format_: str,
    **request: Any,
) -> None:
    """Train METHOD with shares and multiples of its budget, and say whether its own is enough.

    The runs are ordinary ones below OUT/budget_X, kept when the command is rerun; translators are
    trained once for all budgets. Tables are printed and written to OUT/curve.csv and curve.json;
    OUT/curve.svg shows F1 against the CPU seconds of training.
    """
    from adaptor_bench.api.running import prepare
    from adaptor_bench.atomic import write_text
    from adaptor_bench.errors import UsageError
    from adaptor_bench.figures.canvas import save
    from adaptor_bench.figures.learning import learning_figure
    from adaptor_bench.harness.failures import summary
    from adaptor_bench.harness.workers import run_with, usual_workers
    from adaptor_bench.matching.settings import MatchSettings
    from adaptor_bench.progress import message
    from adaptor_bench.report.learning import tables_of
    from adaptor_bench.report.render import render
    from adaptor_bench.results.learning import BUDGET, learning_curves
    from adaptor_bench.results.runs import find_runs

    failed, folds, places = [], 0, []
    for seed in dict.fromkeys(seeds):
        for budget in sorted(set(budgets)):
            asked = request | {
                "methods": (method, *more),
                "settings": {BUDGET: budget},
                "out": out / f"budget_{budget:g}" / f"seed_{seed}",
                "artefacts": out / "artefacts",
                "seed": seed,
                "groups": None,
                "restart": False,
                "matching": MatchSettings(),
            }
            bench = prepare(**asked)
            request["profile"] = asked["profile"] = bench.request.profile
            message(f"budget x {budget:g}, seed {seed}")
            number = workers or usual_workers(bench.request.profile, bench.request.device)
            failed += run_with(bench, partial(prepare, **asked), number)
            folds += len(bench.cells)
            places.append(bench.root)
    found = find_runs(places)
    if found:
        curves = learning_curves(found)
        tables = tables_of(curves)
        show(render(tables, format_), newline=False)
        for ending in ("csv", "json"):
            write_text(out / f"curve.{ending}", render(tables, ending))
        try:
            save(learning_figure(curves), out / "curve.svg")
        except UsageError as error:
            message(f"note: no figure is drawn: {error.message}")
    if failed:
        message(summary(failed, folds, where=True))
        raise SystemExit(1)
