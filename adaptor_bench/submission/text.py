"""A report for people: by file, errors first, a hint once per code, the verdict at the end."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Callable

from adaptor_bench.errors import plural
from adaptor_bench.submission.findings import SEVERITIES, Finding, Report

_LEAST_WIDTH = 60


def to_text(
    report: Report,
    limit: int = 20,
    width: int = 0,
    style: Callable[[str, str], str] = lambda text, severity: text,
) -> str:
    """At most ``limit`` findings per code (0: all), the first with its hint; then the verdict.

    Lines are wrapped at ``width`` characters, or not at all when it is 0. ``style`` may colour a
    text by its severity ("valid" and "not valid" for the verdict).
    """
    shown: list[Finding] = []
    seen: Counter[str] = Counter()
    explained: set[int] = set()
    for finding in _in_order(report.findings):
        seen[finding.code] += 1
        if not limit or seen[finding.code] <= limit:
            if seen[finding.code] == 1:
                explained.add(len(shown))
            shown.append(finding)
    lines: list[str] = []
    file = None
    for i, finding in enumerate(shown):
        if finding.file != file:
            file = finding.file
            lines += ["", "all files" if file == "." else file]
        lines += _lines(finding, i in explained, width, style)
    lines += _left_out(report, shown, limit, width)
    lines += ["", style(*_verdict(report))] if lines else [style(*_verdict(report))]
    return "\n".join(lines).removeprefix("\n") + "\n"


def _in_order(findings: tuple[Finding, ...]) -> list[Finding]:
    """What explains many findings first; then files with errors before files with warnings before
    the rest, all files before any file."""
    worst: dict[str, int] = {}
    for finding in findings:
        explains = finding.code.startswith("looks-")
        rank = -1 if explains else SEVERITIES.index(finding.severity)
        worst[finding.file] = min(rank, worst.get(finding.file, rank))
    return sorted(findings, key=lambda f: (worst[f.file], f.file != ".", f.file))


def _lines(
    finding: Finding, with_hint: bool, width: int, style: Callable[[str, str], str]
) -> list[str]:
    where = f"{finding.line}:{finding.column}" if finding.line is not None else ""
    label = f"  {finding.severity:<7}  {where:>7}  {finding.code}  "
    message = finding.message
    if finding.pointer:
        message += f"  ({finding.pointer})"
    if finding.count > 1:
        message += f"  [{finding.count:,} times]"
    first = _wrapped(label + message, width, indent=20)
    first[0] = first[0].replace(finding.severity, style(finding.severity, finding.severity), 1)
    if with_hint and finding.hint:
        first += _wrapped(f"{'':20}hint: {finding.hint}", width, indent=26)
    return first


def _wrapped(line: str, width: int, indent: int) -> list[str]:
    if not width or len(line) <= max(width, _LEAST_WIDTH):
        return [line]
    return textwrap.wrap(
        line,
        max(width, _LEAST_WIDTH),
        subsequent_indent=" " * indent,
        replace_whitespace=False,
        break_on_hyphens=False,
        break_long_words=False,  # paths and pointers are there to be copied
    )


def _left_out(report: Report, shown: list[Finding], limit: int, width: int) -> list[str]:
    there: Counter[str] = Counter()
    for finding in shown:
        there[finding.code] += finding.count
    hidden = [
        f"{n - there[code]:,} more {code}" for code, n in report.counts.items() if n > there[code]
    ]
    if not hidden:
        return []
    more = " (--limit 0 shows more)" if limit else ""
    return ["", *_wrapped(f"and {', '.join(hidden)}{more}", width, indent=4)]


def _verdict(report: Report) -> tuple[str, str]:
    verdict = "valid" if report.valid else "not valid"
    parts = [
        plural(report.frames, "frame"),
        plural(report.points, "point"),
        plural(report.totals.get("error", 0), "error"),
        plural(report.totals.get("warning", 0), "warning"),
    ]
    return f"{verdict}: {', '.join(parts)}", verdict
