"""Local maxima that reach a share of the highest (Liang et al. 2022)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.parameters import Number
from adaptor_bench.stages.decoders.peaks import Peaks
from adaptor_bench.stages.maps import resize_map
from adaptor_bench.stages.protocols import Decoded
from adaptor_bench.stages.registry import stage


@stage("decode", "lmds")
@dataclass(frozen=True)
class Lmds:
    """The local maxima detection strategy of FIDT maps: 3x3 maxima of at least ``share`` times
    the highest value of the map; none where that is below ``floor``.

    Values as in the authors' public code. Points are whole pixels, as there.
    """

    share: Annotated[float, Number(0, 1)] = 100 / 255
    floor: Annotated[float, Number(0, 1)] = 0.1

    def decode(self, maps: NDArray[np.floating], size: tuple[int, int]) -> Decoded:
        """Decode the first of ``maps`` (C, H, W) at ``size`` (width, height).

        Equal pixels side by side are one maximum (:func:`peaks.find_peaks`).
        """
        heatmap = resize_map(np.asarray(maps[0], dtype=np.float32), size)
        highest = float(heatmap.max())
        # No map has a peak above 1: with such a threshold a map without landmarks has none.
        threshold = self.share * highest if highest >= self.floor else 2.0
        maxima = Peaks(threshold=threshold, distance=0.0, blur=0.0, refine="none")
        return maxima.decode(heatmap[None], size)
