"""Peaks of a heatmap, moved below a pixel by the flow that is drawn with it (Spotiflow)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.parameters import Number
from adaptor_bench.stages.decoders.peaks import find_peaks
from adaptor_bench.stages.decoders.shown import shown
from adaptor_bench.stages.maps import resize_map
from adaptor_bench.stages.protocols import Decoded
from adaptor_bench.stages.registry import stage

_LOWEST = 0.02
_FARTHEST = np.sqrt(2)  # px: a way beyond the neighbouring pixels is no refinement


@stage("decode", "flow_peaks")
@dataclass(frozen=True)
class FlowPeaks:
    """Local maxima of the first map of at least ``threshold``, no two nearer than ``distance`` px,
    each moved as the last three maps say.

    Dominguez Mantes et al. 2025, and Spotiflow 0.6: a way of more than the diagonal of a px is
    left out. ``threshold`` none is chosen on training frames. ``sigma`` is that of the target.
    """

    threshold: Annotated[float | None, Number(0, 1)] = None
    distance: Annotated[float, Number(0, 500)] = 1.0
    sigma: Annotated[float, Number(0.1, 500)] = 1.0
    chooses_threshold: ClassVar[bool] = True
    agrees_on: ClassVar[tuple[str, ...]] = ("sigma",)
    least_maps: ClassVar[int] = 4

    def decode(self, maps: NDArray[np.floating], size: tuple[int, int]) -> Decoded:
        """Decode ``maps`` (levels + 3, H, W) at ``size``; a score is the first map's value."""
        heatmap = resize_map(np.asarray(maps[0], np.float32), size)
        threshold = _LOWEST if self.threshold is None else self.threshold
        pixels = find_peaks(heatmap, threshold, self.distance)
        column, row = pixels.T
        flow = [resize_map(np.asarray(m, np.float32), size)[row, column] for m in maps[-3:]]
        points = pixels + way_of(2 * np.array(flow, float) - 1, self.sigma)
        return shown(points, heatmap[row, column].astype(float), heatmap, threshold, size)


def way_of(flow: NDArray[np.float64], sigma: float) -> NDArray[np.float64]:
    """The way (N, 2), order x, y, in px, that a flow (3, N) of any length stands for: the inverse
    of :func:`targets.multiscale_flow.flow_to_nearest`, none if farther than the next pixel."""
    length = np.linalg.norm(flow, axis=0)
    x, y, z = np.divide(flow, length, out=np.zeros_like(flow), where=length > 0)
    way = sigma * np.column_stack([x, y]) / np.maximum(1 + z, 1e-9)[:, None]
    way[np.linalg.norm(way, axis=1) > _FARTHEST] = 0
    return way
