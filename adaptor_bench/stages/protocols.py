"""What the five stages of a detector are to each other.

    frames of another domain -> Translator -> training frames
    points -> Target -> maps;   image -> Network -> logits;   (logits, maps) -> Loss
    sigmoid(logits) -> Decoder -> points

A map is an array (C, H, W) with values in [0, 1]; what is drawn in other units, such as an offset,
is scaled into that range by the target and out of it by its decoder. Points are (N, 2), order
x, y; pixel centres are at integers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.data.check import LoadedFrame
from adaptor_bench.progress import Bar

if TYPE_CHECKING:
    from torch import Tensor, nn

Maps = NDArray[np.float32]
Image = NDArray[np.uint8]
Images = Sequence[Image]  # of frames they are read when they are asked for
Frames = Sequence[LoadedFrame]


class Target(Protocol):
    """What the network learns to draw: ``channels`` maps, each ``stride`` times smaller than the
    image."""

    @property
    def channels(self) -> int: ...

    @property
    def stride(self) -> int: ...

    def draw(
        self, points: NDArray[np.float64], size: tuple[int, int], input_size: tuple[int, int]
    ) -> Maps:
        """The maps (channels, height / stride, width / stride) of an image of ``size``.

        ``points`` are in px of the image. Settings in px are meant on 512x288 frames, of which
        ``input_size`` is the (width, height) at the network.
        """


class Network(Protocol):
    """From images (B, 3, H, W), float in [0, 1], to logits (B, channels, H / stride, W / stride).

    Any size goes in: a network pads to what its depth needs. ``reduction`` is how many px of the
    image become one at its bottleneck.

    A network whose ``outputs`` is 2 draws every map twice while it trains, the final ones first,
    (B, 2 channels, ..), for a loss of as many; used, it draws the final ones alone.
    """

    @property
    def reduction(self) -> int: ...

    @property
    def stride(self) -> int: ...

    def build(self, channels: int) -> nn.Module:
        """A network with fresh weights, drawn from torch's current seed."""


class Loss(Protocol):
    """How far logits are from their target; how many ``outputs`` it is given, if not 1."""

    def __call__(self, logits: Tensor, target: Tensor) -> Tensor:
        """One scalar, finite without any landmark too; both (B, channels, H, W)."""


class Decoder(Protocol):
    """From maps to points. Settings in px are in px of the frame's reference size."""

    def decode(self, maps: Maps, size: tuple[int, int]) -> Decoded:
        """The points in a frame of ``size`` (width, height), its reference size, that ``maps``
        shows; maps are as the network draws them, of the frame's proportions."""


def is_open(decoder: Any) -> bool:
    """Whether the threshold of a decoder is still to be chosen, on training frames.

    Its class then says ``chooses_threshold = True`` and its ``threshold`` is None: it gives all
    that it could find, and a threshold keeps those whose score reaches it.
    """
    return bool(getattr(decoder, "chooses_threshold", False)) and decoder.threshold is None


class Translator(Protocol):
    """Makes frames of one domain look like those of another; labels stay where they are.

    Messages call it by its ``title``.
    """

    title: ClassVar[str]

    def source_for(self, domain: str) -> str | None:
        """The domain whose frames it makes look like ``domain``; None: it adds nothing there."""

    def fit(
        self, source: Frames, target: Frames, directory: Path, *, seed: int, device: str, bar: Bar
    ) -> None:
        """Learn from frames of both domains; keep what it takes in ``directory``."""

    def translate(
        self, images: Images, domain: str, directory: Path, *, device: str, bar: Bar
    ) -> Iterable[Image]:
        """The images (H, W, 3) uint8 as if of ``domain``, by what ``directory`` keeps, in order.

        Of a generator none is kept longer than it takes to write it. Raises InputError when
        ``directory`` keeps nothing for this domain.
        """


@dataclass(frozen=True)
class Step:
    """What one step of a decoding left: ``mask`` (H, W), and what became of the px it took.

    A step that was left out has the same mask object as the one before.
    """

    title: str
    mask: NDArray[np.bool_]
    became: str = "removed"


@dataclass(frozen=True)
class Decoded:
    """How maps became points.

    ``points`` (N, 2), order x, y, px of the reference size; ``scores`` (N,); ``heatmap`` (H, W) is
    what points were looked for in, ``steps`` are the masks in between, of the same shape.
    """

    points: NDArray[np.float64]
    scores: NDArray[np.float64]
    heatmap: Maps
    steps: tuple[Step, ...] = ()
