"""The network of Spotiflow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from adaptor_bench.parameters import Number
from adaptor_bench.stages.registry import stage

if TYPE_CHECKING:
    from torch import nn


@stage("network", "multiscale_unet")
@dataclass(frozen=True)
class MultiscaleUNet:
    """A U-Net of ``levels`` steps down, ``convolutions`` a level and ``width`` maps at first, that
    draws a heatmap at each scale and a flow at the finest (Dominguez Mantes et al. 2025)."""

    width: Annotated[int, Number(1, 256)] = 32
    convolutions: Annotated[int, Number(1, 8)] = 3
    levels: Annotated[int, Number(1, 6)] = 4
    stride: ClassVar[int] = 1
    least_maps: ClassVar[int] = 4
    agrees_on: ClassVar[tuple[str, ...]] = ("levels",)

    @property
    def reduction(self) -> int:
        """Each step halves the resolution."""
        return int(2**self.levels)

    def build(self, channels: int) -> nn.Module:
        """A network with fresh weights."""
        from adaptor_bench.stages.networks._multiscale_unet import MultiscaleUNet as Network
        from adaptor_bench.stages.networks._unet import AnySize

        assert channels == self.levels + 3
        network = Network(self.width, self.levels, self.convolutions)
        return AnySize(network, self.reduction)
