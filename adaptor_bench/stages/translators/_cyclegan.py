"""Train the generators and discriminators of a CycleGAN, and use a generator."""

from __future__ import annotations

import itertools
import math
from typing import Any

import lightning as L
import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from adaptor_bench.errors import TrainingError
from adaptor_bench.progress import Bar
from adaptor_bench.stages.protocols import Images
from adaptor_bench.stages.translators._gan import Discriminator, Generator, ImagePool, initialise
from adaptor_bench.train.augment import crop_around, fill_up
from adaptor_bench.train.device import deterministic, train_once_through
from adaptor_bench.train.samples import image_tensor, largest
from adaptor_bench.train.settings import Augmentation
from adaptor_bench.train.weights import require_finite

_HINT = "Lower its learning rate: --set translate.rate=..."

Settings = Any  # translators.cyclegan.CycleGan, which imports this file when it is called


def fit_translator(
    settings: Settings, source: Images, target: Images, *, seed: int, device: str, bar: Bar
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Weights of the generators from ``source`` to ``target`` and back.

    Images are (H, W, 3) uint8; smaller ones are filled up with black. Labels play no part. Raises
    TrainingError when a loss or a weight is not finite.
    """
    longest = max(len(source), len(target))
    steps = settings.steps or settings.epochs * math.ceil(longest / settings.batch)
    with deterministic(seed):
        module = _CycleGAN(settings, steps, seed, bar)
        pairs = _Pairs(source, target, steps * settings.batch, settings.crop, seed)
        train_once_through(module, DataLoader(pairs, batch_size=settings.batch), device)
    require_finite(module.state_dict(), "the translator", hint=_HINT)
    forth, back = (
        {k: v.detach().cpu().contiguous() for k, v in network.state_dict().items()}
        for network in (module.forth, module.back)
    )
    return forth, back


def build_generator(settings: Settings) -> Generator:
    """The generator these settings describe, not yet trained."""
    return Generator(settings.width, settings.blocks, residual=settings.residual)


def translate(generator: nn.Module, images: Images, *, device: str, bar: Bar) -> Images:
    """Translated copies (H, W, 3) uint8 of ``images``, in order.

    Raises TrainingError when the generator gives no numbers for one.
    """
    generator = generator.to(device).eval()
    result = []
    for i, image in enumerate(images):
        with torch.inference_mode():
            fake = generator(_signed(image_tensor(image))[None].to(device))[0]
        if not bool(torch.isfinite(fake).all()):  # as 8 bits they would look like a picture
            raise TrainingError(
                f"the translator gives NaN or infinity for image {i + 1} of {len(images)}",
                hint=_HINT,
            )
        pixels = ((fake + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
        result.append(pixels.permute(1, 2, 0).cpu().numpy())
        bar(i + 1, len(images))
    return result


def _signed(image: Tensor) -> Tensor:
    return image * 2 - 1


class _Pairs(Dataset[tuple[Tensor, Tensor]]):
    """Unpaired windows of both domains, flipped at random; item i depends on (seed, i) only."""

    def __init__(
        self, source: Images, target: Images, length: int, crop: tuple[int, int] | None, seed: int
    ) -> None:
        self.domains = source, target
        self.length, self.crop, self.seed = length, crop, seed
        self.sizes = [crop or largest(images) for images in self.domains]

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        rng = np.random.default_rng([self.seed, 2, index])
        first, second = (
            self._window(images, size, rng)
            for images, size in zip(self.domains, self.sizes, strict=True)
        )
        return first, second

    def _window(self, images: Images, size: tuple[int, int], rng: np.random.Generator) -> Tensor:
        image = images[int(rng.integers(len(images)))]
        if self.crop is None:
            image = fill_up(image, size)
        else:
            image, _ = crop_around(image, np.empty((0, 2)), self.crop, rng)
        if rng.random() < Augmentation.flip_p:
            image = image[:, ::-1]
        return _signed(image_tensor(image))


class _CycleGAN(L.LightningModule):
    """Least-squares adversarial, cycle and identity losses; two optimisers, stepped in turn."""

    def __init__(self, settings: Settings, steps: int, seed: int, bar: Bar) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.settings = settings
        self.steps = steps
        self.bar = bar
        self.forth, self.back = build_generator(settings), build_generator(settings)
        width = settings.width if not settings.residual else max(8, settings.width // 2)
        self.judge_target = Discriminator(width, settings.layers)
        self.judge_source = Discriminator(width, settings.layers)
        for network in (self.forth, self.back, self.judge_target, self.judge_source):
            initialise(network)
        order = torch.Generator().manual_seed(seed)
        self.pools = ImagePool(settings.pool, order), ImagePool(settings.pool, order)

    def configure_optimizers(self) -> Any:
        def adam(*networks: nn.Module) -> torch.optim.Adam:
            parameters = itertools.chain(*(n.parameters() for n in networks))
            return torch.optim.Adam(parameters, lr=self.settings.rate, betas=(0.5, 0.999))

        optimisers = [
            adam(self.forth, self.back),
            adam(self.judge_target, self.judge_source),
        ]
        schedules = [
            torch.optim.lr_scheduler.LambdaLR(o, lambda s: min(1.0, 2 - 2 * s / self.steps))
            for o in optimisers
        ]
        return optimisers, schedules

    def training_step(self, batch: tuple[Tensor, Tensor], index: int) -> None:
        source, target = batch
        generators, judges = self.optimizers()  # type: ignore[attr-defined]
        self.toggle_optimizer(generators)
        fake_target, fake_source = self.forth(source), self.back(target)
        l1 = nn.functional.l1_loss
        adversarial = _real(self.judge_target(fake_target)) + _real(self.judge_source(fake_source))
        cycle = l1(self.back(fake_target), source) + l1(self.forth(fake_source), target)
        loss = adversarial + self.settings.cycle * cycle
        if self.settings.identity:
            identity = l1(self.forth(target), target) + l1(self.back(source), source)
            loss = loss + self.settings.identity * identity
        generators.zero_grad()
        self.manual_backward(loss)
        generators.step()
        self.untoggle_optimizer(generators)

        self.toggle_optimizer(judges)
        judged = sum(
            0.5 * (_real(judge(real)) + judge(pool.swap(fake.detach())).square().mean())
            for judge, pool, real, fake in (
                (self.judge_target, self.pools[0], target, fake_target),
                (self.judge_source, self.pools[1], source, fake_source),
            )
        )
        judges.zero_grad()
        self.manual_backward(judged)
        judges.step()
        self.untoggle_optimizer(judges)
        for schedule in self.lr_schedulers():  # type: ignore[union-attr]
            schedule.step()
        if (index + 1) % 5 == 0 or index + 1 == self.steps:
            value = float(loss.detach())
            if not math.isfinite(value):
                raise TrainingError(
                    f"the translator diverged: its loss is not finite at step {index + 1}",
                    hint=_HINT,
                )
            self.bar(index + 1, self.steps, f"loss {value:.2f}")


def _real(judgement: Tensor) -> Tensor:
    """Least-squares distance from "real"."""
    return (judgement - 1).square().mean()
