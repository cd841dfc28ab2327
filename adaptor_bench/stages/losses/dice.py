"""The Dice loss of Yao et al. 2021, in the form of the authors' public code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from adaptor_bench.stages.registry import stage

if TYPE_CHECKING:
    from torch import Tensor


@stage("loss", "dice")
@dataclass(frozen=True)
class Dice:
    """1 - (2 sum(p t) + 1) / (sum p + sum t + 1), p = sigmoid(logits), over the whole batch.

    Soft targets, smoothing 1, no squares. A batch without any target is finite.
    """

    def __call__(self, logits: Tensor, target: Tensor) -> Tensor:
        """One scalar."""
        probability = logits.sigmoid()
        overlap = (probability * target).sum()
        loss: Tensor = 1 - (2 * overlap + 1) / (probability.sum() + target.sum() + 1)
        return loss
