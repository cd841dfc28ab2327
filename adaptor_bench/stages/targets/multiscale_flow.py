"""Points to heatmaps of several scales and the way to the nearest point (Spotiflow)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.data.sizes import FRAME_SIZE
from adaptor_bench.parameters import Number
from adaptor_bench.stages.neighbours import nearest_of
from adaptor_bench.stages.registry import stage
from adaptor_bench.stages.targets.gaussian import draw_heatmap

Maps = NDArray[np.float32]


@stage("target", "multiscale_flow")
@dataclass(frozen=True)
class MultiscaleFlow:
    """``levels`` heatmaps, each of half the resolution of the one before, and a flow of three maps.

    Dominguez Mantes et al. 2025, Methods: Gaussians of ``sigma`` px combined by the largest, and
    the way to the nearest point as a direction on a sphere (:func:`flow_to_nearest`). All maps have
    the size of the image: a px of a coarser heatmap is drawn as the square that it covers.
    """

    sigma: Annotated[float, Number(0.1, 500)] = 1.0
    levels: Annotated[int, Number(1, 8)] = 4
    stride: ClassVar[int] = 1

    @property
    def channels(self) -> int:
        """The heatmaps and the flow."""
        return self.levels + 3

    def draw(
        self, points: NDArray[np.float64], size: tuple[int, int], input_size: tuple[int, int]
    ) -> Maps:
        """The maps (levels + 3, height, width) of an image of ``size``; see :class:`Target`."""
        sigma_x, sigma_y = (
            self.sigma * side / full for side, full in zip(input_size, FRAME_SIZE, strict=True)
        )
        heatmap = draw_heatmap(points, size, (sigma_x, sigma_y), "max")
        scales = [coarser(heatmap, 2**level) for level in range(self.levels)]
        flow = flow_to_nearest(points, size, (sigma_x, sigma_y))
        return np.concatenate([scales, (1 + flow) / 2]).astype(np.float32)


def coarser(heatmap: Maps, factor: int) -> Maps:
    """``heatmap`` (H, W) at a scale ``factor`` times coarser, drawn at its own size again.

    The largest value of every square, smoothed by a Gaussian of one px there so that a single
    one keeps its height, and clipped at 1.
    """
    if factor == 1:
        return heatmap
    from scipy.ndimage import gaussian_filter

    height, width = heatmap.shape
    padded = np.pad(heatmap, ((0, -height % factor), (0, -width % factor)))
    squares = padded.reshape(padded.shape[0] // factor, factor, -1, factor).max(axis=(1, 3))
    smooth = np.clip(2 * np.pi * gaussian_filter(squares, 1.0), 0, 1)
    return np.kron(smooth, np.ones((factor, factor), np.float32))[:height, :width]


def flow_to_nearest(
    points: NDArray[np.float64], size: tuple[int, int], sigma: tuple[float, float]
) -> NDArray[np.float64]:
    """The flow (3, H, W), order x, y, z, of an image of ``size`` (width, height).

    With r the way to the nearest point in units of ``sigma`` (px along x and y), it is
    (2 r, 1 - |r|^2) / (1 + |r|^2), a point of the unit sphere: its upper pole at a point itself,
    near its lower one far away, and exactly there without any point.
    """
    height, width = size[1], size[0]
    points = np.asarray(points, float).reshape(-1, 2)
    if not len(points):
        return np.broadcast_to(np.array([0.0, 0.0, -1.0])[:, None, None], (3, height, width))
    y, x = np.mgrid[:height, :width]
    pixels = np.column_stack([x.ravel(), y.ravel()]) / sigma
    nearest = nearest_of(points / sigma, pixels)
    way = (points[nearest] / sigma - pixels).T
    square = (way**2).sum(axis=0)
    flow = np.stack([*(2 * way), 1 - square]) / (1 + square)
    return flow.reshape(3, height, width)
