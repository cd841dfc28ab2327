"""The parameters that heatmap detectors share: what values they may have, and which go together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from adaptor_bench.heatmap.targets import COMBINATIONS
from adaptor_bench.parameters import Number, OneOf

__all__ = ["HEATMAP_RELATIONS", "NETWORKS", "OPTIMISERS"]

NETWORKS = {"plain_unet_16_512": 32, "resnext_unet": 32, "stern_unet_16_256": 16}
"""Name to how many px of the image become one at the bottleneck."""
LOSSES = ("dice", "mse_dice")
OPTIMISERS = ("adam", "adamw")
PRETRAINED = ("resnext_unet",)

Network = Annotated[str, OneOf(*NETWORKS)]
Loss = Annotated[str, OneOf(*LOSSES)]
Optimiser = Annotated[str, OneOf(*OPTIMISERS)]
Combine = Annotated[str, OneOf(*COMBINATIONS)]
Size = Annotated[tuple[int, int], Number(8, 4096)]
Crop = Annotated[tuple[int, int], Number(0, 4096)]
Sigma = Annotated[float, Number(0.1, 500)]
Angle = Annotated[float, Number(0, 180)]
Rate = Annotated[float, Number(0, above=True)]
Decay = Annotated[float, Number(0)]
Share = Annotated[float, Number(0, 1)]
Threshold = Annotated[float, Number(0, 1)]
OtsuOrThreshold = Annotated[str | float, Number(0, 1, words=("otsu",))]
Factor = Annotated[float, Number(0, 1000, above=True)]
OpeningRadius = Annotated[int, Number(0, 100)]
Batch = Annotated[int, Number(1, 4096)]
Epochs = Annotated[int, Number(1, 100_000)]
Steps = Annotated[int, Number(0, 10_000_000)]
Selections = Annotated[int, Number(1, 10_000)]
NormBatches = Annotated[int, Number(0, 10_000)]
Width = Annotated[int, Number(1, 256)]
Blocks = Annotated[int, Number(0, 32)]
Layers = Annotated[int, Number(1, 6)]
Weight = Annotated[float, Number(0)]

_LEAST = 8  # px of a side; below, padding by reflection fails


def _windows(parameters: Mapping[str, Any]) -> Iterator[str]:
    """Training windows are whole images, (0, 0), or have sides that an image can have.

    A square or upright frame has a network's image of other proportions than ``input_size``, so
    only its longer side is a limit; what is missing at the other is filled up.
    """
    most = max(parameters["input_size"])
    for key in ("crop", "gan_crop") if parameters.get("cyclegan") else ("crop",):
        crop = parameters[key]
        if crop != (0, 0) and not _LEAST <= min(crop) <= max(crop) <= most:
            yield (
                f"{key!r} is {_by(crop)}, expected 0x0 (whole frames) or sides from {_LEAST} to "
                f"{most}, the longer side of 'input_size'"
            )


def _statistics(parameters: Mapping[str, Any]) -> Iterator[str]:
    """Batch norm needs two values of each feature map, at the bottleneck too."""
    window, stride = _window(parameters, "crop"), NETWORKS[parameters["network"]]
    cells = -(-window[0] // stride) * -(-window[1] // stride)
    if cells * parameters["batch"] < 2:
        yield (
            f"'batch' is 1, and a training window of {_by(window)} is one px at the bottleneck of "
            f"{parameters['network']!r}: batch norm needs two; give a larger 'batch' or window"
        )


def _weights(parameters: Mapping[str, Any]) -> Iterator[str]:
    if parameters.get("pretrained") and parameters["network"] not in PRETRAINED:
        yield (
            f"'pretrained' is on, and network {parameters['network']!r} has no pretrained weights; "
            f"{', '.join(PRETRAINED)} has"
        )


def _judges(parameters: Mapping[str, Any]) -> Iterator[str]:
    """Each layer of a discriminator halves its window, and two more convolutions take 1 px each."""
    if parameters.get("cyclegan"):
        window, least = _window(parameters, "gan_crop"), 3 * 2 ** parameters["gan_layers"]
        if min(window) < least:
            yield (
                f"'gan_layers' is {parameters['gan_layers']}, which needs windows of at least "
                f"{least}x{least}, and 'gan_crop' or 'input_size' gives {_by(window)}"
            )


HEATMAP_RELATIONS = (_windows, _statistics, _weights, _judges)


def _window(parameters: Mapping[str, Any], key: str) -> tuple[int, int]:
    width, height = parameters[key] if any(parameters[key]) else parameters["input_size"]
    return width, height


def _by(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"
