"""The ResNet-18 of CenterNet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from adaptor_bench.stages.registry import stage

if TYPE_CHECKING:
    from torch import nn


@stage("network", "resnet_deconv")
@dataclass(frozen=True)
class ResNetDeconv:
    """ResNet-18 and three transposed convolutions to a quarter of the image, 16 million
    parameters (Zhou et al. 2019, section 4); plain convolutions where theirs are deformable."""

    reduction: ClassVar[int] = 32
    stride: ClassVar[int] = 4

    def build(self, channels: int) -> nn.Module:
        """A network with fresh weights."""
        from adaptor_bench.stages.networks._from_torchvision import ResNetDeconv as Network
        from adaptor_bench.stages.networks._unet import AnySize

        return AnySize(Network(channels), self.reduction, self.stride)
