"""``bench evaluate``: score a folder of predictions against a folder of labels."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from adaptor_bench.cli.matching import matching_options, settings_of
from adaptor_bench.cli.output import show
from adaptor_bench.progress import message

if TYPE_CHECKING:
    from adaptor_bench.evaluate.reading import Batches
    from adaptor_bench.evaluate.scorefile import FoldScore
    from adaptor_bench.matching.settings import MatchSettings

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_FOLDER_OR_ARCHIVE = click.Path(exists=True, path_type=Path)
_LISTED = 5  # file names in a warning


@click.command(name="evaluate")
@click.argument("predictions", type=_FOLDER_OR_ARCHIVE)
@click.argument("labels", type=_FOLDER)
@matching_options
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
)
@click.option(
    "--analysis",
    is_flag=True,
    help="Also: localisation, counts, errors by kind, F1 over the radius, chance, videos, frames.",
)
@click.option(
    "--draws",
    type=click.IntRange(min=2),
    help="Random repetitions behind the chance floor; by default as many as take about a second.",
)
@click.option("--seed", type=click.IntRange(min=0), help="Of these repetitions.  [default: 0]")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Also write the counts and pairs of every frame (score.json).",
)
def command(
    predictions: Path,
    labels: Path,
    format_: str,
    analysis: bool,
    draws: int | None,
    seed: int | None,
    output: Path | None,
    **matching: Any,
) -> None:
    """Score PREDICTIONS against LABELS, frame by frame, counts pooled over all frames.

    Both are folders <folder>/<subfolder>/[point_labels/]<stem>.json, with or without a level of
    domain folders (sim/, intraop/); PREDICTIONS may be a .zip or .tar(.gz) of one. The labels
    decide which frames are scored.
    """
    import numpy as np

    from adaptor_bench.data.radius import radius_note
    from adaptor_bench.evaluate.score import score_batches
    from adaptor_bench.matching.settings import RADIUS
    from adaptor_bench.report.evaluation import evaluation_as_json, evaluation_table
    from adaptor_bench.report.render import render

    if not analysis and (draws is not None or seed is not None):
        raise click.UsageError("--draws and --seed are for --analysis.")
    settings = settings_of(**matching)
    batches = _read(predictions, labels, settings)
    _tell_mistakes(batches)
    result = score_batches(batches, settings)
    sizes = [(int(w), int(h)) for w, h in np.unique(batches.sizes, axis=0)]
    document, tables = evaluation_as_json(result), [evaluation_table(result, sizes)]
    if analysis:
        from adaptor_bench.evaluate.analysis.analyse import analyse
        from adaptor_bench.report.analysis import analysis_tables

        details = analyse(batches, settings, draws, seed or 0)
        document["analysis"] = details.to_json()
        tables += analysis_tables(details)
    if output is not None:
        result.save(output)
    if format_ == "json":
        show(json.dumps(document, indent=1, allow_nan=False))
    else:
        show(render(tables, "text"), newline=False)
    _warn(result, predictions)
    if settings.radius == RADIUS and (note := radius_note(RADIUS, sizes)):
        message(f"warning: {note}")


def _read(predictions: Path, labels: Path, settings: MatchSettings) -> Batches:
    """An archive is read from a temporary folder, if nothing in it is unsafe."""
    from adaptor_bench.evaluate.reading import read_batches
    from adaptor_bench.progress import Progress

    if predictions.is_dir():
        return read_batches(predictions, labels, settings, Progress())
    from adaptor_bench.submission.source import extracted

    with extracted(predictions) as folder:
        return read_batches(folder, labels, settings, Progress())


def _tell_mistakes(batches: Batches) -> None:
    """What `bench validate` says of swapped, scaled, shifted coordinates and of points off the
    frame, before any number."""
    import numpy as np

    from adaptor_bench.submission.forensics import FramePoints, diagnose

    sizes = [(width, height) for width, height in batches.sizes.tolist()]
    predicted, labels = (
        [
            FramePoints(key, points, size)
            for key, points, size in zip(batches.keys, side, sizes, strict=True)
        ]
        for side in (batches.predictions, batches.labels)
    )
    for finding in diagnose(predicted, labels):
        message(f"{finding.severity}: {finding.message} [{finding.code}]\n{finding.hint}")
    guessed = set(batches.guessed)
    outside = sum(
        int(((frame.points < -0.5) | (frame.points > np.array(frame.size) - 0.5)).any(axis=1).sum())
        for frame in predicted
        if frame.key not in guessed and len(frame.points)
    )
    if outside:
        total = sum(len(frame.points) for frame in predicted)
        message(
            f"warning: {outside} of {total} predicted points lie outside their frame "
            "[point-outside]\n`bench validate` with --reference lists them."
        )


def _warn(result: FoldScore, predictions: Path) -> None:
    from adaptor_bench.data.formats.known import foreign_hint

    if result.unknown:
        names = ", ".join(result.unknown[:_LISTED])
        more = len(result.unknown) - _LISTED
        message(
            f"warning: {len(result.unknown)} files match no labelled frame and were not scored: "
            f"{names}{f' and {more} more' if more > 0 else ''}"
        )
    if len(result.missing) == len(result.frames):
        message(
            f"warning: {predictions}: no prediction found for any labelled frame. "
            + foreign_hint(predictions, "Is it the folder that holds the surgery folders?")
        )
