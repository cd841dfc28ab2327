"""The network of the public code of Yao et al. 2021."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from adaptor_bench.errors import BenchError
from adaptor_bench.stages.registry import stage

if TYPE_CHECKING:
    from torch import nn


@stage("network", "resnext_unet")
@dataclass(frozen=True)
class ResNextUNet:
    """U-Net with a ResNeXt-50 encoder, 32 million parameters; ``pretrained`` on ImageNet."""

    pretrained: bool = False
    reduction: ClassVar[int] = 32
    stride: ClassVar[int] = 1

    def build(self, channels: int) -> nn.Module:
        """A network with fresh weights. Raises BenchError when pretrained ones are out of reach."""
        import segmentation_models_pytorch as smp

        from adaptor_bench.stages.networks._unet import AnySize

        weights = "imagenet" if self.pretrained else None
        try:
            network = smp.Unet("resnext50_32x4d", encoder_weights=weights, classes=channels)
        except OSError as error:
            raise BenchError(
                f"ImageNet weights for resnext50_32x4d cannot be fetched: {error}",
                hint="Leave pretrained off (the challenge forbids it), or fetch them once online.",
            ) from error
        return AnySize(network, self.reduction)
