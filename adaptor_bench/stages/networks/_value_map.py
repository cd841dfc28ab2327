"""Blur and soft-argmax values at the end of a network (Sharan et al. 2021)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, pad

_LEAST = 1e-6  # of a probability, and of what is missing to 1: logits stay finite


class ValueMap(nn.Module):
    """The value map of ``network``'s probabilities, as logits.

    With ``both`` the blurred map comes after it while the network trains, (B, 2 channels, H, W).
    """

    def __init__(self, network: nn.Module, *, sigma: float, temperature: float, both: bool) -> None:
        super().__init__()
        self.network = network
        self.sigma, self.temperature, self.both = sigma, temperature, both

    def forward(self, image: Tensor) -> Tensor:
        blurred = blur(self.network(image).float().sigmoid(), self.sigma)
        maps = soft_argmax_values(blurred, self.temperature)
        if self.both and self.training:
            maps = torch.cat([maps, blurred], dim=1)
        return torch.logit(maps, eps=_LEAST)


def blur(maps: Tensor, sigma: float) -> Tensor:
    """``maps`` (B, C, H, W) under a 3x3 Gaussian of ``sigma`` px, mirrored at the border."""
    beside = math.exp(-0.5 / sigma**2)
    middle, beside = 1 / (1 + 2 * beside), beside / (1 + 2 * beside)
    for axis in (-1, -2):
        size = maps.shape[axis]
        mode = "reflect" if size > 1 else "replicate"  # a map of one px has nothing to mirror
        framed = pad(maps, (1, 1, 0, 0) if axis == -1 else (0, 0, 1, 1), mode=mode)
        before, here, after = (framed.narrow(axis, start, size) for start in range(3))
        maps = middle * here + beside * (before + after)
    return maps


def soft_argmax_values(maps: Tensor, temperature: float) -> Tensor:
    """At every pixel the mean of the 3x3 values around it, each weighted by its softmax.

    What lies outside has no weight. ``maps`` (B, C, H, W) have values in [0, 1].
    """
    weights = ((maps - 1) / temperature).exp()  # from 0 to 1
    return avg_pool2d(weights * maps, 3, 1, 1) / avg_pool2d(weights, 3, 1, 1)
