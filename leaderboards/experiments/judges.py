"""Judges of a translator: two classifiers of domains, a detector, and a measure of checkerboards.

They are trained on real frames of surgeries that nobody translates here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.data.check import LoadedFrame
from adaptor_bench.matching.match import match
from adaptor_bench.matching.settings import MatchSettings
from adaptor_bench.registry import discover

STEPS, BATCH, WINDOW = 250, 12, (192, 144)
Image = NDArray[np.uint8]


class Judges:
    """Two classifiers of domains and a detector, trained on surgeries that nobody translates."""

    def __init__(self, sim: Sequence[LoadedFrame], intraop: Sequence[LoadedFrame]) -> None:
        from adaptor_bench.train.fit import fit_network
        from adaptor_bench.train.samples import sample_of
        from adaptor_bench.train.trial import some_of, with_threshold

        images = [[f.image for f in frames] for frames in (sim, intraop)]
        self.classifier = classifier(*images, prepare=lambda image: image)
        self.colourless = classifier(*images, prepare=contrast)
        spec = discover().get("unet_peaks")
        self.parts = spec.build(spec.resolve("quick"))
        samples = [sample_of(f) for f in (*sim, *intraop)]
        fitted = fit_network(self.parts, samples, (), seed=0, device="cpu", bar=lambda *_: None)
        self.network = self.parts.network.build(self.parts.target.channels)
        self.network.load_state_dict(fitted.weights)
        few = some_of(samples)
        self.decode = with_threshold(self.network, few, self.parts.decode, "cpu", MatchSettings())

    def found(self, images: Sequence[Image]) -> Iterator[NDArray[np.float64]]:
        """Points (N, 2) of every image."""
        from adaptor_bench.train.inference import predict_maps

        for image, maps in zip(
            images, predict_maps(self.network, images, device="cpu"), strict=True
        ):
            yield self.decode.decode(maps, (image.shape[1], image.shape[0])).points


def contrast(image: Image) -> Image:
    """Grey, less what changes slowly, of equal spread: an image without colour and light."""
    import cv2

    grey = image.astype(np.float32).mean(2)
    local = grey - cv2.GaussianBlur(grey, (0, 0), 16)
    local = 128 + 40 * local / (local.std() + 1e-3)
    return np.clip(local, 0, 255).astype(np.uint8)[..., None].repeat(3, 2)


def classifier(
    sim: Sequence[Image], intraop: Sequence[Image], prepare: Callable[[Image], Image]
) -> Callable[[Sequence[Image]], float]:
    """A small network that tells the domains apart; gives the share (percent) of images that it
    takes for intraop. Colours of its windows are varied a little, so that it is not a single one
    that decides."""
    import torch
    from torch import nn

    from adaptor_bench.train.device import deterministic, mixed_precision

    pools = [[prepare(image) for image in images] for images in (sim, intraop)]
    rng = np.random.default_rng(0)

    def window(images: Sequence[Image]) -> Any:
        image = images[rng.integers(len(images))]
        y, x = (
            int(rng.integers(a - b + 1)) for a, b in zip(image.shape, WINDOW[::-1], strict=False)
        )
        part = image[y : y + WINDOW[1], x : x + WINDOW[0]].astype(np.float32)
        part = part * (1 + rng.uniform(-0.3, 0.3)) * rng.uniform(0.9, 1.1, 3) + rng.uniform(
            -15, 15, 3
        )
        part = part[:: rng.choice((-1, 1)), :: rng.choice((-1, 1))]
        return tensor(np.clip(part, 0, 255))

    def tensor(image: NDArray[Any]) -> Any:
        return torch.from_numpy(np.array(image)).permute(2, 0, 1).float() / 127.5 - 1

    with deterministic(0):
        widths, layers = (3, 16, 32, 48, 64), []
        for a, b in pairwise(widths):
            layers += [nn.Conv2d(a, b, 3, stride=2, padding=1), nn.BatchNorm2d(b), nn.ReLU()]
        network = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 1))
        optimiser = torch.optim.AdamW(network.parameters(), 3e-3, weight_decay=1e-3)
        rates = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, total_steps=STEPS)
        wanted = torch.arange(BATCH) % 2
        for _ in range(STEPS):
            batch = torch.stack([window(pools[i % 2]) for i in range(BATCH)])
            with mixed_precision("cpu", True):
                logits = network(batch)[:, 0].float()
            loss = nn.functional.binary_cross_entropy_with_logits(logits, wanted.float())
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            rates.step()
    network.eval()

    def share(images: Sequence[Image]) -> float:
        with torch.inference_mode():
            taken = [float(network(tensor(prepare(i))[None])) > 0 for i in images]
        return 100 * float(np.mean(taken))

    return share


def comb(images: Sequence[Image]) -> float:
    """How far waves of exactly 2 or 4 px stand out of waves of about that length, in dB: the most
    of both directions and lengths. About 0 without a checkerboard."""
    window = np.hanning(images[0].shape[0])[:, None] * np.hanning(images[0].shape[1])
    greys = [image.astype(float).mean(2) for image in images]
    power = sum(np.abs(np.fft.fft2((g - g.mean()) * window)) ** 2 for g in greys)
    worst = -np.inf
    for spectrum in (power.mean(0), power.mean(1)):
        for period in (2, 4):
            centre = len(spectrum) // period
            at = spectrum[np.arange(centre - 1, centre + 2) % len(spectrum)].mean()
            around = np.array([-8, -7, -6, -5, 5, 6, 7, 8]) + centre
            worst = max(worst, 10 * np.log10(at / spectrum[around % len(spectrum)].mean()))
    return float(worst)


def kept(
    judges: Judges, frames: Sequence[LoadedFrame], translated: Sequence[Image]
) -> tuple[float, int, float]:
    """Share (percent) of the landmarks hit in frames that are hit in their translations, of how
    many, and the median distance in px between both detections of one landmark."""
    hits = both = 0
    moved: list[float] = []
    images = [f.image for f in frames]
    for frame, before, after in zip(
        frames, judges.found(images), judges.found(translated), strict=True
    ):
        first, second = (
            {int(label): points[int(p)] for p, label in match(points, frame.points, 6.0).pairs}
            for points in (before, after)
        )
        hits += len(first)
        both += len(first.keys() & second.keys())
        moved += [float(np.hypot(*(first[k] - second[k]))) for k in first.keys() & second.keys()]
    return 100 * both / max(1, hits), hits, float(np.median(moved)) if moved else np.nan
