"""``bench run``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from adaptor_bench.cli.matching import matching_options, settings_of
from adaptor_bench.cli.output import show
from adaptor_bench.registry import PROFILES

__all__ = ["command"]


@click.command("run")
@click.option("--method", "methods", multiple=True, required=True, help="Method name; repeatable.")
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    help="Dataset folder. Default: the phantom, drawn once into the user's cache directory.",
)
@click.option("--domain", default="all", show_default=True, help="sim, intraop or all.")
@click.option(
    "--fold", "folds", type=click.IntRange(1), multiple=True, help="Only this fold; repeatable."
)
@click.option(
    "--folds", "groups", type=click.IntRange(2), help="K folds balanced by frames, by surgery."
)
@click.option(
    "--profile",
    type=click.Choice(PROFILES),
    help="paper: the paper's settings; quick: minutes on two cores; smoke: seconds, learns "
    "nothing. Default: paper with a GPU, quick without.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("runs"),
    show_default=True,
    help="Where run directories go.",
)
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True)
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:1, ...")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="Set a parameter.")
@click.option(
    "--methods-from",
    type=click.Path(path_type=Path),
    multiple=True,
    help="A folder with more method files, whose code is run; repeatable.",
)
@matching_options
@click.option("--restart", is_flag=True, help="Run finished folds again.")
@click.option(
    "--format",
    "style",
    type=click.Choice(["text", "markdown", "json"]),
    default="text",
    show_default=True,
    help="Format of the leaderboard printed at the end.",
)
def command(
    methods: tuple[str, ...],
    data: Path | None,
    domain: str,
    folds: tuple[int, ...],
    groups: int | None,
    profile: str | None,
    out: Path,
    seed: int,
    device: str,
    settings: tuple[str, ...],
    methods_from: tuple[Path, ...],
    restart: bool,
    style: str,
    **matching: Any,
) -> None:
    """Train METHODs on the folds of a dataset, score them, and print the leaderboard.

    A fold that is already finished with the same code, data and parameters is kept. A fold that its
    method does not get through is recorded as failed, and the others go on. Several processes that
    are given the same command share the folds.
    """
    from adaptor_bench.api.running import prepare
    from adaptor_bench.progress import message
    from adaptor_bench.registry import parse_setting
    from adaptor_bench.report.leaderboard import render_leaderboard
    from adaptor_bench.report.rescored import rescoring
    from adaptor_bench.results.runs import find_runs

    scored_by = settings_of(**matching)
    harness = prepare(
        methods,
        data,
        domain=domain,
        folds=folds,
        groups=groups,
        profile=profile,
        out=out,
        seed=seed,
        device=device,
        settings=dict(parse_setting(text) for text in settings),
        matching=scored_by,
        methods_from=methods_from,
        restart=restart,
    )
    failed = harness.run()
    if not failed or find_runs([harness.root]):
        # What stands there from before may have been scored otherwise.
        score_of = rescoring(scored_by, harness.dataset)
        board = render_leaderboard([harness.root], domain=domain, format=style, score_of=score_of)
        show(board, newline=False)
    if failed:
        message(f"{len(failed)} of {len(harness.cells)} folds failed:")
        for failure in failed:
            message(
                f"  {failure.method} {failure.domain} fold {failure.fold}: {failure.reason}; "
                f"see {failure.traceback}"
            )
        message("Rerun the same command to try them again; finished folds are kept.")
        raise SystemExit(1)
