"""``bench board``: make a leaderboard from labels alone; withdraw an entry; replace costs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from adaptor_bench.cli import completion, options
from adaptor_bench.cli.options import option
from adaptor_bench.cli.output import show
from adaptor_bench.progress import message

if TYPE_CHECKING:
    from datetime import datetime

_DAY = click.DateTime(["%Y-%m-%d"])


@click.group("board")
def command() -> None:
    """Make a leaderboard from labels alone; withdraw an entry; replace costs."""


@command.command("create")
@option(
    "--labels",
    type=options.EXISTING_FOLDER,
    required=True,
    help="Dataset folder; its labels are enough.",
)
@option("--title", required=True)
@option(
    "--out", type=options.PATH, help="New folder of the leaderboard.  [default: named by the title]"
)
@options.matching_options
@option(
    "--primary",
    type=click.Choice(["f1"]),
    default="f1",
    help="The metric that ranks, as its mean over the folds.",
)
@option(
    "--folds",
    "groups",
    type=click.IntRange(1),
    help="So many groups of surgeries.  [default: as bench run makes them, one surgery each]",
)
@option("--dataset", metavar="NAME", help="What the data are called.  [default: as the folder]")
@option("--description", help="A few sentences for the site.")
@option("--rule", "rules", multiple=True, help="What entries have to keep to; repeatable.")
@option("--opens", type=_DAY, metavar="YYYY-MM-DD")
@option("--closes", type=_DAY, metavar="YYYY-MM-DD", help="Last day of submissions.")
@option("--contact", help="Web or mail address.")
@option("--how-to-submit", "submit", help="In a sentence or two.")
@option("--note", "notes", multiple=True, help="Printed below every table; repeatable.")
@option(
    "--private-labels/--public-labels",
    "private",
    default=True,
    help="With private labels nothing that is published, be it with --public, shows one.",
)
def create(
    labels: Path,
    title: str,
    out: Path | None,
    groups: int | None,
    dataset: str | None,
    notes: tuple[str, ...],
    private: bool,
    primary: str,
    matching: str,
    radius: float,
    strict: bool,
    missing: str,
    **about: Any,
) -> None:
    """Make a leaderboard without an entry from LABELS; nothing has to be trained.

    The labels stay where they are: board.json has their hash, by which the other commands know
    them again (--data).
    """
    from adaptor_bench.entries.create import Call, create_board
    from adaptor_bench.errors import plural
    from adaptor_bench.names import printable

    about["rules"] = list(about["rules"])
    about |= {key: _day(about[key]) for key in ("opens", "closes")}
    settings = options.settings_of(matching, radius, strict, missing)
    path, board = create_board(
        labels, Call(title, about, private, notes, dataset, primary), settings, out, groups
    )
    for domain, folds in board.folds.items():
        surgeries = len(board.surgeries(domain))
        told = f"{plural(surgeries, 'surgery', 'surgeries')} in {plural(len(folds), 'fold')}"
        message(f"{printable(domain)}: {told}")
    show(path)
    message(f"`bench submit TEAM.zip --board {path.parent} --data {labels} --team T --method M` "
            "adds an entry.")  # fmt: skip


@command.command("withdraw")
@click.argument("board", shell_complete=completion.board)
@click.argument("entry", shell_complete=completion.entries)
@option("--reason", required=True, help="Stands below the table.")
@option("--date", type=_DAY, metavar="YYYY-MM-DD", help="Stands with it.")
def withdraw(board: str, entry: str, reason: str, date: datetime | None) -> None:
    """Take ENTRY and its predictions off BOARD, which says so from then on."""
    from adaptor_bench.entries.entry import find_board, read_board
    from adaptor_bench.entries.publish import withdraw as take_off

    path = take_off(read_board(find_board(board)), entry, reason, _day(date))
    message(f"{path}: {entry} is withdrawn")
    message(f"`bench leaderboard --board {board} --write` updates the tables.")


@command.command("costs")
@click.argument("board", shell_complete=completion.board)
@click.argument("runs", nargs=-1, required=True, type=options.EXISTING_FOLDER)
def costs(board: str, runs: tuple[Path, ...]) -> None:
    """Give the entries of BOARD the training costs of RUNS in place of their own.

    Entries state what their own runs have cost, on machines of different speed. RUNS are some folds
    of the same methods, with the same parameters, trained again on one machine. Runs tell the kind
    of a machine, not whether it was one, or had other work.
    """
    from adaptor_bench.entries.costs import remeasure
    from adaptor_bench.entries.entry import find_board, read_board
    from adaptor_bench.errors import plural
    from adaptor_bench.results.runs import runs_below

    again, left = remeasure(read_board(find_board(board)), runs_below(runs))
    message(f"{plural(len(again), 'entry', 'entries')} with the costs of these runs")
    for told in left:
        message(f"left as it was: {told}")
    message(f"`bench leaderboard --board {board} --write` updates the tables.")


def _day(given: datetime | None) -> str | None:
    return None if given is None else given.date().isoformat()
