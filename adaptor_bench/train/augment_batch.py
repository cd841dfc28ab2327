"""Augmentation of a whole batch on its device, from the same random numbers as on the CPU.

The device gets frames as they are and, for each, what :func:`augment.draw_variation` drew; it warps
and colours all of them together. Colours come out as on the CPU to a level of 255, for every change
rounds as OpenCV and torchvision do; so do warped px with OpenCV 5, which interpolates exactly,
while earlier ones round places to 1/32 px.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import grid_sample

from adaptor_bench.train.augment import Colours, Variation

_GREY = (0.2989, 0.587, 0.114)  # of torchvision


@dataclass(frozen=True)
class Change:
    """A change of colour of some images of a batch: their places (n,), and ``amounts`` (n, ..)."""

    kind: str
    places: Tensor
    amounts: Tensor


@dataclass(frozen=True)
class PendingBatch:
    """A batch that is yet to be varied: ``frames`` (B, 3, H, W) uint8, smaller ones filled up with
    black; ``inverse`` (B, 2, 3), from px of the result to places in ``frames``, -1 to 1 from one
    border to the other; ``size`` (width, height) of the result, ``own`` (B, 2) the part of it that
    is not filled up."""

    frames: Tensor
    inverse: Tensor
    size: tuple[int, int]
    own: Tensor
    changes: tuple[Change, ...]
    whole: bool  # whether nothing is filled up

    def pin_memory(self) -> PendingBatch:
        """The same in memory that a GPU copies from without the CPU waiting."""
        changes = tuple(
            Change(c.kind, c.places.pin_memory(), c.amounts.pin_memory()) for c in self.changes
        )
        return PendingBatch(
            self.frames.pin_memory(), self.inverse.pin_memory(), self.size,
            self.own.pin_memory(), changes, self.whole,
        )  # fmt: skip

    @torch.no_grad()
    def on(self, device: torch.device | str) -> Tensor:
        """The images (B, 3, height, width), float in [0, 1], varied on ``device``."""
        images = _warped(
            self.frames.to(device, non_blocking=True),
            self.inverse.to(device, non_blocking=True),
            self.size,
        )
        area = _inside(self.own.to(device, non_blocking=True), self.size)
        for change in self.changes:
            places = change.places.to(device, non_blocking=True)
            amounts = change.amounts.to(device, non_blocking=True)
            varied = _CHANGES[change.kind](images[places], amounts, area[places])
            images.index_copy_(0, places, varied)
        return (images if self.whole else images * area).div_(255)


def on_device(images: Tensor | PendingBatch, device: torch.device | str) -> Tensor:
    """A batch of images on ``device``, varied there if it is yet to be."""
    if isinstance(images, PendingBatch):
        return images.on(device)
    return images.to(device, non_blocking=True)


def pending(
    frames: Sequence[NDArray[np.uint8]], drawn: Sequence[Variation], size: tuple[int, int]
) -> PendingBatch:
    """A batch of ``frames`` (H, W, 3) and what was drawn for each; the results fill ``size``
    (width, height)."""
    high, wide = (max(frame.shape[axis] for frame in frames) for axis in (0, 1))
    stacked = torch.zeros(len(frames), 3, high, wide, dtype=torch.uint8)
    for place, frame in zip(stacked, frames, strict=True):
        height, width = frame.shape[:2]
        place[:, :height, :width] = torch.from_numpy(frame.copy()).permute(2, 0, 1)
    matrices = np.stack([np.vstack([one.matrix, (0, 0, 1)]) for one in drawn])
    inverse = np.linalg.inv(matrices)[:, :2]
    inverse[:, :, 2] += 0.5  # px have their centres at whole numbers
    inverse *= 2 / np.array([[wide], [high]])
    inverse[:, :, 2] -= 1
    own = [
        one.window or (frame.shape[1], frame.shape[0])
        for one, frame in zip(drawn, frames, strict=True)
    ]
    return PendingBatch(
        stacked,
        torch.from_numpy(inverse).float(),
        size,
        torch.tensor(own),
        tuple(_changes([one.colours for one in drawn])),
        all(part == size for part in own),
    )


def _changes(colours: Sequence[Colours]) -> list[Change]:
    """All changes of a batch, those of one kind at one place of the order together."""
    found: dict[tuple[int, str], tuple[list[int], list[object]]] = {}

    def add(order: int, kind: str, place: int, amount: object) -> None:
        places, amounts = found.setdefault((order, kind), ([], []))
        places.append(place)
        amounts.append(amount)

    for place, one in enumerate(colours):
        for order, (kind, amount) in enumerate(one.jitter):
            add(order, kind, place, amount)
        for order, kind in enumerate(("levels", "curves", "tint"), start=len(_JITTER)):
            if (amount := getattr(one, kind)) is not None:
                add(order, kind, place, amount)
    return [
        Change(kind, torch.tensor(places), torch.from_numpy(np.array(amounts)).float())
        for (_, kind), (places, amounts) in sorted(found.items())
    ]


def _warped(frames: Tensor, inverse: Tensor, size: tuple[int, int]) -> Tensor:
    """Levels (B, 3, height, width) of 0 to 255, whole numbers, bilinear, black beside the frame."""
    x = torch.arange(size[0], device=frames.device, dtype=torch.float32)
    y = torch.arange(size[1], device=frames.device, dtype=torch.float32)[:, None, None]
    across, down, shift = (inverse[:, None, None, :, k] for k in range(3))
    grid = x[:, None] * across + y * down + shift  # (B, height, width, 2)
    return grid_sample(frames.float(), grid, align_corners=False).round_()


def _inside(own: Tensor, size: tuple[int, int]) -> Tensor:
    """(B, 1, height, width): 1 in the part of each image that is its own, else 0."""
    x = torch.arange(size[0], device=own.device) < own[:, 0, None]
    y = torch.arange(size[1], device=own.device) < own[:, 1, None]
    return (y[:, None, :, None] & x[:, None, None, :]).float()


def _grey(images: Tensor) -> Tensor:
    """(n, 1, H, W), whole levels."""
    red, green, blue = images.unbind(1)
    return (_GREY[0] * red + _GREY[1] * green + _GREY[2] * blue).floor()[:, None]


def _levels(images: Tensor) -> Tensor:
    """Levels as 8 bit keep them: cut off at both ends, and below the point."""
    return images.clamp(0, 255).floor()


def _each(amounts: Tensor) -> Tensor:
    return amounts.reshape(-1, 1, 1, 1)


def _blend(images: Tensor, others: Tensor, share: Tensor) -> Tensor:
    return _levels(images * _each(share) + others * (1 - _each(share)))


def _brightness(images: Tensor, factor: Tensor, area: Tensor) -> Tensor:
    return _levels(images * _each(factor))


def _contrast(images: Tensor, factor: Tensor, area: Tensor) -> Tensor:
    mean = (_grey(images) * area).sum((1, 2, 3)) / area.sum((1, 2, 3))
    return _blend(images, _each(mean), factor)


def _saturation(images: Tensor, factor: Tensor, area: Tensor) -> Tensor:
    return _blend(images, _grey(images), factor)


def _hue(images: Tensor, turns: Tensor, area: Tensor) -> Tensor:
    """The hue turned in HSV (Smith 1978)."""
    colours = images / 255
    red, green, blue = colours.unbind(1)
    value, low = colours.amax(1), colours.amin(1)
    chroma = value - low
    grey = chroma == 0
    safe = torch.where(grey, 1.0, chroma)
    hue = torch.where(
        value == red,
        (green - blue) / safe,
        torch.where(value == green, 2 + (blue - red) / safe, 4 + (red - green) / safe),
    )
    hue = (hue / 6 + turns[:, None, None]).remainder(1.0)
    channels = []
    for corner in (5, 3, 1):  # of red, green, blue
        k = (corner + 6 * hue).remainder(6.0)
        channels.append(value - chroma * torch.minimum(k, 4 - k).clamp(0, 1))
    return (torch.stack(channels, 1) * (256 - 1e-3)).clamp(0, 255).floor()


def _factor_and_offset(images: Tensor, amounts: Tensor, area: Tensor) -> Tensor:
    return _levels(images * _each(amounts[:, 0]) + _each(amounts[:, 1]))


def _curves(images: Tensor, tables: Tensor, area: Tensor) -> Tensor:
    """``tables`` (n, 1, 256, 3): the new level of each level and channel."""
    table = tables[:, 0].transpose(1, 2)  # (n, 3, 256)
    return table.gather(2, images.flatten(2).long()).reshape(images.shape)


def _tint(images: Tensor, matrices: Tensor, area: Tensor) -> Tensor:
    """``matrices`` (n, 3, 3); rounded, as OpenCV does."""
    turned = matrices @ images.flatten(2)
    return turned.clamp(0, 255).round().reshape(images.shape)


_JITTER: dict[str, Callable[[Tensor, Tensor, Tensor], Tensor]] = {
    "brightness": _brightness,
    "contrast": _contrast,
    "saturation": _saturation,
    "hue": _hue,
}
_CHANGES = {**_JITTER, "levels": _factor_and_offset, "curves": _curves, "tint": _tint}
