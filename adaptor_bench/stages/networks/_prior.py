"""A constant added to what a network draws."""

from __future__ import annotations

from torch import Tensor, nn


class Prior(nn.Module):
    """The logits of ``network``, plus ``shift``."""

    def __init__(self, network: nn.Module, shift: float) -> None:
        super().__init__()
        self.network = network
        self.shift = shift

    def forward(self, image: Tensor) -> Tensor:
        logits: Tensor = self.network(image) + self.shift
        return logits
