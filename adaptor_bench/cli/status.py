"""``bench status``."""

from __future__ import annotations

from pathlib import Path

import click

from adaptor_bench.cli import options
from adaptor_bench.cli.options import option
from adaptor_bench.cli.output import show


@click.command("status")
@click.argument("runs", nargs=-1, type=options.EXISTING_FOLDER)
@option("--watch", is_flag=True, help="Show it anew every two seconds until all cells are over.")
@options.formats(*options.TABLE_FORMATS)
def command(runs: tuple[Path, ...], watch: bool, format_: str) -> None:
    """What every cell of the runs in RUNS (default: the folder `runs`) is at.

    A cell is one fold of one method in one domain: queued, running, done or failed. Whatever
    runs it, on this machine or on another that shares the folder, writes that down.
    """
    import time

    from adaptor_bench.report.render import render
    from adaptor_bench.report.status import tables_of
    from adaptor_bench.results.status import RunStatus, Watch

    if watch and format_ != "text":
        raise click.UsageError("--watch shows text; it cannot be combined with --format.")
    seen = Watch(options.roots_of(runs))

    def board(runs: list[RunStatus]) -> str:
        return render(tables_of(runs), format_)

    if watch:
        from adaptor_bench.cli.watching import redraw

        redraw(lambda: seen.look(time.time()), board)
    else:
        show(board(seen.look(time.time())), newline=False)
