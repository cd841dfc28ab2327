"""F1 of landmarks as a torchmetrics metric, for anybody's training loop.

It counts as ``bench evaluate`` does: pairs within a radius, pooled over all frames. The counts are
whole numbers that add up, so processes that share an epoch (DDP) get the F1 of all its frames.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torchmetrics import Metric

from adaptor_bench.matching.batch import PointBatch
from adaptor_bench.matching.match import match_frames
from adaptor_bench.matching.settings import RADIUS, MatchSettings
from adaptor_bench.scoring.metrics import f1


class LandmarkF1(Metric):  # type: ignore[misc]
    """F1 in 0..1 of predicted points, NaN where there is neither a point nor a label (0/0).

    ``radius`` is in px of the points, 6 px being meant for 512x288 frames; ``matching`` is
    ``hungarian`` (the ranked rule), ``official`` or ``nearest``; ``inclusive`` says whether a pair
    at exactly the radius counts, None takes the rule's own boundary. Raises UsageError for a rule
    that does not exist or a radius that is not a positive number.
    """

    is_differentiable = False
    higher_is_better = True
    full_state_update = False
    tp: Tensor
    fp: Tensor
    fn: Tensor

    def __init__(
        self,
        radius: float = RADIUS,
        matching: str = "hungarian",
        inclusive: bool | None = None,
        **settings: Any,
    ) -> None:
        super().__init__(**settings)
        self.settings = MatchSettings(matching, radius, inclusive)
        for name in ("tp", "fp", "fn"):
            self.add_state(name, torch.zeros((), dtype=torch.long), dist_reduce_fx="sum")

    def update(self, preds: Sequence[Any], target: Sequence[Any]) -> None:
        """Add frames: for each its predicted and its labelled points (N, 2), order x, y, as
        tensors, arrays or lists; N may be 0. Raises ValueError for another number of frames or
        another shape."""
        if len(preds) != len(target):
            raise ValueError(f"predictions of {len(preds)} frames, labels of {len(target)}")
        found, labels = (
            PointBatch.from_frames([_points(points) for points in one]) for one in (preds, target)
        )
        rules = self.settings
        pairs = match_frames(found, labels, rules.radius, rules.rule, rules.inclusive)
        matched = len(pairs.prediction)
        self.tp += matched
        self.fp += len(found.points) - matched
        self.fn += len(labels.points) - matched

    def compute(self) -> Tensor:
        """Of all frames since the last reset, a scalar."""
        return torch.tensor(f1.of(*(c.item() for c in (self.tp, self.fp, self.fn))).item())


def _points(points: Any) -> np.ndarray[Any, Any]:
    if isinstance(points, Tensor):
        points = points.detach().cpu().numpy()
    array = np.asarray(points, dtype=float)
    return array.reshape(0, 2) if array.size == 0 else array
