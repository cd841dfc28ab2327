"""The strongest detectors without learning worth the name: a floor for every method.

`ConstantDetector` knows only where landmarks usually are, `ColourThresholdDetector` only what
colour and local contrast they have. If either did well, the data would be too easy to say
anything about methods. ``python tests/oracles/trivial.py`` measures both on the phantom.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence

import cv2
import numpy as np
from scipy.optimize import linear_sum_assignment

WIDTH, HEIGHT = 512, 288
RADIUS = 6.0

Images = Sequence[np.ndarray]  # (288, 512, 3) uint8 RGB
Points = Sequence[np.ndarray]  # (N, 2) x, y px


def matched(predicted: np.ndarray, labels: np.ndarray) -> int:
    """Most one-to-one pairs at most RADIUS apart."""
    if len(predicted) == 0 or len(labels) == 0:
        return 0
    near = np.linalg.norm(predicted[:, None] - labels[None], axis=2) <= RADIUS
    rows, columns = linear_sum_assignment(near, maximize=True)
    return int(near[rows, columns].sum())


def pooled_f1(predicted: Points, labels: Points) -> float:
    """F1 in 0..1 over all frames together; 0 if there is nothing at all."""
    hits = sum(matched(p, t) for p, t in zip(predicted, labels, strict=True))
    total = sum(map(len, predicted)) + sum(map(len, labels))
    return 2 * hits / total if total else 0.0


class ConstantDetector:
    """The same K points in every frame, where most training labels are."""

    def __init__(self, most_points: int = 40) -> None:
        self.most_points = most_points
        self.points = np.zeros((0, 2))

    def fit(self, images: Images, points: Points) -> ConstantDetector:
        """Choose points greedily by the frames that still lack one there, and the best K."""
        remaining = [labels.copy() for labels in points]
        chosen: list[np.ndarray] = []
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (11, 11))
        best_f1 = 0.0
        for _ in range(self.most_points):
            votes = np.zeros((HEIGHT, WIDTH), np.float32)
            for labels in remaining:
                one = np.zeros((HEIGHT, WIDTH), np.uint8)
                column, row = np.round(labels).astype(int).reshape(-1, 2).T
                one[np.clip(row, 0, HEIGHT - 1), np.clip(column, 0, WIDTH - 1)] = 1
                votes += cv2.dilate(one, disc)
            votes = cv2.GaussianBlur(votes, (0, 0), 1.0)
            row, column = np.unravel_index(votes.argmax(), votes.shape)
            centre = np.array([column, row], float)
            chosen.append(centre)
            for index, labels in enumerate(remaining):
                distance = np.linalg.norm(labels - centre, axis=1)
                if len(labels) and distance.min() <= RADIUS:
                    remaining[index] = np.delete(labels, distance.argmin(), axis=0)
            candidate = np.array(chosen)
            f1 = pooled_f1([candidate] * len(points), points)
            if f1 > best_f1:
                best_f1, self.points = f1, candidate
        return self

    def predict(self, image: np.ndarray) -> np.ndarray:
        return self.points.copy()


def contrast_features(image: np.ndarray) -> np.ndarray:
    """Colour and local contrast of every pixel (H, W, F) float32."""
    colour = image.astype(np.float32)
    light = colour.mean(axis=2)
    opponents = [light, colour[..., 0] - colour[..., 2], colour[..., 1] - light]
    features = [cv2.GaussianBlur(channel, (0, 0), 1.0) for channel in opponents]
    for channel in opponents:
        blurred = {s: cv2.GaussianBlur(channel, (0, 0), s) for s in (0.8, 1.6, 3.0, 6.0)}
        # Differences of Gaussians: blobs of three sizes, dark or bright.
        features += [blurred[0.8] - blurred[1.6], blurred[1.6] - blurred[3.0]]
        features += [blurred[3.0] - blurred[6.0]]
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (7, 7))
    features += [cv2.morphologyEx(light, cv2.MORPH_BLACKHAT, kernel)]
    features += [cv2.morphologyEx(light, cv2.MORPH_TOPHAT, kernel)]
    deviation = cv2.GaussianBlur(light**2, (0, 0), 3.0) - cv2.GaussianBlur(light, (0, 0), 3.0) ** 2
    features += [np.sqrt(np.maximum(deviation, 0))]
    return np.stack(features, axis=2)


class ColourThresholdDetector:
    """Peaks above a threshold of the best linear mix of colour and local contrast."""

    NEGATIVES_PER_FRAME = 400
    SPACINGS = (9, 13)
    QUANTILES = np.linspace(0.99, 0.99995, 25)

    def __init__(self, tuning_frames: int = 60) -> None:
        self.tuning_frames = tuning_frames
        self.weights = np.zeros(0, np.float32)
        self.threshold, self.spacing = np.inf, 9

    def fit(self, images: Images, points: Points) -> ColourThresholdDetector:
        """Linear discriminant of label against other pixels, then threshold for best F1."""
        rng = np.random.default_rng(0)
        positive, negative = [], []
        for image, labels in zip(images, points, strict=True):
            features = contrast_features(image)
            row, column = (
                rng.integers(0, limit, self.NEGATIVES_PER_FRAME) for limit in (HEIGHT, WIDTH)
            )
            negative.append(features[row, column])
            column, row = np.round(labels).astype(int).reshape(-1, 2).T
            positive.append(features[row.clip(0, HEIGHT - 1), column.clip(0, WIDTH - 1)])
        landmark, other = np.concatenate(positive), np.concatenate(negative)
        scale = other.std(axis=0) + 1e-6
        landmark, other = landmark / scale, other / scale
        spread = np.cov(landmark.T) + np.cov(other.T) + 1e-3 * np.eye(len(scale))
        difference = landmark.mean(axis=0) - other.mean(axis=0)
        self.weights = (np.linalg.solve(spread, difference) / scale).astype(np.float32)

        chosen = rng.permutation(len(images))[: self.tuning_frames]
        labels = [points[index] for index in chosen]
        maps = [contrast_features(images[index]) @ self.weights for index in chosen]
        levels = np.quantile(np.stack(maps[:20]), self.QUANTILES)
        best = -1.0
        for spacing in self.SPACINGS:
            peaks = [self._peaks(response, spacing, levels[0]) for response in maps]
            for level in levels:
                found = [points[heights >= level] for points, heights in peaks]
                f1 = pooled_f1(found, labels)
                if f1 > best:
                    best, self.threshold, self.spacing = f1, float(level), spacing
        return self

    @staticmethod
    def _peaks(response: np.ndarray, spacing: int, level: float) -> tuple[np.ndarray, np.ndarray]:
        """Local maxima (N, 2) and their heights (N,); the 60 highest at most."""
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (spacing, spacing))
        row, column = np.nonzero((response == cv2.dilate(response, kernel)) & (response >= level))
        heights = response[row, column]
        first = np.argsort(-heights)[:60]
        return np.stack([column, row], axis=1)[first].astype(float), heights[first]

    def predict(self, image: np.ndarray) -> np.ndarray:
        response = contrast_features(image) @ self.weights
        return self._peaks(response, self.spacing, self.threshold)[0]


FOLDS = {
    "sim": [("aicm9", "aicm10"), ("aicm7", "aicm8"), ("aicm5", "aicm6"), ("aicm3", "aicm4"),
            ("aicm1", "aicm2")],
    "intraop": [("aicm14",), ("aicm13",), ("aicm12",), ("aicm11",)],
}  # fmt: skip


def measure(profile: str, seed: int, every: int) -> dict[str, dict[str, dict[str, float]]]:
    """F1 in percent of both detectors on every fold of a phantom: domain -> fold -> detector."""
    from adaptor_bench.phantom import PhantomSurgery, frames_of

    floor: dict[str, dict[str, dict[str, float]]] = {}
    for domain, folds in FOLDS.items():
        frames = {}
        for surgery in sorted(name for fold in folds for name in fold):
            drawn = PhantomSurgery(surgery, frames_of(profile, surgery), seed)
            frames[surgery] = [drawn.frame(index) for index in range(0, drawn.frames, every)]
        for number, held_out in enumerate(folds, 1):
            train = [f for name, group in frames.items() if name not in held_out for f in group]
            test = [f for name in held_out for f in frames[name]]
            scores = {}
            for title, detector in (
                ("constant", ConstantDetector()),
                ("colour", ColourThresholdDetector()),
            ):
                detector.fit([f.image for f in train], [f.points for f in train])
                found = [detector.predict(f.image) for f in test]
                scores[title] = round(100 * pooled_f1(found, [f.points for f in test]), 1)
            floor.setdefault(domain, {})[f"f{number}"] = scores
            sys.stderr.write(f"{domain} f{number}: {scores}\n")
    return floor


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profile", default="mini")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--every", type=int, default=1)
    arguments = parser.parse_args()
    document = measure(arguments.profile, arguments.seed, arguments.every)
    json.dump(document, sys.stdout, indent=1)
    sys.stdout.write("\n")
