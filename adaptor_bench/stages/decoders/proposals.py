"""Points that are proposed directly, those that are sure enough (Song et al. 2021)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.parameters import Number
from adaptor_bench.stages.cells import REACH, anchors_of, from_cells
from adaptor_bench.stages.decoders.shown import shown
from adaptor_bench.stages.protocols import Decoded
from adaptor_bench.stages.registry import stage

_LOWEST = 0.02


@stage("decode", "proposals")
@dataclass(frozen=True)
class Proposals:
    """Every proposal whose confidence reaches ``threshold``, where it says; nothing is suppressed.

    ``threshold`` none is chosen on training frames. ``stride`` is that of the target.
    """

    threshold: Annotated[float | None, Number(0, 1)] = 0.5
    stride: Annotated[int, Number(1, 32)] = 8
    chooses_threshold: ClassVar[bool] = True
    agrees_on: ClassVar[tuple[str, ...]] = ("stride",)
    least_maps: ClassVar[int] = 3

    def decode(self, maps: NDArray[np.floating], size: tuple[int, int]) -> Decoded:
        """Decode ``maps`` (3 K, rows, columns) at ``size``; a score is a confidence."""
        each = len(maps) // 3
        parts = np.asarray(maps, np.float32).reshape(3, each, *maps.shape[1:])
        threshold = _LOWEST if self.threshold is None else self.threshold
        slot, row, column = np.nonzero(parts[0] >= threshold)
        away = REACH * (2 * parts[1:, slot, row, column].T.astype(float) - 1)
        places = np.column_stack([column, row]) + anchors_of(each)[slot] + away
        scores = parts[0, slot, row, column].astype(float)
        order = np.argsort(-scores, kind="stable")
        points = from_cells(places, parts.shape[2:], self.stride, size)
        return shown(points[order], scores[order], parts[0].max(axis=0), threshold, size)
