"""Points to a map that falls as a hyperbolic tangent (Sharan et al. 2021)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.parameters import Number
from adaptor_bench.stages.registry import stage
from adaptor_bench.stages.targets.distances import distance_to


@stage("target", "tanh")
@dataclass(frozen=True)
class Tanh:
    """1 - tanh(pi d / ``spread``) at the distance d of a point, added up and clipped at 1.

    The form of the authors' public code, but for its rounding to 8 bits; the paper compares a
    ``spread`` (its alpha) of 7 px with a Gaussian of sigma 2 px, and 10.5 with 3.
    """

    spread: Annotated[float, Number(0.1, 500)] = 7.0
    channels: ClassVar[int] = 1
    stride: ClassVar[int] = 1

    def draw(
        self, points: NDArray[np.float64], size: tuple[int, int], input_size: tuple[int, int]
    ) -> NDArray[np.float32]:
        """The map (1, height, width) of an image of ``size``; see :class:`protocols.Target`."""
        total = np.zeros((1, size[1], size[0]), np.float32)
        for point in points:
            total += 1 - np.tanh(distance_to(point, size, input_size) * (np.pi / self.spread))
        return np.minimum(total, np.float32(1))
