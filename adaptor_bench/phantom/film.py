"""From the painted scene to the recorded picture: light, glow, blur, noise and the overlay mark."""

from __future__ import annotations

import cv2
import numpy as np

from .appearance import Lighting
from .geometry import FRAME_HEIGHT, FRAME_WIDTH, View
from .options import Difficulty
from .randomness import SmoothDrift
from .raster import fill

#: Side of the tile from which every frame's noise is cut at a random place, beyond the frame, px.
_NOISE_SPARE = 48
#: Blur that is too little to see, px.
SHARP_PX = 0.25
_GLOW_SCALE = 8
_GLOW_FROM = 185  # grey level
#: Light map value that stands for a gain of 1.
_UNIT_GAIN = 170.0


class Film:
    """The camera's electronics during one surgery."""

    EXPOSURE_DRIFT = 0.06
    HIGHLIGHT_SHIFT_PX = 5.0  # reflections move against the tissue when the camera does

    def __init__(
        self, rng: np.random.Generator, lighting: Lighting, difficulty: Difficulty
    ) -> None:
        self._lighting = lighting
        self._difficulty = difficulty
        self._drift = SmoothDrift(rng, 4, cycles=6.0)
        self._light = self._draw_light()
        self._focus = self._draw_focus()
        shape = (FRAME_HEIGHT + _NOISE_SPARE, FRAME_WIDTH + _NOISE_SPARE, 3)
        noise = difficulty.noise * rng.standard_normal(shape, dtype=np.float32)
        # Sensor noise after demosaicking is slightly correlated.
        self._noise = np.round(1.6 * cv2.GaussianBlur(noise, (0, 0), 0.5)).astype(np.int16)

    def _draw_light(self) -> np.ndarray:
        """Gain map (H, W, 3) uint8 in units of 1 / _UNIT_GAIN."""
        y, x = np.mgrid[0:FRAME_HEIGHT, 0:FRAME_WIDTH].astype(np.float32)
        centre_x, centre_y = self._lighting.centre.tolist()
        away = np.hypot(x - centre_x, y - centre_y) / FRAME_WIDTH
        gain = 1.12 - self._lighting.falloff * away * (0.35 + 1.1 * away)
        across, down = (self._lighting.slope / FRAME_WIDTH).tolist()
        gain += across * (x - centre_x) + down * (y - centre_y)
        gain = np.clip(gain, 0.3, 1.2)[..., None] * self._lighting.tint.astype(np.float32)
        return np.clip(gain * _UNIT_GAIN, 0, 255).astype(np.uint8)

    def _draw_focus(self) -> tuple[float, np.ndarray] | None:
        """Strongest blur (px) and its share (H, W) float32 at each pixel; None: all is in focus."""
        y, x = np.mgrid[0:FRAME_HEIGHT, 0:FRAME_WIDTH].astype(np.float32)
        centre_x, centre_y = self._lighting.centre.tolist()
        across, down = (self._lighting.defocus / FRAME_WIDTH).tolist()
        sigma = np.abs(across * (x - centre_x) + down * (y - centre_y))
        # A shallow field around the middle stays sharp.
        sigma = np.maximum(sigma - SHARP_PX, 0)
        strongest = float(sigma.max())
        return (strongest, sigma / np.float32(strongest)) if strongest > 0.3 else None

    def exposure(self, time: float) -> float:
        """Overall gain at a time of the surgery."""
        return self._lighting.exposure * (1 + self.EXPOSURE_DRIFT * float(self._drift.at(time)[0]))

    def gain_at(self, points: np.ndarray, time: float) -> np.ndarray:
        """Gain (N,) of the green channel at points (N, 2) px; outside, of the nearest pixel."""
        column, row = np.clip(np.round(points).T, 0, [[FRAME_WIDTH - 1], [FRAME_HEIGHT - 1]])
        light = self._light[row.astype(int), column.astype(int), 1]
        return light * (self.exposure(time) / _UNIT_GAIN)

    def record(
        self,
        painted: np.ndarray,
        highlights: np.ndarray,
        view: View,
        time: float,
        rng: np.random.Generator,
        before: np.ndarray,
    ) -> np.ndarray:
        """The recorded frame (H, W, 3) of a painted one; highlights are on the canvas, before
        (H, W) bool is where something stands in front of it."""
        drift = self._drift.at(time)
        image = cv2.multiply(painted, self._light, scale=self.exposure(time) / _UNIT_GAIN)
        image = self._add_highlights(image, highlights, view, drift, before)
        image = self._add_glow(image)
        image = self._blur(image, drift[3], rng)
        image = self._develop(image)
        top, left = rng.integers(0, _NOISE_SPARE, 2)
        noise = self._noise[top : top + FRAME_HEIGHT, left : left + FRAME_WIDTH]
        image = cv2.add(image, noise, dtype=cv2.CV_8U)
        _paint_overlay(image)
        return image

    def _add_highlights(
        self,
        image: np.ndarray,
        highlights: np.ndarray,
        view: View,
        drift: np.ndarray,
        before: np.ndarray,
    ) -> np.ndarray:
        matrix = view.matrix.copy()
        matrix[:, 2] += self.HIGHLIGHT_SHIFT_PX * drift[1:3]
        shine = cv2.warpAffine(highlights, matrix, (FRAME_WIDTH, FRAME_HEIGHT))
        shine[before] = 0
        return cv2.add(image, cv2.merge([shine, shine, shine]))

    def _add_glow(self, image: np.ndarray) -> np.ndarray:
        """Glow of the brightest places over their surroundings."""
        size = (FRAME_WIDTH // _GLOW_SCALE, FRAME_HEIGHT // _GLOW_SCALE)
        small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        excess = cv2.subtract(small, np.full_like(small, _GLOW_FROM))
        glow = cv2.GaussianBlur(excess, (0, 0), 2.5)
        glow = cv2.resize(glow, (FRAME_WIDTH, FRAME_HEIGHT), interpolation=cv2.INTER_LINEAR)
        return cv2.addWeighted(image, 1.0, glow, self._lighting.bloom, 0)

    def _blur(self, image: np.ndarray, drift: float, rng: np.random.Generator) -> np.ndarray:
        low, high = self._difficulty.blur_px
        sigma = low + (high - low) * float(np.clip(0.5 + 0.35 * drift, 0, 1))
        image = cv2.GaussianBlur(image, (0, 0), sigma)
        if self._focus is not None:
            strongest, share = self._focus
            soft = cv2.GaussianBlur(image, (0, 0), strongest)
            image = cv2.blendLinear(image, soft, 1 - share, share)
        if rng.random() < self._difficulty.motion_blur:
            image = cv2.filter2D(image, -1, _motion_kernel(rng))
        return image

    def _develop(self, image: np.ndarray) -> np.ndarray:
        """What the camera and the recorder do to the picture: sharpened edges, coarser colour."""
        lighting = self._lighting
        if lighting.sharpening > 0.02:
            soft = cv2.GaussianBlur(image, (0, 0), 1.3)
            gain = 1 + lighting.sharpening
            image = cv2.addWeighted(image, gain, soft, 1 - gain, lighting.veil)
        else:
            image = cv2.convertScaleAbs(image, alpha=1.0, beta=lighting.veil)
        if lighting.chroma_loss > 1:
            size = (FRAME_WIDTH // lighting.chroma_loss, FRAME_HEIGHT // lighting.chroma_loss)
            light, *chroma = cv2.split(cv2.cvtColor(image, cv2.COLOR_RGB2YCrCb))
            coarse = cv2.resize(cv2.merge(chroma), size, interpolation=cv2.INTER_AREA)
            red, blue = cv2.split(cv2.resize(coarse, (FRAME_WIDTH, FRAME_HEIGHT)))
            image = cv2.cvtColor(cv2.merge([light, red, blue]), cv2.COLOR_YCrCb2RGB)
        return image


def _motion_kernel(rng: np.random.Generator) -> np.ndarray:
    """Kernel of a straight camera shake of 3 to 6 px; its middle stays in place."""
    size = 7
    kernel = np.zeros((size, size), np.uint8)
    half = rng.uniform(1.5, 3.0)
    turn = rng.uniform(0, np.pi)
    step = half * np.array([np.cos(turn), np.sin(turn)])
    middle = np.array([size // 2, size // 2])
    line = np.round(np.array([middle - step, middle + step]) * 16).astype(np.int32)
    cv2.polylines(kernel, [line], False, 255.0, 1, cv2.LINE_AA, 4)
    return kernel.astype(np.float32) / kernel.sum()


def _paint_overlay(image: np.ndarray) -> None:
    """The recorder's mark in the lower right corner: a few strokes and a cyan sign."""
    white, cyan, dark = (205, 208, 212), (40, 160, 185), (15, 60, 75)
    for left in (432, 436, 441):
        cv2.rectangle(image, (left, 274), (left + 2, 280), white, -1)
    cv2.rectangle(image, (446, 276), (453, 279), white, -1)
    cv2.rectangle(image, (472, 272), (489, 283), cyan, -1)
    fill(image, np.array([[476.0, 275.0], [484.0, 275.0], [484.0, 280.0], [476.0, 280.0]]), dark)
    fill(image, np.array([[484.0, 277.5], [488.0, 274.0], [488.0, 281.0]]), (220, 235, 240))
