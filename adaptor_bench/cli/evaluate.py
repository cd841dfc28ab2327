"""``bench evaluate``: score a folder of predictions against a folder of labels."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from adaptor_bench.cli import options
from adaptor_bench.cli.options import option
from adaptor_bench.cli.output import show
from adaptor_bench.progress import message


@click.command(name="evaluate")
@click.argument("predictions", type=options.EXISTING)
@click.argument("labels", type=options.EXISTING)
@options.matching_options
@options.formats("text", "json")
@option(
    "--analysis",
    is_flag=True,
    help="Also: localisation, counts, errors by kind, F1 over the radius, chance, videos, frames.",
)
@option(
    "--draws",
    type=click.IntRange(min=2),
    help="Random repetitions behind the chance floor; by default as many as take about a second.",
)
@option("--seed", type=click.IntRange(min=0), help="Of these repetitions.  [default: 0]")
@option(
    "--output",
    type=options.NEW_FILE,
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
    """Score PREDICTIONS against LABELS, frame by frame, counts pooled over all frames, and over
    those of every fold, whose mean is what a leaderboard ranks by.

    Both are folders <folder>/<subfolder>/[point_labels/]<stem>.json, with or without a level of
    domain folders (sim/, intraop/), or a .zip or .tar(.gz) of one. The labels decide which frames
    are scored. Files of labelme and grand-challenge.org may stand in place of ours; `bench data
    import` reads those of other programs.
    """
    import numpy as np

    from adaptor_bench.data.sizes import radius_note
    from adaptor_bench.matching.settings import RADIUS
    from adaptor_bench.progress import Progress
    from adaptor_bench.report.evaluation import (
        evaluation_as_json,
        evaluation_table,
        means_as_json,
        means_table,
    )
    from adaptor_bench.report.render import render
    from adaptor_bench.results.predictions import label_plans, results_of_score
    from adaptor_bench.scoring.reading import read_batches
    from adaptor_bench.scoring.score import score_batches
    from adaptor_bench.submission.plausibility import implausible, require_some, unscored
    from adaptor_bench.submission.source import extracted

    if not analysis and (draws is not None or seed is not None):
        raise click.UsageError("--draws and --seed are for --analysis.")
    settings = options.settings_of(**matching)
    with extracted(predictions) as folder, extracted(labels, labels=True) as labelled:
        batches = read_batches(folder, labelled, settings, Progress())
        plans = label_plans(labelled)
    require_some(batches, predictions)
    for line in implausible(batches):
        message(line)
    result = score_batches(batches, settings)
    sizes = [(int(w), int(h)) for w, h in np.unique(batches.sizes, axis=0)]
    by_domain = results_of_score(result, plans, labels.resolve().name, "these")
    document = evaluation_as_json(result) | means_as_json(by_domain)
    tables = [evaluation_table(result, sizes), means_table(result, by_domain)]
    if analysis:
        from adaptor_bench.report.analysis import analysis_tables
        from adaptor_bench.scoring.analysis.analyse import analyse

        details = analyse(batches, settings, draws, seed or 0)
        document["analysis"] = details.to_json()
        tables += analysis_tables(details)
    if output is not None:
        result.save(output)
    if format_ == "json":
        show(json.dumps(document, indent=1, allow_nan=False))
    else:
        show(render(tables, "text"), newline=False)
    for line in unscored(batches):
        message(line)
    if settings.radius == RADIUS and (note := radius_note(RADIUS, sizes)):
        message(f"warning: {note}")
