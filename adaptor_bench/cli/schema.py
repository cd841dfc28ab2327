"""``bench schema``: the JSON Schema of a prediction file."""

from __future__ import annotations

import click

from adaptor_bench.cli.output import show


@click.command(name="schema")
def command() -> None:
    """Print the JSON Schema (2020-12) of a prediction file.

    It describes one file at 512x288. What concerns several files, or the text rather than its
    meaning, only `bench validate` can see.
    """
    from adaptor_bench.resources import bundled

    path = bundled("submissions") / "prediction.schema.json"
    show(path.read_text("utf-8"), newline=False)
