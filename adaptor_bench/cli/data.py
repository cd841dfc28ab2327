"""``bench data``: draw the phantom, look at a dataset folder, check, describe, convert it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from adaptor_bench.cli import conversion, croissant, options, video
from adaptor_bench.cli.options import option
from adaptor_bench.cli.output import show
from adaptor_bench.progress import message


class Seeds(click.ParamType):  # type: ignore[type-arg]  # no generic before click 8.4
    """Whole numbers with commas between them."""

    name = "seeds"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        if isinstance(value, tuple):
            return value
        if value and not re.fullmatch(r"\d{1,9}(,\d{1,9})*", value):
            self.fail(f"{value!r} is not a list of whole numbers, such as 1,2,3.", param, ctx)
        return tuple(map(int, value.split(","))) if value else ()


@click.group("data")
def command() -> None:
    """Draw the phantom dataset; look at, check, describe, import or export a dataset folder."""


@command.command("phantom")
@click.argument("out", type=options.PATH)
@option("--profile", type=options.Registered("phantom:PROFILES"), default="mini")
@options.seed
@option(
    "--seeds",
    type=Seeds(),
    default="",
    metavar="N,N,..",
    help="Several drawings in one dataset, each a cohort with folds of its own.  [default for "
    "profile board: 101,102,103]",
)
@option(
    "--label-noise",
    "label_noise_px",
    type=options.FiniteRange(0),
    default=0.0,
    help="Standard deviation of label positions, in px.",
)
@option(
    "--label-drop",
    type=options.FiniteRange(0, 1),
    default=0.0,
    help="Fraction of labels left out, 0..1.",
)
@option(
    "--gap",
    type=options.FiniteRange(0, 1),
    default=1.0,
    help="How far intraop differs from sim in look, 0..1.",
)
@option("--difficulty", type=options.Registered("phantom:DIFFICULTY"), default="standard")
@option("--workers", type=click.IntRange(1), help="Processes; the result does not depend on it.")
def phantom(
    out: Path,
    profile: str,
    seed: int,
    seeds: tuple[int, ...],
    workers: int | None,
    **dials: Any,
) -> None:
    """Draw the phantom dataset into the new folder OUT, in the challenge's layout.

    Seeds 0 to 99 are for development; published boards are made on 101, 102 and 103.
    """
    from adaptor_bench.errors import UsageError
    from adaptor_bench.phantom import PhantomOptions, write_phantom
    from adaptor_bench.progress import Progress

    try:
        options = PhantomOptions(**dials)
    except ValueError as error:
        raise UsageError(str(error)) from error
    with Progress().bar(f"phantom ({profile})") as bar:
        write_phantom(
            out, profile, seed, seeds=seeds, options=options, workers=workers, progress=bar
        )
    message(f"drawn: {out}")


@command.command("phantom-check")
@click.argument("folders", nargs=-1, type=options.PATH)
@option("--seeds", type=Seeds(), default="0", metavar="N,N,..", help="Drawings to make.")
@option("--profile", type=options.Registered("phantom:PROFILES"), default="mini")
@option("--runs", type=options.PATH, help="Folder of runs of unet_peaks on the same frames.")
@option("--train", is_flag=True, help="Make these runs: 9 folds a drawing, minutes of CPU time.")
@options.formats("text", "markdown", "json")
@click.pass_context
def phantom_check(
    context: click.Context,
    folders: tuple[Path, ...],
    seeds: tuple[int, ...],
    profile: str,
    runs: Path | None,
    train: bool,
    format_: str,
) -> None:
    """Say whether drawings of the phantom are what they should be: a table of targets.

    FOLDERS are drawings; without any, one is made for each of --seeds and removed again. Exit
    code 1 when a target is not met.
    """
    from adaptor_bench.audit.phantom_trained import check_phantom
    from adaptor_bench.errors import UsageError
    from adaptor_bench.progress import Progress
    from adaptor_bench.report.render import render

    if train and runs is None:
        raise UsageError("--train needs a folder for its runs", hint="Give --runs DIR.")
    if not seeds:
        raise UsageError("there is no seed to draw", hint="Give --seeds 0,1,2.")
    found = check_phantom(folders, seeds, profile, runs, train, Progress(lines=True))
    of = ", ".join(map(str, folders)) or f"{profile}, seeds {', '.join(map(str, seeds))}"
    show(render([found.table(f"The phantom ({of})")], format_), newline=False)
    context.exit(1 if any(row["met"] == "no" for row in found.rows) else 0)


@command.command("info")
@click.argument("folder", type=options.PATH)
@options.formats("text", "json")
def info(folder: Path, format_: str) -> None:
    """Domains, surgeries, frames, labelled points and folds of the dataset in FOLDER."""
    from adaptor_bench.data.describe import describe_dataset, describe_text

    description = describe_dataset(folder)
    _say_passed_over(description["passed_over"])
    show(json.dumps(description, indent=1) if format_ == "json" else describe_text(description))


@command.command("check")
@click.argument("folder", type=options.PATH)
@click.pass_context
def check(context: click.Context, folder: Path) -> None:
    """Read every image and label in FOLDER; list all problems at once (exit code 1).

    Then look for leaks: the same pictures in two surgeries, pixel for pixel (an error where a fold
    trains on one and judges on the other) or resized, brightened or compressed (a warning); a
    surgery in both domains; labels that name another surgery, video or image than their place
    does; surgeries without any label.
    """
    from adaptor_bench.data.check import load_frames
    from adaptor_bench.data.frames import index_dataset
    from adaptor_bench.data.oddities import find_all
    from adaptor_bench.data.pixels import PixelStore
    from adaptor_bench.errors import plural
    from adaptor_bench.progress import Progress

    dataset = index_dataset(folder)
    _say_passed_over(dataset.passed_over)
    plans = {d: dataset.fold_plan(d) for d in dataset.frames if len(dataset.surgeries(d)) > 1}
    with Progress().bar("reading frames") as bar:
        # Pixels are looked at and dropped: checking needs no memory for a whole dataset.
        loaded = load_frames(dataset, dataset.frames, progress=bar, store=PixelStore(0))
    oddities = find_all(loaded, plans, dataset.cohorts)
    verdict = "all readable" if oddities else "no problem found"
    for domain, frames in loaded.items():
        points = sum(len(f.points) for f in frames.frames)
        show(
            f"{domain}: {plural(len(frames.frames), 'frame')}, {plural(points, 'point')}, "
            f"{verdict}, fingerprint {frames.fingerprint[:12]}"
        )
    for finding in oddities:
        show(finding)
    context.exit(1 if any(finding.error for finding in oddities) else 0)


for _one in (
    conversion.import_,
    conversion.export,
    conversion.formats,
    croissant.croissant,
    video.frames,
):
    command.add_command(_one)


def _say_passed_over(folders: Sequence[str]) -> None:
    if folders:
        message(
            "note: names that begin with . or __ are not surgeries; skipped: " + ", ".join(folders)
        )
