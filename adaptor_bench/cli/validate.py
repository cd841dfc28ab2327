"""``bench validate``: everything that is wrong with a submission, at once."""

from __future__ import annotations

import json
from pathlib import Path

import click


@click.command(name="validate")
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--reference",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of labels: its frames, all of them and no others, must be predicted.",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
)
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    default=20,
    show_default=True,
    help="Lines per kind of finding in text; 0 lists all. JSON always holds all.",
)
@click.pass_context
def command(
    context: click.Context, path: Path, reference: Path | None, format_: str, limit: int
) -> None:
    """Check PATH, a prediction file or a folder of them.

    Exit code 0: valid (warnings allowed); 1: at least one error was found; 2: wrong usage.
    """
    from adaptor_bench.submission.validate import validate

    report = validate(path, reference)
    if format_ == "json":
        click.echo(json.dumps(report.to_json(), indent=1, allow_nan=False))
    else:
        click.echo(report.to_text(limit), nl=False)
    context.exit(0 if report.valid else 1)
