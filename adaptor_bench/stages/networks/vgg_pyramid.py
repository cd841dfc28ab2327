"""The VGG-16 of P2PNet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from adaptor_bench.stages.registry import stage

if TYPE_CHECKING:
    from torch import nn


@stage("network", "vgg_pyramid")
@dataclass(frozen=True)
class VggPyramid:
    """VGG-16 with batch norm and two branches at an eighth of the image, 19 million parameters
    (Song et al. 2021, section 3.3)."""

    reduction: ClassVar[int] = 16
    stride: ClassVar[int] = 8

    def build(self, channels: int) -> nn.Module:
        """A network with fresh weights."""
        from adaptor_bench.stages.networks._from_torchvision import VggPyramid as Network
        from adaptor_bench.stages.networks._unet import AnySize

        return AnySize(Network(channels), self.reduction, self.stride)
