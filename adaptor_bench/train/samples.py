"""Training samples: a frame at network size, drawn in an order fixed by the seed alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from adaptor_bench.data.check import LoadedFrame
from adaptor_bench.data.images import scale_points
from adaptor_bench.stages.protocols import Target
from adaptor_bench.train.augment import augment, crop_around, fill_up
from adaptor_bench.train.settings import Augmentation


@dataclass(frozen=True)
class Sample:
    """An image (H, W, 3) uint8 and its points (N, 2), order x, y, in px of that image.

    ``stored`` is (width, height) of the frame as stored; None where it is the image's own.
    """

    image: NDArray[np.uint8]
    points: NDArray[np.float64]
    stored: tuple[int, int] | None = None

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of the image."""
        return self.image.shape[1], self.image.shape[0]


def sample_of(loaded: LoadedFrame) -> Sample:
    """A loaded frame with its points moved from the frame as stored to the image as loaded."""
    size = loaded.image.shape[1], loaded.image.shape[0]
    return Sample(loaded.image, scale_points(loaded.points, loaded.size, size), loaded.size)


def image_tensor(image: NDArray[np.uint8]) -> Tensor:
    """(3, H, W) float in [0, 1], as the public code feeds its network."""
    # A copy, since the array may be a read-only view of a larger image.
    return torch.from_numpy(image.copy()).permute(2, 0, 1).float().div_(255)


def largest(images: Sequence[NDArray[np.uint8]]) -> tuple[int, int]:
    """(width, height) that every one of ``images`` (H, W, 3) fits into."""
    return max(i.shape[1] for i in images), max(i.shape[0] for i in images)


@dataclass(eq=False, kw_only=True)
class SampleStream(Dataset[tuple[Tensor, Tensor]]):
    """``length`` augmented samples: epoch after epoch of shuffled frames.

    Item i depends on (seed, i) only, so any number of loader processes gives the same stream.
    ``target`` draws what belongs to each, ``input_size`` is as it wants it. Images of several
    sizes are filled up with black, so that they go into one batch.
    """

    samples: Sequence[Sample]
    length: int
    augmentation: Augmentation
    target: Target
    input_size: tuple[int, int]
    crop: tuple[int, int] | None
    seed: int

    def __post_init__(self) -> None:
        self.size = largest([s.image for s in self.samples])
        number = len(self.samples)
        rng = np.random.default_rng([self.seed, 0])
        epochs = [rng.permutation(number) for _ in range(-(-self.length // number))]
        self.order = np.concatenate(epochs)[: self.length]

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        rng = np.random.default_rng([self.seed, 1, index])
        sample = self.samples[self.order[index]]
        image, points = augment(sample.image, sample.points, self.augmentation, rng)
        if self.crop is not None:
            image, points = crop_around(image, points, self.crop, rng)
        else:
            image = fill_up(image, self.size)
        size = image.shape[1], image.shape[0]
        maps = self.target.draw(points, size, self.input_size)
        return image_tensor(image), torch.from_numpy(maps)
