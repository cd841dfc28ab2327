"""A network that a CPU core trains in half a minute."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from adaptor_bench.parameters import Number
from adaptor_bench.stages.registry import stage

if TYPE_CHECKING:
    from torch import nn


@stage("network", "small_unet")
@dataclass(frozen=True)
class SmallUNet:
    """Five levels of ``width`` times 1, 2, 4, 8 and 12 maps at full resolution, residual blocks.

    0.3 million parameters at width 8: an hundredth of the paper's network, so that a training on
    whole-size pixels ends within half a minute of one core.
    """

    width: Annotated[int, Number(1, 256)] = 8
    reduction: ClassVar[int] = 16
    stride: ClassVar[int] = 1

    def build(self, channels: int) -> nn.Module:
        """A network with fresh weights."""
        from adaptor_bench.stages.networks._small_unet import SmallUNet as Network
        from adaptor_bench.stages.networks._unet import AnySize

        maps = tuple(self.width * times for times in (1, 2, 4, 8, 12))
        return AnySize(Network(maps, channels), self.reduction)
