"""Train the generators and discriminators of a CycleGAN, and use a generator."""

from __future__ import annotations

import itertools
import math
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from adaptor_bench.errors import TrainingError
from adaptor_bench.progress import Bar
from adaptor_bench.stages.protocols import Images
from adaptor_bench.stages.translators._gan import (
    ColourTexture,
    Discriminator,
    ImagePool,
    ResNet,
)
from adaptor_bench.stages.translators.colours import linear_transfer, moments
from adaptor_bench.train.augment import crop_around, fill_up
from adaptor_bench.train.curves import thinned
from adaptor_bench.train.device import deterministic, mixed_precision
from adaptor_bench.train.samples import image_tensor, largest
from adaptor_bench.train.savepoints import (
    Savepoint,
    State,
    UnusableSavepoint,
    fill_optimiser,
    fill_random_state,
    named,
    of_optimiser,
    random_state,
)
from adaptor_bench.train.settings import Augmentation
from adaptor_bench.train.weights import require_finite

_HINT = "Lower its learning rate: --set translate.rate=..."
_BETAS = 0.5, 0.999
_WARM = 0.05  # of the steps: a colour transfer that starts right is not thrown off by fresh judges
_ROOM = 0.05  # judges see a fake clipped to this much beyond [-1, 1], so that it still has a slope

Settings = Any  # translators.cyclegan.CycleGan, which imports this file when it is called
Weights = dict[str, Tensor]
Losses = dict[str, list[list[float]]]
SIDES = "generator_loss", "discriminator_loss"


def fit_translator(
    settings: Settings,
    source: Images,
    target: Images,
    *,
    seed: int,
    device: str,
    bar: Bar,
    savepoint: Savepoint | None = None,
    losses: Losses | None = None,
) -> tuple[Weights, Weights]:
    """Weights of the generators from ``source`` to ``target`` and back.

    Images are (H, W, 3) uint8; smaller ones are filled up with black. Labels play no part. It
    goes on from ``savepoint`` if something is kept there, to the same weights. ``losses`` is filled
    with rows of step and value, some hundred for either side. Raises TrainingError when a loss or a
    weight is not finite.
    """
    savepoint = savepoint or Savepoint(None, device)
    told: Losses = {} if losses is None else losses
    fit = partial(_fit, settings, source, target, seed, device, bar, savepoint, told)
    return savepoint.resumed(fit)


def _fit(
    settings: Settings,
    source: Images,
    target: Images,
    seed: int,
    device: str,
    bar: Bar,
    savepoint: Savepoint,
    losses: Losses,
    resumed: State | None,
) -> tuple[Weights, Weights]:
    losses.clear()
    losses |= {side: [] for side in SIDES}
    longest = max(len(source), len(target))
    steps = settings.steps or settings.epochs * math.ceil(longest / settings.batch)
    with deterministic(seed):
        game = _Game(settings, source, target, seed, device)
        windows = _Windows(source, target, settings, seed)
        warm = _WARM * steps if settings.generator == "colour_texture" else 1.0
        done = 0
        if resumed is not None:
            done = resumed.count("step", steps)
            losses |= {side: resumed.rows(side) for side in SIDES}
            game.go_on(resumed, windows.sizes)
            savepoint.goes_on(done, steps)
        for step in range(done + 1, steps + 1):
            # As Zhu: flat for the first half, then linear to 0.
            rate = settings.rate * min(1.0, step / warm, 2 - 2 * (step - 1) / steps)
            first, second = (w.to(device) for w in windows.batch(step))
            loss, judged = game.play(first, second, rate, step)
            if step % 5 == 0 or step == steps:
                value = float(loss)
                if not math.isfinite(value):
                    raise TrainingError(
                        f"the translator diverged: its loss is not finite at step {step}",
                        hint=_HINT,
                    )
                bar(step, steps, f"loss {value:.2f}")
            if thinned(step, steps):
                for side, reached in zip(SIDES, map(float, (loss, judged)), strict=True):
                    if math.isfinite(reached):
                        losses[side].append([step, round(reached, 5)])
            savepoint.offer(partial(game.state, step, losses))
    for weights in game.kept:
        require_finite(weights, "the translator", hint=_HINT)
    forth, back = ({k: v.cpu().contiguous() for k, v in w.items()} for w in game.kept)
    return forth, back


def build_generator(settings: Settings) -> ResNet | ColourTexture:
    """The generator these settings describe, not yet trained."""
    kind = ColourTexture if settings.generator == "colour_texture" else ResNet
    return kind(settings.width, settings.blocks)


def translate(
    generator: nn.Module, images: Images, *, device: str, bar: Bar, bfloat16: bool = False
) -> Images:
    """Translated copies (H, W, 3) uint8 of ``images``, in order.

    Raises TrainingError when the generator gives no numbers for one.
    """
    generator = generator.to(device).to(memory_format=torch.channels_last).eval()
    result = []
    for i, image in enumerate(images):
        given = _signed(image)[None].to(device).contiguous(memory_format=torch.channels_last)
        with torch.inference_mode(), mixed_precision(device, bfloat16):
            fake = generator(given)[0]
        if not bool(torch.isfinite(fake).all()):  # as 8 bits they would look like a picture
            raise TrainingError(
                f"the translator gives NaN or infinity for image {i + 1} of {len(images)}",
                hint=_HINT,
            )
        pixels = ((fake + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
        result.append(pixels.permute(1, 2, 0).cpu().numpy())
        bar(i + 1, len(images))
    return result


def _signed(image: np.ndarray[Any, Any]) -> Tensor:
    return image_tensor(image) * 2 - 1


class _Windows:
    """Unpaired windows of both domains, flipped at random; batch i depends on (seed, i) only."""

    def __init__(self, source: Images, target: Images, settings: Settings, seed: int) -> None:
        self.domains = source, target
        self.number, self.crop, self.seed = settings.batch, settings.crop, seed
        self.sizes = [self.crop or largest(images) for images in self.domains]

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
        return _signed(image)


class _Game:
    """Least-squares adversarial, cycle and identity losses; two optimisers, stepped in turn.

    ``kept`` are the weights of both generators, forth and back, averaged over the steps.
    """

    def __init__(
        self, settings: Settings, source: Images, target: Images, seed: int, device: str
    ) -> None:
        self.settings, self.device = settings, device
        self.forth, self.back = build_generator(settings), build_generator(settings)
        if isinstance(self.forth, ColourTexture) and isinstance(self.back, ColourTexture):
            looks = moments(source), moments(target)
            self.forth.start_from(*map(_float, linear_transfer(*looks)))
            self.back.start_from(*map(_float, linear_transfer(*reversed(looks))))
        spectral = settings.generator == "colour_texture"
        self.judges = [
            Discriminator(settings.judge_width, settings.layers, spectral=spectral) for _ in "ts"
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

    def play(self, source: Tensor, target: Tensor, rate: float, step: int) -> tuple[Tensor, Tensor]:
        """One step of both sides on images (B, 3, H, W); the losses of generators and judges."""
        for optimiser in self.optimisers:
            for group in optimiser.param_groups:
                group["lr"] = rate
        settings, l1 = self.settings, nn.functional.l1_loss
        real = target, source
        for judge in self.judges:
            judge.requires_grad_(False)
        with mixed_precision(self.device, settings.bfloat16):
            drawn = self.forth(source), self.back(target)
            fakes = [image.clamp(-1 - _ROOM, 1 + _ROOM) for image in drawn]
            loss = sum(_real(j(fake)) for j, fake in zip(self.judges, fakes, strict=True))
            # What is clipped has no slope to come back by; this has.
            loss = loss + sum((image.abs() - 1).relu().mean() for image in drawn)
            cycle = l1(self.back(fakes[0]), source) + l1(self.forth(fakes[1]), target)
            loss = loss + settings.cycle * cycle
            if settings.identity:
                same = l1(self.forth(target), target) + l1(self.back(source), source)
                loss = loss + settings.identity * same
        self._step(0, loss)
        for judge in self.judges:
            judge.requires_grad_(True)
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
            number, like = len(state.below(f"pool.{side}")), torch.empty(3, height, width)
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


def _real(judgement: Tensor) -> Tensor:
    """Least-squares distance from "real"."""
    return (judgement - 1).square().mean()
