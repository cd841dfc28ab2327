"""A fixed threshold and the centroids of what exceeds it (Stern et al. 2021)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.parameters import Number
from adaptor_bench.stages.decoders.otsu import Otsu
from adaptor_bench.stages.protocols import Decoded
from adaptor_bench.stages.registry import stage


@stage("decode", "threshold")
@dataclass(frozen=True)
class Threshold:
    """Regions of pixels at or above ``threshold``, neither opened nor cut."""

    threshold: Annotated[float, Number(0, 1)] = 0.5

    def decode(self, maps: NDArray[np.floating], size: tuple[int, int]) -> Decoded:
        """Decode the first of ``maps`` (C, H, W) at ``size`` (width, height)."""
        regions = Otsu(threshold=self.threshold, opening_radius=0, cut=False)
        return regions.decode(maps, size)
