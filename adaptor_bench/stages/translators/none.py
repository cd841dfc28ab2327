"""No translation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.data.check import LoadedFrame
from adaptor_bench.errors import InputError
from adaptor_bench.progress import Bar
from adaptor_bench.stages.registry import stage

__all__ = ["NoTranslation"]


@stage("translate", "none")
@dataclass(frozen=True)
class NoTranslation:
    """Trains on the frames of its own domain alone."""

    title: ClassVar[str] = "no translation"

    def source_for(self, domain: str) -> None:
        """No domain."""

    def fit(
        self,
        source: Sequence[LoadedFrame],
        target: Sequence[LoadedFrame],
        directory: Path,
        *,
        seed: int,
        device: str,
        bar: Bar,
    ) -> None:
        """Nothing is learnt."""

    def translate(
        self,
        images: Sequence[NDArray[np.uint8]],
        domain: str,
        directory: Path,
        *,
        device: str,
        bar: Bar,
    ) -> Sequence[NDArray[np.uint8]]:
        """Raises InputError."""
        raise InputError(
            f"{directory}: this run keeps no translator into {domain!r}",
            hint="Those of intraop folds do, of a method with CycleGAN translation.",
        )
