"""The scene's coordinates: canvas, mitral ring, and the camera that looks at them.

A surgery's static scene lives on a *canvas* larger than the frame; a frame is a similarity
transform of it. Coordinates are (x, y) in px, pixel centres at integers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from adaptor_bench.data.sizes import FRAME_SIZE

from .randomness import SmoothDrift

FRAME_WIDTH, FRAME_HEIGHT = FRAME_SIZE
MARGIN_X, MARGIN_Y = 72, 56
CANVAS_WIDTH = FRAME_WIDTH + 2 * MARGIN_X
CANVAS_HEIGHT = FRAME_HEIGHT + 2 * MARGIN_Y
CANVAS_CENTRE = np.array([(CANVAS_WIDTH - 1) / 2, (CANVAS_HEIGHT - 1) / 2])
FRAME_CENTRE = np.array([(FRAME_WIDTH - 1) / 2, (FRAME_HEIGHT - 1) / 2])


def polar_angle(y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Angle (rad) of (x, y), the same on every processor.

    numpy has a single-precision routine of its own for AVX-512 whose last bit differs from the C
    library's; rounded from double precision both agree.
    """
    return np.arctan2(y, x, dtype=np.float64).astype(np.result_type(y, x))


def headings(vectors: np.ndarray) -> np.ndarray:
    """Angles (...) in rad of a few vectors (..., 2), by the C library's double precision: numpy's
    own routine for AVX-512 differs from it in the last bit."""
    flat = [math.atan2(y, x) for x, y in vectors.reshape(-1, 2).tolist()]
    return np.array(flat).reshape(vectors.shape[:-1])


def direction(angle: np.ndarray | float) -> np.ndarray:
    """Unit vectors (..., 2) of angles in radians; y points down."""
    return np.stack([np.cos(angle), np.sin(angle)], axis=-1)


def perpendicular(vector: np.ndarray) -> np.ndarray:
    """Vectors (..., 2) turned by a quarter, from x toward y."""
    return np.stack([-vector[..., 1], vector[..., 0]], axis=-1)


@dataclass(frozen=True)
class Ring:
    """The mitral annulus: a wobbly, tilted ellipse on the canvas."""

    centre: np.ndarray  # (2,) px
    semi_axes: np.ndarray  # (2,) px
    tilt: float  # rad
    wobble: np.ndarray  # (3,) relative amplitude of the 2nd..4th harmonic
    wobble_phase: np.ndarray  # (3,) rad

    @classmethod
    def draw(cls, rng: np.random.Generator, domain: str) -> Ring:
        """A ring as it lies in one domain: the simulator's is round and left of the middle."""
        if domain == "sim":
            centre = np.array([rng.uniform(165, 225), rng.uniform(125, 165)])
            radius, flattening, wobble = rng.uniform(96, 122), rng.uniform(0.9, 1.12), 0.012
        else:
            centre = np.array([rng.uniform(170, 300), rng.uniform(120, 170)])
            radius, flattening, wobble = rng.uniform(84, 112), rng.uniform(0.75, 1.0), 0.035
        return cls(
            centre=centre + np.array([MARGIN_X, MARGIN_Y]),
            semi_axes=np.array([radius, radius * flattening]),
            tilt=float(rng.uniform(-0.5, 0.5)),
            wobble=rng.normal(0, wobble, 3),
            wobble_phase=rng.uniform(0, 2 * np.pi, 3),
        )

    @property
    def mean_radius(self) -> float:
        return float(self.semi_axes.mean())

    def _stretch(self, angle: np.ndarray) -> np.ndarray:
        stretch = np.ones_like(angle)
        for harmonic, size, phase in zip((2, 3, 4), self.wobble, self.wobble_phase, strict=True):
            stretch = stretch + float(size) * np.cos(harmonic * angle + float(phase))
        return stretch

    def point(self, angle: np.ndarray | float, radius: np.ndarray | float = 1.0) -> np.ndarray:
        """Canvas points (..., 2) at a ring angle (rad) and a relative radius (1 = annulus)."""
        angle = np.asarray(angle, float)
        along = direction(angle) * self.semi_axes * (radius * self._stretch(angle))[..., None]
        cos, sin = np.cos(self.tilt), np.sin(self.tilt)
        return self.centre + along @ np.array([[cos, sin], [-sin, cos]])

    def polar(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Ring angle (rad) and relative radius of canvas points: the inverse of `point`."""
        # Plain floats keep float32 grids in float32.
        cos, sin = float(np.cos(self.tilt)), float(np.sin(self.tilt))
        dx, dy = x - float(self.centre[0]), y - float(self.centre[1])
        u = (cos * dx + sin * dy) / float(self.semi_axes[0])
        v = (-sin * dx + cos * dy) / float(self.semi_axes[1])
        angle = polar_angle(v, u)
        radius = np.hypot(u, v) / self._stretch(angle)
        return angle, radius


@dataclass(frozen=True)
class View:
    """Where the camera looks in one frame: canvas -> frame."""

    matrix: np.ndarray  # (2, 3)
    zoom: float

    def to_frame(self, points: np.ndarray) -> np.ndarray:
        """Frame points (..., 2) of canvas points."""
        return points @ self.matrix[:, :2].T + self.matrix[:, 2]


class Camera:
    """A hand-guided endoscope: slow drift around a view that each video chooses anew."""

    DRIFT_PX = np.array([9.0, 7.0])
    DRIFT_ROTATION = 0.03  # rad
    DRIFT_ZOOM = 0.025
    SHAKE_PX = 0.7

    def __init__(self, rng: np.random.Generator, videos: int) -> None:
        self._drift = SmoothDrift(rng, 4, cycles=4.0)
        self._offset = rng.uniform(-1, 1, (videos, 2)) * (12.0, 9.0)
        self._rotation = rng.normal(0, 0.05, videos)
        self._zoom = rng.uniform(1.0, 1.12, videos)

    def view(self, time: float, video: int, rng: np.random.Generator) -> View:
        """The view at a time in 0..1 of the surgery, within its video number ``video``."""
        drift = self._drift.at(time)
        angle = self._rotation[video] + self.DRIFT_ROTATION * drift[2]
        zoom = self._zoom[video] * (1 + self.DRIFT_ZOOM * np.tanh(drift[3]))
        shift = self._offset[video] + self.DRIFT_PX * drift[:2] + rng.normal(0, self.SHAKE_PX, 2)
        cos, sin = zoom * np.cos(angle), zoom * np.sin(angle)
        matrix = np.array([[cos, -sin, 0.0], [sin, cos, 0.0]])
        matrix[:, 2] = FRAME_CENTRE + shift - matrix[:, :2] @ CANVAS_CENTRE
        return View(matrix, float(zoom))
