"""``bench run``."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import click

from adaptor_bench.cli import completion, options
from adaptor_bench.cli.experiment import options_from, settings_of_file
from adaptor_bench.cli.options import option
from adaptor_bench.cli.output import show
from adaptor_bench.methodspec import PROFILES


@click.command("run")
@click.argument(
    "experiment",
    type=options.EXISTING_FILE,
    required=False,
    is_eager=True,
    callback=options_from,
    metavar="[EXPERIMENT.toml]",
)
@option(
    "--method",
    "methods",
    multiple=True,
    required=True,
    help="Method name; repeatable.",
    shell_complete=completion.methods,
)
@option(
    "--data",
    type=options.PATH,
    help="Dataset folder.  [default: the phantom, drawn once into the user's cache directory]",
)
@options.domain
@option(
    "--fold",
    "folds",
    type=click.IntRange(1),
    multiple=True,
    help="A fold; repeatable.",
    shell_complete=completion.folds,
)
@option("--folds", "groups", type=click.IntRange(2), help="K folds by surgery, balanced by frames.")
@option(
    "--profile",
    type=click.Choice(PROFILES),
    help="paper: the paper's settings; quick: minutes on two cores; smoke: seconds, learns "
    "nothing.  [default: paper with a GPU, quick without]",
)
@option("--out", type=options.PATH, default=Path("runs"), help="Where run directories go.")
@option("--seed", type=click.IntRange(0, 2**32 - 1), default=0)
@options.device
@options.workers
@options.threads
@options.frame_memory
@option(
    "--devices",
    type=click.IntRange(1, 64),
    default=1,
    help="Devices that train one fold's network together: GPUs, or so many processes on the CPU.",
)
@option(
    "--executor",
    type=options.Registered("harness.executors:EXECUTORS"),
    default="local",
    help="What runs the cells (folds of a method): processes of this machine, Slurm, or Ray.",
)
@option(
    "--slurm",
    multiple=True,
    metavar="KEY=VALUE",
    help="An option of Slurm's sbatch, such as partition=gpu or time=480 (minutes); repeatable.",
)
@option(
    "--shard",
    type=options.Shard(),
    help="Only every n-th cell from the i-th on: for a scheduler of your own, n times.",
)
@option(
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="Set a parameter to a number, true or false, a size (128x72), a range (0.8 to 1.2), none, "
    "or the name of a part; repeatable. `bench methods --parameters` lists them.",
    shell_complete=completion.parameters,
)
@options.methods_from
@options.matching_options
@option(
    "--logger",
    "loggers",
    type=options.Registered("trackers:TRACKERS"),
    multiple=True,
    help="Hand curves and results of every finished fold to an experiment tracker, too, offline "
    "below <out>/<dataset>/trackers; repeatable.",
)
@option("--restart", is_flag=True, help="Run finished folds again.")
@options.formats("text", "markdown", "json", help="Format of the leaderboard printed at the end.")
@click.pass_context
def command(
    context: click.Context,
    /,
    experiment: Path | None,
    format_: str,
    settings: tuple[str, ...],
    matching: str,
    radius: float,
    strict: bool,
    missing: str,
    workers: int | None,
    executor: str,
    slurm: tuple[str, ...],
    **request: Any,
) -> None:
    """Train METHODs on the folds of a dataset, score them, and print the leaderboard.

    A fold that is already finished with the same code, data and parameters is kept. If a method
    fails on a fold, the failure is recorded and the other folds go on. Several processes started
    with the same command share the folds. EXPERIMENT.toml may give any of these options by its
    name; what the command line says wins.
    """
    from adaptor_bench.api.running import prepare
    from adaptor_bench.errors import plural
    from adaptor_bench.harness.executors import executor_named, refuse_conflicts
    from adaptor_bench.harness.failures import summary
    from adaptor_bench.progress import message
    from adaptor_bench.registry import parse_settings
    from adaptor_bench.report.leaderboard import render_leaderboard
    from adaptor_bench.report.rescored import rescoring
    from adaptor_bench.results.runs import find_runs

    given = _pairs(slurm)
    asked = {name: request[name] for name in ("shard", "device", "restart")}
    refuse_conflicts(executor, **asked, settings=given)
    engine = executor_named(executor, given)
    if executor != "local":
        _make_absolute(request)
    rules = options.settings_of(matching, radius, strict, missing)
    parameters = settings_of_file(context) | parse_settings(settings)
    request |= {"settings": parameters, "matching": rules}
    harness = prepare(**request)
    request["profile"] = harness.request.profile
    if not harness.cells:
        message(f"Nothing to do: the run has {plural(len(harness.names), 'cell')} in all.")
        return
    failed = engine.run(harness, partial(prepare, **request), workers)
    if not failed or find_runs([harness.root]):
        # What stands there from before may have been scored otherwise.
        score_of, domain = rescoring(rules, harness.dataset), request["domain"]
        board = render_leaderboard([harness.root], domain=domain, format=format_, score_of=score_of)
        show(board, newline=False)
    if failed:
        message(summary(failed, len(harness.cells), where=True))
        message("Rerun the same command to try them again; finished folds are kept.")
        raise SystemExit(1)


def _pairs(texts: tuple[str, ...]) -> dict[str, str]:
    """All of ``--slurm``, by key."""
    pairs: dict[str, str] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not key or not equals:
            raise click.UsageError(f"--slurm {text!r} is not KEY=VALUE, such as partition=gpu.")
        if key in pairs:
            raise click.UsageError(f"--slurm gives {key!r} twice; give it once.")
        pairs[key] = value
    return pairs


def _make_absolute(request: dict[str, Any]) -> None:
    """Paths as they are to be told to other machines."""
    request["out"] = request["out"].absolute()
    request["methods_from"] = tuple(path.absolute() for path in request["methods_from"])
    if request["data"] is not None and request["data"].exists():  # else the name of a dataset
        request["data"] = request["data"].absolute()
