"""What is shown of a decoding whose points lie between the px of a coarse map."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.stages.maps import resize_map
from adaptor_bench.stages.protocols import Decoded, Step


def shown(
    points: NDArray[np.float64],
    scores: NDArray[np.float64],
    coarse: NDArray[np.float32],
    threshold: float,
    size: tuple[int, int],
) -> Decoded:
    """``points`` (N, 2) in a frame of ``size``, and what they were found in, drawn at that size.

    A point beside the frame is moved to its border.
    """
    points = np.clip(points, 0, np.array(size) - 1)
    heatmap = resize_map(coarse, size)
    at = np.zeros(heatmap.shape, bool)
    column, row = points.round().astype(int).T
    at[row, column] = True
    above = Step(f"Threshold {threshold:.3f}", heatmap >= threshold)
    return Decoded(points, scores, heatmap, (above, Step("Points", at, "passed over")))
