"""A U-Net for a few seconds of a CPU core: residual blocks, few maps, a light decoder."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, max_pool2d, relu


class SmallUNet(nn.Module):
    """3x3 stem, one residual block a level, max pooling; upward 1x1, nearest, one 3x3.

    ``maps`` are the feature maps from the first level to the bottleneck; ``bias`` is that of the
    head, the logit of a landmark before anything is learnt. The way up ends at the level
    ``last``, each of which halves the resolution.
    """

    def __init__(
        self, maps: tuple[int, ...], channels: int = 1, *, bias: float = -4.0, last: int = 0
    ) -> None:
        super().__init__()
        self.stem = _convolution(3, maps[0])
        self.down = nn.ModuleList(_Residual(i, o) for i, o in pairwise((maps[0], *maps)))
        upward = list(pairwise(reversed(maps[last:])))
        self.narrow = nn.ModuleList(nn.Conv2d(i, o, 1, bias=False) for i, o in upward)
        self.up = nn.ModuleList(_convolution(2 * o, o) for _, o in upward)
        self.head: nn.Module = nn.Conv2d(maps[last], channels, 1)
        assert self.head.bias is not None
        nn.init.normal_(self.head.weight, std=0.01)
        nn.init.constant_(self.head.bias, bias)

    def forward(self, image: Tensor) -> Tensor:
        x = self.stem((image - 0.5) * 4)
        skips: list[Tensor] = []
        for depth, block in enumerate(self.down):
            x = block(max_pool2d(x, 2) if depth else x)
            skips.append(x)
        skips.pop()
        for narrow, join in zip(self.narrow, self.up, strict=True):
            raised = interpolate(narrow(x), scale_factor=2.0, mode="nearest")
            x = join(torch.cat([raised, skips.pop()], dim=1))
        logits: Tensor = self.head(x)
        return logits


class _Residual(nn.Module):
    """Two 3x3 convolutions beside a shortcut, 1x1 where the number of maps changes."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.first = _convolution(inputs, outputs)
        self.second = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(outputs)
        self.shortcut: nn.Module = nn.Identity()
        if inputs != outputs:
            self.shortcut = nn.Conv2d(inputs, outputs, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return relu(self.norm(self.second(self.first(x))) + self.shortcut(x))


def _convolution(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )
