"""A network of some milliseconds for tests with several processes, which load this file alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import nn

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
