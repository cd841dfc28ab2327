"""``bench check``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from adaptor_bench.cli import completion
from adaptor_bench.cli.options import PATH, device, formats, methods_from, option
from adaptor_bench.cli.output import show


@click.command("check")
@click.argument("method", shell_complete=completion.methods)
@option(
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="As for bench run; repeatable.",
    shell_complete=completion.parameters,
)
@option("--keep", type=PATH, help="New folder for the frames, runs and tracebacks of the check.")
@device
@methods_from
@formats("text", "json")
@click.pass_context
def command(
    context: click.Context,
    method: str,
    settings: tuple[str, ...],
    keep: Path | None,
    device: str,
    methods_from: tuple[Path, ...],
    format_: str,
) -> None:
    """Check that METHOD does what the harness relies on, by training it for seconds.

    Exit code 0 if nothing fails, 1 if anything does. What fails is told with its fold and the
    line of the method's file.
    """
    from adaptor_bench.progress import Progress
    from adaptor_bench.registry import parse_settings
    from adaptor_bench.testing import check_method

    verdict = check_method(
        method,
        methods_from=methods_from,
        settings=parse_settings(settings),
        device=device,
        keep=keep,
        progress=Progress(),
    )
    if format_ == "json":
        show(json.dumps(verdict.to_json(), indent=1))
    else:
        show(verdict.to_text(), newline=False)
    context.exit(0 if verdict.conforms else 1)
