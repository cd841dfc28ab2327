"""No translation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from adaptor_bench.errors import InputError
from adaptor_bench.progress import Bar
from adaptor_bench.stages.protocols import Frames, Image, Images
from adaptor_bench.stages.registry import stage

DOMAINS = ("sim", "intraop")
"""Where frames come from, and what they are made to look like."""


def source_of(domain: str) -> str | None:
    """The domain whose frames are translated for ``domain``: sim for intraop, else None."""
    source, target = DOMAINS
    return source if domain == target else None


@stage("translate", "none")
@dataclass(frozen=True)
class NoTranslation:
    """Trains on the frames of its own domain alone."""

    title: ClassVar[str] = "no translation"

    def source_for(self, domain: str) -> None:
        """No domain."""

    def fit(
        self, source: Frames, target: Frames, directory: Path, *, seed: int, device: str, bar: Bar
    ) -> None:
        """Nothing is learnt."""

    def translate(
        self, images: Images, domain: str, directory: Path, *, device: str, bar: Bar
    ) -> Iterable[Image]:
        """Raises InputError."""
        raise InputError(
            f"{directory}: this run keeps no translator into {domain!r}",
            hint="Those of intraop folds do, of a method with CycleGAN translation.",
        )
