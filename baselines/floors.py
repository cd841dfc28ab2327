"""Floors: what can be had without learning what a landmark is. Every method should beat them.

``constant`` and ``random`` only know where landmarks usually are; ``template`` is one averaged grey
patch, ``colour`` the best linear mix of colour and local contrast. They are shown below a board,
without a rank, and take no part in its tests.
"""

from __future__ import annotations

import json
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.data.check import LoadedFrame
from adaptor_bench.data.images import scale_points
from adaptor_bench.data.sizes import FRAME_SIZE
from adaptor_bench.matching.batch import PointBatch
from adaptor_bench.matching.match import match_frames
from adaptor_bench.matching.settings import MatchSettings
from adaptor_bench.method import Card, FoldTask, Method, Pixels, Prediction
from adaptor_bench.parameters import Number
from adaptor_bench.registry import method

Points = NDArray[np.float64]
Map = NDArray[np.float32]
Frames = Annotated[int, Number(1, 100_000)]


class Floor(ABC):
    """What all of them share: no image is resized, and what is learnt is a few numbers (JSON)."""

    input_size = None
    holds_back = False  # nothing is selected

    def other_domains(self, domain: str, available: Sequence[str]) -> tuple[str, ...]:
        return ()

    def fit(self, task: FoldTask) -> None:
        # Nothing is selected, so no surgery has to be held back.
        self.learn([*task.train, *task.selection], task.matching, task.seed)

    def predict(self, frames: Sequence[Pixels], task: FoldTask) -> Iterator[Prediction]:
        return self.predict_frames(frames, task.device)

    def predict_frames(self, frames: Sequence[Pixels], device: str) -> Iterator[Prediction]:
        for frame in frames:
            yield Prediction(*self.find(frame))

    def save(self, directory: Path) -> None:
        (directory / "floor.json").write_text(
            json.dumps(self.learnt, default=lambda value: value.tolist()), "utf-8"
        )

    def load(self, directory: Path) -> None:
        self.learnt = json.loads((directory / "floor.json").read_text("utf-8"))

    learnt: dict[str, Any]

    @abstractmethod
    def learn(self, frames: Sequence[LoadedFrame], matching: MatchSettings, seed: int) -> None:
        """Set ``learnt``."""

    @abstractmethod
    def find(self, frame: Pixels) -> tuple[Points, NDArray[np.float64] | None]:
        """Points (N, 2) of the frame, and their scores."""


class Constant(Floor):
    """The same points in every frame, where most training labels are."""

    def __init__(self, most_points: int) -> None:
        self.most_points = most_points

    def learn(self, frames: Sequence[LoadedFrame], matching: MatchSettings, seed: int) -> None:
        """Choose points greedily by the frames that still lack one there, and the best number."""
        import cv2

        width, height = FRAME_SIZE
        labels = [scale_points(f.points, f.size, FRAME_SIZE) for f in frames]
        remaining, chosen, best = list(labels), np.empty((0, 2)), 0.0
        self.learnt = {"points": chosen}
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (11, 11))
        for _ in range(self.most_points):
            votes = np.zeros((height, width), np.float32)
            for points in remaining:
                one = np.zeros((height, width), np.uint8)
                column, row = np.round(points).astype(int).reshape(-1, 2).T
                one[row.clip(0, height - 1), column.clip(0, width - 1)] = 1
                votes += cv2.dilate(one, disc)
            votes = cv2.GaussianBlur(votes, (0, 0), 1.0)
            row, column = np.unravel_index(votes.argmax(), votes.shape)
            centre = np.array([column, row], float)
            chosen = np.vstack([chosen, centre])
            for number, points in enumerate(remaining):
                away = np.hypot(*(points - centre).T)
                if len(points) and away.min() <= 6:
                    remaining[number] = np.delete(points, away.argmin(), axis=0)
            placed = [scale_points(chosen, FRAME_SIZE, f.size) for f in frames]
            if (f1 := _f1(placed, [f.points for f in frames], matching)) > best:
                best, self.learnt = f1, {"points": chosen}

    def find(self, frame: Pixels) -> tuple[Points, None]:
        points = np.array(self.learnt["points"], float).reshape(-1, 2)
        return scale_points(points, FRAME_SIZE, frame.size), None


class Random(Floor):
    """As many points as a random training frame has, each at a random training label."""

    def learn(self, frames: Sequence[LoadedFrame], matching: MatchSettings, seed: int) -> None:
        labels = [scale_points(f.points, f.size, FRAME_SIZE) for f in frames]
        points = np.concatenate([np.empty((0, 2)), *labels])
        self.learnt = {"seed": seed, "counts": list(map(len, labels)), "points": points}

    def find(self, frame: Pixels) -> tuple[Points, None]:
        key = zlib.crc32(frame.key.encode())
        rng = np.random.default_rng([self.learnt["seed"], key])
        counts, points = self.learnt["counts"], np.array(self.learnt["points"]).reshape(-1, 2)
        number = counts[rng.integers(len(counts))] if len(points) else 0
        chosen = points[rng.integers(len(points), size=number)] if number else np.empty((0, 2))
        return scale_points(chosen, FRAME_SIZE, frame.size), None


class PeaksOf(Floor):
    """Peaks of a response to the frame, above the threshold that is best on training frames."""

    SPACINGS = (9, 13)  # px that a peak is the highest in

    def __init__(self, frames: int) -> None:
        self.frames = frames  # training frames looked at, evenly spread

    @abstractmethod
    def response(self, image: NDArray[np.uint8]) -> Map:
        """(H, W) of an image (H, W, 3): higher where a landmark is likelier."""

    @abstractmethod
    def look(self, frames: Sequence[LoadedFrame], seed: int) -> None:
        """Set of ``learnt`` what the response needs."""

    def learn(self, frames: Sequence[LoadedFrame], matching: MatchSettings, seed: int) -> None:
        every = np.linspace(0, len(frames) - 1, min(self.frames, len(frames))).round().astype(int)
        some = [frames[number] for number in every]
        self.learnt = {"threshold": float("inf"), "spacing": 9, "most": 0}
        labels = [f.points for f in some]
        most = 3 * max(map(len, labels), default=0)
        if not most:
            return
        self.look(some, seed)
        best = -1.0
        maps = [self.response(f.image) for f in some]
        for spacing in self.SPACINGS:
            found = [_peaks(response, spacing, most) for response in maps]
            heights = np.concatenate([h for _, h in found])
            for level in np.unique(np.quantile(heights, np.linspace(0, 1, 60))):
                kept = [points[h >= level] for points, h in found]
                if (f1 := _f1(kept, labels, matching)) > best:
                    best = f1
                    self.learnt |= {"threshold": float(level), "spacing": spacing, "most": most}

    def find(self, frame: Pixels) -> tuple[Points, NDArray[np.float64]]:
        if not self.learnt["most"]:
            return np.empty((0, 2)), np.empty(0)
        response = self.response(frame.image)
        points, heights = _peaks(response, self.learnt["spacing"], self.learnt["most"])
        kept = heights >= self.learnt["threshold"]
        return points[kept], heights[kept].astype(float)


class Template(PeaksOf):
    """Normalised cross-correlation with the mean grey patch around the training labels."""

    def __init__(self, frames: int, side: int) -> None:
        super().__init__(frames)
        self.half = side // 2

    def look(self, frames: Sequence[LoadedFrame], seed: int) -> None:
        side, total = 2 * self.half + 1, 0.0
        for frame in frames:
            grey = _grey(frame.image, self.half)
            around = np.lib.stride_tricks.sliding_window_view(grey, (side, side))
            column, row = np.round(frame.points).astype(int).reshape(-1, 2).T
            height, width = around.shape[:2]
            total = total + around[row.clip(0, height - 1), column.clip(0, width - 1)].sum(0)
        self.learnt["patch"] = total

    def response(self, image: NDArray[np.uint8]) -> Map:
        import cv2

        patch = np.array(self.learnt["patch"], np.float32)
        patch -= patch.mean()  # the correlation knows neither light nor contrast of the patch
        patch /= np.abs(patch).max() + 1e-6
        grey = _grey(image, self.half).astype(np.float32)
        return np.asarray(cv2.matchTemplate(grey, patch, cv2.TM_CCOEFF_NORMED))


class Colour(PeaksOf):
    """The linear discriminant of label against other pixels, by colour and contrast."""

    OTHERS = 400  # pixels of a frame that no label chose

    def look(self, frames: Sequence[LoadedFrame], seed: int) -> None:
        rng = np.random.default_rng(seed)
        landmark, other = [], []
        for frame in frames:
            features = contrast_features(frame.image)
            height, width = features.shape[:2]
            row, column = (rng.integers(0, limit, self.OTHERS) for limit in (height, width))
            other.append(features[row, column])
            column, row = np.round(frame.points).astype(int).reshape(-1, 2).T
            landmark.append(features[row.clip(0, height - 1), column.clip(0, width - 1)])
        here, there = np.concatenate(landmark), np.concatenate(other)
        scale = there.std(axis=0) + 1e-6
        here, there = here / scale, there / scale
        spread = np.cov(there.T) + 1e-3 * np.eye(len(scale))
        if len(here) > 1:
            spread += np.cov(here.T)
        difference = here.mean(axis=0) - there.mean(axis=0)
        self.learnt["weights"] = np.linalg.solve(spread, difference) / scale

    def response(self, image: NDArray[np.uint8]) -> Map:
        return contrast_features(image) @ np.array(self.learnt["weights"], np.float32)


def contrast_features(image: NDArray[np.uint8]) -> Map:
    """Colour and local contrast of every pixel (H, W, F) of an image (H, W, 3) RGB."""
    import cv2

    colour = image.astype(np.float32)
    light = colour.mean(axis=2)
    opponents = [light, colour[..., 0] - colour[..., 2], colour[..., 1] - light]
    features = [cv2.GaussianBlur(channel, (0, 0), 1.0) for channel in opponents]
    for channel in opponents:
        # Differences of Gaussians: blobs of three sizes, dark or bright.
        blurred = [cv2.GaussianBlur(channel, (0, 0), s) for s in (0.8, 1.6, 3.0, 6.0)]
        features += [a - b for a, b in pairwise(blurred)]
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (7, 7))
    features += [cv2.morphologyEx(light, cv2.MORPH_BLACKHAT, kernel)]
    features += [cv2.morphologyEx(light, cv2.MORPH_TOPHAT, kernel)]
    deviation = cv2.GaussianBlur(light**2, (0, 0), 3.0) - cv2.GaussianBlur(light, (0, 0), 3.0) ** 2
    features += [np.sqrt(np.maximum(deviation, 0))]
    return np.stack(features, axis=2)


def _peaks(response: Map, spacing: int, most: int) -> tuple[Points, Map]:
    """Local maxima (N, 2) and their heights (N,); the ``most`` highest."""
    import cv2

    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (spacing, spacing))
    row, column = np.nonzero(response == cv2.dilate(response, kernel))
    heights = response[row, column]
    first = np.argsort(-heights, kind="stable")[:most]
    return np.column_stack([column, row])[first].astype(float), heights[first]


def _grey(image: NDArray[np.uint8], margin: int) -> NDArray[np.uint8]:
    """(H, W) with a mirrored margin."""
    import cv2

    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    return np.pad(np.asarray(grey), margin, "symmetric")


def _f1(found: Sequence[Points], labels: Sequence[Points], matching: MatchSettings) -> float:
    """Pooled over all frames; 0 where there is nothing at all."""
    batches = PointBatch.from_frames(found), PointBatch.from_frames(labels)
    pairs = match_frames(*batches, matching.radius, matching.rule, matching.inclusive)
    total = sum(len(batch.points) for batch in batches)
    return 2 * len(pairs.frame) / total if total else 0.0


@method("constant", card=Card(title="Constant points", role="floor"))
def constant(*, most_points: Annotated[int, Number(1, 1000)] = 40) -> Method:
    """The same points in every frame: where most training labels are."""
    return Constant(most_points)


@method("random", card=Card(title="Random points", role="floor"))
def random() -> Method:
    """As many points as a random training frame has, each at the place of a random label."""
    return Random()


@method("template", card=Card(title="Averaged patch", role="floor"))
def template(*, frames: Frames = 60, side: Annotated[int, Number(3, 101)] = 17) -> Method:
    """Peaks of the normalised cross-correlation with one grey patch, averaged around labels."""
    return Template(frames, side)


@method("colour", card=Card(title="Colour and contrast", role="floor"))
def colour(*, frames: Frames = 60) -> Method:
    """Peaks of the best linear mix of colour and local contrast."""
    return Colour(frames)
