"""``bench submit``: add an entry to a leaderboard."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from adaptor_bench.cli import completion
from adaptor_bench.cli.options import EXISTING, board_data, option
from adaptor_bench.names import printable
from adaptor_bench.progress import message

if TYPE_CHECKING:
    from datetime import datetime


@click.command(name="submit")
@click.argument("results", nargs=-1, required=True, type=EXISTING)
@option(
    "--board",
    required=True,
    help="Name of a leaderboard, or its folder.",
    shell_complete=completion.board,
)
@option("--team", required=True)
@option("--method", help="Which method of RUNS, or the name of the one that made PREDICTIONS.")
@option("--title", help="Shown on cards.  [default: the method's]")
@option("--id", "id_", help="Name of the file.  [default: team and method]")
@option("--date", type=click.DateTime(["%Y-%m-%d"]), metavar="YYYY-MM-DD", help="Printed with it.")
@option("--reference", help="Paper or other document.")
@option("--url", help="Of the code.")
@option("--note", "notes", multiple=True, help="Printed below the table.")
@option(
    "--claim",
    "claims",
    multiple=True,
    metavar="DOMAIN:METRIC=PERCENT",
    help="A claimed result, such as intraop:f1=48.7; shown beside the measured one.",
)
@board_data
@option("--without-predictions", is_flag=True, help="Do not publish the points themselves.")
@option("--replace", is_flag=True, help="Replace the team's entry of this name.")
@option(
    "--incomplete",
    is_flag=True,
    help="Submit even if frames have no prediction; the leaderboard says how they count.",
)
@option(
    "--identical-to",
    multiple=True,
    metavar="ID",
    help="Submit even though its points equal those of this entry of another team; may be "
    "repeated.",
)
@option("--create", metavar="TITLE", help="First create the leaderboard from these RUNS.")
def command(
    results: tuple[Path, ...],
    board: str,
    team: str,
    method: str | None,
    title: str | None,
    id_: str | None,
    date: datetime | None,
    reference: str | None,
    url: str | None,
    notes: tuple[str, ...],
    claims: tuple[str, ...],
    **how: Any,
) -> None:
    """Add RESULTS to a leaderboard: folders of finished runs, or one folder or archive of
    predictions, which is validated and scored."""
    from adaptor_bench.entries.enter import enter, read_claims
    from adaptor_bench.entries.submit import About

    day = None if date is None else date.date().isoformat()
    about = About(team, method, title, id_, day, reference, url, read_claims(claims), notes)
    path, entry = enter(results, board, about, **how)
    message(f"{path}: {printable(entry.method)} by {printable(entry.team)}")
    message(f"`bench leaderboard --board {board} --write` updates the tables.")
