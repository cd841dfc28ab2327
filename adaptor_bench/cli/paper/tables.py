"""``bench paper table1``, ``table2``, ``table3`` and ``ablation``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from adaptor_bench.cli import options
from adaptor_bench.cli.options import option
from adaptor_bench.cli.output import show

if TYPE_CHECKING:
    from adaptor_bench.report.table import Table

_RUNS = click.argument("runs", nargs=-1, type=options.PATH)
_CHOICE_OF_ROWS = option(
    "--rows",
    type=click.Choice(["all", "measured", "published"]),
    default="all",
    help="Leave out published or measured rows.",
)
_TITLES = option(
    "--titles", is_flag=True, help="Call measured methods by their titles, not by their names."
)
_OUTPUT = options.several(
    option(
        "--format",
        "format_",
        type=click.Choice(options.TABLE_FORMATS),
        help="Default: by the suffix of --out, else text.",
    ),
    option(
        "--out",
        type=options.NEW_FILE,
        help="Write this file; its suffix chooses the format (.tex, .html, .md, ..).",
    ),
    option("--notes/--no-notes", default=True, help="What stands below a table.  [default: on]"),
    option("--standalone", is_flag=True, help="latex, html: a whole document, not a fragment."),
)


@click.command("table1")
@option("--data", type=options.PATH, help="Count frames and labels of this dataset.")
@_OUTPUT
def _table1(data: Path | None, **output: Any) -> None:
    """Frames of every fold and domain: of the published folds, or of --data with its labels."""
    from adaptor_bench.report.paper.frames import frame_tables

    _write(lambda: frame_tables(data), **output)


def _of_runs(name: str, about: str) -> click.Command:
    """The command ``name``, whose tables are of finished runs."""

    def run(
        runs: tuple[Path, ...], ddof: int, titles: bool, rows: str = "all", **output: Any
    ) -> None:
        from adaptor_bench.report.paper.results import with_titles

        def make() -> Sequence[Table]:
            tables = _tables(name, runs, ddof, rows)
            return [with_titles(table) for table in tables] if titles else tables

        _write(make, **output)

    chosen = options.ddof(_TITLES(_OUTPUT(run)))
    return click.command(name, help=about)(
        _RUNS(chosen if name == "ablation" else _CHOICE_OF_ROWS(chosen))
    )


def _tables(name: str, runs: tuple[Path, ...], ddof: int, rows: str) -> Sequence[Table]:
    if name == "ablation":
        from adaptor_bench.report.paper.ablation import ablation_tables

        return ablation_tables(runs, ddof=ddof)
    from adaptor_bench.report.paper.results import result_tables

    domain = {"table2": "sim", "table3": "intraop"}[name]
    return result_tables(domain, runs, ddof=ddof, rows=rows)


TABLES: dict[str, click.Command] = {
    "table1": _table1,
    "table2": _of_runs(
        "table2", "Results on the simulator frames: published, and measured in RUNS."
    ),
    "table3": _of_runs(
        "table3", "Results on the intraoperative frames: published, and measured in RUNS."
    ),
    "ablation": _of_runs(
        "ablation", "Methods in RUNS beside their ablations; published single-split rows apart."
    ),
}


def _write(
    make: Callable[[], Sequence[Table]],
    format_: str | None,
    out: Path | None,
    notes: bool,
    standalone: bool,
) -> None:
    from dataclasses import replace

    from adaptor_bench.atomic import write_text
    from adaptor_bench.progress import message
    from adaptor_bench.report.paper.output import format_of, render_paper

    chosen = format_of(out, format_)  # wrong usage is told before anything is read
    tables = make() if notes else [replace(table, notes=()) for table in make()]
    text = render_paper(tables, chosen, standalone=standalone)
    if out is None:
        show(text, newline=False)
    else:
        write_text(out, text)
        message(f"written: {out}")
