"""Points to a one-channel heatmap (Yao et al. 2021, section 2.3, "heatmap")."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.data.sizes import FRAME_SIZE
from adaptor_bench.errors import UsageError, suggest
from adaptor_bench.parameters import Number, OneOf
from adaptor_bench.stages.registry import stage

COMBINATIONS = ("sum_minmax", "sum_clip", "max")


@stage("target", "gaussian")
@dataclass(frozen=True)
class Gaussian:
    """A Gaussian of ``sigma`` px at every point, all in one map; ``combine``: how they meet."""

    sigma: Annotated[float, Number(0.1, 500)] = 5.657
    combine: Annotated[str, OneOf(*COMBINATIONS)] = "sum_minmax"
    channels: ClassVar[int] = 1
    stride: ClassVar[int] = 1

    def draw(
        self, points: NDArray[np.float64], size: tuple[int, int], input_size: tuple[int, int]
    ) -> NDArray[np.float32]:
        """The map (1, height, width) of an image of ``size``; see :class:`protocols.Target`."""
        sigma_x, sigma_y = (
            self.sigma * side / full for side, full in zip(input_size, FRAME_SIZE, strict=True)
        )
        return draw_heatmap(points, size, (sigma_x, sigma_y), self.combine)[None]


def draw_heatmap(
    points: NDArray[np.float64],
    size: tuple[int, int],
    sigma: float | tuple[float, float],
    combine: str = "sum_minmax",
) -> NDArray[np.float32]:
    """Draw all ``points`` into one heatmap as 2-D Gaussians.

    ``points`` has shape (N, 2), order x, y, in pixels of the heatmap; points outside the frame
    contribute what of their kernel lies inside. ``size`` is (width, height); ``sigma`` is in
    pixels, one value or one per axis. The result has shape (height, width), float32, in [0, 1];
    without points it is zero.

    ``combine`` says how kernels meet: ``sum_minmax`` adds them and stretches the frame to [0, 1],
    as the paper's public code does (a point amid neighbours gets 1, an isolated one less);
    ``sum_clip`` adds and clips at 1; ``max`` takes the largest, so every point peaks at 1.
    Raises UsageError for another name.
    """
    if combine not in COMBINATIONS:
        raise UsageError(
            f"there is no combination {combine!r}", hint=suggest(combine, COMBINATIONS)
        )
    width, height = size
    points = np.asarray(points, dtype=float).reshape(-1, 2)
    if not len(points):
        return np.zeros((height, width), np.float32)
    sigma_x, sigma_y = np.broadcast_to(np.asarray(sigma, dtype=float), 2)
    # A Gaussian with axis-parallel covariance is a product of its two profiles.
    across = _profile(width, points[:, 0], sigma_x)
    down = _profile(height, points[:, 1], sigma_y)
    if combine == "max":
        heatmap = np.zeros((height, width), np.float32)
        for x_profile, y_profile in zip(across, down, strict=True):
            np.maximum(heatmap, np.outer(y_profile, x_profile), out=heatmap)
        return heatmap
    total = down.T @ across
    if combine == "sum_clip":
        return np.minimum(total, np.float32(1.0))
    low, high = float(total.min()), float(total.max())
    if high <= low:
        return np.zeros_like(total)
    return np.clip((total - low) / (high - low), 0.0, 1.0, dtype=np.float32)


def _profile(length: int, centres: NDArray[np.float64], sigma: float) -> NDArray[np.float32]:
    """Shape (N, length): exp(-(i - centre)^2 / (2 sigma^2))."""
    offsets = np.arange(length, dtype=float)[None, :] - centres[:, None]
    return np.exp(-0.5 * (offsets / sigma) ** 2).astype(np.float32)
