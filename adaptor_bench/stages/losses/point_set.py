"""The loss of P2PNet: proposals are assigned to points one to one, and then compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from adaptor_bench.parameters import Number
from adaptor_bench.stages.registry import stage

if TYPE_CHECKING:
    from torch import Tensor


@stage("loss", "point_set")
@dataclass(frozen=True)
class PointSet:
    """Every point gets the proposal that costs least in all: ``tau`` times its distance in cells,
    less its confidence (Song et al. 2021, equation 2; the assignment is exact, as theirs).

    Then cross entropy of the confidences, those without a point counting ``background``, averaged
    over all proposals, and ``distance`` times the mean squared distance of pairs (equations 5 to
    7). Distances are in cells: of 8 px, 0.4 and 0.0128 are the paper's 0.05 and 2e-4 in px.
    """

    tau: Annotated[float, Number(0, 1000)] = 0.4
    background: Annotated[float, Number(0, 1000)] = 0.5
    distance: Annotated[float, Number(0, 1000)] = 0.0128
    least_maps: ClassVar[int] = 3

    def __call__(self, logits: Tensor, target: Tensor) -> Tensor:
        """One scalar; both (B, 3 K, H, W) as :class:`targets.point_cells.PointCells` draws them."""
        from torch.nn.functional import logsigmoid

        confidence = logits[:, : logits.shape[1] // 3].flatten(1)
        places, wanted = _places(logits.sigmoid()), _places(target)
        there = target[:, : target.shape[1] // 3].flatten(1) == 1
        entropy = -self.background * logsigmoid(-confidence).sum()
        apart, pairs = confidence.new_zeros(()), 0
        for sure, at, points in zip(
            confidence, places, (w[t] for w, t in zip(wanted, there, strict=True)), strict=True
        ):
            chosen, of = self._pairs(sure, at, points)
            won = sure[chosen]
            entropy = entropy + (self.background * logsigmoid(-won) - logsigmoid(won)).sum()
            apart = apart + (at[chosen] - points[of]).square().sum()
            pairs += len(chosen)
        loss: Tensor = entropy / confidence.numel() + self.distance * apart / max(1, pairs)
        return loss

    def _pairs(self, confidence: Tensor, places: Tensor, points: Tensor) -> tuple[Tensor, Tensor]:
        """Proposals (M,) and the points (M,) that they are assigned to."""
        import torch
        from scipy.optimize import linear_sum_assignment

        with torch.no_grad():
            away = (places[:, None] - points[None]).square().sum(-1).sqrt()
            cost = self.tau * away - confidence.sigmoid()[:, None]
        chosen, of = linear_sum_assignment(cost.cpu().numpy())
        return torch.as_tensor(chosen).to(cost.device), torch.as_tensor(of).to(cost.device)


def _places(maps: Tensor) -> Tensor:
    """The places (B, K H W, 2), in cells, that maps in [0, 1] (B, 3 K, H, W) propose."""
    import torch

    from adaptor_bench.stages.cells import REACH, anchors_of

    batch, channels, height, width = maps.shape
    each = channels // 3
    anchors = torch.from_numpy(anchors_of(each)).to(maps)
    across = torch.arange(width).to(maps)[None, None] + anchors[:, 0, None, None]
    down = torch.arange(height).to(maps)[None, :, None] + anchors[:, 1, None, None]
    away = REACH * (2 * maps[:, each:].reshape(batch, 2, each, height, width) - 1)
    return torch.stack([away[:, 0] + across, away[:, 1] + down], dim=-1).flatten(1, 3)
