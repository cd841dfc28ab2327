"""A decoder: the brightest pixels, however near to each other."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from adaptor_bench.parameters import Number
from adaptor_bench.stages.maps import resize_map
from adaptor_bench.stages.protocols import Decoded
from adaptor_bench.stages.registry import stage


@stage("decode", "bright_pixels")
@dataclass(frozen=True)
class Brightest:
    number: Annotated[int, Number(1, 100)] = 3

    def decode(self, maps, size):
        heatmap = resize_map(maps[0], size)
        y, x = np.unravel_index(np.argsort(heatmap, axis=None)[-self.number :], heatmap.shape)
        return Decoded(np.column_stack([x, y]).astype(float), heatmap[y, x].astype(float), heatmap)
