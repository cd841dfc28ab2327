"""A network of some milliseconds for tests with several processes, which load this file alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import distributed, nn

from adaptor_bench.stages.registry import stage


@stage("network", "plain")
@dataclass(frozen=True)
class Plain:
    """Two convolutions."""

    reduction: ClassVar[int] = 1
    stride: ClassVar[int] = 1

    def build(self, channels):
        return nn.Sequential(
            nn.Conv2d(3, 6, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(6, channels, 1),
        )


@stage("network", "drifting")
@dataclass(frozen=True)
class Drifting:
    """The weights of rank 1 go their own way."""

    reduction: ClassVar[int] = 1
    stride: ClassVar[int] = 1

    def build(self, channels):
        odd = distributed.is_initialized() and distributed.get_rank() == 1

        class Net(nn.Conv2d):
            def forward(self, image):
                if self.training and odd:
                    with torch.no_grad():
                        self.weight.add_(1e-3)
                return super().forward(image)

        return Net(3, channels, 3, padding=1)
