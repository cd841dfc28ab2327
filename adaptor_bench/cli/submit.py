"""``bench submit``: add an entry to a leaderboard."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from adaptor_bench.cli.options import EXISTING, board_data, option
from adaptor_bench.names import printable
from adaptor_bench.progress import message

if TYPE_CHECKING:
    from datetime import datetime


@click.command(name="submit")
@click.argument("results", nargs=-1, required=True, type=EXISTING)
@option("--board", required=True, help="Name of a leaderboard, or its folder.")
@option("--team", required=True)
@option("--method", help="Which method of RUNS; the name of what made PREDICTIONS.")
@option("--title", help="Shown on cards.  [default: the method's]")
@option("--id", "id_", help="Name of the file.  [default: team and method]")
@option(
    "--date", type=click.DateTime(["%Y-%m-%d"]), metavar="YYYY-MM-DD", help="To be printed with it."
)
@option("--reference", help="Paper or other document.")
@option("--url", help="Of the code.")
@option("--note", "notes", multiple=True, help="Printed below the table.")
@option(
    "--claim",
    "claims",
    multiple=True,
    metavar="DOMAIN:METRIC=PERCENT",
    help="What you say it reaches, such as intraop:f1=48.7; stands beside what is measured.",
)
@board_data
@option("--without-predictions", is_flag=True, help="Do not publish the points themselves.")
@option("--replace", is_flag=True, help="Replace the team's entry of this name.")
@option(
    "--incomplete",
    is_flag=True,
    help="Enter it although frames lack a prediction, which count as the leaderboard says.",
)
@option(
    "--identical-to",
    multiple=True,
    metavar="ID",
    help="Enter it although its points are those of another team's entry.",
)
@option("--create", metavar="TITLE", help="Make the leaderboard from these RUNS first.")
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
