"""``bench evaluate``: score a folder of predictions against a folder of labels."""

from __future__ import annotations

import json
from pathlib import Path

import click

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_LISTED = 5  # file names in a warning


@click.command(name="evaluate")
@click.argument("predictions", type=_FOLDER)
@click.argument("labels", type=_FOLDER)
@click.option(
    "--matching",
    type=click.Choice(["hungarian", "official", "nearest"]),
    default="hungarian",
    show_default=True,
    help="Which predicted point is which labelled one.",
)
@click.option("--radius", type=float, default=6.0, show_default=True, help="In pixels.")
@click.option("--strict", is_flag=True, help="A pair must be closer than the radius (<, not <=).")
@click.option(
    "--missing",
    type=click.Choice(["empty", "skip", "error"]),
    default="empty",
    show_default=True,
    help="A labelled frame without a prediction: all its labels are missed, or it is left out, "
    "or nothing is scored.",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Also write the counts and pairs of every frame (score.json).",
)
def command(
    predictions: Path,
    labels: Path,
    matching: str,
    radius: float,
    strict: bool,
    missing: str,
    format_: str,
    output: Path | None,
) -> None:
    """Score PREDICTIONS against LABELS, frame by frame, counts pooled over all frames.

    Both are folders <folder>/<subfolder>/[point_labels/]<stem>.json, with or without a level of
    domain folders (sim/, intraop/). The labels decide which frames are scored.
    """
    from adaptor_bench.evaluate.score import MatchSettings, score
    from adaptor_bench.report.evaluation import evaluation_as_json, evaluation_table
    from adaptor_bench.report.table import render

    settings = MatchSettings(matching, radius, False if strict else None, missing)
    result = score(predictions, labels, settings)
    if output is not None:
        result.save(output)
    if format_ == "json":
        click.echo(json.dumps(evaluation_as_json(result), indent=1, allow_nan=False))
    else:
        click.echo(render([evaluation_table(result)], "text"), nl=False)
    if result.unknown:
        names = ", ".join(result.unknown[:_LISTED])
        more = len(result.unknown) - _LISTED
        click.echo(
            f"warning: {len(result.unknown)} files match no labelled frame and were not scored: "
            f"{names}{f' and {more} more' if more > 0 else ''}",
            err=True,
        )
    if len(result.missing) == len(result.frames):
        click.echo(
            f"warning: {predictions}: no prediction found for any labelled frame; is it the "
            "folder that holds the surgery folders?",
            err=True,
        )
