"""A U-Net that enlarges by interpolation."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, max_pool2d


class BilinearUNet(nn.Module):
    """Two 3x3 convolutions a level, max pooling, bilinear enlargement, concatenation.

    ``maps`` are the feature maps from the first level to the bottleneck. On the way up the first
    convolution of a level halves what was concatenated, the second gives as many maps as the next
    level has on the way down. ``dropout`` gives the rate of every level from the first to the
    bottleneck, between its convolutions; the way up mirrors it.
    """

    def __init__(
        self, maps: tuple[int, ...], channels: int = 1, *, dropout: tuple[float, ...]
    ) -> None:
        super().__init__()
        self.down = nn.ModuleList(
            _level(inputs, outputs, outputs, rate)
            for inputs, outputs, rate in zip((3, *maps), maps, dropout, strict=False)
        )
        below, upward = maps[-1], []
        for depth in reversed(range(len(maps) - 1)):
            joined, outputs = below + maps[depth], maps[max(depth - 1, 0)]
            upward.append(_level(joined, joined // 2, outputs, dropout[depth]))
            below = outputs
        self.up = nn.ModuleList(upward)
        self.head = nn.Conv2d(below, channels, 1)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight)
        # Landmarks cover little of a frame: starting near "nothing here" saves the first steps.
        assert self.head.bias is not None
        nn.init.constant_(self.head.bias, -2.0)

    def forward(self, image: Tensor) -> Tensor:
        x = image
        skips: list[Tensor] = []
        for depth, level in enumerate(self.down):
            x = level(max_pool2d(x, 2) if depth else x)
            skips.append(x)
        skips.pop()
        for level in self.up:
            x = interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=True)
            x = level(torch.cat([skips.pop(), x], dim=1))
        logits: Tensor = self.head(x)
        return logits


def _level(inputs: int, between: int, outputs: int, rate: float) -> nn.Sequential:
    """Activation before batch norm."""
    return nn.Sequential(
        nn.Conv2d(inputs, between, 3, padding=1),
        nn.ReLU(inplace=True),
        nn.BatchNorm2d(between),
        nn.Dropout(rate),
        nn.Conv2d(between, outputs, 3, padding=1),
        nn.ReLU(inplace=True),
        nn.BatchNorm2d(outputs),
    )
