"""Losses on a one-channel heatmap. Logits in, targets in [0, 1], one finite scalar out."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from adaptor_bench.errors import UsageError, suggest

__all__ = ["LOSSES", "dice_loss", "mse_dice_loss", "named_loss"]


def dice_loss(logits: Tensor, target: Tensor) -> Tensor:
    """1 - (2 sum(p t) + 1) / (sum p + sum t + 1), p = sigmoid(logits), over the whole batch.

    The authors' public form of the paper's Dice loss: soft targets, smoothing 1, no squares. A
    batch without any target is finite.
    """
    probability = torch.sigmoid(logits)
    overlap = (probability * target).sum()
    return 1 - (2 * overlap + 1) / (probability.sum() + target.sum() + 1)


def mse_dice_loss(logits: Tensor, target: Tensor) -> Tensor:
    """Mean squared error of the sigmoid plus :func:`dice_loss` (Stern et al. 2021)."""
    return torch.nn.functional.mse_loss(torch.sigmoid(logits), target) + dice_loss(logits, target)


LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "dice": dice_loss,
    "mse_dice": mse_dice_loss,
}


def named_loss(name: str) -> Callable[[Tensor, Tensor], Tensor]:
    """Loss by name. Raises UsageError."""
    if name not in LOSSES:
        raise UsageError(f"unknown loss {name!r}", hint=suggest(name, LOSSES))
    return LOSSES[name]
