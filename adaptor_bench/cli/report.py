"""``bench report``."""

from __future__ import annotations

from pathlib import Path

import click

from adaptor_bench.cli.output import show

__all__ = ["command"]

_FOLDER = click.Path(path_type=Path)


@click.command("report")
@click.argument("runs", nargs=-1, type=_FOLDER)
@click.option("--out", type=_FOLDER, required=True, help="Folder of the site; new, or one before.")
@click.option(
    "--board",
    "boards",
    multiple=True,
    help="Entries of this leaderboard, too: its name, its folder, or all; repeatable.",
)
@click.option(
    "--data",
    type=_FOLDER,
    multiple=True,
    help="Dataset folder the results are about, for pictures, labels and curves; repeatable. "
    "The embedded phantom needs none.",
)
@click.option(
    "--frames",
    type=click.IntRange(min=0),
    default=200,
    show_default=True,
    help="Frames in the gallery; 0: no gallery.",
)
@click.option(
    "--images/--no-images",
    default=True,
    show_default=True,
    help="Copy the frames' pictures (reduced), or draw frames schematically.",
)
@click.option(
    "--heatmaps/--no-heatmaps",
    default=True,
    show_default=True,
    help="Add heatmaps where the runs still keep them.",
)
@click.option(
    "--public",
    is_flag=True,
    help="Show frames and labels of the data of each --board, too; the phantom's always are.",
)
@click.option("--title", default="Landmark detection benchmark", show_default=True)
@click.option("--ddof", type=click.IntRange(0, 1), default=0, show_default=True)
@click.option(
    "--methods-from",
    type=_FOLDER,
    multiple=True,
    help="A folder with more method files, whose code is run; repeatable.",
)
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
    """Write a static site of what stands below RUNS (default: the folder `runs`).

    Boards, ranking cards, a card per method and a gallery of frames, as plain files: open
    index.html. Nothing is loaded from a network. A site that stands in --out is replaced.
    """
    from adaptor_bench.entries.entry import find_boards
    from adaptor_bench.progress import Progress, message
    from adaptor_bench.registry import discover
    from adaptor_bench.site import SiteRequest, build_site

    folders = find_boards(boards)
    request = SiteRequest(
        roots=runs or (() if folders else (Path("runs"),)),
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
        f"{made.pages} pages, {made.frames} gallery frames ({made.pictures} pictures, "
        f"{made.heatmaps} heatmaps), {made.size / 1e6:.1f} MB"
    )
    show(out / "index.html")
