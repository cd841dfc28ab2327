"""Cross entropy with soft targets: to a sigmoid what the squared error is to a linear map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from adaptor_bench.parameters import Number
from adaptor_bench.stages.losses.mse_ssim import landmarks_of, structural
from adaptor_bench.stages.registry import stage

if TYPE_CHECKING:
    from torch import Tensor


@stage("loss", "cross_entropy")
@dataclass(frozen=True)
class CrossEntropy:
    """-t log p - (1 - t) log(1 - p), each pixel times \\|p - t\\|^``focus``, summed and divided by
    the landmarks plus one.

    With p the sigmoid of the logit z and t the target, and without focus, the slope by z is p - t:
    that of half the squared error by a map that is drawn without a sigmoid, and least at the same
    map. The squared error of a sigmoid has (p - t) p (1 - p), next to nothing where p is small, as
    it is everywhere before anything is learnt. With a focus of 2 pixels that are nearly right
    count for little (the quality focal loss of Li et al. 2020): most of a frame is background.

    Landmarks are the 3x3 maxima of the target above 0.5. ``structure`` and ``window`` are those
    of :class:`mse_ssim.MseSsim`.
    """

    focus: Annotated[float, Number(0, 10)] = 0.0
    structure: Annotated[float, Number(0, 1000)] = 0.0
    window: Annotated[int, Number(2, 1000)] = 30

    def __call__(self, logits: Tensor, target: Tensor) -> Tensor:
        """One scalar."""
        from torch.nn.functional import binary_cross_entropy_with_logits

        drawn = logits.sigmoid()
        peaks = landmarks_of(target)
        entropy = binary_cross_entropy_with_logits(logits, target, reduction="none")
        if self.focus:
            entropy = (drawn - target).detach().abs() ** self.focus * entropy
        loss: Tensor = entropy.sum() / (peaks.sum() + 1)
        return loss + structural(drawn, target, peaks, self.structure, self.window)
