"""``bench explain``: what a code of ``bench validate`` means and what to do about it."""

from __future__ import annotations

import json
import shutil

import click

from adaptor_bench.cli import completion
from adaptor_bench.cli.options import formats
from adaptor_bench.cli.output import show


@click.command(name="explain")
@click.argument("code", required=False, shell_complete=completion.codes)
@formats("text", "markdown", "json")
def command(code: str | None, format_: str) -> None:
    """Explain a CODE that `bench validate` printed; without CODE list them all."""
    from adaptor_bench.submission.explain import explained, explained_json, explained_markdown

    if format_ == "json":
        show(json.dumps(explained_json(code), indent=1))
    elif format_ == "markdown":
        show(explained_markdown(code), newline=False)
    else:
        width = min(shutil.get_terminal_size().columns, 100)
        show(explained(code, width), newline=False)
