"""Ends of threads: ridges, thinned to lines, end where a thread enters the tissue.

Classical image processing, without training beyond three numbers: it says how much of the task a
thread's course alone answers. Ridges by Sato et al. 1998, lines by Zhang and Suen 1984.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.matching.batch import PointBatch
from adaptor_bench.matching.match import match_frames
from adaptor_bench.method import Card, FoldTask, Method, Pixels, Prediction
from adaptor_bench.parameters import Number
from adaptor_bench.registry import method

LEVELS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.8)  # of the strongest ridges of a frame
LENGTHS = (10, 20, 40, 80)  # px of a line
SIGMAS = (1.5, 2.5)  # px; threads are 3 to 7 px wide
MARGIN = 8  # px: lines that leave the frame end there, and nothing enters the tissue
Map = NDArray[np.float32]


def ridges(image: NDArray[np.uint8]) -> Map:
    """How much pixels of an image (H, W, 3) lie on a thread, bright or dark: (H, W), about 0..1."""
    from skimage.filters import sato

    grey = image.astype(np.float32).mean(axis=2)
    both = [sato(grey, SIGMAS, black_ridges=dark, mode="reflect") for dark in (False, True)]
    strength = np.maximum(*both).astype(np.float32)
    return strength / max(float(np.quantile(strength, 0.99)), 1e-6)


def line_ends(strength: Map, level: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Ends (N, 2), order x, y, px, of the lines where ``strength`` reaches ``level``, and the
    lengths (N,) in px of their lines."""
    from scipy.ndimage import convolve
    from skimage.measure import label
    from skimage.morphology import skeletonize

    lines = skeletonize(strength >= level)
    neighbours = convolve(lines.astype(np.uint8), np.ones((3, 3), np.uint8), mode="constant") - 1
    numbers = label(lines, connectivity=2)
    row, column = np.nonzero(lines & (neighbours == 1))
    height, width = lines.shape
    inside = (np.minimum(row, height - 1 - row) >= MARGIN) & (
        np.minimum(column, width - 1 - column) >= MARGIN
    )
    row, column = row[inside], column[inside]
    lengths = np.bincount(numbers.ravel())[numbers[row, column]]
    return np.column_stack([column, row]).astype(float), lengths.astype(float)


class RidgeEnds:
    """Finds :func:`line_ends`; level and least length are those with the best F1 in training."""

    input_size = None  # frames as they are stored
    holds_back = False  # nothing is selected

    def __init__(self, frames: int) -> None:
        self.frames = frames
        self.learnt: dict[str, Any] = {}

    def other_domains(self, domain: str, available: Sequence[str]) -> tuple[str, ...]:
        return ()

    def fit(self, task: FoldTask) -> None:
        known = [*task.train, *task.selection]
        every = np.linspace(0, len(known) - 1, min(self.frames, len(known))).round().astype(int)
        some = [known[number] for number in every]
        labels, rule = PointBatch.from_frames([f.points for f in some]), task.matching
        strengths, best = [ridges(f.image) for f in some], -1.0
        for level in LEVELS:
            ends = [line_ends(strength, level) for strength in strengths]
            for length in LENGTHS:
                found = PointBatch.from_frames([e[of >= length] for e, of in ends])
                pairs = match_frames(found, labels, rule.radius, rule.rule, rule.inclusive)
                f1 = 2 * len(pairs.frame) / max(1, len(found.points) + len(labels.points))
                if f1 > best:
                    best, self.learnt = f1, {"level": level, "length": length}

    def predict(self, frames: Sequence[Pixels], task: FoldTask) -> Iterator[Prediction]:
        return self.predict_frames(frames, task.device)

    def predict_frames(self, frames: Sequence[Pixels], device: str) -> Iterator[Prediction]:
        for frame in frames:
            strength = ridges(frame.image)
            points, lengths = line_ends(strength, self.learnt["level"])
            kept = points[lengths >= self.learnt["length"]]
            column, row = kept.astype(int).T
            yield Prediction(kept, strength[row, column].astype(float))

    def save(self, directory: Path) -> None:
        (directory / "ridges.json").write_text(json.dumps(self.learnt), "utf-8")

    def load(self, directory: Path) -> None:
        self.learnt = json.loads((directory / "ridges.json").read_text("utf-8"))


@method("ridge_ends", card=Card(title="Ends of ridges"), profiles={"smoke": {"frames": 4}})
def ridge_ends(*, frames: Annotated[int, Number(1, 100_000)] = 60) -> Method:
    """Ends of thinned ridges (Sato), no network: what the course of threads alone tells."""
    return RidgeEnds(frames)
