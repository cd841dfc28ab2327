"""From a trained network to points: the maps it draws of frames, and what is found in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.ahead import ahead
from adaptor_bench.data.images import scale_points
from adaptor_bench.data.pixels import ImagesOf
from adaptor_bench.data.sizes import reference_size
from adaptor_bench.method import Pixels, Prediction
from adaptor_bench.stages.maps import from_stored
from adaptor_bench.stages.protocols import Decoded, Decoder

if TYPE_CHECKING:
    from torch import nn

_READ, _DRAWN = 4, 8  # images that are read, and maps that are drawn, before they are asked for


def drawn_maps(
    network: nn.Module, frames: Sequence[Pixels], device: str, bfloat16: bool
) -> Iterator[NDArray[np.float32]]:
    """Maps (C, H, W) in [0, 1] of every frame, at the size of the network's image.

    Frames are read in one thread, maps computed in another, while those before are decoded and
    written. Raises what :func:`inference.predict_maps` does, and InputError.
    """
    from adaptor_bench.train.device import flushing_as_here
    from adaptor_bench.train.inference import predict_maps

    images = ahead(ImagesOf(frames), _READ)
    maps = predict_maps(network, images, device=device, bfloat16=bfloat16)
    return ahead(maps, _DRAWN, flushing_as_here())


def size_of_maps(frame: Pixels, stride: int) -> tuple[int, int]:
    """(height, width) of the maps of a frame, ``stride`` times smaller than its image."""
    width, height = frame.image_size
    return -(-height // stride), -(-width // stride)


def decoded(stored: NDArray[np.uint16], frame: Pixels, decode: Decoder, stride: int) -> Decoded:
    """What ``decode`` makes of stored maps, at the reference size of the frame."""
    height, width = size_of_maps(frame, stride)
    return decode.decode(from_stored(stored[:, :height, :width]), reference_size(frame.size))


def found(stored: NDArray[np.uint16], frame: Pixels, decode: Decoder, stride: int) -> Prediction:
    """The same as points in px of the frame as stored."""
    there = decoded(stored, frame, decode, stride)
    points = scale_points(there.points, reference_size(frame.size), frame.size)
    return Prediction(points, there.scores)
