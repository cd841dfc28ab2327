"""The squared error, as most heatmap regression has it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from adaptor_bench.stages.registry import stage

if TYPE_CHECKING:
    from torch import Tensor


@stage("loss", "mse")
@dataclass(frozen=True)
class Mse:
    """Mean squared error of the sigmoid; Payer et al. 2016 sum, which Adam does not tell apart."""

    def __call__(self, logits: Tensor, target: Tensor) -> Tensor:
        """One scalar."""
        from torch.nn.functional import mse_loss

        return mse_loss(logits.sigmoid(), target)
