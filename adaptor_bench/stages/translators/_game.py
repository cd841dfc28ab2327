"""The game of generators and discriminators that a CycleGAN is trained by, step by step."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from adaptor_bench.data.pixels import largest, sizes_of
from adaptor_bench.stages.protocols import Images
from adaptor_bench.stages.translators._gan import (
    Discriminator,
    ImagePool,
    ResNet,
    build_generator,
)
from adaptor_bench.stages.translators.colours import linear_transfer, moments
from adaptor_bench.train.augment import crop_around, fill_up
from adaptor_bench.train.device import mixed_precision
from adaptor_bench.train.samples import image_tensor
from adaptor_bench.train.savepoints import (
    State,
    UnusableSavepoint,
    fill_optimiser,
    fill_random_state,
    named,
    of_optimiser,
    random_state,
)
from adaptor_bench.train.settings import Augmentation

_BETAS = 0.5, 0.999
_ROOM = 0.05  # judges see a fake clipped to this much beyond [-1, 1], so that it still has a slope

Settings = Any  # translators.cyclegan.CycleGan, which imports this file when it is called
Weights = dict[str, Tensor]
Losses = dict[str, list[list[float]]]


def signed(image: np.ndarray[Any, Any]) -> Tensor:
    """(C, H, W) in [-1, 1] of an image (H, W, C) uint8."""
    return image_tensor(image) * 2 - 1


class Windows:
    """Unpaired windows of both domains, flipped at random; batch i depends on (seed, i) only."""

    def __init__(self, source: Images, target: Images, settings: Settings, seed: int) -> None:
        self.domains: tuple[Sequence[Any], ...] = source, target
        self.number, self.crop, self.seed = settings.batch, settings.crop, seed
        self.sizes = [self.crop or largest(sizes_of(images)) for images in self.domains]

    def batch(self, step: int) -> list[Tensor]:
        """(B, 3, H, W) in [-1, 1] of either domain."""
        rng = np.random.default_rng([self.seed, 2, step])
        return [
            torch.stack([self._window(images, size, rng) for _ in range(self.number)]).contiguous(
                memory_format=torch.channels_last
            )
            for images, size in zip(self.domains, self.sizes, strict=True)
        ]

    def _window(self, images: Images, size: tuple[int, int], rng: np.random.Generator) -> Tensor:
        image = images[int(rng.integers(len(images)))]
        if self.crop is None:
            image = fill_up(image, size)
        else:
            image, _ = crop_around(image, np.empty((0, 2)), self.crop, rng)
        if rng.random() < Augmentation.flip_p:
            image = image[:, ::-1]
        return signed(image)


class Game:
    """Least-squares adversarial, cycle and identity losses; two optimisers, stepped in turn.

    ``kept`` are the weights of both generators, forth and back, averaged over the steps. Where a
    generator sees two frames, a window is three consecutive ones: it draws the last two, judges
    see these two, and what is drawn back from them is the last one.
    """

    def __init__(
        self, settings: Settings, source: Images, target: Images, seed: int, device: str
    ) -> None:
        self.settings, self.device = settings, device
        self.forth, self.back = build_generator(settings), build_generator(settings)
        if settings.generator == "colour_texture":
            looks = moments(source), moments(target)
            for generator, way in ((self.forth, looks), (self.back, looks[::-1])):
                assert not isinstance(generator, ResNet)
                generator.start_from(*map(_float, linear_transfer(*way)))
        self.judges = [
            Discriminator(
                settings.judge_width,
                settings.layers,
                spectral=settings.generator == "colour_texture",
                pooled=settings.pooled,
                frames=settings.frames_seen,
            )
            for _ in "ts"
        ]
        for network in (self.forth, self.back, *self.judges):
            network.to(device).to(memory_format=torch.channels_last)
        self.order = torch.Generator().manual_seed(seed)
        self.pools = [ImagePool(settings.pool, self.order) for _ in self.judges]
        self.optimisers = [
            torch.optim.Adam(
                itertools.chain(*(n.parameters() for n in networks)), betas=_BETAS, fused=True
            )
            for networks in ((self.forth, self.back), self.judges)
        ]
        self.kept = [_copy(self.forth), _copy(self.back)]

    def windows(self, source: Images, target: Images, seed: int) -> Windows:
        """What it is played on."""
        return Windows(source, target, self.settings, seed)

    def extra(
        self, batch: Sequence[Tensor], fakes: Sequence[Tensor], again: Sequence[Tensor]
    ) -> Sequence[Tensor]:
        """Further losses of the generators: ``fakes`` are drawn of source and target, ``again``
        is drawn back from them."""
        return ()

    def play(self, batch: Sequence[Tensor], rate: float, step: int) -> tuple[Tensor, Tensor]:
        """One step of both sides on windows (B, C, H, W) of source and target, and what else
        :meth:`windows` gives; the losses of generators and judges."""
        source, target = batch[:2]
        for optimiser in self.optimisers:
            for group in optimiser.param_groups:
                group["lr"] = rate
        settings, l1 = self.settings, nn.functional.l1_loss
        for judge in self.judges:
            judge.requires_grad_(False)
        with mixed_precision(self.device, settings.bfloat16):
            drawn = self.forth(source), self.back(target)
            fakes = [image.clamp(-1 - _ROOM, 1 + _ROOM) for image in drawn]
            loss = sum(_real(j(fake)) for j, fake in zip(self.judges, fakes, strict=True))
            # What is clipped has no slope to come back by; this has.
            loss = loss + sum((image.abs() - 1).relu().mean() for image in drawn)
            again = self.back(fakes[0]), self.forth(fakes[1])
            cycle = l1(again[0], _last(source, again[0])) + l1(again[1], _last(target, again[1]))
            loss = loss + settings.cycle * cycle
            if settings.identity:
                same = self.forth(target), self.back(source)
                kept = l1(same[0], _last(target, same[0])) + l1(same[1], _last(source, same[1]))
                loss = loss + settings.identity * kept
            for term in self.extra(batch, fakes, again):
                loss = loss + term
        self._step(0, loss)
        for judge in self.judges:
            judge.requires_grad_(True)
        real = [_last(image, fake) for image, fake in zip((target, source), fakes, strict=True)]
        judged = torch.zeros((), device=source.device)
        with mixed_precision(self.device, settings.bfloat16):
            for judge, pool, image, fake in zip(self.judges, self.pools, real, fakes, strict=True):
                of_real, of_fake = judge(torch.cat([image, pool.swap(fake.detach())])).chunk(2)
                judged = judged + 0.5 * (_real(of_real) + of_fake.square().mean())
        self._step(1, judged)
        self._average(step)
        return loss.detach(), judged.detach()

    def state(self, step: int, losses: Losses) -> State:
        """All that the steps after ``step`` depend on."""
        tensors = self._tensors() | random_state(self.device) | {"order": self.order.get_state()}
        for side, optimiser in enumerate(self.optimisers):
            tensors |= of_optimiser(optimiser, f"optimiser.{side}")
        for side, pool in enumerate(self.pools):
            tensors |= {f"pool.{side}.{i}": image for i, image in enumerate(pool.images)}
        return State(tensors, {"step": step, **losses})

    def go_on(self, state: State, sizes: list[tuple[int, int]]) -> None:
        """Go on from what :meth:`state` gave, with windows of ``sizes`` (width, height). Raises
        UnusableSavepoint."""
        state.fill(self._tensors())
        for side, optimiser in enumerate(self.optimisers):
            fill_optimiser(optimiser, f"optimiser.{side}", state)
        for side, (pool, (width, height)) in enumerate(zip(self.pools, sizes, strict=True)):
            number = len(state.below(f"pool.{side}"))
            like = torch.empty(3 * self.settings.frames_seen, height, width)
            if number > pool.size:
                raise UnusableSavepoint("it keeps too many past fakes")
            kept = (state.take(f"pool.{side}.{i}", like) for i in range(number))
            # Copies laid out alike, which do not hang on a file.
            pool.images = [image.clone().to(self.device) for image in kept]
        fill_random_state(self.device, state)
        try:
            self.order.set_state(state.take("order", self.order.get_state()))
        except RuntimeError as error:
            raise UnusableSavepoint("its random numbers have no such state") from error
        state.end()

    def _tensors(self) -> Weights:
        """Of networks and averages, not copied, by name."""
        tensors: Weights = {}
        for side, generator in enumerate((self.forth, self.back)):
            tensors |= named(generator, f"generator.{side}")
            tensors |= {f"kept.{side}.{name}": t for name, t in self.kept[side].items()}
        for side, judge in enumerate(self.judges):
            tensors |= named(judge, f"judge.{side}")
        return tensors

    def _step(self, side: int, loss: Tensor) -> None:
        self.optimisers[side].zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimisers[side].step()

    def _average(self, step: int) -> None:
        """Let what is kept follow the generators, more slowly the longer they have been trained."""
        share = 1 - min(self.settings.average, step / (step + 9))
        for kept, network in zip(self.kept, (self.forth, self.back), strict=True):
            for name, tensor in network.state_dict().items():
                kept[name].lerp_(tensor, share)


def _copy(network: nn.Module) -> Weights:
    return {k: v.detach().clone() for k, v in network.state_dict().items()}


def _float(values: np.ndarray[Any, Any]) -> Tensor:
    return torch.from_numpy(values).float()


def _last(window: Tensor, drawn: Tensor) -> Tensor:
    """The frames of a window that ``drawn`` stands for."""
    return window if window.shape == drawn.shape else window[:, -drawn.shape[1] :]


def _real(judgement: Tensor) -> Tensor:
    """Least-squares distance from "real"."""
    return (judgement - 1).square().mean()
