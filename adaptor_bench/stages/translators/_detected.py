"""The game of a CycleGAN that two frozen detectors watch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from adaptor_bench.data.pixels import largest
from adaptor_bench.data.sizes import FRAME_SIZE
from adaptor_bench.progress import Bar
from adaptor_bench.stages.decoders.peaks import Peaks
from adaptor_bench.stages.losses.focal import Focal
from adaptor_bench.stages.losses.mse_dice import MseDice
from adaptor_bench.stages.networks.small_unet import SmallUNet
from adaptor_bench.stages.protocols import Images
from adaptor_bench.stages.targets.gaussian import Gaussian
from adaptor_bench.stages.translators._game import Game, Settings, Windows, signed
from adaptor_bench.train.augment import crop_around, fill_up
from adaptor_bench.train.fit import fit_network
from adaptor_bench.train.samples import Sample
from adaptor_bench.train.settings import Augmentation, Parts, Training

_WINDOW = (192, 128)  # of a detector's training, px
_LOSS = MseDice()
Samples = Sequence[Sequence[Sample]]


def fit_detectors(
    settings: Settings, samples: Samples, *, seed: int, device: str, bar: Bar
) -> tuple[list[nn.Module], dict[str, Any]]:
    """A frozen detector a domain, trained on its ``samples``, and what both reached on some of
    them (F1, None without landmarks; trainings that found nothing). Raises TrainingError."""
    detectors, reached = [], []
    for number, of_domain in enumerate(samples):
        size = largest(s.size for s in of_domain)
        parts = Parts(
            input_size=_scale(size),
            target=Gaussian(settings.sigma, "max"),
            network=SmallUNet(),
            loss=Focal(),
            decode=Peaks(threshold=None, distance=3.0),
            training=Training(
                rate=4e-3,
                beta2=0.99,
                weight_decay=1e-4,
                batch=4,
                steps=settings.detector_steps,
                crop=(min(_WINDOW[0], size[0]), min(_WINDOW[1], size[1])),
                choose="last",
                bfloat16=settings.bfloat16,
            ),
        )
        own = (seed + number) % 2**32
        fitted = fit_network(parts, of_domain, (), seed=own, device=device, bar=bar)
        network = parts.network.build(parts.target.channels)
        network.load_state_dict(fitted.weights)
        detectors.append(network.to(device).eval().requires_grad_(False))
        reached.append({k: fitted.history[k] for k in ("f1", "collapsed")})
    return detectors, dict(zip(("source", "target"), reached, strict=True))


class Detected(Game):
    """Adds the point losses and the cross-domain consistency loss of Sharan et al. 2022."""

    def __init__(
        self,
        detectors: Sequence[nn.Module],
        samples: Samples,
        settings: Settings,
        source: Images,
        target: Images,
        seed: int,
        device: str,
    ) -> None:
        super().__init__(settings, source, target, seed, device)
        self.detectors, self.samples = detectors, samples

    def windows(self, source: Images, target: Images, seed: int) -> Windows:
        return Labelled(self.samples, source, target, self.settings, seed)

    def extra(
        self, batch: Sequence[Tensor], fakes: Sequence[Tensor], again: Sequence[Tensor]
    ) -> Sequence[Tensor]:
        """``batch`` holds maps (B, 1, H, W) of source and target behind the windows."""
        real, maps = batch[:2], batch[2:]
        own, other = self.detectors, self.detectors[::-1]
        terms = list[Tensor]()
        if not self.settings.point and not self.settings.consistency:
            return terms
        seen = [_logits(d, fake) for d, fake in zip(other, fakes, strict=True)]
        if self.settings.point:
            redrawn = [_logits(d, image) for d, image in zip(own, again, strict=True)]
            both = [*zip(seen, maps, strict=True), *zip(redrawn, maps, strict=True)]
            point = torch.stack([_LOSS(logits, of_labels) for logits, of_labels in both]).sum()
            terms.append(self.settings.point * point)
        if self.settings.consistency:
            with torch.no_grad():
                before = [_logits(d, image).sigmoid() for d, image in zip(other, real, strict=True)]
            apart = [_LOSS(logits, of_real) for logits, of_real in zip(seen, before, strict=True)]
            terms.append(self.settings.consistency * torch.stack(apart).sum())
        return terms


class Labelled(Windows):
    """Windows with the maps of their labels: every second one lies around a random landmark."""

    def __init__(
        self, samples: Samples, source: Images, target: Images, settings: Settings, seed: int
    ) -> None:
        super().__init__(source, target, settings, seed)
        self.samples, self.target = samples, Gaussian(settings.sigma, "max")

    def batch(self, step: int) -> list[Tensor]:
        """Windows (B, 3, H, W) in [-1, 1] of either domain, then maps (B, 1, H, W)."""
        rng = np.random.default_rng([self.seed, 2, step])
        drawn = [
            [self.labelled(of_domain, size, rng) for _ in range(self.number)]
            for of_domain, size in zip(self.samples, self.sizes, strict=True)
        ]
        images = [torch.stack([image for image, _ in items]) for items in drawn]
        images = [w.contiguous(memory_format=torch.channels_last) for w in images]
        return images + [torch.stack([maps for _, maps in items]) for items in drawn]

    def labelled(
        self, samples: Sequence[Sample], size: tuple[int, int], rng: np.random.Generator
    ) -> tuple[Tensor, Tensor]:
        """A window (3, H, W) of a random sample and its map (1, H, W)."""
        sample = samples[int(rng.integers(len(samples)))]
        image, points = sample.image, sample.points
        if self.crop is None:
            image = fill_up(image, size)
        else:
            image, points = crop_around(image, points, self.crop, rng)
        if rng.random() < Augmentation.flip_p:
            image = image[:, ::-1]
            points = np.column_stack([image.shape[1] - 1 - points[:, 0], points[:, 1]])
        shown = image.shape[1], image.shape[0]
        maps = self.target.draw(points, shown, _scale(sample.size))
        return signed(image), torch.from_numpy(maps)


def _logits(detector: nn.Module, image: Tensor) -> Tensor:
    """What a detector, which takes [0, 1], makes of an image in [-1, 1]."""
    logits: Tensor = detector((image + 1) / 2)
    return logits.float()


def _scale(size: tuple[int, int]) -> tuple[int, int]:
    """What a 512x288 frame would measure where a frame measures ``size``: as many pixels."""
    times = math.sqrt(math.prod(size) / math.prod(FRAME_SIZE))
    return round(FRAME_SIZE[0] * times), round(FRAME_SIZE[1] * times)
