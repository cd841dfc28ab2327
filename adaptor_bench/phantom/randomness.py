"""Random streams that depend on nothing but their key, and motion that is smooth in time."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np


class Stream(IntEnum):
    """What draws random numbers of its own; from MOTION on for each frame anew."""

    ANATOMY, SUTURES, CLUTTER, SCENE, FILM, MOTION, PAINT, ANNOTATOR = range(8)


class SmoothDrift:
    """Several independent signals over time in 0..1, each of about unit variance."""

    WAVES = 3

    def __init__(self, rng: np.random.Generator, signals: int, cycles: float = 3.0) -> None:
        shape = (signals, self.WAVES)
        self._frequency = rng.uniform(0.25, 1.0, shape) * cycles * 2 * np.pi
        self._phase = rng.uniform(0, 2 * np.pi, shape)
        self._amplitude = np.sqrt(2 / self.WAVES)

    def at(self, time: float) -> np.ndarray:
        """Values (signals,) at one moment."""
        return self._amplitude * np.sin(self._frequency * time + self._phase).sum(axis=1)


@dataclass(frozen=True)
class Episode:
    """A stretch of the surgery's time during which something is in the picture."""

    start: float
    stop: float

    def covers(self, time: float) -> bool:
        return self.start <= time < self.stop


def draw_episodes(
    rng: np.random.Generator, mean_present: float, duration: tuple[float, float]
) -> list[Episode]:
    """Episodes such that ``mean_present`` of them cover an average moment of 0..1."""
    low, high = duration
    mean_duration = (low + high) / 2
    # Starts are uniform on (-high, 1): a moment is covered by count * mean / (1 + high) of them.
    expected = mean_present * (1 + high) / mean_duration
    count = int(expected) + int(rng.random() < expected - int(expected))
    # Stratified starts: presence is spread over the video instead of clumping.
    starts = -high + (1 + high) * (np.arange(count) + rng.uniform(0, 1, count)) / max(count, 1)
    lengths = rng.uniform(low, high, count)
    stops = starts + lengths
    return [Episode(float(a), float(b)) for a, b in zip(starts, stops, strict=True)]
