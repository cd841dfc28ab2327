"""``bench audit``: how much a score depends on rule, boundary and missing policy."""

from __future__ import annotations

import json
from itertools import chain
from pathlib import Path

import click

from adaptor_bench.cli.options import EXISTING, EXISTING_FOLDER, formats, option
from adaptor_bench.cli.output import show


@click.command(name="audit")
@click.argument("predictions", type=EXISTING)
@click.argument("labels", type=EXISTING_FOLDER)
@option("--radius", type=float, default=6.0, help="In pixels.")
@formats("text", "json", "markdown")
@option(
    "--limit",
    type=click.IntRange(min=0),
    default=20,
    help="Frames and pairs listed; 0 lists all. JSON always holds all.",
)
@option(
    "--emulate",
    type=click.Choice(["official-2021", "cardio-ai"]),
    multiple=True,
    help="Add what a published program prints for these files, mistakes included.",
)
def command(
    predictions: Path,
    labels: Path,
    radius: float,
    format_: str,
    limit: int,
    emulate: tuple[str, ...],
) -> None:
    """Score PREDICTIONS against LABELS by every rule, and show where the rules differ.

    One table of all rules, boundaries and policies for missing frames, then the frames and the
    pairs that depend on the choice. The exit code says nothing about the outcome. PREDICTIONS may
    be a .zip or .tar(.gz).
    """
    from adaptor_bench.audit.audit import audit
    from adaptor_bench.audit.audit_table import audit_as_json, audit_tables
    from adaptor_bench.audit.emulator import emulate_cardio
    from adaptor_bench.audit.emulator_table import cardio_output, official_output
    from adaptor_bench.audit.reconcile import reconcile_official
    from adaptor_bench.matching.settings import MatchSettings
    from adaptor_bench.progress import Progress
    from adaptor_bench.report.render import render
    from adaptor_bench.scoring.reading import read_batches
    from adaptor_bench.submission.source import extracted

    with extracted(predictions) as root:
        batches = read_batches(root, labels, MatchSettings(radius=radius), Progress())
        audited = audit(batches, radius)
        emulated = []
        if "official-2021" in emulate:
            emulated.append(official_output(*reconcile_official(batches, audited, root, labels)))
    if "cardio-ai" in emulate:
        original = emulate_cardio(batches.predictions, batches.labels, radius)
        emulated.append(cardio_output(audited.counts("nearest", False), original))
    if format_ == "json":
        document = audit_as_json(audited)
        if emulate:
            document["emulated"] = [of for _, of in emulated]
        show(json.dumps(document, indent=1, allow_nan=False))
    else:
        tables = chain(audit_tables(audited, limit), *(of for of, _ in emulated))
        show(render(list(tables), format_), newline=False)
