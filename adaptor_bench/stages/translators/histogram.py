"""Histogram matching (Gonzalez and Woods, Digital Image Processing, section 3.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.stages.registry import stage
from adaptor_bench.stages.translators.references import FromReferences, Looks


@stage("translate", "histogram")
@dataclass(frozen=True)
class Histogram(FromReferences):
    """Red, green and blue are each given the distribution they have in a reference."""

    title: ClassVar[str] = "histogram matching"

    def looks(self, image: NDArray[np.uint8]) -> Looks:
        """Shares (3, 256) of pixels up to each value."""
        return np.stack([_shares(image[..., c]) for c in range(3)]).astype(np.float32)

    def given(self, image: NDArray[np.uint8], looks: Looks) -> NDArray[np.uint8]:
        """Every value becomes the one that as large a share of the reference reaches."""
        matched = np.empty_like(image)
        for c in range(3):
            wanted, levels = np.unique(looks[c], return_index=True)
            table = np.interp(_shares(image[..., c]), wanted, levels)
            matched[..., c] = np.round(table).astype(np.uint8)[image[..., c]]
        return matched


def _shares(channel: NDArray[np.uint8]) -> NDArray[np.float64]:
    counts = np.bincount(channel.ravel(), minlength=256)
    shares: NDArray[np.float64] = np.cumsum(counts) / channel.size
    return shares
