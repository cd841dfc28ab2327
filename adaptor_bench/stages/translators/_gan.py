"""The two halves of a CycleGAN (Zhu et al. 2017). Images are in [-1, 1], shape (B, 3, H, W)."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Generator(nn.Module):
    """ResNet generator: c7s1-w, d2w, d4w, ``blocks`` x R4w, u2w, uw, c7s1-3, tanh.

    ``width`` is 64 and ``blocks`` 9 in the paper. With ``residual`` the network predicts a change
    of the image in the space before tanh, so it starts as the identity: a short training then
    moves colours and keeps thin threads, where the plain form still blurs them away.
    """

    def __init__(self, width: int, blocks: int, *, residual: bool) -> None:
        super().__init__()
        self.residual = residual
        layers: list[nn.Module] = [nn.ReflectionPad2d(3), *_norm(nn.Conv2d(3, width, 7), width)]
        for w in (width, 2 * width):
            layers += _norm(nn.Conv2d(w, 2 * w, 3, stride=2, padding=1), 2 * w)
        layers += [_Residual(4 * width) for _ in range(blocks)]
        for w in (4 * width, 2 * width):
            up = nn.ConvTranspose2d(w, w // 2, 3, stride=2, padding=1, output_padding=1)
            layers += _norm(up, w // 2)
        layers += [nn.ReflectionPad2d(3), nn.Conv2d(width, 3, 7)]
        self.layers = nn.Sequential(*layers)

    def forward(self, image: Tensor) -> Tensor:
        height, width = image.shape[-2:]
        padded = nn.functional.pad(image, (0, -width % 4, 0, -height % 4), mode="replicate")
        change = self.layers(padded)[..., :height, :width]
        if self.residual:
            return torch.tanh(torch.atanh(0.95 * image) + change)
        return torch.tanh(change)


class Discriminator(nn.Module):
    """PatchGAN w-2w-4w-8w with ``layers`` strided convolutions (3: 70x70 px); no final sigmoid."""

    def __init__(self, width: int, layers: int) -> None:
        super().__init__()
        stack: list[nn.Module] = [nn.Conv2d(3, width, 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
        w = width
        for depth in range(1, layers + 1):
            stride = 2 if depth < layers else 1
            wider = min(2 * w, 8 * width)
            stack += [
                nn.Conv2d(w, wider, 4, stride=stride, padding=1),
                nn.InstanceNorm2d(wider),
                nn.LeakyReLU(0.2),
            ]
            w = wider
        self.layers = nn.Sequential(*stack, nn.Conv2d(w, 1, 4, padding=1))

    def forward(self, image: Tensor) -> Tensor:
        score: Tensor = self.layers(image)
        return score


class ImagePool:
    """Past fakes shown to the discriminator: once full, each is swapped in with chance one half."""

    def __init__(self, size: int, generator: torch.Generator) -> None:
        self.size = size
        self.generator = generator
        self.images: list[Tensor] = []

    def swap(self, fakes: Tensor) -> Tensor:
        """A batch in which some of ``fakes`` are replaced by earlier ones."""
        if self.size == 0:
            return fakes
        shown = []
        for fake in fakes.detach():
            if len(self.images) < self.size:
                self.images.append(fake)
            elif torch.rand(1, generator=self.generator) < 0.5:
                i = int(torch.randint(self.size, (1,), generator=self.generator))
                fake, self.images[i] = self.images[i], fake
            shown.append(fake)
        return torch.stack(shown)


class _Residual(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.ReflectionPad2d(1),
            *_norm(nn.Conv2d(width, width, 3), width),
            nn.ReflectionPad2d(1),
            nn.Conv2d(width, width, 3),
            nn.InstanceNorm2d(width),
        )

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.layers(x)
        return out


def _norm(convolution: nn.Module, width: int) -> list[nn.Module]:
    return [convolution, nn.InstanceNorm2d(width), nn.ReLU()]


def initialise(network: nn.Module) -> None:
    """Weights from N(0, 0.02), biases 0, as in the reference implementation."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(module.weight, 0.0, 0.02)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
