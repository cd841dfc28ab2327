"""The mean over mirror images, at the end of a network."""

from __future__ import annotations

import torch
from torch import Tensor, nn

_MIRRORED: tuple[tuple[int, ...], ...] = ((), (-1,), (-2,), (-1, -2))
_LEAST = 1e-6  # of a probability, and of what is missing to 1: logits stay finite


class Flips(nn.Module):
    """The mean probability that ``network`` sees in an image and its three mirror images, as a
    logit; while it trains, what ``network`` draws of the image itself."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor) -> Tensor:
        if self.training:
            logits: Tensor = self.network(image)
            return logits
        total = torch.zeros((), device=image.device)
        for axes in _MIRRORED:
            drawn = self.network(image.flip(axes).contiguous(memory_format=torch.channels_last))
            total = total + drawn.float().sigmoid().flip(axes)
        return torch.logit(total / len(_MIRRORED), eps=_LEAST)
