"""Fourier domain adaptation (Yang and Soatto 2020)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from adaptor_bench.parameters import Number
from adaptor_bench.stages.registry import stage
from adaptor_bench.stages.translators.references import FromReferences, Looks


@stage("translate", "fourier")
@dataclass(frozen=True)
class Fourier(FromReferences):
    """The slowest waves of a frame are given the strength they have in a reference.

    ``beta`` is the paper's: amplitudes of up to ``beta`` times the shorter side in cycles per
    frame, across and down, are exchanged (at 288 px and 0.01, up to 2); phases, and with them
    where things are, stay.
    """

    beta: Annotated[float, Number(0, 0.5)] = 0.01
    title: ClassVar[str] = "Fourier domain adaptation"

    def looks(self, image: NDArray[np.uint8]) -> Looks:
        """Amplitudes (3, 2 b + 1, 2 b + 1) a pixel, of the frequencies -b..b down and across."""
        spectrum = _spectrum(image)
        window = _window(int(self.beta * min(image.shape[:2])), image.shape)
        return np.abs(spectrum[:, *window]).astype(np.float32) / (image.size / 3)

    def given(self, image: NDArray[np.uint8], looks: Looks) -> NDArray[np.uint8]:
        """Amplitudes exchanged; what leaves 0..255 is clipped."""
        spectrum = _spectrum(image)
        reach = min(looks.shape[1] // 2, (min(image.shape[:2]) - 1) // 2)
        middle = looks.shape[1] // 2
        wanted = looks[:, middle - reach : middle + reach + 1, middle - reach : middle + reach + 1]
        window = _window(reach, image.shape)
        phase = np.exp(1j * np.angle(spectrum[:, *window]))
        spectrum[:, *window] = wanted * (image.size / 3) * phase
        pixels = fft.ifft2(spectrum, axes=(1, 2)).real
        return np.clip(np.round(pixels), 0, 255).astype(np.uint8).transpose(1, 2, 0)


def _spectrum(image: NDArray[np.uint8]) -> NDArray[np.complex64]:
    spectrum: NDArray[np.complex64] = fft.fft2(
        image.transpose(2, 0, 1).astype(np.float32), axes=(1, 2)
    )
    return spectrum


def _window(reach: int, shape: tuple[int, ...]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and columns of the frequencies up to ``reach`` in an unshifted spectrum."""
    cycles = np.arange(-reach, reach + 1)
    return (cycles % shape[0])[:, None], (cycles % shape[1])[None]
