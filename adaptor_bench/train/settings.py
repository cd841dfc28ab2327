"""What a detector consists of: five exchangeable stages, and how it is trained. No torch."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated

from adaptor_bench.data.sizes import FRAME_SIZE
from adaptor_bench.parameters import Number, OneOf
from adaptor_bench.stages.protocols import Decoder, Loss, Network, Target, Translator
from adaptor_bench.stages.translators.none import NoTranslation

_LEAST = 8  # px of a side; below, padding by reflection fails
Share = Annotated[float, Number(0, 1)]
Factors = Annotated[tuple[float, float], Number(0, 100)]


@dataclass(frozen=True)
class Augmentation:
    """What is varied, and how often.

    Rotation is in degrees to either side; ``scale`` a change of size by up to e^(+-scale);
    ``shift`` is a fraction of the frame; ``shear`` a tangent; brightness, contrast, saturation are
    +- factors around 1, hue +- turns. ``jitter_p`` applies the four colour changes together in
    random order, ``brightness_contrast_p`` a second, independent change of brightness (in units of
    full scale) and contrast.

    ``curves_p`` bends each colour channel x (0..1) to gain x^gamma + offset: ``gain`` is +- a
    factor that channels share, ``channel_gain`` one of their own, gamma e^(+-``gamma``),
    ``offset`` +- of full scale. ``tint_p`` turns chroma by up to ``tint_hue`` turns and stretches
    it by a factor from ``tint_saturation``; both are cheap, and strong enough to hide a domain's
    colours.
    """

    flip_p: Share = 0.5
    rotation: Annotated[float, Number(0, 180)] = 40.0
    rotation_p: Share = 0.7
    scale: Annotated[float, Number(0, 2)] = 0.0
    shift: Share = 0.0
    shear: Annotated[float, Number(0, 10)] = 0.0
    affine_p: Share = 0.0
    jitter_p: Share = 0.5
    brightness: Share = 0.2
    contrast: Factors = (0.8, 1.2)
    saturation: Factors = (0.8, 1.2)
    hue: Annotated[float, Number(0, 0.5)] = 0.2
    brightness_contrast_p: Share = 0.5
    brightness_contrast: Share = 0.2
    curves_p: Share = 0.0
    gain: Share = 0.4
    channel_gain: Share = 0.2
    gamma: Annotated[float, Number(0, 3)] = 0.5
    offset: Share = 0.15
    tint_p: Share = 0.0
    tint_hue: Annotated[float, Number(0, 0.5)] = 0.125
    tint_saturation: Factors = (0.6, 1.4)

    def __post_init__(self) -> None:
        for name in ("contrast", "saturation", "tint_saturation"):
            low, high = getattr(self, name)
            if low > high:
                raise ValueError(f"{name} goes from {low} to {high}")


@dataclass(frozen=True)
class Training:
    """How a network is trained.

    ``steps`` counts optimiser steps; None: ``epochs`` passes over the frames. ``budget`` scales
    either, and with it the schedule. ``crop`` trains on windows of that many px (width, height) of
    the network's image, None: on whole frames. The rate warms up linearly over ``warmup`` of the
    steps, then follows a half cosine to 0 (``schedule="cosine"``), or stays (``"constant"``).

    ``choose`` says what is done with the training surgery that may be held back: ``"held_back"``
    tries the network on it ``selections`` times, at equal distances, the last at the end, and
    keeps the best; ``"refit"`` then trains once more on all surgeries, up to the step that was
    best; ``"last"`` holds nothing back and keeps the last state. ``retry``: a training after which
    (almost) nothing is found on the frames it is tried on is repeated once with another seed.
    ``norm_batches`` batches re-estimate the batch-norm statistics before each trial (0: never).
    ``bfloat16`` computes in bfloat16 where the device has the instructions; weights stay 32 bit.
    ``augment_on_device`` warps and colours a whole batch where it is trained on: ``"auto"`` on a
    GPU only. The same random numbers are drawn, and images come out as on the CPU but for rounding.

    Where a translator adds frames, ``translated_share`` of the samples are translated. They come on
    top: ``steps`` and ``epochs`` count samples of real frames, so a method sees as many of these
    with a translator as without, and takes longer. At 1 no real frame of the domain and no label
    of it is used, for selection and thresholds neither, and ``steps`` count translated samples.
    With ``on_top`` off, they take the place of real ones: ``steps`` and ``epochs`` count them all.

    ``optimiser`` muon is :class:`train.muon.Muon`.
    """

    optimiser: Annotated[str, OneOf("adam", "adamw", "muon")] = "adamw"
    rate: Annotated[float, Number(0, above=True)] = 1e-4
    beta2: Annotated[float, Number(0, 1, below=True)] = 0.999
    weight_decay: Annotated[float, Number(0)] = 0.01
    schedule: Annotated[str, OneOf("cosine", "constant")] = "cosine"
    warmup: Share = 0.1
    batch: Annotated[int, Number(1, 4096)] = 32
    epochs: Annotated[int, Number(1, 100_000)] = 50
    steps: Annotated[int | None, Number(1, 10_000_000)] = None
    budget: Annotated[float, Number(0, 1000, above=True)] = 1.0
    crop: Annotated[tuple[int, int] | None, Number(_LEAST, 4096)] = None
    choose: Annotated[str, OneOf("held_back", "refit", "last")] = "held_back"
    selections: Annotated[int, Number(1, 10_000)] = 50
    retry: bool = True
    norm_batches: Annotated[int, Number(0, 10_000)] = 0
    bfloat16: bool = True
    augment_on_device: Annotated[str, OneOf("auto", "always", "never")] = "auto"
    translated_share: Share = 0.5
    on_top: bool = True

    def augments_on(self, device: str) -> bool:
        """Whether batches are augmented on ``device`` rather than one by one on the CPU."""
        if self.augment_on_device == "auto":
            return device.startswith("cuda")
        return self.augment_on_device == "always"

    def steps_for(self, frames: int, translated: int = 0) -> int:
        """Optimiser steps on that many real training frames, and translated ones."""
        share = self.translated_share if translated else 0.0
        alone = share == 1
        steps = self.steps or self.epochs * math.ceil(
            (translated if alone else frames) / self.batch
        )
        more = 1.0 if alone or not self.on_top else 1 / (1 - share)
        return max(1, round(self.budget * steps * more))


@dataclass(kw_only=True)
class Parts:
    """The parts of a detector. ``input_size`` is (width, height) of the network's image of a
    512x288 frame; ``select`` decodes when the network is tried on held-back frames: by default as
    ``decode`` stands here, and exchanging ``decode`` later leaves it alone, so that what differs
    in its decoding shares a network.
    """

    input_size: Annotated[tuple[int, int], Number(_LEAST, 4096)] = FRAME_SIZE
    translate: Translator = field(default_factory=NoTranslation)
    target: Target
    network: Network
    loss: Loss
    decode: Decoder
    select: Decoder = field(default=None, metadata={"stage": "decode"})  # type: ignore[assignment]
    augment: Augmentation = field(default_factory=Augmentation)
    training: Training = field(default_factory=Training)

    def __post_init__(self) -> None:
        self.select = self.select or self.decode

    def problems(self) -> Iterator[str]:
        """What of it does not go together, a sentence each. A part that has problems of its own
        has a method of that name, which is given ``input_size``."""
        if self.training.translated_share == 1 and isinstance(self.translate, NoTranslation):
            yield (
                "'training.translated_share' is 1, and with 'translate=none' no frame is "
                "translated: nothing would be left to train on"
            )
        crop, most = self.training.crop, max(self.input_size)
        # A square or upright frame has a network's image of other proportions than input_size, so
        # only its longer side is a limit; what is missing at the other is filled up.
        if crop is not None and max(crop) > most:
            yield (
                f"'training.crop' is {_by(crop)}, expected none (whole frames) or sides from "
                f"{_LEAST} to {most}, the longer side of 'input_size'"
            )
        # Batch norm needs two values of each feature map, at the bottleneck too.
        window, reduction = crop or self.input_size, self.network.reduction
        cells = -(-window[0] // reduction) * -(-window[1] // reduction)
        if cells * self.training.batch < 2:
            yield (
                f"'training.batch' is 1, and a training window of {_by(window)} is one px at the "
                "bottleneck of 'network': batch norm needs two; give a larger batch or window"
            )
        if self.network.stride != self.target.stride:
            yield (
                f"'network' draws maps {self.network.stride} times smaller than the image, "
                f"'target' {self.target.stride} times"
            )
        drawn, compared = (getattr(p, "outputs", 1) for p in (self.network, self.loss))
        if drawn != compared:
            yield (
                f"'network' draws every map {_times(drawn)} in training, and 'loss' compares it "
                f"{_times(compared)}: loss=two_stage goes with network=value_map and "
                "network.both=true, other losses without"
            )
        yield from self._strangers()
        for part in (self.translate, self.target, self.network, self.loss, self.decode):
            yield from getattr(part, "problems", lambda input_size: ())(self.input_size)

    def _strangers(self) -> Iterator[str]:
        """Parts that read other maps than the target draws. What they need of it, they say:
        ``least_maps``, ``most_maps``, and in ``agrees_on`` the settings that have to be its own."""
        for stage in ("network", "loss", "decode"):
            part = getattr(self, stage)
            least = getattr(part, "least_maps", 1)
            if self.target.channels < least:
                yield (
                    f"{stage!r} is of a target with at least {least} maps, and 'target' draws "
                    f"{self.target.channels}"
                )
                continue
            if self.target.channels > (most := getattr(part, "most_maps", self.target.channels)):
                yield (
                    f"{stage!r} is of a target with at most {most} map, and 'target' draws "
                    f"{self.target.channels}"
                )
            for name in getattr(part, "agrees_on", ()):
                here, there = getattr(part, name), getattr(self.target, name, "nothing of the kind")
                if here != there:
                    yield (
                        f"'{stage}.{name}' is {here} and has to be that of 'target', which has "
                        f"{there}"
                    )


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"


def _by(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"
