"""The loss of CenterNet for points: where centres are, and what the grid rounds away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from adaptor_bench.parameters import Number
from adaptor_bench.stages.losses.focal import Focal
from adaptor_bench.stages.registry import stage

if TYPE_CHECKING:
    from torch import Tensor


@stage("loss", "focal_offset")
@dataclass(frozen=True)
class FocalOffset:
    """:class:`Focal` of the first map, and ``offset`` times the L1 distance of the others.

    Zhou et al. 2019, equations 1 and 2: the offset is looked at where the target's first map is 1,
    and divided, as the other term is, by the number of centres plus one.
    """

    alpha: Annotated[float, Number(0, 10)] = 2.0
    beta: Annotated[float, Number(0, 10)] = 4.0
    offset: Annotated[float, Number(0, 1000)] = 1.0
    least_maps: ClassVar[int] = 3

    def __call__(self, logits: Tensor, target: Tensor) -> Tensor:
        """One scalar; both (B, 3, H, W)."""
        centres = (target[:, :1] == 1).float()
        apart = (logits[:, 1:].sigmoid() - target[:, 1:]).abs()
        off = (centres * apart).sum() / (centres.sum() + 1)
        loss: Tensor = Focal(self.alpha, self.beta)(logits[:, :1], target[:, :1])
        return loss + self.offset * off
