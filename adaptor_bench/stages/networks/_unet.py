"""The plain U-Net, and how a network of a given depth takes images of any size."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn


class UNet(nn.Module):
    """A U-Net of two 3x3 convolutions a level, 2x2 max pooling and transposed convolutions.

    ``maps`` are the feature maps from the first level to the bottleneck: (16, .., 512) is the
    paper's text taken literally (depth 5), (16, .., 256) with ELU and dropout the Stern baseline.
    ``dropout`` gives the rate between the two convolutions of each level, bottleneck last; the
    decoder mirrors it.
    """

    def __init__(
        self,
        maps: tuple[int, ...],
        channels: int = 1,
        *,
        activation: type[nn.Module] = nn.ReLU,
        norm_first: bool = True,
        dropout: tuple[float, ...] | None = None,
    ) -> None:
        super().__init__()
        rates = dropout or (0.0,) * len(maps)

        def level(inputs: int, outputs: int, rate: float) -> nn.Sequential:
            def convolution(channels: int) -> list[nn.Module]:
                layers = [nn.BatchNorm2d(outputs), activation()]
                return [
                    nn.Conv2d(channels, outputs, 3, padding=1, bias=not norm_first),
                    *(layers if norm_first else reversed(layers)),
                ]

            between = [nn.Dropout2d(rate)] if rate else []
            return nn.Sequential(*convolution(inputs), *between, *convolution(outputs))

        self.down = nn.ModuleList(
            level(inputs, outputs, rate)
            for (inputs, outputs), rate in zip(pairwise((3, *maps)), rates, strict=True)
        )
        upward = list(pairwise(reversed(maps)))
        self.raise_ = nn.ModuleList(nn.ConvTranspose2d(i, o, 2, stride=2) for i, o in upward)
        self.up = nn.ModuleList(
            level(2 * o, o, rate) for (_, o), rate in zip(upward, rates[-2::-1], strict=True)
        )
        self.head = nn.Conv2d(maps[0], channels, 1)
        # Landmarks cover little of a frame: starting near "nothing here" saves the first steps.
        assert self.head.bias is not None
        nn.init.constant_(self.head.bias, -2.0)

    def forward(self, image: Tensor) -> Tensor:
        x = image
        skips: list[Tensor] = []
        for depth, stage in enumerate(self.down):
            x = stage(nn.functional.max_pool2d(x, 2) if depth else x)
            skips.append(x)
        skips.pop()
        for widen, stage in zip(self.raise_, self.up, strict=True):
            x = stage(torch.cat([widen(x), skips.pop()], dim=1))
        logits: Tensor = self.head(x)
        return logits


class AnySize(nn.Module):
    """Pads the input on the right and below to a multiple of ``stride``, crops the output, which
    is ``smaller`` times smaller than the image."""

    def __init__(self, network: nn.Module, stride: int, smaller: int = 1) -> None:
        super().__init__()
        self.network = network
        self.stride = stride
        self.smaller = smaller

    def forward(self, image: Tensor) -> Tensor:
        height, width = image.shape[-2:]
        below, right = -height % self.stride, -width % self.stride
        logits: Tensor = self.network(nn.functional.pad(image, (0, right, 0, below)))
        return logits[..., : -(-height // self.smaller), : -(-width // self.smaller)]
