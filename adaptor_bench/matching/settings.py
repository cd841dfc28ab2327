"""Which rule, radius, boundary and missing policy a score is made under."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields
from typing import Any

from adaptor_bench.errors import UsageError, suggest
from adaptor_bench.matching.rules import rule_named

RULE = "hungarian"
"""The rule that ranks, and with which all others are compared."""
RADIUS = 6.0
"""Pixels at 512x288, about the thickness of a suture where it enters the tissue (section 2.6)."""
MISSING = {
    "empty": "count as empty (all labels FN)",
    "skip": "are left out",
    "error": "are an error",
}
"""What becomes of labelled frames without a prediction file."""


@dataclass(frozen=True)
class MatchSettings:
    """How a score was computed. Scores under different settings are never compared.

    ``inclusive=None`` takes the rule's own boundary and is resolved at once. ``missing`` says
    what a labelled frame without a prediction is: ``empty`` (all its labels are FN), ``skip``
    (left out) or ``error``. Raises UsageError for values that do not exist.
    """

    rule: str = RULE
    radius: float = RADIUS
    inclusive: bool | None = None
    missing: str = "empty"

    def __post_init__(self) -> None:
        rule = rule_named(self.rule)
        if rule.audit_only:
            raise UsageError(
                f"the rule {self.rule!r} is for audits only: it cannot rank",
                hint="`bench audit` shows it beside the others.",
            )
        if self.inclusive is None:
            object.__setattr__(self, "inclusive", rule.inclusive)
        if isinstance(self.radius, str | None):
            raise UsageError(f"the radius must be a positive number of pixels, not {self.radius!r}")
        object.__setattr__(self, "radius", float(self.radius))
        if not (math.isfinite(self.radius) and self.radius > 0):
            raise UsageError(f"the radius must be a positive number of pixels, not {self.radius:g}")
        if self.missing not in MISSING:
            raise UsageError(
                f"there is no missing policy {self.missing!r}", hint=suggest(self.missing, MISSING)
            )

    def to_json(self) -> dict[str, Any]:
        """``{"rule", "radius", "inclusive", "missing"}``."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> MatchSettings:
        """Inverse of :meth:`to_json`. Raises KeyError, TypeError, UsageError or ValueError."""
        if not isinstance(document["inclusive"], bool):
            raise TypeError("inclusive is not true or false")
        return cls(**{field.name: document[field.name] for field in fields(cls)})

    def describe(self) -> str:
        """One line for a table's footer."""
        boundary = "<=" if self.inclusive else "<"
        return (
            f"Matching: {self.rule}, distance {boundary} {self.radius:g} px of the frame as "
            f"stored; frames without a prediction file {MISSING[self.missing]}."
        )
