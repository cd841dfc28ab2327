"""A view that is drawn again and again until there is nothing more to see."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from adaptor_bench.cli.output import show
from adaptor_bench.names import terminal
from adaptor_bench.results.status import RunStatus

EVERY = 2.0  # seconds


def redraw(look: Callable[[], list[RunStatus]], draw: Callable[[list[RunStatus]], str]) -> None:
    """Show what ``draw`` makes of what there is to see, until all runs are over.

    A terminal shows it in place, and the last one stays; elsewhere it is printed when a cell
    begins or ends.
    """
    runs = look()
    if not sys.stdout.isatty():
        before = None
        while True:
            states = [[(cell.state, cell.attempts) for cell in run.cells] for run in runs]
            if states != before:
                show(draw(runs))
            if all(run.over for run in runs):
                return
            before = states
            time.sleep(EVERY)
            runs = look()
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    with Live(console=Console(), auto_refresh=False, vertical_overflow="ellipsis") as live:
        while True:
            live.update(Text(terminal(draw(runs)), no_wrap=True), refresh=True)
            if all(run.over for run in runs):
                return
            time.sleep(EVERY)
            runs = look()
