"""Maps from a trained network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from adaptor_bench.errors import TrainingError
from adaptor_bench.train.device import mixed_precision
from adaptor_bench.train.samples import image_tensor


def predict_maps(
    network: nn.Module,
    images: Iterable[NDArray[np.uint8]],
    *,
    device: torch.device | str,
    batch: int = 4,
    bfloat16: bool = True,
) -> Iterator[NDArray[np.float32]]:
    """Sigmoid maps (C, H, W) in [0, 1] of every image (H, W, 3), in order.

    Neighbours of one size are computed together, ``batch`` at most, in ``bfloat16`` where the
    device has it. Raises TrainingError for a map
    that is not finite: the network has diverged.
    """
    network = network.to(device).eval().to(memory_format=torch.channels_last)
    for same in _batches(images, batch):
        chunk = torch.stack([image_tensor(image) for image in same])
        with torch.inference_mode(), mixed_precision(device, bfloat16):
            logits = network(
                chunk.to(device, non_blocking=True).contiguous(memory_format=torch.channels_last)
            )
        maps = torch.sigmoid(logits.float()).cpu().numpy()
        if not np.isfinite(maps).all():  # as whole numbers they would look like a heatmap
            raise TrainingError(
                "the training diverged: the network's heatmap of a frame is not finite",
                hint="Lower the learning rate: --set training.rate=...",
            )
        yield from maps


def _batches(images: Iterable[NDArray[np.uint8]], most: int) -> Iterator[list[NDArray[np.uint8]]]:
    """Up to ``most`` neighbours of one size; no image is asked for before its turn."""
    same: list[NDArray[np.uint8]] = []
    for image in images:
        if same and (len(same) == most or image.shape != same[0].shape):
            yield same
            same = []
        same.append(image)
    if same:
        yield same
