"""Points to a map of inverse distances (Liang et al. 2022, FIDT)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.parameters import Number
from adaptor_bench.stages.registry import stage
from adaptor_bench.stages.targets.distances import distance_to


@stage("target", "inverse_distance")
@dataclass(frozen=True)
class InverseDistance:
    """1 / (1 + d^(``alpha`` d + ``beta``)) at the distance d to the nearest point, in px.

    Liang, Xu, Zhu, Zhou, Focal Inverse Distance Transform Maps for Crowd Localization, IEEE
    Transactions on Multimedia 2022, arXiv 2102.07925. Near a point it falls slowly, far from it
    fast, so that neighbours stay apart and the background empties. As in their public code d is
    measured from the pixel nearest to the point, each of which has value 1, and what is below
    ``floor`` is 0.
    """

    alpha: Annotated[float, Number(0, 1)] = 0.02
    beta: Annotated[float, Number(0.01, 10)] = 0.75
    floor: Annotated[float, Number(0, 1)] = 0.01
    channels: ClassVar[int] = 1
    stride: ClassVar[int] = 1

    def draw(
        self, points: NDArray[np.float64], size: tuple[int, int], input_size: tuple[int, int]
    ) -> NDArray[np.float32]:
        """The map (1, height, width) of an image of ``size``; see :class:`protocols.Target`."""
        from scipy.special import expit

        drawn = np.zeros((1, size[1], size[0]), np.float32)
        if not len(points):
            return drawn
        distance = np.full(drawn.shape[1:], np.inf, np.float32)
        for point in np.floor(np.asarray(points, dtype=float) + 0.5):
            np.minimum(distance, distance_to(point, size, input_size), out=distance)
        with np.errstate(divide="ignore"):  # at a point the logarithm is -inf, and the map 1
            steepness = (self.alpha * distance + self.beta) * np.log(distance)
        drawn[0] = expit(-steepness)  # no power, which would overflow far away
        drawn[drawn < self.floor] = 0
        return drawn
