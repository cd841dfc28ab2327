"""Networks from an RGB image to one channel of logits of the same size.

Images are float in [0, 1], shape (B, 3, H, W); logits have shape (B, 1, H, W). A network pads its
input to what its depth needs and crops its output, so any size goes.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor, nn

from adaptor_bench.errors import BenchError, UsageError, suggest

__all__ = ["NETWORKS", "PlainUNet", "build_network"]


class PlainUNet(nn.Module):
    """A U-Net of two 3x3 convolutions a level, 2x2 max pooling and transposed convolutions.

    ``maps`` are the feature maps from the first level to the bottleneck: (16, .., 512) is the
    paper's text taken literally (depth 5), (16, .., 256) with ELU and dropout the Stern baseline.
    ``dropout`` gives the rate between the two convolutions of each level, bottleneck last; the
    decoder mirrors it.
    """

    def __init__(
        self,
        maps: tuple[int, ...],
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
        self.head = nn.Conv2d(maps[0], 1, 1)
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


class _AnySize(nn.Module):
    """Pads the input on the right and below to a multiple of ``stride``, crops the output."""

    def __init__(self, network: nn.Module, stride: int) -> None:
        super().__init__()
        self.network = network
        self.stride = stride

    def forward(self, image: Tensor) -> Tensor:
        height, width = image.shape[-2:]
        below, right = -height % self.stride, -width % self.stride
        logits: Tensor = self.network(nn.functional.pad(image, (0, right, 0, below)))
        return logits[..., :height, :width]


def _plain(pretrained: bool) -> nn.Module:
    _no_weights("plain_unet_16_512", pretrained)
    return _AnySize(PlainUNet((16, 32, 64, 128, 256, 512)), 32)


def _stern(pretrained: bool) -> nn.Module:
    _no_weights("stern_unet_16_256", pretrained)
    network = PlainUNet(
        (16, 32, 64, 128, 256),
        activation=nn.ELU,
        norm_first=False,
        dropout=(0.3, 0.37, 0.43, 0.5, 0.4),
    )
    return _AnySize(network, 16)


def _resnext(pretrained: bool) -> nn.Module:
    import segmentation_models_pytorch as smp

    weights = "imagenet" if pretrained else None
    try:
        network = smp.Unet("resnext50_32x4d", encoder_weights=weights, classes=1)
    except OSError as error:
        raise BenchError(
            f"ImageNet weights for resnext50_32x4d cannot be fetched: {error}",
            hint="Leave pretrained off (the challenge forbids it), or fetch them once online.",
        ) from error
    return _AnySize(network, 32)


def _no_weights(name: str, pretrained: bool) -> None:
    if pretrained:
        raise UsageError(
            f"network {name!r} has no pretrained weights",
            hint="Use network=resnext_unet, or leave pretrained off.",
        )


NETWORKS: dict[str, Callable[[bool], nn.Module]] = {
    "plain_unet_16_512": _plain,
    "resnext_unet": _resnext,
    "stern_unet_16_256": _stern,
}


def build_network(name: str, *, pretrained: bool = False) -> nn.Module:
    """Network by name, freshly initialised from torch's current seed. Raises UsageError."""
    if name not in NETWORKS:
        raise UsageError(f"unknown network {name!r}", hint=suggest(name, NETWORKS))
    return NETWORKS[name](pretrained)
