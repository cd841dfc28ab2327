"""Networks of the literature on top of classifiers that torchvision has, without weights."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from adaptor_bench.stages.networks._branches import Branches


class ResNetDeconv(nn.Module):
    """ResNet-18 and three steps up, of 256, 128 and 64 maps, to a quarter of the image."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        from torchvision.models import resnet18

        whole = resnet18(weights=None)
        self.down = nn.Sequential(
            whole.conv1, whole.bn1, whole.relu, whole.maxpool,
            whole.layer1, whole.layer2, whole.layer3, whole.layer4,
        )  # fmt: skip
        self.up = nn.Sequential(*(_Up(i, o) for i, o in pairwise((512, 256, 128, 64))))
        self.head = Branches(64, channels, 64, bias=-2.19)

    def forward(self, image: Tensor) -> Tensor:
        logits: Tensor = self.head(self.up(self.down((image - 0.5) * 4)))
        return logits


class _Up(nn.Sequential):
    """A 3x3 convolution, then a transposed one of 4x4 that starts as bilinear interpolation."""

    def __init__(self, inputs: int, outputs: int) -> None:
        larger = nn.ConvTranspose2d(outputs, outputs, 4, stride=2, padding=1, bias=False)
        slope = torch.tensor([0.25, 0.75, 0.75, 0.25])
        with torch.no_grad():
            larger.weight.zero_()
            each = torch.arange(outputs)
            larger.weight[each, each] = slope[:, None] * slope
        super().__init__(
            nn.Conv2d(inputs, outputs, 3, padding=1),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
            larger,
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
        )


class VggPyramid(nn.Module):
    """VGG-16 with batch norm; its features of a sixteenth added to those of an eighth."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        from torchvision.models import vgg16_bn

        features = vgg16_bn(weights=None).features
        self.eighth, self.sixteenth = features[:33], features[33:43]
        self.narrow = nn.ModuleList(nn.Conv2d(512, 256, 1) for _ in range(2))
        self.smooth = nn.Conv2d(256, 256, 3, padding=1)
        self.head = Branches(256, channels, 256, layers=2)

    def forward(self, image: Tensor) -> Tensor:
        fine = self.eighth((image - 0.5) * 4)
        coarse = self.narrow[1](self.sixteenth(fine))
        joined = self.narrow[0](fine) + interpolate(coarse, scale_factor=2.0, mode="nearest")
        logits: Tensor = self.head(self.smooth(joined))
        return logits
