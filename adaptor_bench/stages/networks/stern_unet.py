"""The U-Net of Stern et al. 2021."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from adaptor_bench.stages.registry import stage

if TYPE_CHECKING:
    from torch import nn


@stage("network", "stern_unet_16_256")
@dataclass(frozen=True)
class SternUNet:
    """Five levels of 16 to 256 maps, ELU, dropout; activation before batch norm."""

    reduction: ClassVar[int] = 16
    stride: ClassVar[int] = 1

    def build(self, channels: int) -> nn.Module:
        """A network with fresh weights."""
        from torch.nn import ELU

        from adaptor_bench.stages.networks._unet import AnySize, UNet

        network = UNet(
            (16, 32, 64, 128, 256),
            channels,
            activation=ELU,
            norm_first=False,
            dropout=(0.3, 0.37, 0.43, 0.5, 0.4),
        )
        return AnySize(network, self.reduction)
