"""What a rule found, and the report of all that was found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from adaptor_bench.names import printable

Severity = Literal["error", "warning", "info"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")
_ORDER = {severity: i for i, severity in enumerate(SEVERITIES)}
_LONGEST_KEY = 200


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing noticed in one file. Make them with :func:`adaptor_bench.submission.codes.finding`.

    ``code`` is stable across versions. ``file`` is relative to what was validated, ``.`` for all
    of it. ``pointer`` is a JSON pointer (RFC 6901) into the file, empty for the file as a whole;
    ``line`` and ``column`` count from 1, columns in characters; None where there is no such place.
    ``found`` and ``expected`` are short texts. ``count`` is how many findings this one stands for:
    the last one kept of a capped group stands for those left out as well.
    """

    code: str
    severity: Severity
    file: str
    pointer: str
    message: str
    hint: str = ""
    line: int | None = None
    column: int | None = None
    found: str = ""
    expected: str = ""
    count: int = 1


class Capped:
    """Findings of which at most ``limit`` of a code are kept; the last of them counts the rest."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept: list[Finding] = []
        self._seen: Counter[str] = Counter()
        self._last: dict[str, int] = {}
        self._left_out: Counter[str] = Counter()

    def add(self, finding: Finding) -> None:
        """Keep the finding, or count it."""
        self._seen[finding.code] += 1
        if self._seen[finding.code] > self._limit:
            self._left_out[finding.code] += finding.count
        else:
            self._last[finding.code] = len(self._kept)
            self._kept.append(finding)

    def findings(self) -> list[Finding]:
        """In the order in which they came."""
        found = list(self._kept)
        for code, n in self._left_out.items():
            last = found[self._last[code]]
            found[self._last[code]] = replace(last, count=last.count + n)
        return found


@dataclass(frozen=True)
class Report:
    """All findings of one validation, by file, errors first; what they were found in.

    ``frames`` counts the different frames that have a file, ``points`` the points listed in all
    files. ``counts`` (by code) and ``totals`` (by severity) are exact, however few of the findings
    were kept. ``files`` are the names of all files that were looked at.
    """

    frames: int
    points: int
    findings: tuple[Finding, ...]
    counts: Mapping[str, int] = field(default_factory=dict)
    totals: Mapping[str, int] = field(default_factory=dict)
    files: tuple[str, ...] = ()

    @property
    def valid(self) -> bool:
        """No finding is an error."""
        return not any(finding.severity == "error" for finding in self.findings)

    def to_json(self) -> dict[str, Any]:
        """``{"valid", "frames", "points", "counts": {code: n}, "findings": [..]}``."""
        return {
            "valid": self.valid,
            "frames": self.frames,
            "points": self.points,
            "counts": dict(self.counts),
            "findings": [asdict(finding) for finding in self.findings],
        }

    @staticmethod
    def sort_key(finding: Finding) -> tuple[str, int]:
        """By file, errors first; the order in which rules spoke breaks ties."""
        return finding.file, _ORDER[finding.severity]


def shown(value: Any, limit: int = 60) -> str:
    """A stranger's value, safe to print: plain ASCII, no control characters, not too long."""
    if isinstance(value, str):
        value = value[:limit]  # ascii() of a very long text would be made only to be cut
    elif isinstance(value, int) and value.bit_length() > 500:
        return f"a whole number of about {int(value.bit_length() * 0.30103) + 1} digits"
    text = ascii(value)
    return text if len(text) <= limit else f"{text[: limit - 3]}..."


def pointer_part(key: str) -> str:
    """One key as a part of a JSON pointer, slash included, safe to print; cut when very long."""
    if len(key) > _LONGEST_KEY:
        key = key[:_LONGEST_KEY] + "..."
    return "/" + printable(key).replace("~", "~0").replace("/", "~1")
