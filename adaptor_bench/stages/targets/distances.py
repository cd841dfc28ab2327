"""How far the pixels of a map are from a landmark."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.data.sizes import FRAME_SIZE


def distance_to(
    point: NDArray[np.float64], size: tuple[int, int], input_size: tuple[int, int]
) -> NDArray[np.float32]:
    """Shape (height, width): the distance of every pixel of an image of ``size`` (width, height)
    from ``point``, order x, y, px of that image.

    Distances are in px of a 512x288 frame, of which ``input_size`` is the size at the network.
    """
    across, down = (
        ((np.arange(length) - centre) * full / side).astype(np.float32)
        for length, centre, full, side in zip(size, point, FRAME_SIZE, input_size, strict=True)
    )
    return np.hypot(across[None, :], down[:, None])
