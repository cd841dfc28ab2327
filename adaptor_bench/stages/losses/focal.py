"""The penalty-reduced focal loss of CornerNet and CenterNet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from adaptor_bench.parameters import Number
from adaptor_bench.stages.registry import stage

if TYPE_CHECKING:
    from torch import Tensor


@stage("loss", "focal")
@dataclass(frozen=True)
class Focal:
    """A landmark is the peak of its kernel; around it, missing the background costs less.

    Law and Deng, CornerNet, ECCV 2018; Zhou et al., Objects as Points, 2019: with p the sigmoid of
    the logits and t the target, -(1 - p)^alpha log p at peaks and -(1 - t)^beta p^alpha log(1 - p)
    elsewhere, summed over the batch and divided by the number of peaks plus one. Peaks are the 3x3
    maxima of the target above 0.5, so that a kernel centred between pixels has one too.
    """

    alpha: Annotated[float, Number(0, 10)] = 2.0
    beta: Annotated[float, Number(0, 10)] = 4.0

    def __call__(self, logits: Tensor, target: Tensor) -> Tensor:
        """One scalar."""
        from torch.nn.functional import logsigmoid, max_pool2d

        peak = ((max_pool2d(target, 3, 1, 1) == target) & (target > 0.5)).float()
        probability = logits.sigmoid()
        at = peak * (1 - probability) ** self.alpha * logsigmoid(logits)
        away = (1 - peak) * (1 - target) ** self.beta * probability**self.alpha
        loss: Tensor = -(at + away * logsigmoid(-logits)).sum() / (peak.sum() + 1)
        return loss
