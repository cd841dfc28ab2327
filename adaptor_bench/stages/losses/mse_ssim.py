"""Squared error and structural similarity around landmarks (Liang et al. 2022)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from adaptor_bench.parameters import Number
from adaptor_bench.stages.registry import stage

if TYPE_CHECKING:
    from torch import Tensor

_MEANS, _SPREADS = 0.01**2, 0.03**2  # those of SSIM (Wang et al. 2004) for values in [0, 1]


@stage("loss", "mse_ssim")
@dataclass(frozen=True)
class MseSsim:
    """Squared errors, summed and divided by the landmarks plus one, plus ``structure`` times the
    mean of 1 - SSIM over the ``window`` px wide squares around landmarks ("independent SSIM").

    Landmarks are the 3x3 maxima of the target above 0.5; a square ends at the border. 0 for
    ``structure`` is the authors' public training code, which has the squared error alone. How
    their paper weights the two was not accessible: dividing by the landmarks is ours.
    """

    window: Annotated[int, Number(2, 1000)] = 30
    structure: Annotated[float, Number(0, 1000)] = 1.0

    def __call__(self, logits: Tensor, target: Tensor) -> Tensor:
        """One scalar."""
        drawn = logits.sigmoid()
        peaks = landmarks_of(target)
        loss: Tensor = (drawn - target).square().sum() / (peaks.sum() + 1)
        return loss + structural(drawn, target, peaks, self.structure, self.window)


def landmarks_of(target: Tensor) -> Tensor:
    """Which pixels of a target (B, C, H, W) are landmarks: its 3x3 maxima above 0.5."""
    from torch.nn.functional import max_pool2d

    return (max_pool2d(target, 3, 1, 1) == target) & (target > 0.5)


def structural(
    drawn: Tensor, target: Tensor, at: Tensor, share: float, window: int
) -> Tensor | float:
    """``share`` times the mean of 1 - SSIM around pixels marked ``at``; 0 where there is none."""
    if not share or not at.any():
        return 0.0
    return share * (1 - _similarity(drawn, target, at, window)).mean()


def _similarity(drawn: Tensor, target: Tensor, at: Tensor, window: int) -> Tensor:
    """SSIM (N,), from -1 to 1, of two maps (B, C, H, W) in the square around each of N pixels that
    are marked ``at``."""
    import torch

    frame, channel, y, x = (index[:, None, None] for index in at.nonzero(as_tuple=True))
    steps = torch.arange(window, device=at.device) - window // 2
    rows, columns = y + steps[:, None], x + steps
    height, width = at.shape[-2:]
    inside = ((rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)).float()
    place = frame, channel, rows.clamp(0, height - 1), columns.clamp(0, width - 1)
    a, b = drawn[place], target[place]
    weights = inside / inside.sum((1, 2), keepdim=True)

    def mean(values: Tensor) -> Tensor:
        return (weights * values).sum((1, 2), keepdim=True)

    mean_a, mean_b = mean(a), mean(b)
    off_a, off_b = a - mean_a, b - mean_b
    light = (2 * mean_a * mean_b + _MEANS) / (mean_a**2 + mean_b**2 + _MEANS)
    shape = (2 * mean(off_a * off_b) + _SPREADS) / (mean(off_a**2) + mean(off_b**2) + _SPREADS)
    return (light * shape).flatten()
