"""Where results leave for stdout: whatever names they hold, a terminal prints them, no more."""

from __future__ import annotations

import click

from adaptor_bench.names import terminal


def show(text: object, *, newline: bool = True) -> None:
    """Print a result. What goes to stderr goes through :func:`adaptor_bench.progress.message`."""
    click.echo(terminal(str(text)), nl=newline)
