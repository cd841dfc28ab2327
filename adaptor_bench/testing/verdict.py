"""What the checks of a method came to."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

CHECKS = {
    "members": "has all that runs and bench predict need",
    "folds": "gets through every fold of two domains",
    "json": "its predictions are valid files of the challenge",
    "determinism": "the same seed gives the same files again",
    "save and load": "a loaded checkpoint gives the points that the fold gave",
    "empty frame": "a black frame, and one without landmarks in training",
    "odd sizes": "frames of odd, upright and tiny sizes",
    "grey frame": "a frame without colour",
    "points in frame": "no point lies outside its frame",
    "scores": "finite, one a point, in every frame or in none",
    "device": "the same points on another device",
    "own folder": "nothing is written outside the folders it is given",
    "labels": "no file is read of surgeries that it must not see",
}
"""The checks, in the order in which they are made, and what passing one says."""


@dataclass(frozen=True)
class Outcome:
    """Of one check: ``passed``, ``failed`` or ``skipped``, and the ``reason`` of the latter two.

    ``fold`` names domain and fold where it was met, ``file`` the line of the method's code.
    """

    check: str
    outcome: str
    reason: str = ""
    fold: str = ""
    file: str = ""

    def __str__(self) -> str:
        where = f"{self.fold}: " if self.fold else ""
        place = f" ({self.file})" if self.file else ""
        return f"{self.outcome:<8}{self.check:<17}{where}{self.reason}{place}".rstrip()


@dataclass
class Verdict:
    """All outcomes of a ``method`` whose code stands in ``file``; a check may fail several times.

    Runs and tracebacks of failed folds are kept below ``kept``, if that was asked for.
    """

    method: str
    file: str
    outcomes: list[Outcome] = field(default_factory=list)
    seconds: float = 0.0
    kept: str = ""

    @property
    def conforms(self) -> bool:
        """Nothing failed."""
        return all(one.outcome != "failed" for one in self.outcomes)

    def require(self, check: str) -> None:
        """Raise AssertionError with all that failed of a check; KeyError: there is none such."""
        of = [one for one in self.outcomes if one.check == check]
        if not of:
            raise KeyError(check)
        failed = [str(one) for one in of if one.outcome == "failed"]
        assert not failed, "\n".join([f"{self.method} ({self.file})", *failed])

    def to_json(self) -> dict[str, Any]:
        """All fields, and whether it ``conforms``."""
        found = asdict(self)
        return {
            "method": found.pop("method"),
            "file": found.pop("file"),
            "conforms": self.conforms,
            "checks": found.pop("outcomes"),
            **found,
        }

    def to_text(self) -> str:
        """A line an outcome, and how many checks came to what."""
        worst = {one.check: one.outcome for one in self.outcomes if one.outcome != "failed"}
        worst |= {one.check: one.outcome for one in self.outcomes if one.outcome == "failed"}
        number = Counter(worst.values())
        said = ", ".join(f"{number[name]} {name}" for name in ("passed", "failed", "skipped"))
        verdict = "conforms" if self.conforms else "does not conform"
        lines = [f"{self.method} ({self.file})", *(f"  {one}" for one in self.outcomes)]
        if self.kept:
            lines.append(f"runs and tracebacks: {self.kept}")
        return (
            "\n".join([*lines, f"{self.method}: {verdict}; {said}; {self.seconds:.1f} s."]) + "\n"
        )
