"""The U-Net that the text of Yao et al. 2021 describes, taken literally."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from adaptor_bench.stages.registry import stage

if TYPE_CHECKING:
    from torch import nn


@stage("network", "plain_unet_16_512")
@dataclass(frozen=True)
class PlainUNet:
    """Six levels of 16, 32, .., 512 maps, batch norm after each 3x3 convolution."""

    reduction: ClassVar[int] = 32
    stride: ClassVar[int] = 1

    def build(self, channels: int) -> nn.Module:
        """A network with fresh weights."""
        from adaptor_bench.stages.networks._unet import AnySize, UNet

        return AnySize(UNet((16, 32, 64, 128, 256, 512), channels), self.reduction)
