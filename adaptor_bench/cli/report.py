"""``bench report``."""

from __future__ import annotations

from pathlib import Path

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
    help="Also show frames and labels of each --board's data; the phantom's are always shown.",
)
@option("--title", default="Landmark detection benchmark")
@options.ddof
@options.methods_from
def command(
    runs: tuple[Path, ...],
    out: Path,
    boards: tuple[str, ...],
    data: tuple[Path, ...],
    frames: int,
    images: bool,
    heatmaps: bool,
    public: bool,
    title: str,
    ddof: int,
    methods_from: tuple[Path, ...],
) -> None:
    """Write a static site of the results in RUNS (default: the folder `runs`).

    Boards, ranking cards, a card per method and a gallery of frames, as plain files: open
    index.html. Nothing is loaded from a network. An existing site in --out is replaced.
    """
    from adaptor_bench.entries.entry import find_boards
    from adaptor_bench.errors import plural
    from adaptor_bench.progress import Progress, message
    from adaptor_bench.registry import discover
    from adaptor_bench.site import SiteRequest, build_site

    folders = find_boards(boards)
    request = SiteRequest(
        roots=options.roots_of(runs, folders),
        out=out,
        leaderboards=folders,
        data=data,
        frames=frames,
        images=images,
        heatmaps=heatmaps,
        public=public,
        title=title,
        ddof=ddof,
    )
    made = build_site(request, discover(methods_from), Progress())
    for line in made.left_out:
        message(f"left out: {line}")
    message(
        f"{plural(made.pages, 'page')}, {plural(made.frames, 'gallery frame')} "
        f"({plural(made.pictures, 'picture')}, {plural(made.heatmaps, 'heatmap')}), "
        f"{made.size / 1e6:.1f} MB"
    )
    show(out / "index.html")
