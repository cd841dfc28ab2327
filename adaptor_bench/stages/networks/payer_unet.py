"""The local part of the later SpatialConfiguration-Net (Payer et al. 2019), in two dimensions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from adaptor_bench.stages.registry import stage

if TYPE_CHECKING:
    from torch import nn


@stage("network", "payer_unet_64")
@dataclass(frozen=True)
class PayerUNet:
    """Four levels of 64 maps each, leaky ReLU, dropout 0.5; batch norm is ours."""

    reduction: ClassVar[int] = 8
    stride: ClassVar[int] = 1

    def build(self, channels: int) -> nn.Module:
        """A network with fresh weights."""
        from torch.nn import LeakyReLU

        from adaptor_bench.stages.networks._unet import AnySize, UNet

        class Leaky(LeakyReLU):
            def __init__(self) -> None:
                super().__init__(0.1)

        return AnySize(UNet((64,) * 4, channels, activation=Leaky, dropout=(0.5,) * 4), 8)
