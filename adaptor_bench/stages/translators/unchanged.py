"""Frames of another domain as they are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from adaptor_bench.progress import Bar
from adaptor_bench.stages.protocols import Frames, Image, Images
from adaptor_bench.stages.registry import stage
from adaptor_bench.stages.translators.none import source_of


@stage("translate", "unchanged")
@dataclass(frozen=True)
class Unchanged:
    """Sim frames join the intraop ones as they are: what a translation has to be better than."""

    title: ClassVar[str] = "unchanged frames"

    def source_for(self, domain: str) -> str | None:
        """sim for intraop."""
        return source_of(domain)

    def fit(
        self, source: Frames, target: Frames, directory: Path, *, seed: int, device: str, bar: Bar
    ) -> None:
        """Nothing is learnt."""

    def translate(
        self, images: Images, domain: str, directory: Path, *, device: str, bar: Bar
    ) -> Iterable[Image]:
        """The images."""
        return images
