"""``bench adapter``: what an organiser uploads to a challenge platform."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from adaptor_bench.cli import options
from adaptor_bench.cli.options import option


@click.command(name="adapter")
@click.argument("platform", type=options.Registered("platforms.platform:platforms"))
@option(
    "--out",
    type=options.PATH,
    required=True,
    help="A new folder for the bundle; for challenger-csv the file.",
)
@option(
    "--labels",
    type=options.EXISTING_FOLDER,
    help="Folder of labels: packed into the bundle; for challenger-csv what predictions are "
    "scored against.",
)
@option(
    "--entry",
    "entries",
    multiple=True,
    metavar="NAME=PATH",
    help="Only challenger-csv: an algorithm and its predictions (folder or archive), score.json, "
    "or folder of fold_*/score.json. Repeat it for each algorithm.",
)
@option(
    "--board",
    metavar="NAME|DIR",
    help="A leaderboard: its title, description, rules, dates and contact stand in the bundle, its "
    "matching is used, and --labels have to be its own.",
)
@options.matching_options
@option("--image", metavar="NAME", help="Container image named in the bundle.")
@click.pass_context
def command(
    context: click.Context,
    /,
    platform: str,
    out: Path,
    labels: Path | None,
    entries: tuple[str, ...],
    image: str | None,
    board: str | None,
    **matching: Any,
) -> None:
    """Write a ready bundle for PLATFORM, or the table that challengeR reads.

    The scoring in a bundle is this package's own, copied into it: the same submission gets the
    same numbers as from `bench evaluate`, and no network is needed.
    """
    from adaptor_bench.platforms.platform import Announcement, Order, find_platform
    from adaptor_bench.progress import message

    settings, announcement = options.settings_of(**matching), Announcement()
    asked = options.asked(context)
    if board is not None:
        from adaptor_bench.entries.announce import announced

        settings, announcement = announced(board, labels, settings if asked else None)
    order = Order(out, settings, asked or board is not None, labels, entries, image, announcement)
    message(find_platform(platform).write(order))
