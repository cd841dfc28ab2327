"""Maxima of a coarse grid, each moved by the offset that is drawn there (Zhou et al. 2019)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.parameters import Number
from adaptor_bench.stages.cells import from_cells
from adaptor_bench.stages.decoders.shown import shown
from adaptor_bench.stages.protocols import Decoded
from adaptor_bench.stages.registry import stage

_LOWEST = 0.02


@stage("decode", "centres")
@dataclass(frozen=True)
class Centres:
    """The ``most`` highest cells that no neighbour exceeds, of at least ``threshold``.

    Objects as Points, section 3, "From points to bounding boxes", without the boxes. ``threshold``
    none is chosen on training frames. ``stride`` is that of the target.
    """

    threshold: Annotated[float | None, Number(0, 1)] = None
    most: Annotated[int, Number(1, 100_000)] = 100
    stride: Annotated[int, Number(1, 32)] = 4
    chooses_threshold: ClassVar[bool] = True
    agrees_on: ClassVar[tuple[str, ...]] = ("stride",)
    least_maps: ClassVar[int] = 3

    def decode(self, maps: NDArray[np.floating], size: tuple[int, int]) -> Decoded:
        """Decode ``maps`` (3, rows, columns) at ``size``; a score is the first map's value."""
        import cv2

        maps = np.asarray(maps, np.float32)
        threshold = _LOWEST if self.threshold is None else self.threshold
        highest = maps[0] >= cv2.dilate(maps[0], np.ones((3, 3), np.uint8))
        row, column = np.nonzero(highest & (maps[0] >= threshold))
        order = np.argsort(-maps[0, row, column], kind="stable")[: self.most]
        row, column = row[order], column[order]
        places = np.column_stack([column, row]) + maps[1:3, row, column].T.astype(float)
        points = from_cells(places, maps[0].shape, self.stride, size)
        scores = maps[0, row, column].astype(float)
        return shown(points, scores, maps[0], threshold, size)
