"""The small U-Net whose way up ends early, at a coarse grid."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from adaptor_bench.parameters import Number
from adaptor_bench.stages.registry import stage

if TYPE_CHECKING:
    from torch import nn


@stage("network", "strided_unet")
@dataclass(frozen=True)
class StridedUNet:
    """:class:`SmallUNet` as far as maps that are ``stride`` (1, 2, 4 or 8) times smaller, and two
    branches of ``head`` maps: whether there is a point, and where."""

    width: Annotated[int, Number(1, 256)] = 8
    stride: Annotated[int, Number(1, 8)] = 4
    head: Annotated[int, Number(1, 1024)] = 32
    reduction: ClassVar[int] = 16

    def problems(self, input_size: tuple[int, int]) -> Iterator[str]:
        """A stride that no level of it has."""
        if self.stride not in (1, 2, 4, 8):
            yield f"'network.stride' is {self.stride}, expected 1, 2, 4 or 8"

    def build(self, channels: int) -> nn.Module:
        """A network with fresh weights."""
        from adaptor_bench.stages.networks._branches import Branches
        from adaptor_bench.stages.networks._small_unet import SmallUNet
        from adaptor_bench.stages.networks._unet import AnySize

        maps = tuple(self.width * times for times in (1, 2, 4, 8, 12))
        last = self.stride.bit_length() - 1
        network = SmallUNet(maps, channels, last=last)
        network.head = Branches(maps[last], channels, self.head)
        return AnySize(network, self.reduction, self.stride)
