"""A U-Net that draws a heatmap at every scale of its way up, and a flow at the finest."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, max_pool2d


class MultiscaleUNet(nn.Module):
    """``convolutions`` of 3x3 with batch norm and ReLU a level, of ``width`` maps at the first and
    twice as many at each of the ``levels`` below; max pooling, and nearest neighbour upwards.

    The last convolution of a level has the maps of the next finer one. It draws a heatmap of every
    level, the finest first, and three maps of flow.
    """

    def __init__(self, width: int, levels: int, convolutions: int) -> None:
        super().__init__()
        maps = [width * 2**level for level in range(levels + 1)]
        finer = [maps[0], *maps]  # maps above a level; the finest keeps its own
        self.down = nn.ModuleList(
            _level(maps[level - 1] if level else 3, maps[level], maps[level], convolutions)
            for level in range(levels)
        )
        self.middle = _level(maps[-2], maps[-1], maps[-2], convolutions)
        self.up = nn.ModuleList(
            _level(2 * maps[level], maps[level], finer[level], convolutions)
            for level in range(levels)
        )
        self.heads = nn.ModuleList(_head(finer[level], convolutions) for level in range(levels))
        self.flow = nn.Sequential(
            *_convolution(width, width),
            *_convolution(width, width),
            nn.Conv2d(width, 3, 3, padding=1),
        )

    def forward(self, image: Tensor) -> Tensor:
        x = (image - 0.5) * 4
        skips: list[Tensor] = []
        for block in self.down:
            skips.append(block(x))
            x = max_pool2d(skips[-1], 2)
        x = self.middle(x)
        heatmaps: list[Tensor] = []
        for level in reversed(range(len(skips))):
            raised = interpolate(x, scale_factor=2.0, mode="nearest")
            x = self.up[level](torch.cat([raised, skips[level]], dim=1))
            drawn = self.heads[level](x)
            # Squares of the finest scale, as the target draws what is coarser.
            heatmaps.append(interpolate(drawn, scale_factor=2.0**level, mode="nearest"))
        return torch.cat([*reversed(heatmaps), self.flow(x)], dim=1)


def _convolution(inputs: int, outputs: int) -> list[nn.Module]:
    return [
        nn.Conv2d(inputs, outputs, 3, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    ]


def _level(inputs: int, maps: int, outputs: int, convolutions: int) -> nn.Sequential:
    sides = [inputs, *[maps] * (convolutions - 1), outputs]
    layers = [_convolution(i, o) for i, o in pairwise(sides)]
    return nn.Sequential(*(layer for group in layers for layer in group))


def _head(maps: int, convolutions: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for _ in range(convolutions):
        layers += [nn.Conv2d(maps, maps, 3, padding=1), nn.LeakyReLU(inplace=True)]
    last = nn.Conv2d(maps, 1, 1)
    assert last.bias is not None
    nn.init.constant_(last.bias, -4.0)
    return nn.Sequential(*layers, last)
