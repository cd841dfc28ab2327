"""``bench leaderboard``: all finished runs and the published results, ranked where they may be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from adaptor_bench.cli import options
from adaptor_bench.cli.options import option
from adaptor_bench.cli.output import show
from adaptor_bench.progress import message


@click.command(name="leaderboard")
@click.argument("runs", nargs=-1, type=options.EXISTING_FOLDER)
@options.domain
@options.formats(*options.TABLE_FORMATS)
@option("--per-fold", is_flag=True, help="Show the folds of all metrics, not of F1 alone.")
@option(
    "--all-published", is_flag=True, help="Add results published under other protocols, unranked."
)
@options.ddof
@options.boards("Not RUNS but the entries of this leaderboard")
@options.matching_options
@option(
    "--data",
    type=options.EXISTING_FOLDER,
    help="The runs' dataset: runs that were scored with other settings than --matching, --radius, "
    "--strict and --missing are rescored against its labels.  [default: as they were scored]",
)
@option("--write", is_flag=True, help="Write table.md and table.json of each --board.")
@click.pass_context
def command(
    context: click.Context,
    /,
    runs: tuple[Path, ...],
    domain: str,
    format_: str,
    per_fold: bool,
    all_published: bool,
    ddof: int,
    boards: tuple[str, ...],
    data: Path | None,
    write: bool,
    **matching: Any,
) -> None:
    """Rank the results in RUNS (default: the folder `runs`, if it exists).

    Rows of different datasets are never ranked together. An entry with a missing fold has no
    mean and no rank.
    """
    if boards:
        if runs or per_fold or all_published:
            raise click.UsageError(
                "--board cannot be combined with RUNS, --per-fold or --all-published."
            )
        if options.asked(context) or data:
            raise click.UsageError("A --board has its own matching and radius; see its board.json.")
        _entries(boards, domain, format_, ddof, write)
        return
    if write:
        raise click.UsageError("--write needs --board.")
    from adaptor_bench.data.frames import index_dataset
    from adaptor_bench.report.leaderboard import render_leaderboard
    from adaptor_bench.report.rescored import rescoring
    from adaptor_bench.results.runs import Run, find_runs

    anew = options.asked(context)
    if data and not anew:
        raise click.UsageError("--data needs --matching, --radius, --strict or --missing.")
    dataset = index_dataset(data) if data else None

    default = Path("runs")
    if not runs and default.is_dir() and find_runs([default]):
        runs = (default,)
    show(
        render_leaderboard(
            runs,
            domain,
            format_,
            per_fold=per_fold,
            all_published=all_published,
            ddof=ddof,
            score_of=rescoring(options.settings_of(**matching), dataset) if anew else Run.score,
        ),
        newline=False,
    )


def _entries(names: tuple[str, ...], domain: str, format_: str, ddof: int, write: bool) -> None:
    from adaptor_bench.entries.entry import find_boards, read_board, read_entries
    from adaptor_bench.report.leaderboard import render_entries, write_tables
    from adaptor_bench.resources import refuse_installed

    folders = find_boards(names)
    for folder in folders if write else ():
        refuse_installed(folder)
    for folder in folders:
        board = read_board(folder)
        if domain not in ("all", *board.folds):
            raise click.UsageError(
                f"{board.id} has no domain {domain!r}; it has {', '.join(board.folds)}."
            )
        entries = read_entries(board)
        if write:
            for path in write_tables(board, entries):
                message(str(path))
            continue
        show(render_entries(board, entries, format_, domain=domain, ddof=ddof), newline=False)
