"""``bench report``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from adaptor_bench.cli import options
from adaptor_bench.cli.options import option
from adaptor_bench.cli.output import show


@click.command("report")
@click.argument("runs", nargs=-1, type=options.PATH)
@option(
    "--out",
    type=options.PATH,
    required=True,
    help="Folder of the site: new, or of an earlier site.",
)
@options.boards("Entries of this leaderboard, too")
@options.results_data
@option(
    "--frames",
    type=click.IntRange(min=0),
    default=200,
    help="Frames in the gallery; 0: no gallery.",
)
@option(
    "--images/--no-images",
    default=True,
    help="Copy the frames' pictures (reduced), or draw frames schematically.",
)
@option(
    "--heatmaps/--no-heatmaps",
    default=True,
    help="Add heatmaps where the runs still have them.",
)
@option(
    "--public",
    is_flag=True,
    help="Also show frames and labels of each --board's data, unless its labels are private; the "
    "phantom's are always shown.",
)
@option("--title", help="[default: that of the one --board, else Landmark detection benchmark]")
@options.ddof
@options.methods_from
def command(
    runs: tuple[Path, ...],
    out: Path,
    boards: tuple[str, ...],
    data: tuple[Path, ...],
    title: str | None,
    ddof: int,
    methods_from: tuple[Path, ...],
    **gallery: Any,
) -> None:
    """Write a static site of the results in RUNS (default: the folder `runs`).

    Boards, ranking cards, a card per method and a gallery of frames, as plain files: open
    index.html. Nothing is loaded from a network. An existing site in --out is replaced.
    """
    from adaptor_bench.entries.entry import find_boards
    from adaptor_bench.progress import Progress, message
    from adaptor_bench.registry import discover
    from adaptor_bench.results.load import load_scored
    from adaptor_bench.site.build import build_site, refuse_foreign

    folders, progress, registry = find_boards(boards), Progress(), discover(methods_from)
    refuse_foreign(out)
    loaded = load_scored(options.roots_of(runs, folders), folders, data, progress, ddof=ddof)
    if title is None:
        alone = not runs and len(loaded.leaderboards) == 1
        title = loaded.leaderboards[0].title if alone else "Landmark detection benchmark"
    written, left_out = build_site(out, loaded, title, registry, progress, **gallery)
    for line in left_out:
        message(f"left out: {line}")
    message(written)
    show(out / "index.html")
