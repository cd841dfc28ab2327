"""``bench run``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from adaptor_bench.cli.matching import matching_options, settings_of
from adaptor_bench.cli.output import show
from adaptor_bench.registry import PROFILES

__all__ = ["command"]

_EMBEDDED = {"smoke": "tiny", "quick": "mini", "paper": "paper"}


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
    # Threads that spin while they wait make a run many times slower beside another busy program.
    # Read when torch is loaded, hence before anything imports it.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from adaptor_bench.data.frames import index_dataset
    from adaptor_bench.harness import Bench, RunRequest, requested_domains
    from adaptor_bench.phantom.default import cached_phantom
    from adaptor_bench.progress import Progress, message
    from adaptor_bench.registry import discover, parse_setting
    from adaptor_bench.report.leaderboard import render_leaderboard
    from adaptor_bench.report.rescored import rescoring
    from adaptor_bench.results.runs import find_runs

    scored_by = settings_of(**matching)
    registry = discover(methods_from)
    specs = tuple(registry.get(name) for name in dict.fromkeys(methods))
    progress = Progress(lines=True)
    profile = profile or _default_profile(device)
    parameters = dict(parse_setting(text) for text in settings)
    for spec in specs:
        spec.resolve(profile, parameters)  # wrong usage is told before anything is drawn or read
    dataset = index_dataset(data if data else cached_phantom(_EMBEDDED[profile], progress))
    request = RunRequest(
        methods=specs,
        domains=requested_domains(dataset, domain),
        profile=profile,
        settings=parameters,
        folds=folds,
        groups=groups,
        seed=seed,
        device=device,
        out=out,
        restart=restart,
        matching=scored_by,
    )
    harness = Bench(dataset, request, progress)
    failed = harness.run()
    if not failed or find_runs([harness.root]):
        # What stands there from before may have been scored otherwise.
        score_of = rescoring(scored_by, dataset)
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


def _default_profile(device: str) -> str:
    from adaptor_bench.train.device import resolve_device

    return "paper" if resolve_device(device).startswith("cuda") else "quick"
