"""``bench data frames``: pictures out of a video."""

from __future__ import annotations

from pathlib import Path

import click

from adaptor_bench.cli import options
from adaptor_bench.cli.options import option
from adaptor_bench.progress import message


@click.command("frames")
@click.argument("video", type=options.EXISTING_FILE)
@click.argument("out", type=options.PATH)
@option("--every", type=click.IntRange(1), help="Every so many frames, from the first on.")
@option(
    "--frame",
    "numbers",
    type=click.IntRange(0, 999_999_999),
    multiple=True,
    help="By its number, counted from 0; repeatable.",
)
@option(
    "--at",
    "times",
    type=options.FiniteRange(0),
    multiple=True,
    help="What is shown so many seconds after the beginning; repeatable.",
)
@option(
    "--points",
    type=options.EXISTING_FILE,
    help="Points with the numbers of their frames: a table with a column frame (CSV, Parquet, "
    "napari, TrackMate, Fiji), CVAT. These frames are taken, and become labels.",
)
@options.pixel_size
@option("--surgery", default="", help="Of all frames.  [default: the name of VIDEO]")
@option("--video", "name", default="", help="Of all frames.  [default: all]")
def frames(
    video: Path,
    out: Path,
    every: int | None,
    numbers: tuple[int, ...],
    times: tuple[float, ...],
    points: Path | None,
    pixel_size: float | None,
    surgery: str,
    name: str,
) -> None:
    """Write frames of VIDEO into the new dataset folder OUT, as PNG named by their numbers.

    Frames are counted from 0 in the order they are shown, and turned as the file says. Needs PyAV:
    the extra [video].
    """
    from adaptor_bench.data.formats.format import ReadOptions
    from adaptor_bench.data.video import Wanted, take_frames
    from adaptor_bench.errors import plural
    from adaptor_bench.progress import Progress

    wanted = Wanted(every, numbers, times)
    with Progress().bar("decoding") as bar:
        taken = take_frames(
            video,
            out,
            wanted,
            bar,
            points=points,
            reading=ReadOptions(pixel_size=pixel_size),
            surgery=surgery,
            name=name,
        )
    message(f"{plural(taken.frames, 'frame')} and {plural(taken.points, 'point')} taken: {out}")
    for note in taken.notes:
        message(f"note: {note}")
