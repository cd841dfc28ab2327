"""Local appearance times spatial configuration (after Payer et al. 2016, 2019)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate, logsigmoid


class SpatialConfiguration(nn.Module):
    """The maps of ``local``, each multiplied by a gate that sees ``pool`` times smaller maps, and
    the image if ``image``.

    The gate is three convolutions of ``width`` maps and ``kernel`` px, leaky ReLU, and one more to
    a logit a map. Sides must be multiples of ``pool``.
    """

    def __init__(
        self, local: nn.Module, channels: int, *, pool: int, kernel: int, width: int, image: bool
    ) -> None:
        super().__init__()
        self.local = local
        self.pool, self.image = pool, image
        layers: list[nn.Module] = []
        inputs = channels + 3 * image
        for _ in range(3):
            layers += [nn.Conv2d(inputs, width, kernel, padding=kernel // 2), nn.LeakyReLU(0.1)]
            inputs = width
        last = nn.Conv2d(inputs, channels, kernel, padding=kernel // 2)
        # Open at first: what a landmark looks like is learnt before where it may be.
        assert last.bias is not None
        nn.init.normal_(last.weight, std=0.001)
        nn.init.constant_(last.bias, 3.0)
        self.gate = nn.Sequential(*layers, last)

    def forward(self, image: Tensor) -> Tensor:
        local = self.local(image).float()
        seen = [local.sigmoid(), image - 0.5] if self.image else [local.sigmoid()]
        small = torch.cat([avg_pool2d(maps, self.pool) for maps in seen], dim=1)
        gate = interpolate(self.gate(small).float(), scale_factor=float(self.pool), mode="bilinear")
        return product_logits(local, gate)


def product_logits(first: Tensor, second: Tensor) -> Tensor:
    """The logit of sigmoid(first) * sigmoid(second), finite wherever they are."""
    product = logsigmoid(first) + logsigmoid(second)
    # 1 - ab = (1 - a) + a (1 - b)
    rest = torch.logaddexp(logsigmoid(-first), logsigmoid(first) + logsigmoid(-second))
    return product - rest
