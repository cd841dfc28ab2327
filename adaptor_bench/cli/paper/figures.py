"""``bench paper figure4`` and the other figures, to PDF, SVG or PNG: whatever figures there are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from adaptor_bench.cli import options
from adaptor_bench.cli.options import option
from adaptor_bench.cli.output import show
from adaptor_bench.progress import message

if TYPE_CHECKING:
    from adaptor_bench.figures.figure import Figure

_RUNS = click.argument("runs", nargs=-1, required=True, type=options.EXISTING_FOLDER)
_RUNS_OR_BOARDS = click.argument(
    "runs", metavar="RUNS|BOARD...", nargs=-1, required=True, type=options.PATH
)
_OPTIONS = {
    "out": option(
        "--out",
        "outs",
        multiple=True,
        required=True,
        type=options.PATH,
        help="NAME.pdf, NAME.svg or NAME.png; repeatable.",
    ),
    "dpi": option(
        "--dpi",
        type=click.IntRange(30, 1200),
        default=200,
        help="Of PNG files and of pictures within vector files.",
    ),
    "data": option(
        "--data",
        type=options.EXISTING_FOLDER,
        help="The runs' dataset.  [default: the phantom they name, drawn if needed]",
    ),
    "domain": options.domain,
    "method": option(
        "--method", help="Which method of RUNS.  [default: improved_heatmap, else the first]"
    ),
    "several": option(
        "--method",
        "several",
        multiple=True,
        help="Which method of RUNS; repeatable, on the same frames.  "
        "[default: improved_heatmap, else the first]",
    ),
    "caption": option(
        "--caption/--no-caption",
        default=True,
        help="Without, it is printed to be put into the text.  [default: below the figure]",
    ),
    "fold": option("--fold", type=int, help="[default: that of --frame, or the first]"),
    "frame": option("--frame", help="surgery/video/stem.  [default: a typical one]"),
    "device": options.device,
    "methods_from": options.methods_from,
}


def drawn_figures() -> dict[str, Figure]:
    """Those that are drawn for paper, by name."""
    from adaptor_bench.figures.figure import all_figures

    return {name: figure for name, figure in all_figures().items() if figure.draw}


def figure_command(figure: Figure) -> click.Command:
    """The command that draws ``figure`` and writes it to every --out."""

    def run(
        runs: tuple[Path, ...], outs: tuple[Path, ...], dpi: int, caption: bool, **given: Any
    ) -> None:
        from adaptor_bench.errors import UsageError
        from adaptor_bench.figures.canvas import (
            FORMATS,
            require_matplotlib,
            save,
            without_caption,
        )

        require_matplotlib()
        for out in outs:
            if out.suffix.removeprefix(".").lower() not in FORMATS:
                raise UsageError(f"{out}: not one of .{', .'.join(FORMATS)}")
        drawn = figure.on_paper(runs, **given)
        said = "" if caption else without_caption(drawn)
        for out in outs:
            save(drawn, out, dpi)
            message(str(out))
        if said:
            show(said)

    every = ("out", "dpi", "caption", *figure.needs)
    chosen = options.several(*(_OPTIONS[name] for name in every))
    given = _RUNS_OR_BOARDS if figure.of_boards else _RUNS
    return click.command(figure.name, help=figure.title)(given(chosen(run)))
