"""Colour transfer by mean and spread (Reinhard et al. 2001)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.stages.registry import stage
from adaptor_bench.stages.translators.colours import from_lab, lab
from adaptor_bench.stages.translators.references import FromReferences, Looks

_LEAST = 1e-3  # of a spread: an image of one colour stays one


@stage("translate", "colour_statistics")
@dataclass(frozen=True)
class ColourStatistics(FromReferences):
    """Lightness and both colour axes are each given the mean and spread of a reference.

    In CIE Lab, where the paper has the older l-alpha-beta.
    """

    title: ClassVar[str] = "colour statistics"

    def looks(self, image: NDArray[np.uint8]) -> Looks:
        """Means and standard deviations (2, 3) in Lab."""
        return _statistics(lab(image))

    def given(self, image: NDArray[np.uint8], looks: Looks) -> NDArray[np.uint8]:
        """Shifted and stretched in Lab."""
        pixels = lab(image)
        mean, spread = _statistics(pixels)
        return from_lab((pixels - mean) * (looks[1] / np.maximum(spread, _LEAST)) + looks[0])


def _statistics(pixels: NDArray[np.float32]) -> Looks:
    flat = pixels.reshape(-1, 3)
    return np.stack([flat.mean(0), flat.std(0)])
