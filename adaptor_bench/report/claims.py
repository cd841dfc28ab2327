"""Claims about methods, answered *yes*, *no* or *undecided* by the primary analysis alone.

All claims about one dataset are one family, whatever domains they speak of: declared before
anything was measured, they need not pay for every pair of a board.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from adaptor_bench.scoring.uncertainty.significance import Comparison, compare_family
from adaptor_bench.scoring.uncertainty.study import Study


@dataclass(frozen=True)
class Claim:
    """That ``method`` is better than ``against`` in each of ``domains`` (all, if none is named)."""

    text: str
    method: str
    against: str
    domains: tuple[str, ...] = ()


PAPER = (
    Claim("The improved method beats the baseline", "improved_heatmap", "stern"),
    Claim(
        "CycleGAN helps intraop", "improved_heatmap", "improved_heatmap/no_cyclegan", ("intraop",)
    ),
    Claim("Cutting helps", "improved_heatmap", "improved_heatmap/no_cutting"),
)
"""What Yao et al. 2021 say, as far as methods here can show it."""


@dataclass(frozen=True)
class Answer:
    """The answer to ``claim`` in one domain."""

    claim: Claim
    comparison: Comparison

    @property
    def domain(self) -> str:
        """Where it was asked."""
        return self.comparison.difference.where


def answers(
    studies: Mapping[str, Study], claims: Sequence[Claim] = PAPER, level: float = 0.95
) -> tuple[Answer, ...]:
    """Of all ``claims`` that can be asked of ``studies``, by domain, of one dataset.

    A claim is not asked where a method is not there, incomplete, or the same as the other.
    """
    asked = [
        (claim, study.difference(claim.method, claim.against, "f1", domain))
        for claim in claims
        for domain, study in studies.items()
        if {claim.method, claim.against} <= {*study.methods}
        and (not claim.domains or domain in claim.domains)
    ]
    found = compare_family([difference for _, difference in asked], level)
    return tuple(Answer(claim, c) for (claim, _), c in zip(asked, found, strict=True))
