"""A spatial configuration as a gate behind any network (after Payer et al. 2016, 2019)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from adaptor_bench.parameters import Number
from adaptor_bench.stages.networks.inner import Inner, Width, inner_network
from adaptor_bench.stages.networks.prior import Prior, Shift
from adaptor_bench.stages.registry import stage

if TYPE_CHECKING:
    from torch import nn


@stage("network", "scn")
@dataclass(frozen=True)
class Scn:
    """Local appearance times spatial configuration, of one class of landmarks.

    Payer et al. multiply the local map of each named landmark by one that is computed from the
    maps of all, ``pool`` times smaller. Landmarks without names share a map, so here it is the
    whole pattern of them, and the image if ``image`` (ours), that says where one may be. ``inner``
    draws the local maps; ``width`` is its own (none: as it is), ``shift`` is added to their logits
    (:mod:`networks.prior`). ``gate_width`` and ``kernel`` are those of the gate's three
    convolutions. Theirs ends with tanh; ours is a probability. ``gate`` off leaves the local maps.
    """

    inner: Inner = "payer_unet_64"
    width: Width = None
    pool: Annotated[int, Number(1, 64)] = 8
    kernel: Annotated[int, Number(1, 31)] = 7
    gate_width: Annotated[int, Number(1, 512)] = 64
    image: bool = True
    gate: bool = True
    shift: Shift = 0.0
    stride: ClassVar[int] = 1

    def __post_init__(self) -> None:
        inner_network(self.inner, self.width)

    @property
    def reduction(self) -> int:
        """Px of the image that become one at the bottleneck of the inner network and the gate."""
        return math.lcm(inner_network(self.inner, self.width).reduction, self.pool)

    def problems(self, input_size: tuple[int, int]) -> Iterator[str]:
        """A kernel that has no middle."""
        if self.kernel % 2 == 0:
            yield f"'network.kernel' is {self.kernel}, expected an odd number"

    def build(self, channels: int) -> nn.Module:
        """A network with fresh weights."""
        from adaptor_bench.stages.networks._scn import SpatialConfiguration
        from adaptor_bench.stages.networks._unet import AnySize

        local = Prior(self.inner, self.width, self.shift).build(channels)
        if not self.gate:
            return local
        network = SpatialConfiguration(
            local,
            channels,
            pool=self.pool,
            kernel=self.kernel,
            width=self.gate_width,
            image=self.image,
        )
        return AnySize(network, self.reduction)
