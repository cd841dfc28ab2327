"""Any network, asked four times: a frame and its mirror images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from adaptor_bench.stages.networks.inner import Inner, Width, inner_network
from adaptor_bench.stages.registry import stage

if TYPE_CHECKING:
    from torch import nn


@stage("network", "flips")
@dataclass(frozen=True)
class Flips:
    """What ``inner`` draws of a frame, averaged over the frame and its three mirror images.

    Nothing changes while it trains; a map then costs four times as much. For one map without a
    direction: a mirrored offset points elsewhere. ``width`` is the inner network's own, where it
    has one (none: its default).
    """

    inner: Inner = "small_unet"
    width: Width = None
    stride: ClassVar[int] = 1
    most_maps: ClassVar[int] = 1

    def __post_init__(self) -> None:
        inner_network(self.inner, self.width)

    @property
    def reduction(self) -> int:
        """That of the inner network."""
        return int(inner_network(self.inner, self.width).reduction)

    def build(self, channels: int) -> nn.Module:
        """A network with fresh weights."""
        from adaptor_bench.stages.networks._flips import Flips as Network

        return Network(inner_network(self.inner, self.width).build(channels))
