"""The catalogue of everything a validation can find, and the one way to make a finding.

The texts are in ``codes.toml`` beside this module; ``bench explain`` and ``submissions/CODES.md``
print them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from adaptor_bench.names import printable
from adaptor_bench.submission.findings import SEVERITIES, Finding, Severity

_LONGEST_MESSAGE = 600


@dataclass(frozen=True)
class Code:
    """What a code means. ``severity`` is fixed: it never depends on the file.

    ``remedy`` is the hint of its findings where a rule has no better one.
    """

    severity: Severity
    title: str
    cause: str
    remedy: str


def _load(path: Path) -> dict[str, Code]:
    codes = {}
    for code, entry in tomllib.loads(path.read_text("utf-8")).items():
        codes[code] = Code(**entry)
        if codes[code].severity not in SEVERITIES:
            raise ValueError(f"{path}: severity of {code}: {codes[code].severity!r}")
    return codes


CODES: Mapping[str, Code] = MappingProxyType(_load(Path(__file__).with_name("codes.toml")))
"""Code to its meaning, in the order in which they are documented."""


def finding(
    code: str,
    file: str,
    message: str,
    *,
    pointer: str = "",
    line: int | None = None,
    column: int | None = None,
    found: str = "",
    expected: str = "",
    hint: str | None = None,
    count: int = 1,
) -> Finding:
    """A finding with the catalogue's severity, and its remedy unless ``hint`` says otherwise.

    All texts are made printable here once more: no rule can let a stranger's control characters
    through. Raises KeyError for a code that is not in the catalogue.
    """
    entry = CODES[code]
    if len(message) > _LONGEST_MESSAGE:
        message = message[: _LONGEST_MESSAGE - 3] + "..."
    return Finding(
        code,
        entry.severity,
        printable(file),
        printable(pointer),
        printable(message),
        printable(entry.remedy if hint is None else hint),
        line,
        column,
        printable(found),
        printable(expected),
        count,
    )
