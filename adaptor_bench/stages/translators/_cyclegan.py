"""Train the generators and discriminators of a CycleGAN, and use a generator."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import torch
from torch import nn

from adaptor_bench.errors import TrainingError
from adaptor_bench.progress import Bar
from adaptor_bench.stages.protocols import Image, Images
from adaptor_bench.stages.translators._game import (
    Game,
    Losses,
    Settings,
    Weights,
    signed,
)
from adaptor_bench.train.curves import thinned
from adaptor_bench.train.device import deterministic, mixed_precision
from adaptor_bench.train.savepoints import Savepoint, State
from adaptor_bench.train.weights import require_finite

_HINT = "Lower its learning rate: --set translate.rate=..."
SIDES = "generator_loss", "discriminator_loss"
_WARM = 0.05  # of the steps: a colour transfer that starts right is not thrown off by fresh judges


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
    game: Callable[..., Game] = Game,
) -> tuple[Weights, Weights]:
    """Weights of the generators from ``source`` to ``target`` and back.

    Images are (H, W, 3) uint8, or (H, W, 9) of three consecutive frames where a generator sees
    two; smaller ones are filled up with black. Labels play no part, unless they do in ``game``,
    which makes another :class:`Game` of the same arguments. It goes on from ``savepoint`` if
    something is kept there, to the same weights. ``losses`` is filled with
    rows of step and value, some hundred for either side. Raises TrainingError when a loss or a
    weight is not finite.
    """
    savepoint = savepoint or Savepoint(None, device)
    made = partial(game, settings, source, target, seed, device)
    told: Losses = {} if losses is None else losses
    return savepoint.resumed(
        partial(_fit, made, settings, source, target, seed, device, bar, savepoint, told)
    )


def _fit(
    made: Callable[[], Game],
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
        game = made()
        windows = game.windows(source, target, seed)
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
            loss, judged = game.play([w.to(device) for w in windows.batch(step)], rate, step)
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


def translate(
    generator: nn.Module,
    images: Images,
    *,
    device: str,
    bar: Bar,
    bfloat16: bool = False,
    before: Sequence[int] | None = None,
) -> Iterator[Image]:
    """Translated copies (H, W, 3) uint8 of ``images``, in order, each made when it is asked for.

    ``before`` says where among them the frame before each one is, for a generator that sees both.
    Raises TrainingError when the generator gives no numbers for one.
    """
    generator = generator.to(device).to(memory_format=torch.channels_last).eval()
    for i, image in enumerate(images):
        shown = [image] if before is None else [images[before[i]], image]
        given = torch.cat([signed(s) for s in shown])[None]
        given = given.to(device).contiguous(memory_format=torch.channels_last)
        with torch.inference_mode(), mixed_precision(device, bfloat16):
            fake = generator(given)[0]
        if not bool(torch.isfinite(fake).all()):  # as 8 bits they would look like a picture
            raise TrainingError(
                f"the translator gives NaN or infinity for image {i + 1} of {len(images)}",
                hint=_HINT,
            )
        pixels = ((fake + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
        yield pixels.permute(1, 2, 0).cpu().numpy()
        bar(i + 1, len(images))
