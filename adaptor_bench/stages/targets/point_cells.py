"""Points themselves, in the cells that hold them: what set prediction is compared with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.parameters import Number
from adaptor_bench.stages.cells import REACH, anchors_of, grid_of, inside, to_cells
from adaptor_bench.stages.registry import stage


@stage("target", "point_cells")
@dataclass(frozen=True)
class PointCells:
    """Up to ``each`` points of every cell of ``stride`` px: ``each`` maps say whether there is one,
    as many its way from the anchor along x, and along y.

    Anchors are those of P2PNet (Song et al. 2021, section 3.2, "grid"); a way of -2 to 2 cells is
    scaled into [0, 1], and 0.5 where there is none. What is more than ``each`` in a cell is lost.
    """

    each: Annotated[int, Number(1, 16)] = 4
    stride: Annotated[int, Number(1, 32)] = 8

    @property
    def channels(self) -> int:
        """Three maps for every anchor of a cell."""
        return 3 * self.each

    def draw(
        self, points: NDArray[np.float64], size: tuple[int, int], input_size: tuple[int, int]
    ) -> NDArray[np.float32]:
        """The maps (3 each, rows, columns) of an image of ``size``; see :class:`Target`."""
        grid = grid_of(size, self.stride)
        places = to_cells(points, self.stride)
        places = places[inside(places, grid)]
        maps = np.full((3, self.each, *grid), 0.5, np.float32)
        maps[0] = 0
        anchors = anchors_of(self.each)
        taken = np.zeros(grid, int)
        for place in places:
            column, row = place.astype(int)
            slot = taken[row, column]
            if slot < self.each:
                away = place - np.floor(place) - anchors[slot]
                maps[:, slot, row, column] = 1, *(0.5 + away / (2 * REACH))
                taken[row, column] += 1
        return maps.reshape(-1, *grid)
