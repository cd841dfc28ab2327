"""The last layers of networks that say whether there is a point, and where."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Branches(nn.Module):
    """A branch for the first third of the maps, whether, and one for the others, where.

    Each is ``layers`` 3x3 convolutions of ``hidden`` maps with ReLU, then a 1x1. The
    first starts at the logit ``bias``, the other at none: in the middle of what it can say.
    """

    def __init__(
        self, inputs: int, channels: int, hidden: int, *, layers: int = 1, bias: float = -4.0
    ) -> None:
        super().__init__()
        whether = max(1, channels // 3)
        self.whether = _branch(inputs, whether, hidden, layers, bias)
        self.where = _branch(inputs, channels - whether, hidden, layers, 0.0)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.whether(x), self.where(x)], dim=1)


def _branch(inputs: int, channels: int, hidden: int, layers: int, bias: float) -> nn.Sequential:
    found: list[nn.Module] = []
    for _ in range(layers):
        found += [nn.Conv2d(inputs, hidden, 3, padding=1), nn.ReLU(inplace=True)]
        inputs = hidden
    last = nn.Conv2d(inputs, channels, 1)
    nn.init.normal_(last.weight, std=0.01)
    assert last.bias is not None
    nn.init.constant_(last.bias, bias)
    return nn.Sequential(*found, last)
