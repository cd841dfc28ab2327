"""Any network, begun nearer to "nothing here"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from adaptor_bench.parameters import Number
from adaptor_bench.stages.networks.inner import Inner, Width, inner_network
from adaptor_bench.stages.registry import stage

if TYPE_CHECKING:
    from torch import nn

Shift = Annotated[float, Number(-20, 20)]


@stage("network", "prior")
@dataclass(frozen=True)
class Prior:
    """The logits that ``inner`` draws, plus ``shift``: a lower map before anything is learnt.

    A map that begins above the mean of its target is pushed down everywhere first, and with a loss
    that weighs all pixels alike the last weights may all turn negative: what is drawn then never
    rises above where it began. One that begins below is pushed up first. ``width`` is the inner
    network's own, where it has one (none: its default).
    """

    inner: Inner = "small_unet"
    width: Width = None
    shift: Shift = -3.0
    stride: ClassVar[int] = 1

    def __post_init__(self) -> None:
        inner_network(self.inner, self.width)

    @property
    def reduction(self) -> int:
        """That of the inner network."""
        return int(inner_network(self.inner, self.width).reduction)

    def build(self, channels: int) -> nn.Module:
        """A network with fresh weights."""
        from adaptor_bench.stages.networks._prior import Prior as Network

        return Network(inner_network(self.inner, self.width).build(channels), self.shift)
