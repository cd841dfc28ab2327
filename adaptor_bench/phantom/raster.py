"""Drawing primitives: anti-aliased outlines, ribbons, noise fields and the cover map.

Outlines are float (N, 2) arrays of (x, y) px with pixel centres at integers; OpenCV draws them
with four fractional bits. Colours are RGB triples in 0..255.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import cv2
import numpy as np

#: RGB, or one level for a picture of one channel.
Colour = np.ndarray | Sequence[float] | float

FRACTION_BITS = 4
FRACTION = 1 << FRACTION_BITS


def fixed_point(points: np.ndarray) -> np.ndarray:
    """Points as the fixed-point integers that OpenCV's drawing functions take."""
    return np.rint(points * FRACTION).astype(np.int32)


def _value(image: np.ndarray, colour: Colour) -> tuple[float, ...] | float:
    """A colour as OpenCV takes it, clipped to 0..255; for one channel a level."""
    if image.ndim == 2:
        return float(np.asarray(colour))
    # Plain numbers: for three values this is ten times faster than numpy.
    return tuple(min(max(part, 0.0), 255.0) for part in np.asarray(colour, float).tolist())


def fill(image: np.ndarray, outline: np.ndarray, colour: Colour) -> None:
    """Fill one outline in place."""
    value = _value(image, colour)
    cv2.fillPoly(image, [fixed_point(outline)], value, cv2.LINE_AA, FRACTION_BITS)


def stroke(
    image: np.ndarray, lines: np.ndarray | Iterable[np.ndarray], colour: Colour, thickness: int = 1
) -> None:
    """Draw open polylines in place."""
    value = _value(image, colour)
    # Lines of equal length in one array are converted at once.
    if isinstance(lines, np.ndarray):
        fixed = list(fixed_point(lines))
    else:
        fixed = [fixed_point(line) for line in lines]
    cv2.polylines(image, fixed, False, value, thickness, cv2.LINE_AA, FRACTION_BITS)


def ellipse_outline(
    centre: np.ndarray, semi_axes: Sequence[float] | np.ndarray, angle: float, corners: int = 24
) -> np.ndarray:
    """Outline (corners, 2) of an ellipse turned by ``angle`` rad."""
    phase = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    u, v = semi_axes[0] * np.cos(phase), semi_axes[1] * np.sin(phase)
    cos, sin = np.cos(angle), np.sin(angle)
    return np.asarray(centre) + np.stack([cos * u - sin * v, sin * u + cos * v], axis=1)


def normals(centreline: np.ndarray) -> np.ndarray:
    """Unit normals (..., S, 2) of centrelines (..., S, 2)."""
    # Central differences, one-sided at both ends.
    tangent = np.empty_like(centreline, dtype=float)
    tangent[..., 1:-1, :] = centreline[..., 2:, :] - centreline[..., :-2, :]
    tangent[..., 0, :] = centreline[..., 1, :] - centreline[..., 0, :]
    tangent[..., -1, :] = centreline[..., -1, :] - centreline[..., -2, :]
    length = np.maximum(np.sqrt((tangent * tangent).sum(axis=-1, keepdims=True)), 1e-6)
    return tangent[..., ::-1] / length * (-1.0, 1.0)


def ribbon_outline(centreline: np.ndarray, width: np.ndarray) -> np.ndarray:
    """Closed outline (2 S, 2) of a ribbon of a given full width (S,)."""
    offset = normals(centreline) * (width / 2)[..., None]
    return np.concatenate([centreline + offset, (centreline - offset)[::-1]])


def bezier(controls: Sequence[np.ndarray], samples: int) -> np.ndarray:
    """Cubic Bezier curve (samples, 2) of four control points."""
    u = np.linspace(0, 1, samples)[:, None]
    p0, p1, p2, p3 = (np.asarray(control, float) for control in controls)
    return (1 - u) ** 3 * p0 + 3 * u * (1 - u) ** 2 * p1 + 3 * u**2 * (1 - u) * p2 + u**3 * p3


def cloud_noise(
    rng: np.random.Generator,
    shape: tuple[int, int],
    cells: float,
    octaves: int = 3,
    persistence: float = 0.5,
    stretch: float = 1.0,
) -> np.ndarray:
    """Smooth noise (height, width) float32 of zero mean and unit variance.

    cells: number of bumps across the width in the coarsest octave; each octave doubles it and
    weighs ``persistence`` times the one before. stretch > 1 draws the bumps out along x.
    """
    height, width = shape
    total = np.zeros(shape, np.float32)
    weight = 1.0
    for octave in range(octaves):
        across = cells * 2**octave
        columns = max(3, round(across / stretch) + 2)
        rows = max(3, round(across * height / width) + 2)
        coarse = rng.standard_normal((rows, columns), dtype=np.float32)
        fine = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
        cv2.scaleAdd(fine, weight, total, total)
        weight *= persistence
    mean, deviation = (float(value[0, 0]) for value in cv2.meanStdDev(total))
    total -= mean
    total /= max(deviation, 1e-6)
    return total


class CoverMap:
    """Which object is on top at each pixel: 0 nothing, small numbers threads, FOREIGN others."""

    FOREIGN = 255

    def __init__(self, shape: tuple[int, int]) -> None:
        self.top = np.zeros(shape, np.uint8)

    def put(self, outlines: Iterable[np.ndarray], identity: int) -> None:
        """Put fixed-point outlines on top."""
        cv2.fillPoly(self.top, list(outlines), float(identity), cv2.LINE_8, FRACTION_BITS)

    def put_outline(self, outline: np.ndarray, identity: int = FOREIGN) -> None:
        """Put one float outline on top."""
        self.put([fixed_point(outline)], identity)
