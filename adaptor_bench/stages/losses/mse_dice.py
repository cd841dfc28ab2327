"""The loss of Stern et al. 2021."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from adaptor_bench.stages.losses.dice import Dice
from adaptor_bench.stages.registry import stage

if TYPE_CHECKING:
    from torch import Tensor


@stage("loss", "mse_dice")
@dataclass(frozen=True)
class MseDice:
    """Mean squared error of the sigmoid plus :class:`Dice`."""

    def __call__(self, logits: Tensor, target: Tensor) -> Tensor:
        """One scalar."""
        from torch.nn.functional import mse_loss

        return mse_loss(logits.sigmoid(), target) + Dice()(logits, target)
