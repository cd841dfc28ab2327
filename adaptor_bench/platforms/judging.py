"""The one core behind every platform: validate, then score, as ``bench`` itself does.

A submission with errors is refused on every platform alike. The one exception is a frame without
a prediction: under the missing policies ``empty`` and ``skip`` it is scored as the policy says.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from adaptor_bench.bounded import read_json
from adaptor_bench.errors import BenchError, InputError, UsageError
from adaptor_bench.matching.settings import MatchSettings
from adaptor_bench.names import printable
from adaptor_bench.scoring.jsonable import jsonable
from adaptor_bench.scoring.metrics import METRICS, Counts, metrics_of
from adaptor_bench.scoring.score import score_batches
from adaptor_bench.scoring.scorefile import FoldScore
from adaptor_bench.scoring.uncertainty.intervals import Interval, pooled_intervals
from adaptor_bench.submission.findings import Finding, Report
from adaptor_bench.submission.reference import read_reference
from adaptor_bench.submission.source import extracted, is_archive
from adaptor_bench.submission.validate import examine


@dataclass(frozen=True)
class BoardColumn:
    """A number on a platform's leaderboard; ``ratio`` is one in 0..1, anything else a count."""

    key: str
    title: str
    description: str
    ratio: bool = False
    larger_is_better: bool = True


BOARD_COLUMNS = (
    *(
        BoardColumn(
            m.key, m.title, f"{m.definition}, counts of all frames", True, m.higher_is_better
        )
        for m in sorted(METRICS.values(), key=lambda metric: metric.key != "f1")
    ),
    BoardColumn("tp", "TP", "points found"),
    BoardColumn("fp", "FP", "points invented", larger_is_better=False),
    BoardColumn("fn", "FN", "points missed", larger_is_better=False),
    BoardColumn("frames", "Frames", "frames scored"),
    BoardColumn(
        "missing",
        "Frames without a prediction",
        "frames without a prediction",
        larger_is_better=False,
    ),
)
"""All that :func:`numbers` may give, what ranks first."""
_NAMED = 3  # errors in the one line a platform shows


class Refused(InputError):
    """The submission is at fault. ``findings`` are all of its errors, causes before consequences,
    and the likely mistake behind them.

    The message names the first finding of up to three kinds, on one line.
    """

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        self.findings = tuple(sorted(findings, key=_consequence))
        kinds: dict[str, Finding] = {}
        for found in self.findings:
            kinds.setdefault(found.code, found)
        named = list(kinds.values())[:_NAMED]
        rest = len(findings) - len(named)
        more = f" (and {rest} more)" if rest else ""
        super().__init__(f"submission refused: {'; '.join(map(one_line, named))}{more}")


def _consequence(finding: Finding) -> int:
    """An unsafe archive first: that nothing was found in it is its fault. Then a likely mistake."""
    if finding.code.startswith("archive-"):
        return 0
    if finding.code.startswith("looks-"):
        return 1
    return 3 if finding.code == "no-frames" else 2


@dataclass(frozen=True)
class Verdict:
    """The score of a submission that was accepted, and what was noticed besides."""

    score: FoldScore
    remarks: tuple[Finding, ...]

    @property
    def undefined(self) -> tuple[str, ...]:
        """Metrics that are 0/0 and so have no number."""
        return tuple(key for key, value in ratios(self.score.counts).items() if value is None)


def judge(submission: Path, labels: Path, settings: MatchSettings) -> Verdict:
    """Validate and score a folder or an archive of predictions.

    ``labels`` is a folder or an archive too. Raises :class:`Refused` with every error of the
    submission, InputError when the labels themselves are not usable.
    """
    if not (submission.is_dir() or is_archive(submission)):
        raise UsageError(f"{submission}: neither a folder nor an archive")
    with extracted(labels, labels=True) as truth:
        reference = read_reference(truth)
        if not reference.points:
            raise InputError(f"{labels}: no label files found")
    report, frames = examine(submission, reference)
    require_valid(report, {"frame-missing"} if settings.missing != "error" else set())
    remarks = tuple(f for f in report.findings if f.severity != "info")
    return Verdict(score_batches(frames.batches(), settings), remarks)


def require_valid(report: Report, tolerated: Collection[str] = ()) -> None:
    """Raise :class:`Refused` when there is an error of another code than those ``tolerated``."""
    errors = tuple(f for f in report.findings if f.severity == "error" and f.code not in tolerated)
    if errors:
        raise Refused(errors + tuple(f for f in report.findings if f.code.startswith("looks-")))


def load_settings(path: Path) -> MatchSettings:
    """The matching of a bundle (``settings.json``). Raises InputError."""
    try:
        given = read_json(path)
    except InputError as error:
        raise InputError(f"{error.message} (not the settings of a bundle)") from error
    try:
        return MatchSettings.from_json(given)
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}: not the settings of a bundle: {error!r}") from error


def ratios(counts: Counts) -> dict[str, float | None]:
    """Every metric in 0..1; None for 0/0."""
    values: dict[str, float | None] = jsonable(metrics_of(counts))
    return values


def numbers(score: FoldScore) -> dict[str, float | int]:
    """What a board may show, flat, numbers only: a metric that is 0/0 has no key."""
    defined = {key: value for key, value in ratios(score.counts).items() if value is not None}
    frames = {"frames": len(score.scored), "missing": len(score.missing)}
    return {**defined, **score.counts.to_json(), **frames}


def spread(score: FoldScore) -> dict[str, float]:
    """Population standard deviation over surgeries, of two or more, of every ratio each has.

    Surgeries without labels are left out: there F1 is 0/0 or 0, by a single false point.
    """
    surgeries = [ratios(c) for c in score.surgeries().values() if c.tp + c.fn]
    return {
        key: float(np.std(np.array([values[key] for values in surgeries], dtype=float)))
        for key in METRICS
        if len(surgeries) > 1 and all(values[key] is not None for values in surgeries)
    }


def intervals(score: FoldScore) -> dict[str, Interval]:
    """95 % interval of every pooled ratio that has one: the estimate ± Student's t times the
    jackknife's standard error over surgeries, not cut at 0 or 1 (docs/uncertainty.md)."""
    found = pooled_intervals(score.surgeries().values())
    return {key: interval for key, interval in found.items() if math.isfinite(interval.low)}


def one_line(finding: Finding) -> str:
    """Where and what, on one line that is safe to print."""
    place = f" {finding.pointer}" if finding.pointer else ""
    at = f" line {finding.line}" if finding.line is not None else ""
    return printable(f"{finding.file}{at}{place}: {finding.message} [{finding.code}]")


def run(
    work: Callable[[argparse.Namespace], Any],
    arguments: list[str] | None,
    description: str | None,
    **folders: str,
) -> int:
    """Do ``work`` as the entry point of a container: 0, or a plain last line on stderr and 1.

    Each of ``folders`` is an option with the platform's own place as its default.
    """
    parser = argparse.ArgumentParser(description=description)
    for name, default in folders.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=Path, default=Path(default))
    given = parser.parse_args(arguments)
    try:
        work(given)
    except BenchError as error:
        lines = [line.strip() for line in error.message.splitlines() if line.strip()]
        text = " ".join(lines[:3])
        sys.stderr.write(printable(text if len(text) <= 400 else f"{text[:397]}...") + "\n")
        return error.exit_code
    except Exception as error:
        sys.stderr.write(printable(f"the scoring failed: {type(error).__name__}: {error}") + "\n")
        return 3
    return 0
