"""Points to centres on a coarse grid and what the grid rounds away (Zhou et al. 2019)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.data.sizes import FRAME_SIZE
from adaptor_bench.parameters import Number
from adaptor_bench.stages.cells import grid_of, inside, to_cells
from adaptor_bench.stages.registry import stage
from adaptor_bench.stages.targets.gaussian import draw_heatmap


@stage("target", "centre_offset")
@dataclass(frozen=True)
class CentreOffset:
    """Three maps, ``stride`` times smaller than the image: centres, and their offsets x and y.

    Objects as Points, section 3: a Gaussian of ``sigma`` px, which is 1 at the cell that holds a
    point, the largest where they meet; and there the place of the point in its cell, from 0 to 1.
    Elsewhere an offset is 0.5 and means nothing. Of points in one cell the last remains.
    """

    sigma: Annotated[float, Number(0.1, 500)] = 2.5
    stride: Annotated[int, Number(1, 32)] = 4
    channels: ClassVar[int] = 3

    def draw(
        self, points: NDArray[np.float64], size: tuple[int, int], input_size: tuple[int, int]
    ) -> NDArray[np.float32]:
        """The maps (3, rows, columns) of an image of ``size``; see :class:`protocols.Target`."""
        grid = grid_of(size, self.stride)
        places = to_cells(points, self.stride)
        places = places[inside(places, grid)]
        cells = np.floor(places)
        sigma_x, sigma_y = (
            self.sigma * side / full / self.stride
            for side, full in zip(input_size, FRAME_SIZE, strict=True)
        )
        maps = np.full((3, *grid), 0.5, np.float32)
        maps[0] = draw_heatmap(cells, (grid[1], grid[0]), (sigma_x, sigma_y), "max")
        column, row = cells.astype(int).T
        maps[1:, row, column] = (places - cells).T
        return maps
