"""Enter results on a leaderboard: all that ``bench submit`` decides."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from adaptor_bench.entries.entry import (
    BOARD,
    Entry,
    Leaderboard,
    find_board,
    read_board,
    read_entries,
)
from adaptor_bench.entries.naming import check_names, own_twins
from adaptor_bench.entries.publish import publish
from adaptor_bench.entries.submit import (
    About,
    board_from_runs,
    entry_from_predictions,
    entry_from_runs,
    with_labels,
)
from adaptor_bench.entries.verify import data_of_board
from adaptor_bench.errors import InputError, UsageError
from adaptor_bench.progress import Progress, message
from adaptor_bench.resources import refuse_installed
from adaptor_bench.results.result import fold_names
from adaptor_bench.results.runs import find_runs
from adaptor_bench.results.sources import results_of_entries
from adaptor_bench.submission.findings import Finding
from adaptor_bench.submission.source import extracted
from adaptor_bench.submission.validate import validate

_NAMED = 5  # frames that a message names


def enter(
    results: Sequence[Path],
    board: str,
    about: About,
    *,
    data: Path | None = None,
    create: str | None = None,
    incomplete: bool = False,
    without_predictions: bool = False,
    replace: bool = False,
    identical_to: Sequence[str] = (),
) -> tuple[Path, Entry]:
    """Write the entry of ``results``: folders of finished runs, or one folder or archive of
    predictions, which is validated and scored. Returns its file and the entry.

    ``board`` is the name or folder of a leaderboard, or with the title ``create`` a new folder.
    ``data`` are its data; by default its phantom. Raises UsageError for what does not fit together
    and InputError for results that cannot be entered.
    """
    check_names([
        ("team", about.team), ("method", about.method), ("title", about.title), ("title", create),
        ("reference", about.reference), ("url", about.url),
        *(("note", note) for note in about.notes),
    ])  # fmt: skip
    of_runs = all(path.is_dir() for path in results) and bool(find_runs(results))
    if create is None:
        leaderboard = read_board(find_board(board))
    else:
        leaderboard = _new_board(results if of_runs else (), Path(board), create, data)
    refuse_installed(leaderboard.folder)
    absent: list[str] = []
    if of_runs:
        entry, packed = entry_from_runs(
            results, leaderboard, about, lambda: data_of_board(leaderboard, data)
        )
    elif len(results) != 1:
        raise UsageError("several RESULTS, and not all of them are folders of finished runs")
    else:
        root = data_of_board(leaderboard, data)
        absent = _refuse_invalid(results[0], root)
        with extracted(results[0]) as folder:
            entry, packed = entry_from_predictions(folder, leaderboard, about, root)
    _refuse_gaps(entry, leaderboard, incomplete, absent)
    for line in own_twins(entry, read_entries(leaderboard) if create is None else ()):
        message(f"note: {line}")
    path = publish(
        entry,
        packed,
        leaderboard,
        keep=not without_predictions,
        overwrite=replace,
        chosen=about.id is not None,
        identical=identical_to,
        new=create is not None,
    )
    return path, entry


def read_claims(given: Iterable[str]) -> dict[str, dict[str, float]]:
    """Percent by domain and metric, of texts ``DOMAIN:METRIC=PERCENT``. Raises UsageError."""
    claims: dict[str, dict[str, float]] = {}
    for text in given:
        try:
            where, value = text.split("=")
            domain, metric = where.split(":")
            percent = float(value)
            if not 0 <= percent <= 100:  # nor NaN
                raise ValueError(value)
        except ValueError as error:
            raise UsageError(
                f"--claim {text!r} is not DOMAIN:METRIC=PERCENT, 0 to 100",
                hint="For example, intraop:f1=48.7.",
            ) from error
        claims.setdefault(domain, {})[metric] = percent
    return claims


def _new_board(runs: Sequence[Path], folder: Path, title: str, data: Path | None) -> Leaderboard:
    if (folder / BOARD).exists():
        raise UsageError(f"{folder}: a leaderboard is already there", hint="Leave --create out.")
    if not runs:
        raise UsageError("--create needs finished runs", hint="`bench run` leaves them.")
    board = board_from_runs(runs, folder, title)
    if data or board.embedded:
        try:
            return with_labels(board, data_of_board(board, data))
        except InputError as error:
            if data:
                raise
            message(f"The leaderboard keeps no hash of its labels. {error.message}")
    return board


def _refuse_gaps(
    entry: Entry, board: Leaderboard, allowed: bool, absent: Sequence[str] = ()
) -> None:
    """Say what of the leaderboard the entry lacks, with the names of some ``absent`` frames. Raises
    InputError for frames, unless allowed."""
    lacking = [
        f"{domain}, seed {seed}: {counted.missing:,} of {counted.frames:,} frames have no "
        f"prediction (counted by this leaderboard as: {board.settings.missing})"
        for domain, seeds in entry.measured.items()
        for seed, counted in seeds.items()
        if counted.missing
    ]
    wanted = {surgery for domain in entry.measured for surgery in board.surgeries(domain)}
    named = [frame for frame in absent if frame.split("/")[0] in wanted]
    if named and lacking:
        more = " and more" if len(named) > _NAMED else ""  # of many not all are named
        lacking.append(f"without a prediction: {', '.join(named[:_NAMED])}{more}")
    if lacking and not allowed:
        raise InputError.collect(
            "this entry is not complete:", lacking, hint="Use --incomplete to submit it anyway."
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


def _refuse_invalid(predictions: Path, data: Path) -> list[str]:
    """Say what `bench validate` warns of; returns the frames without a prediction, as far as it
    names them. Raises InputError with its errors, likely mistakes first."""
    report = validate(predictions, data, Progress())
    # Missing frames are told apart, by domain: a submission may be for one of them.
    errors = [f for f in report.findings if f.severity == "error" and f.code != "frame-missing"]
    errors.sort(key=lambda f: not f.code.startswith("looks-"))
    if errors:
        raise InputError.collect(
            f"{predictions}: not valid:",
            [f"{f.file}: {f.message}" for f in errors],
            hint=f"`bench validate {predictions} --reference {data}` lists everything.",
        )
    warned: dict[str, list[Finding]] = {}
    for finding in report.findings:
        if finding.severity == "warning":
            warned.setdefault(finding.code, []).append(finding)
    for code, (first, *_) in warned.items():
        times, where = report.counts[code], "" if first.file == "." else f"{first.file}: "
        often = f" ({times:,} times)" if times > 1 else ""
        message(f"warning: {where}{first.message}{often}; `bench explain {code}` says more")
    names = [f.file for f in report.findings if f.code == "frame-missing"]
    return [name.removesuffix(".json") for name in names]
