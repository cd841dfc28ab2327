"""Cells of some px that detectors on a coarse grid say of whether points lie in them, and where.

Places are in cells, from the corner of the frame: cell j holds places from j to j + 1.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

REACH = 2.0
"""Cells that a proposal may lie away from its anchor along either axis."""
Points = NDArray[np.float64]


def grid_of(size: tuple[int, int], stride: int) -> tuple[int, int]:
    """(rows, columns) of cells of ``stride`` px in an image of ``size`` (width, height)."""
    return -(-size[1] // stride), -(-size[0] // stride)


def to_cells(points: Points, stride: int) -> Points:
    """Points (N, 2) in px, whose centres are at integers, as places."""
    return (np.asarray(points, float).reshape(-1, 2) + 0.5) / stride


def from_cells(places: Points, grid: tuple[int, int], stride: int, size: tuple[int, int]) -> Points:
    """Places (N, 2) in a grid of (rows, columns) as points in px of a frame of ``size``.

    The network's image had the frame's size, or one that the cells fill, or else its last cells
    stood out by less than a cell, of which nothing is known here.
    """
    sides = np.array(size, float)
    cells = np.array([grid[1], grid[0]], float)
    whole = cells * stride if grid_of(size, stride) != grid else sides
    return places * stride * sides / whole - 0.5


def inside(places: Points, grid: tuple[int, int]) -> NDArray[np.bool_]:
    """Which of ``places`` (N, 2) lie in the grid."""
    return np.all((places >= 0) & (places < (grid[1], grid[0])), axis=1)


def anchors_of(each: int) -> NDArray[np.float32]:
    """The ``each`` anchors (K, 2) of a cell, evenly in its rows; the last row may be shorter."""
    columns = math.ceil(math.sqrt(each))
    rows = -(-each // columns)
    row, column = np.divmod(np.arange(each), columns)
    across = np.minimum(each - row * columns, columns)
    return np.column_stack([(column + 0.5) / across, (row + 0.5) / rows]).astype(np.float32)
