"""``bench validate``: everything that is wrong with a submission, at once."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import click

from adaptor_bench.cli.options import EXISTING, EXISTING_FOLDER, formats, option

_COLOURS = {
    "error": "red",
    "warning": "yellow",
    "info": "cyan",
    "valid": "green",
    "not valid": "red",
}


@click.command(name="validate")
@click.argument("path", type=EXISTING)
@option(
    "--reference",
    type=EXISTING_FOLDER,
    help="Folder of labels or images: its frames, all of them and no others, must be predicted.",
)
@formats("text", "json", "sarif", "junit")
@option(
    "--limit",
    type=click.IntRange(min=0),
    default=20,
    help="Findings per code in text; 0 shows all that are kept: 100 per code and file.",
)
@click.pass_context
def command(
    context: click.Context, path: Path, reference: Path | None, format_: str, limit: int
) -> None:
    """Check PATH: a prediction file, a folder of them, a .zip, .tar, .tar.gz or .tgz.

    Exit code 0: valid (warnings allowed); 1: at least one error was found; 2: wrong usage.
    `bench explain CODE` says more about a finding.
    """
    from adaptor_bench.progress import Progress
    from adaptor_bench.submission.validate import validate

    report = validate(path, reference, Progress())
    if format_ == "json":
        click.echo(json.dumps(report.to_json(), indent=1, allow_nan=False))
    elif format_ == "sarif":
        from adaptor_bench.submission.sarif import to_sarif

        click.echo(json.dumps(to_sarif(report), indent=1, allow_nan=False))
    elif format_ == "junit":
        from adaptor_bench.submission.junit import to_junit

        click.echo(to_junit(report), nl=False)
    else:
        from adaptor_bench.submission.text import to_text

        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 0
        text = to_text(report, limit, width, lambda word, kind: click.style(word, _COLOURS[kind]))
        click.echo(text, nl=False)
    context.exit(0 if report.valid else 1)
