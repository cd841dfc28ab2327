"""The two halves of a CycleGAN. Images are in [-1, 1], shape (B, 3, H, W).

With ``frames`` 2 a network is shown two frames of a video, the earlier one first, as 6 channels.

No generator has a transposed convolution: feature maps are enlarged by repeating pixels, then
convolved, which leaves no checkerboard (Odena, Dumoulin, Olah 2016).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import spectral_norm

_SLOPE = 0.2  # of the leaky rectifiers


class ResNet(nn.Module):
    """Zhu's generator: c7s1-w, d2w, d4w, ``blocks`` x R4w, u2w, uw, c7s1-3, tanh.

    ``width`` is 64 and ``blocks`` 9 in the paper.
    """

    def __init__(self, width: int, blocks: int, frames: int = 1) -> None:
        super().__init__()
        first = nn.Conv2d(3 * frames, width, 7)
        layers: list[nn.Module] = [nn.ReflectionPad2d(3), *_norm(first, width)]
        for w in (width, 2 * width):
            layers += _norm(nn.Conv2d(w, 2 * w, 3, stride=2, padding=1), 2 * w)
        layers += [_Residual(4 * width) for _ in range(blocks)]
        for w in (4 * width, 2 * width):
            up = nn.Conv2d(w, w // 2, 3, padding=1)
            layers += [nn.Upsample(scale_factor=2, mode="nearest"), *_norm(up, w // 2)]
        layers += [nn.ReflectionPad2d(3), nn.Conv2d(width, 3, 7), nn.Tanh()]
        self.layers = nn.Sequential(*layers)
        self.apply(_small_weights)

    def forward(self, image: Tensor) -> Tensor:
        height, width = image.shape[-2:]
        translated: Tensor = self.layers(_filled_up(image, 4))
        return translated[..., :height, :width].float()


class ColourTexture(nn.Module):
    """A colour map, plus smooth colour and fine texture on top of it.

    ``colour`` maps every pixel alike; given the linear map between the domains it starts as a
    plain colour transfer. A small U-Net at half, a quarter and an eighth of the resolution sees
    what is where, and adds two things: colour that changes smoothly, drawn at half the resolution
    and interpolated, and texture, drawn at full resolution from the features and the pixels of a
    few px around. Nothing is normalised by what else is in the image, so windows and whole frames
    are translated alike.
    """

    def __init__(self, width: int, blocks: int, frames: int = 1) -> None:
        super().__init__()
        fine, seen = max(4, 3 * width // 4), 3 * frames
        self.colour = nn.Conv2d(3, 3, 1)
        self.down = nn.ModuleList(
            nn.Conv2d(a, b, 3, stride=2, padding=1)
            for a, b in ((seen, width), (width, 2 * width), (2 * width, 4 * width))
        )
        self.blocks = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(4 * width, 4 * width, 3, padding=1),
                nn.LeakyReLU(_SLOPE),
                nn.Conv2d(4 * width, 4 * width, 3, padding=1),
            )
            for _ in range(blocks)
        )
        self.up = nn.ModuleList(
            nn.Conv2d(a, b, 3, padding=1)
            for a, b in ((6 * width, 2 * width), (3 * width, width), (width + seen, fine))
        )
        self.smooth = nn.Conv2d(width, 3, 3, padding=1)
        self.texture = nn.Conv2d(fine, 3, 3, padding=1)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, _SLOPE)
                nn.init.zeros_(module.bias)  # type: ignore[arg-type]
        with torch.no_grad():  # nearly the colour map alone at first
            for head in (self.smooth, self.texture):
                head.weight.mul_(0.05)
            for block in self.blocks:
                block[2].weight.mul_(0.3)  # type: ignore[index]
        self.start_from(torch.eye(3), torch.zeros(3))

    def start_from(self, matrix: Tensor, offset: Tensor) -> None:
        """Let the colour map be ``matrix`` (3, 3) times the pixel, plus ``offset`` (3,)."""
        with torch.no_grad():
            self.colour.weight.copy_(matrix[..., None, None])
            self.colour.bias.copy_(offset)  # type: ignore[union-attr]

    def forward(self, image: Tensor) -> Tensor:
        height, width = image.shape[-2:]
        image = _filled_up(image, 8)
        seen, x = [image], image
        for down in self.down:
            x = _rectified(down(x))
            seen.append(x)
        for block in self.blocks:
            x = x + block(x)
        smooth = x
        for up, skip in zip(self.up, reversed(seen[:-1]), strict=True):
            smooth, x = x, functional.interpolate(x, scale_factor=2.0)
            x = _rectified(up(torch.cat([x, skip], 1)))
        change = functional.interpolate(
            self.smooth(smooth), scale_factor=2.0, mode="bilinear", align_corners=False
        )
        now = image if image.shape[1] == 3 else image[:, -3:]
        translated = self.colour(now) + change + self.texture(x)
        return translated[..., :height, :width].float()


class InTime(nn.Module):
    """A generator of two frames, along a video: draws each frame from it and the one before.

    From F frames, the earliest first, (B, 3 F, H, W), it draws all but the first one.
    """

    def __init__(self, generator: ResNet | ColourTexture) -> None:
        super().__init__()
        self.generator = generator

    def start_from(self, matrix: Tensor, offset: Tensor) -> None:
        """See :meth:`ColourTexture.start_from`."""
        assert isinstance(self.generator, ColourTexture)
        self.generator.start_from(matrix, offset)

    def forward(self, window: Tensor) -> Tensor:
        pairs = [window[:, at : at + 6] for at in range(0, window.shape[1] - 3, 3)]
        return torch.cat(self.generator(torch.cat(pairs)).chunk(len(pairs)), 1)


class Discriminator(nn.Module):
    """PatchGAN w-2w-4w-8w with ``layers`` strided convolutions (3: 70x70 px); no final sigmoid.

    ``spectral`` bounds every layer's gain (Miyato et al. 2018) in place of instance norm, which
    hides from a judge how bright, colourful and rich in contrast a window is. ``pooled``: its
    patches are averaged to one number a window.
    """

    def __init__(
        self, width: int, layers: int, *, spectral: bool, pooled: bool = False, frames: int = 1
    ) -> None:
        super().__init__()
        self.pooled = pooled
        first = nn.Conv2d(3 * frames, width, 4, stride=2, padding=1)
        stack: list[nn.Module] = [first, nn.LeakyReLU(_SLOPE)]
        w = width
        for depth in range(1, layers + 1):
            wider = min(2 * w, 8 * width)
            stack.append(nn.Conv2d(w, wider, 4, stride=2 if depth < layers else 1, padding=1))
            stack += [] if spectral else [nn.InstanceNorm2d(wider)]
            stack.append(nn.LeakyReLU(_SLOPE))
            w = wider
        stack.append(nn.Conv2d(w, 1, 4, padding=1))
        self.layers = nn.Sequential(*stack)
        if spectral:
            for module in stack:
                if isinstance(module, nn.Conv2d):
                    spectral_norm(module)
        else:
            self.apply(_small_weights)

    def forward(self, image: Tensor) -> Tensor:
        score: Tensor = self.layers(image)
        return (score.mean((-2, -1), keepdim=True) if self.pooled else score).float()


def build_generator(settings: Any) -> ResNet | ColourTexture | InTime:
    """The generator these settings describe, not yet trained."""
    kind = ColourTexture if settings.generator == "colour_texture" else ResNet
    made = kind(settings.width, settings.blocks, settings.frames_seen)
    return InTime(made) if settings.frames_seen > 1 else made


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


def _rectified(x: Tensor) -> Tensor:
    return functional.leaky_relu(x, _SLOPE)


def _filled_up(image: Tensor, multiple: int) -> Tensor:
    """The image with its last row and column repeated, up to sides of a ``multiple``."""
    height, width = image.shape[-2:]
    if height % multiple == 0 and width % multiple == 0:
        return image
    return functional.pad(image, (0, -width % multiple, 0, -height % multiple), mode="replicate")


def _small_weights(module: nn.Module) -> None:
    """Weights from N(0, 0.02), biases 0, as in the reference implementation."""
    if isinstance(module, nn.Conv2d):
        nn.init.normal_(module.weight, 0.0, 0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
