"""Muon: momentum whose steps are made orthogonal (Jordan et al. 2024).

A convolution's weights are a matrix with one row a feature map. Adam scales every entry by itself;
here the whole matrix is scaled, so that all its directions move equally far. In a training of some
hundred steps that gets farther. The weights of a grouped convolution are taken as one matrix too,
not one a group; the rows of a transposed one are the maps that it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

_STEPS = 5
_POLYNOMIAL = (3.4445, -4.7750, 2.0315)  # of Jordan et al.: five steps end near 1 from anywhere
_AS_ADAM = 0.2  # root mean square of what Adam moves a weight by, in units of its rate


class Muon(torch.optim.Optimizer):
    """Muon for ``matrices``, weights of at least two axes, and AdamW for the ``others``, which are
    not decayed: norms, biases, and matrices of a single row.

    A step is scaled to the size that Adam's have (Liu et al. 2025), so that ``lr`` and
    ``weight_decay`` mean what they mean there. ``betas`` are AdamW's, ``momentum`` is Muon's, and
    Nesterov's.
    """

    def __init__(
        self,
        matrices: Iterable[nn.Parameter],
        others: Iterable[nn.Parameter],
        *,
        lr: float,
        betas: tuple[float, float] = (0.9, 0.999),
        weight_decay: float = 0.0,
        momentum: float = 0.95,
    ) -> None:
        groups: list[dict[str, Any]] = [
            {"params": list(matrices)},
            {"params": list(others), "weight_decay": 0.0},
        ]
        super().__init__(groups, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})
        self._adam = torch.optim.AdamW(
            self.param_groups[1:], lr=lr, betas=betas, weight_decay=0.0, fused=True
        )
        # One group and one state for both: rates are set, and states kept, here.
        self.param_groups[1:] = self._adam.param_groups
        self._adam.state = self.state

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> None:  # type: ignore[override]
        """One step by the gradients there are."""
        assert closure is None
        group = self.param_groups[0]
        decay, rate, momentum = (group[k] for k in ("weight_decay", "lr", "momentum"))
        for weight in group["params"]:
            if weight.grad is None:
                continue
            state = self.state[weight]
            if not state:
                state["average"] = torch.zeros_like(weight)
            average = state["average"].lerp_(weight.grad, 1 - momentum)
            ahead = weight.grad.lerp(average, momentum).flatten(1)
            moved = orthogonal(ahead).view_as(weight)
            weight.mul_(1 - rate * decay)
            weight.add_(moved, alpha=-rate * _AS_ADAM * max(ahead.shape) ** 0.5)
        self._adam.step()

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from what ``state_dict`` returned; AdamW's part stays the same state."""
        super().load_state_dict(state_dict)  # makes new groups and a new state
        self._adam.param_groups = self.param_groups[1:]
        self._adam.state = self.state


def orthogonal(matrix: Tensor) -> Tensor:
    """About the nearest matrix whose singular values are all 1, within some 0.3 of it.

    Newton and Schulz's iteration: the singular values go through an odd polynomial, five times.
    It is computed on the smaller square of the matrix, which for wide ones is several times less.
    """
    a, b, c = _POLYNOMIAL
    wide = len(matrix) <= matrix.shape[1]
    x = matrix if wide else matrix.T
    x = x / (x.norm() + 1e-7)
    square, product = x @ x.T, torch.eye(len(x), device=x.device)
    for _ in range(_STEPS):
        factor = torch.addmm(square, square, square, beta=b, alpha=c)
        factor.diagonal().add_(a)
        product, square = factor @ product, factor @ square @ factor
    x = product @ x
    return x if wide else x.T
