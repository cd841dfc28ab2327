"""Training samples: a frame at network size, drawn in an order fixed by the seed alone."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from adaptor_bench.data.check import LoadedFrame
from adaptor_bench.data.images import scale_points
from adaptor_bench.data.pixels import Picture, Pictured, largest
from adaptor_bench.stages.protocols import Target
from adaptor_bench.train.augment import augment, draw_variation, fill_up, move_points
from adaptor_bench.train.augment_batch import PendingBatch, pending
from adaptor_bench.train.device import flushing_as_here
from adaptor_bench.train.settings import Augmentation

Batch = tuple[Tensor | PendingBatch, Tensor]
"""Images (B, 3, H, W), varied or yet to be, and maps (B, C, h, w)."""


@dataclass(frozen=True)
class Sample(Pictured):
    """An ``image`` (H, W, 3) uint8 and its points (N, 2), order x, y, in px of that image.

    ``stored`` is (width, height) of the frame as stored; None where it is the image's own.
    """

    pixels: NDArray[np.uint8] | Picture
    points: NDArray[np.float64]
    stored: tuple[int, int] | None = None

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of the image."""
        return self.image_size


def sample_of(loaded: LoadedFrame) -> Sample:
    """A loaded frame with its points moved from the frame as stored to the image as loaded."""
    points = scale_points(loaded.points, loaded.size, loaded.image_size)
    return Sample(loaded.pixels, points, loaded.size)


def image_tensor(image: NDArray[np.uint8]) -> Tensor:
    """(3, H, W) float in [0, 1], as the public code feeds its network."""
    # A copy, since the array may be a read-only view of a larger image.
    return torch.from_numpy(image.copy()).permute(2, 0, 1).float().div_(255)


@dataclass(eq=False, kw_only=True)
class SampleStream:
    """``length`` augmented samples: epoch after epoch of shuffled frames.

    Item i depends on (seed, i) only. A ``share`` of the items are ``translated`` frames, evenly
    between those of ``samples``; these come in the same order whatever the share.
    ``target`` draws what belongs to each, ``input_size`` is as it wants it. Images of several
    sizes are filled up with black, so that they go into one batch.

    With ``deferred`` images are warped and coloured where they are trained on: batches are then a
    PendingBatch. ``pinned`` ones can be copied to a GPU without waiting. ``part`` (i, n) gives the
    i-th of n equal shares of each batch, i from 0.
    """

    samples: Sequence[Sample]
    length: int
    augmentation: Augmentation
    target: Target
    input_size: tuple[int, int]
    crop: tuple[int, int] | None
    seed: int
    translated: Sequence[Sample] = ()
    share: float = 0.0
    deferred: bool = False
    pinned: bool = False
    part: tuple[int, int] = (0, 1)

    def __post_init__(self) -> None:
        used = [*self.samples, *self.translated]
        self.size = largest(s.size for s in used)
        share = self.share if self.translated else 0.0
        # How many translated ones are among the first i items, for i from 0.
        passed = np.floor(np.arange(self.length + 1) * share + 1e-9).astype(int)
        late = np.diff(passed).astype(bool)
        self.order = np.empty(self.length, dtype=int)
        self.order[~late] = self._epochs(len(self.samples), int((~late).sum()), 0)
        self.order[late] = len(self.samples) + self._epochs(
            len(self.translated), int(late.sum()), 3
        )
        self.used = used
        self._thread: ThreadPoolExecutor | None = None
        self._coming: tuple[tuple[int, int], Future[Batch]] | None = None

    def _epochs(self, number: int, length: int, stream: int) -> NDArray[np.int_]:
        """``length`` places among ``number``, pass after pass in random order."""
        if length == 0:
            return np.empty(0, dtype=int)
        rng = np.random.default_rng([self.seed, stream])
        passes = [rng.permutation(number) for _ in range(-(-length // number))]
        return np.concatenate(passes)[:length]

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        rng = np.random.default_rng([self.seed, 1, index])
        sample = self.used[self.order[index]]
        varied = augment(sample.image, sample.points, self.augmentation, rng, self.crop)
        image, points = fill_up(varied[0], self.size) if self.crop is None else varied[0], varied[1]
        size = image.shape[1], image.shape[0]
        maps = self.target.draw(points, size, self.input_size)
        return image_tensor(image), torch.from_numpy(maps)

    def batch(self, number: int, of: int) -> Batch:
        """Batch ``number`` (from 0) of ``of`` items: images (B, 3, H, W), maps (B, C, h, w).

        The one after it is made in a thread meanwhile, so that a network need not wait for it.
        """
        # Not `ahead`, which is for one pass: norms are averaged over batches that were seen before.
        asked, coming = (number, of), self._coming
        made = coming[1].result() if coming and coming[0] == asked else self._made(*asked)
        self._coming = None
        if (number + 2) * of <= self.length:
            if self._thread is None:
                self._thread = ThreadPoolExecutor(1, "batches", flushing_as_here())
            self._coming = (number + 1, of), self._thread.submit(self._made, number + 1, of)
        return made

    def _made(self, number: int, of: int) -> Batch:
        share = of // self.part[1]
        first = number * of + self.part[0] * share
        images: Tensor | PendingBatch
        if self.deferred:
            images, maps = self._deferred(range(first, first + share))
        else:
            items = [self[i] for i in range(first, first + share)]
            images = torch.stack([image for image, _ in items])
            maps = torch.stack([drawn for _, drawn in items])
        return (images.pin_memory(), maps.pin_memory()) if self.pinned else (images, maps)

    def _deferred(self, numbers: range) -> tuple[PendingBatch, Tensor]:
        """Items whose images are yet to be varied, by the same random numbers."""
        frames, drawn, maps = [], [], []
        for index in numbers:
            rng = np.random.default_rng([self.seed, 1, index])
            sample = self.used[self.order[index]]
            size, points = sample.size, sample.points
            one = draw_variation(size, points, self.augmentation, rng, self.crop)
            points = move_points(points, one.matrix, self.crop or size)
            frames.append(sample.image)
            drawn.append(one)
            maps.append(self.target.draw(points, self.crop or self.size, self.input_size))
        batch = pending(frames, drawn, self.crop or self.size)
        return batch, torch.from_numpy(np.stack(maps))
