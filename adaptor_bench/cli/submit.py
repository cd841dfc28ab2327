"""``bench submit``: add an entry to a leaderboard."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from adaptor_bench.names import printable
from adaptor_bench.progress import message

if TYPE_CHECKING:
    from datetime import datetime

    from adaptor_bench.entries.entry import Entry, Leaderboard


@click.command(name="submit")
@click.argument("results", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--board", "given", required=True, help="Name of a leaderboard, or its folder.")
@click.option("--team", required=True)
@click.option("--method", help="Which method of RUNS; the name of what made PREDICTIONS.")
@click.option("--title", help="Shown on cards.  [default: the method's]")
@click.option("--id", "id_", help="Name of the file.  [default: team and method]")
@click.option("--date", type=click.DateTime(["%Y-%m-%d"]), metavar="YYYY-MM-DD",
              help="As you want it printed.")  # fmt: skip
@click.option("--reference", help="Paper or other document.")
@click.option("--url", help="Of the code.")
@click.option("--note", "notes", multiple=True, help="Printed below the table.")
@click.option(
    "--claim",
    "claims",
    multiple=True,
    metavar="DOMAIN:METRIC=PERCENT",
    help="What you say it reaches, such as intraop:f1=48.7; stands beside what is measured.",
)
@click.option("--data", type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="The leaderboard's data.  [default: its phantom, drawn]")  # fmt: skip
@click.option("--without-predictions", is_flag=True, help="Do not publish the points themselves.")
@click.option("--replace", is_flag=True, help="Replace the team's entry of this name.")
@click.option(
    "--incomplete",
    is_flag=True,
    help="Enter it although frames lack a prediction, which count as the leaderboard says.",
)
@click.option(
    "--identical-to",
    multiple=True,
    metavar="ID",
    help="Enter it although its points are those of another team's entry.",
)
@click.option("--create", metavar="TITLE", help="Make the leaderboard from these RUNS first.")
def command(
    results: tuple[Path, ...],
    given: str,
    team: str,
    method: str | None,
    title: str | None,
    id_: str | None,
    date: datetime | None,
    reference: str | None,
    url: str | None,
    notes: tuple[str, ...],
    claims: tuple[str, ...],
    data: Path | None,
    without_predictions: bool,
    replace: bool,
    incomplete: bool,
    identical_to: tuple[str, ...],
    create: str | None,
) -> None:
    """Add RESULTS to a leaderboard: folders of finished runs, or one folder or archive of
    predictions, which is validated and scored."""
    from adaptor_bench.entries.entry import find_board, read_board
    from adaptor_bench.entries.naming import check_names
    from adaptor_bench.entries.publish import publish
    from adaptor_bench.entries.submit import (
        About,
        board_from_runs,
        entry_from_predictions,
        entry_from_runs,
        with_labels,
    )
    from adaptor_bench.errors import InputError, UsageError
    from adaptor_bench.resources import refuse_installed
    from adaptor_bench.results.runs import find_runs
    from adaptor_bench.submission.source import extracted

    day = None if date is None else date.date().isoformat()
    check_names([
        ("team", team), ("method", method), ("title", title), ("title", create),
        ("reference", reference), ("url", url), *(("note", note) for note in notes),
    ])  # fmt: skip
    about = About(team, method, title, id_, day, reference, url, _claims(claims), notes)
    of_runs = all(path.is_dir() for path in results) and bool(find_runs(results))
    if create is not None:
        folder = Path(given)
        if (folder / "board.json").exists():
            raise UsageError(
                f"{folder}: there is a leaderboard already", hint="Leave out --create."
            )
        if not of_runs:
            raise UsageError("--create needs finished runs", hint="`bench run` leaves them.")
        board = board_from_runs(results, folder, create)
        if data or board.embedded:
            try:
                board = with_labels(board, data or _phantom(board))
            except InputError as error:
                if data:
                    raise
                message(f"The leaderboard keeps no hash of its labels. {error.message}")
    else:
        board = read_board(find_board(given))
    refuse_installed(board.folder)
    if of_runs:
        entry, packed = entry_from_runs(results, board, about, lambda: data or _phantom(board))
    else:
        if len(results) != 1:
            raise UsageError("several RESULTS, and not all of them are folders of finished runs")
        root = data or _phantom(board)
        _refuse_invalid(results[0], root)
        with ExitStack() as stack:
            folder = stack.enter_context(extracted(results[0]))
            entry, packed = entry_from_predictions(folder, board, about, root)
    _tell_gaps(entry, board, incomplete)
    path = publish(
        entry,
        packed,
        board,
        keep=not without_predictions,
        overwrite=replace,
        chosen=id_ is not None,
        identical=identical_to,
        new=create is not None,
    )
    message(f"{path}: {printable(entry.method)} by {printable(entry.team)}")
    message(f"`bench leaderboard --board {given} --write` renders the tables anew.")


def _phantom(board: Leaderboard) -> Path:
    from adaptor_bench.errors import UsageError
    from adaptor_bench.phantom.default import cached_phantom
    from adaptor_bench.progress import Progress

    if board.embedded is None:
        raise UsageError(
            f"the data of the leaderboard {board.id!r} cannot be drawn: nothing can be scored",
            hint="Give --data DIR.",
        )
    return cached_phantom(board.embedded, Progress())


def _tell_gaps(entry: Entry, board: Leaderboard, allowed: bool) -> None:
    """Say what of the leaderboard the entry lacks. Raises InputError for frames, unless allowed."""
    from adaptor_bench.errors import InputError
    from adaptor_bench.results.result import fold_names
    from adaptor_bench.results.sources import results_of_entries

    lacking = [
        f"{domain}, seed {seed}: {counted.missing:,} of {counted.frames:,} frames have no "
        f"prediction (counted by this leaderboard as: {board.settings.missing})"
        for domain, seeds in entry.measured.items()
        for seed, counted in seeds.items()
        if counted.missing
    ]
    if lacking and not allowed:
        raise InputError.collect(
            "this entry is not complete:", lacking, hint="--incomplete enters it all the same."
        )
    for line in lacking:
        message(f"warning: {line}")
    results = {result.domain: result for result in results_of_entries(board, [entry])}
    for domain in board.folds:
        if domain not in results:
            message(f"note: nothing for {domain}: the entry is not in that table")
        elif results[domain].missing:
            listed = ", ".join(fold_names(results[domain].missing))
            message(f"note: {domain}: {listed} not run, hence no mean and no rank")


def _refuse_invalid(predictions: Path, data: Path) -> None:
    from adaptor_bench.errors import InputError
    from adaptor_bench.progress import Progress
    from adaptor_bench.submission.validate import validate

    report = validate(predictions, data, Progress())
    # Missing frames are told apart, by domain: a submission may be for one of them.
    errors = [f for f in report.findings if f.severity == "error" and f.code != "frame-missing"]
    if errors:
        raise InputError.collect(
            f"{predictions}: not valid:",
            [f"{f.file}: {f.message}" for f in errors],
            hint=f"`bench validate {predictions} --reference {data}` tells everything.",
        )
    for finding in report.findings:
        if finding.severity == "warning" and finding.file == ".":
            message(f"warning: {finding.message}")


def _claims(given: tuple[str, ...]) -> dict[str, dict[str, float]]:
    from adaptor_bench.errors import UsageError

    found: dict[str, dict[str, float]] = {}
    for text in given:
        try:
            where, value = text.split("=")
            domain, metric = where.split(":")
            percent = float(value)
            if not 0 <= percent <= 100:  # nor NaN
                raise ValueError(value)
            found.setdefault(domain, {})[metric] = percent
        except ValueError as error:
            raise UsageError(
                f"--claim {text!r} is not DOMAIN:METRIC=PERCENT, 0 to 100",
                hint="Such as intraop:f1=48.7.",
            ) from error
    return found
