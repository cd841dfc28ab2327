"""``bench data import``, ``export`` and ``formats``: files of other programs."""

from __future__ import annotations

import re
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from adaptor_bench.cli import options
from adaptor_bench.cli.options import option
from adaptor_bench.cli.output import show
from adaptor_bench.progress import message

if TYPE_CHECKING:
    from adaptor_bench.data.formats.format import Format


class FrameSize(click.ParamType):  # type: ignore[type-arg]  # no generic before click 8.4
    """Width and height, ``512x288``."""

    name = "size"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        if not (match := re.fullmatch(r"([1-9]\d{0,6})x([1-9]\d{0,6})", str(value))):
            self.fail(f"{value!r} is not a size such as 512x288.", param, ctx)
        return int(match[1]), int(match[2])


_FRAME_SIZE = option(
    "--size",
    type=FrameSize(),
    metavar="WxH",
    help="Of frames of which neither a file nor an image says it.",
)
_INDEX = option(
    "--index",
    type=options.EXISTING_FILE,
    help="COCO: the file with the images whose numbers results have.",
)


def _refuse(chosen: Format, given: dict[str, bool]) -> None:
    """UsageError for options that the format has no use for: what is ignored misleads."""
    if wrong := [name for name, there in given.items() if there and name not in chosen.takes]:
        raise click.UsageError(f"{' and '.join(wrong)}: not for the format {chosen.key}.")


def _unpacked(source: Path, chosen: Format) -> AbstractContextManager[Path]:
    """What an archive was packed from, unless it is a file of the format itself."""
    from adaptor_bench.data.placing import IMAGE_ENDINGS
    from adaptor_bench.submission.members import ARCHIVES, Limits
    from adaptor_bench.submission.source import extracted

    name = source.name.lower()
    if source.is_dir() or not name.endswith(ARCHIVES) or name.endswith(chosen.endings):
        return nullcontext(source)
    return extracted(source, Limits(endings=(*chosen.endings, *IMAGE_ENDINGS)))


@click.command("import")
@click.argument(
    "format_", metavar="FORMAT", type=options.Registered("data.formats.known:importable")
)
@click.argument("source", type=options.EXISTING)
@click.argument("out", type=options.PATH)
@option("--images", type=options.EXISTING_FOLDER, help="Where the images are.  [default: SOURCE]")
@option(
    "--names",
    default="",
    metavar="REGEX",
    help="What in the path of an image is (?P<surgery>..), (?P<video>..) and (?P<stem>..).",
)
@option("--surgery", default="", help="Of all frames.")
@option("--video", default="", help="Of all frames.")
@option("--label", "labels", multiple=True, help="Only annotations called so; repeatable.")
@option(
    "--stacked",
    type=click.Choice(["vertical", "horizontal"]),
    help="Two views in one picture, above or beside each other, become two frames, _l and _r.",
)
@option(
    "--shift",
    type=options.FiniteRange(-1, 1),
    default=0.0,
    help="Px added to x and y: -0.5 from programs that count from the corner of the first pixel.",
)
@options.pixel_size
@_FRAME_SIZE
@_INDEX
@option("--predictions", is_flag=True, help="Write a submission: no images, no sizes.")
def import_(
    format_: str,
    source: Path,
    out: Path,
    images: Path | None,
    names: str,
    surgery: str,
    video: str,
    labels: tuple[str, ...],
    stacked: str | None,
    shift: float,
    pixel_size: float | None,
    size: tuple[int, int] | None,
    index: Path | None,
    predictions: bool,
) -> None:
    """Make a dataset, or predictions, of SOURCE: a file of another program, a folder or an archive
    of them.

    OUT is a new folder in the challenge's layout. The last two folders of an image's path are its
    surgery and video, unless --names, --surgery and --video say it; a missing one is called all.
    `bench data formats` lists the formats.
    """
    from adaptor_bench.bounded import read_json
    from adaptor_bench.data.formats.format import ReadOptions
    from adaptor_bench.data.formats.known import format_named
    from adaptor_bench.data.importing import ImportOptions, import_points
    from adaptor_bench.data.placing import Placing
    from adaptor_bench.errors import plural

    chosen = format_named(format_)
    _refuse(chosen, {"--index": index is not None, "--pixel-size": pixel_size is not None})
    document = None if index is None else read_json(index)
    understood = ImportOptions(
        ReadOptions(frozenset(labels), pixel_size, index=document),
        Placing(names, surgery, video),
        images,
        size,
        shift,
        stacked or "",
        predictions,
    )
    with _unpacked(source, chosen) as unpacked:
        result = import_points(chosen, unpacked, out, understood)
    message(
        f"{plural(result.frames, 'frame')}, {plural(result.points, 'point')} and "
        f"{plural(result.images, 'image')} imported: {out}"
    )
    if result.note:
        message(f"note: {result.note}")
    if result.passed_over:
        names_ = ", ".join(result.passed_over[:3])
        more = len(result.passed_over) - 3
        message(
            f"note: {plural(len(result.passed_over), 'file')} of another kind passed over: "
            f"{names_}{f' and {more} more' if more > 0 else ''}"
        )


@click.command("export")
@click.argument(
    "format_", metavar="FORMAT", type=options.Registered("data.formats.known:exportable")
)
@click.argument("folder", type=options.EXISTING_FOLDER)
@click.argument("out", type=options.PATH)
@option("--label", default="landmark", help="What a landmark is called.")
@option("--with-images", is_flag=True, help="Copy the images to where the format has them.")
@_FRAME_SIZE
@_INDEX
@option("--predictions", is_flag=True, help="COCO: write results, with scores.")
def export(
    format_: str,
    folder: Path,
    out: Path,
    label: str,
    with_images: bool,
    size: tuple[int, int] | None,
    index: Path | None,
    predictions: bool,
) -> None:
    """Write FOLDER, a dataset or predictions, to OUT, a new file or folder of another program.

    `bench data formats` lists the formats, what each of them keeps, and how exactly.
    """
    from adaptor_bench.bounded import read_json
    from adaptor_bench.data.exporting import export_points
    from adaptor_bench.data.formats.format import WriteOptions
    from adaptor_bench.data.formats.known import format_named
    from adaptor_bench.errors import plural

    chosen = format_named(format_)
    _refuse(chosen, {"--index": index is not None, "--predictions": predictions})
    document = None if index is None else read_json(index)
    how = WriteOptions(label, predictions=predictions, index=document)
    frames = export_points(chosen, folder, out, how, size=size, with_images=with_images)
    points = sum(len(frame.file.points) for frame in frames)
    message(f"{plural(len(frames), 'frame')} and {plural(points, 'point')} exported: {out}")


@click.command("formats")
@option("--round-trip", is_flag=True, help="Write and read 250 landmarks in each; what is lost?")
@options.formats("text", "markdown", "json")
def formats(round_trip: bool, format_: str) -> None:
    """List the formats that `bench data import` and `export` know."""
    from adaptor_bench.audit.round_trip import formats_table, round_trips
    from adaptor_bench.report.render import render

    show(render([round_trips() if round_trip else formats_table()], format_), newline=False)
