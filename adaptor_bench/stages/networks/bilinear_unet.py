"""The U-Net of the public code of Sharan et al. 2021."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from adaptor_bench.stages.registry import stage

if TYPE_CHECKING:
    from torch import nn


@stage("network", "bilinear_unet_16_128")
@dataclass(frozen=True)
class BilinearUNet16:
    """Five levels of 16 to 128 maps, bilinear enlargement, dropout; 1.08 million parameters."""

    reduction: ClassVar[int] = 16
    stride: ClassVar[int] = 1

    def build(self, channels: int) -> nn.Module:
        """A network with fresh weights."""
        from adaptor_bench.stages.networks._bilinear_unet import BilinearUNet
        from adaptor_bench.stages.networks._unet import AnySize

        network = BilinearUNet(
            (16, 32, 64, 128, 128), channels, dropout=(0.3, 0.37, 0.43, 0.5, 0.4)
        )
        return AnySize(network, self.reduction)
