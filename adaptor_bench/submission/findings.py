"""What a rule found, and the report of all that was found."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any, Literal

__all__ = ["Finding", "Report", "pointer_part", "shown"]

Severity = Literal["error", "warning", "info"]
_ORDER = {"error": 0, "warning": 1, "info": 2}


@dataclass(frozen=True)
class Finding:
    """One thing noticed in one file.

    ``code`` is stable across versions; ``file`` is relative to what was validated; ``pointer`` is
    a JSON pointer (RFC 6901) into it, empty for the file as a whole.
    """

    code: str
    severity: Severity
    file: str
    pointer: str
    message: str
    hint: str = ""

    def line(self, with_hint: bool = True) -> str:
        """For people: where, what, and what to do about it."""
        where = f"{self.file}:{self.pointer}" if self.pointer else self.file
        hint = f" {self.hint}" if self.hint and with_hint else ""
        return f"{self.severity:<7} {self.code:<18} {where}: {self.message}.{hint}"


@dataclass(frozen=True)
class Report:
    """All findings of one validation, errors first within a file; what they were found in."""

    frames: int
    points: int
    findings: tuple[Finding, ...]

    @property
    def valid(self) -> bool:
        """No finding is an error."""
        return not any(finding.severity == "error" for finding in self.findings)

    def to_json(self) -> dict[str, Any]:
        """``{"valid", "frames", "points", "findings": [..]}``."""
        return {
            "valid": self.valid,
            "frames": self.frames,
            "points": self.points,
            "findings": [asdict(finding) for finding in self.findings],
        }

    def to_text(self, limit: int = 20) -> str:
        """For people: at most ``limit`` lines per code (0: all), the first with a hint; then the
        verdict."""
        lines: list[str] = []
        seen: Counter[str] = Counter()
        for finding in self.findings:
            seen[finding.code] += 1
            if not limit or seen[finding.code] <= limit:
                lines.append(finding.line(with_hint=seen[finding.code] == 1))
        hidden = [f"{n - limit} more {code}" for code, n in seen.items() if limit and n > limit]
        if hidden:
            lines.append(f"... and {', '.join(hidden)} (--limit 0 lists all)")
        kinds = Counter(finding.severity for finding in self.findings)
        counts = ", ".join(
            f"{kinds[kind]} {kind}{'s' * (kinds[kind] != 1)}" for kind in ("error", "warning")
        )
        verdict = "valid" if self.valid else "not valid"
        lines.append(f"{verdict}: {self.frames} frames, {self.points} points, {counts}")
        return "\n".join(lines) + "\n"

    @staticmethod
    def sort_key(finding: Finding) -> tuple[str, int]:
        """By file, errors first; the order in which rules spoke breaks ties."""
        return finding.file, _ORDER[finding.severity]


def shown(value: Any, limit: int = 60) -> str:
    """A stranger's value, safe to print: plain ASCII, no control characters, not too long."""
    text = ascii(value)
    return text if len(text) <= limit else f"{text[: limit - 3]}..."


def pointer_part(key: str) -> str:
    """One key as a part of a JSON pointer, slash included, safe to print."""
    return "/" + ascii(key)[1:-1].replace("~", "~0").replace("/", "~1")
