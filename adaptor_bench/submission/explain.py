"""The catalogue of codes as text, Markdown and JSON."""

from __future__ import annotations

import textwrap
from dataclasses import asdict
from typing import Any

from adaptor_bench.errors import UsageError, suggest
from adaptor_bench.submission.codes import CODES


def explained(code: str | None = None, width: int = 80) -> str:
    """One code in full, or one line for each. Raises UsageError for an unknown code."""
    if code is None:
        longest = max(map(len, CODES))
        return "".join(
            f"{name:<{longest}}  {entry.severity:<7}  {entry.title}\n"
            for name, entry in CODES.items()
        )
    _require(code)
    entry = CODES[code]
    parts = [
        f"{code} ({entry.severity}): {entry.title}",
        entry.cause,
        f"What to do: {entry.remedy}",
    ]
    return "\n\n".join(textwrap.fill(part, width, break_on_hyphens=False) for part in parts) + "\n"


def explained_json(code: str | None = None) -> Any:
    """``{"code", "severity", "title", "cause", "remedy"}``, or a list of them all."""
    if code is None:
        return [{"code": name, **asdict(entry)} for name, entry in CODES.items()]
    _require(code)
    return {"code": code, **asdict(CODES[code])}


def explained_markdown(code: str | None = None) -> str:
    """A heading and a paragraph per code. Without ``code`` the whole page, with a table first."""
    if code is not None:
        _require(code)
        return _section(code)
    lines = [
        "# What `bench validate` can find",
        "",
        "Made by `bench explain --format markdown`; do not edit. An *error* is whatever would be",
        "refused or scored wrongly; a *warning* is valid, but probably not meant; an *info* is",
        "tolerated.",
        "",
        "| code | severity | meaning |",
        "|---|---|---|",
        *(f"| [`{c}`](#{c}) | {entry.severity} | {entry.title} |" for c, entry in CODES.items()),
        "",
        "",
    ]
    return "\n".join(lines) + "\n".join(_section(name) for name in CODES)


def _section(code: str) -> str:
    entry = CODES[code]
    title = f"**{entry.severity}: {_safe(entry.title)}.** {_safe(entry.cause)}"
    return f"## {code}\n\n{title}\n\n*What to do:* {_safe(entry.remedy)}\n"


def _safe(text: str) -> str:
    """Names such as __MACOSX and <stem> are text, not Markdown."""
    return text.replace("_", "\\_").replace("<", "\\<").replace("*", "\\*").replace("[", "\\[")


def _require(code: str) -> None:
    if code not in CODES:
        raise UsageError(f"no code {code!r}", hint=suggest(code, CODES))
