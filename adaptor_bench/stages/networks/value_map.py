"""The last layers of Sharan et al. 2021, behind any network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from adaptor_bench.parameters import Number
from adaptor_bench.stages.networks.inner import Inner, Width, inner_network
from adaptor_bench.stages.registry import stage

if TYPE_CHECKING:
    from torch import nn


@stage("network", "value_map")
@dataclass(frozen=True)
class ValueMap:
    """A 3x3 Gaussian blur and the soft-argmax values of 3x3 px behind the sigmoid of ``inner``.

    Sharan et al. 2021: "a 2D Gaussian layer followed by a differentiable 2D spatial Soft-Argmax
    layer". Their code uses the layer's values, which are the softmax-weighted mean around each
    pixel, and not its coordinates. ``width`` is the inner network's, where it has one (none: its
    own). ``sigma`` is in px of the network's image. ``both``: the blurred map is drawn too while
    the network trains, for the loss ``two_stage``.
    """

    inner: Inner = "bilinear_unet_16_128"
    width: Width = None
    sigma: Annotated[float, Number(0.1, 10)] = 1.0
    temperature: Annotated[float, Number(0.05, 100)] = 1.0
    both: bool = False
    stride: ClassVar[int] = 1

    def __post_init__(self) -> None:
        inner_network(self.inner, self.width)

    @property
    def reduction(self) -> int:
        """That of the inner network."""
        return int(inner_network(self.inner, self.width).reduction)

    @property
    def outputs(self) -> int:
        """How many times every map is drawn in training."""
        return 2 if self.both else 1

    def build(self, channels: int) -> nn.Module:
        """A network with fresh weights."""
        from adaptor_bench.stages.networks._value_map import ValueMap as Network

        return Network(
            inner_network(self.inner, self.width).build(channels),
            sigma=self.sigma,
            temperature=self.temperature,
            both=self.both,
        )
