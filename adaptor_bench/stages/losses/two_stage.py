"""The two-stage loss of Variant 2 of Sharan et al. 2021."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from adaptor_bench.parameters import Number
from adaptor_bench.stages.losses.mse_dice import MseDice
from adaptor_bench.stages.registry import stage

if TYPE_CHECKING:
    from torch import Tensor


@stage("loss", "two_stage")
@dataclass(frozen=True)
class TwoStage:
    """:class:`MseDice` of the final map and of the one before it, which counts ``share``.

    For a network that draws both in training: ``network=value_map``, ``network.both=true``.
    """

    share: Annotated[float, Number(0, 1)] = 0.5
    outputs: ClassVar[int] = 2

    def __call__(self, logits: Tensor, target: Tensor) -> Tensor:
        """One scalar; ``logits`` (B, 2 channels, H, W), the final maps first."""
        final, before = logits.chunk(2, dim=1)
        loss = MseDice()
        return (1 - self.share) * loss(final, target) + self.share * loss(before, target)
