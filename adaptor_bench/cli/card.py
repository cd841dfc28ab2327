"""``bench card``: how sure the order of a leaderboard is, in sentences and tables."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import click

from adaptor_bench.cli import options
from adaptor_bench.cli.options import option
from adaptor_bench.cli.output import show


class Renamed(click.ParamType):  # type: ignore[type-arg]  # no generic before click 8.4
    """WHAT=NAME: what a column holds, and what it is called."""

    name = "what=name"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        from adaptor_bench.results.valuetable import COLUMNS

        what, equals, name = str(value).partition("=")
        if what not in COLUMNS or not equals or not name.strip():
            self.fail(f"{value!r} is not {'|'.join(COLUMNS)}=NAME.", param, ctx)
        return what, name.strip()


class Gap(click.ParamType):  # type: ignore[type-arg]  # as above
    """``drop``, or a finite number."""

    name = "drop|number"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float | str:
        if value == "drop":
            return "drop"
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            self.fail(f"{value!r} is neither drop nor a number.", param, ctx)
        return number


@click.command(name="card")
@click.argument("runs", nargs=-1, type=options.EXISTING_FOLDER)
@options.boards("Entries of this leaderboard, too")
@options.domain
@option(
    "--challenger",
    "table",
    type=options.EXISTING_FILE,
    help="Instead: a card for every task of a table with one value a task, case and algorithm, as "
    "challengeR has it; of any metric.",
)
@option("--smaller-better", is_flag=True, help="Of that table; else larger values are better.")
@option(
    "--column",
    "columns",
    type=Renamed(),
    multiple=True,
    help="What a column of it is called: task, case, algorithm, value=NAME; unit=NAME groups cases "
    "that belong together, such as by patient. Repeatable.",
)
@option(
    "--na",
    type=Gap(),
    help="Values that are missing in it: count as this number, or drop their cases for all.  "
    "[default: an error]",
)
@options.level
@options.formats(*options.PROSE_FORMATS)
def command(
    runs: tuple[Path, ...],
    boards: tuple[str, ...],
    domain: str,
    table: Path | None,
    smaller_better: bool,
    columns: tuple[tuple[str, str], ...],
    na: float | str | None,
    level: float,
    format_: str,
) -> None:
    """A ranking card for every board with two complete methods in RUNS (default: `runs`)."""
    if table is not None:
        if runs or boards or domain != "all":
            raise click.UsageError("--challenger cannot be combined with RUNS, --board, --domain.")
        show(_of_table(table, dict(columns), na, smaller_better, level, format_), newline=False)
        return
    if smaller_better or columns or na is not None:
        raise click.UsageError("--smaller-better, --column and --na are for --challenger.")
    from adaptor_bench.entries.entry import find_boards
    from adaptor_bench.errors import InputError
    from adaptor_bench.report.card import ranking_cards, render_cards
    from adaptor_bench.results.board import boards_of
    from adaptor_bench.results.load import load_results
    from adaptor_bench.results.runs import runs_below
    from adaptor_bench.results.sources import results_of_runs
    from adaptor_bench.scoring.uncertainty.study import Options

    folders = find_boards(boards)
    found = results_of_runs(runs_below(options.roots_of(runs, folders)))
    results = [*found, *load_results(folders)]
    chosen = [r for r in results if domain in ("all", r.domain)]
    cards = ranking_cards(boards_of(chosen), Options(level=level))
    if not cards:
        raise InputError(
            "no board with two complete methods",
            hint="`bench run` with two methods and all folds makes one; see `bench leaderboard`.",
        )
    show(render_cards(cards, format_), newline=False)


def _of_table(
    table: Path,
    columns: dict[str, str],
    na: float | str | None,
    smaller: bool,
    level: float,
    format: str,
) -> str:
    from adaptor_bench.report.card import render_cards
    from adaptor_bench.report.valuecard import value_cards
    from adaptor_bench.results.valuetable import Gaps, read_values

    gaps = Gaps(na if isinstance(na, float) else None, na == "drop")
    tasks = read_values(table, columns, gaps)
    return render_cards(value_cards(tasks, smaller=smaller, level=level, gaps=gaps), format)
