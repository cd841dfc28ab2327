"""The loss of Spotiflow: heatmaps of several scales, and a flow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from adaptor_bench.parameters import Number
from adaptor_bench.stages.registry import stage

if TYPE_CHECKING:
    from torch import Tensor


@stage("loss", "multiscale_flow")
@dataclass(frozen=True)
class MultiscaleFlowLoss:
    """Cross entropy of every heatmap, and the L1 distance of the flow, all but the last 3 maps.

    Dominguez Mantes et al. 2025, and Spotiflow 0.6: the heatmap of level l counts 4^-l. At level 0,
    and in the flow, pixels count 1 + ``positive`` where the target or the logit of that heatmap
    reaches 0.01. The flow is compared as a direction.
    """

    positive: Annotated[float, Number(0, 1000)] = 10.0
    least_maps: ClassVar[int] = 4

    def __call__(self, logits: Tensor, target: Tensor) -> Tensor:
        """One scalar; both (B, levels + 3, H, W)."""
        from torch.nn.functional import binary_cross_entropy_with_logits

        levels = target.shape[1] - 3
        entropy = binary_cross_entropy_with_logits(
            logits[:, :levels], target[:, :levels], reduction="none"
        )
        near = (target[:, :1] >= 0.01) | (logits[:, :1] >= 0.01)
        weight = 1 + self.positive * near.float()
        flow, wanted = 2 * logits[:, levels:].sigmoid() - 1, 2 * target[:, levels:] - 1
        flow = flow / (flow.square().sum(1, keepdim=True) + 1e-6).sqrt()
        loss: Tensor = (weight * entropy[:, :1]).mean() + (weight * (flow - wanted).abs()).mean()
        for level in range(1, levels):
            loss = loss + entropy[:, level].mean() / 4**level
        return loss
