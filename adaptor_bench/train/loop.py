"""The training loop: batches, mixed precision, one optimiser, one schedule.

A plain loop rather than a framework's: one network, one device, a few hundred steps of some tens
of milliseconds, at the side of which a trainer's bookkeeping was a twelfth of the time.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from adaptor_bench.errors import TrainingError
from adaptor_bench.progress import Bar
from adaptor_bench.train.augment_batch import on_device
from adaptor_bench.train.device import mixed_precision
from adaptor_bench.train.muon import Muon
from adaptor_bench.train.rank import Rank
from adaptor_bench.train.samples import SampleStream
from adaptor_bench.train.savepoints import (
    State,
    fill_optimiser,
    fill_random_state,
    named,
    of_optimiser,
    random_state,
)
from adaptor_bench.train.settings import Parts, Training

HINT = "Lower the learning rate: --set training.rate=..."


def train(
    parts: Parts,
    stream: SampleStream,
    steps: int,
    *,
    stop: int,
    device: str,
    bar: Bar,
    after: Callable[[int, nn.Module], None],
    resumed: State | None = None,
    offer: Callable[[Callable[[], State]], None] = lambda _: None,
    rank: Rank | None = None,
) -> tuple[nn.Module, list[list[float]]]:
    """A fresh network after ``stop`` of ``steps`` steps, and its loss every tenth step.

    ``after`` is called after every step, with its number from 1 and the network; what it does to
    weights or mode it undoes. Then the state after the step is ``offer``-ed to be kept; ``resumed``
    is one to go on from. Of several processes that train one network, this is the ``rank``;
    ``stream`` then gives its share of each batch. Raises TrainingError when the loss is not finite.
    """
    settings = parts.training
    network = parts.network.build(parts.target.channels).to(device)
    network = network.to(memory_format=torch.channels_last).train()
    model = network
    if rank is not None:
        network, model = rank.shared(network)
    optimiser = _optimiser(network, settings)
    running: Tensor | None = None
    losses: list[list[float]] = []
    done = 0
    if resumed is not None:
        done = resumed.count("step", stop)
        losses = resumed.rows("losses")
        resumed.fill(named(network, "network"))
        fill_optimiser(optimiser, "optimiser", resumed)
        running = resumed.take("running", torch.zeros(())).to(device)
        fill_random_state(device, resumed)
        resumed.end()

    def state() -> State:
        assert running is not None
        tensors = named(network, "network") | of_optimiser(optimiser, "optimiser")
        tensors |= random_state(device) | {"running": running}
        return State(tensors, {"step": step, "losses": losses})

    for step in range(done + 1, stop + 1):
        for group in optimiser.param_groups:
            group["lr"] = settings.rate * rate_factor(settings, step - 1, steps)
        given, target = stream.batch(step - 1, settings.batch)
        images = on_device(given, device).contiguous(memory_format=torch.channels_last)
        target = target.to(device, non_blocking=True)
        if rank is not None:
            rank.begin(step)
        with mixed_precision(device, settings.bfloat16):
            logits = model(images).float()
        optimiser.zero_grad(set_to_none=True)
        if rank is None:
            loss = parts.loss(logits, target)
            loss.backward()  # type: ignore[no-untyped-call]
        else:
            loss = rank.backward(parts.loss, logits, target)
        optimiser.step()
        seen = loss.detach()
        running = seen if running is None else 0.9 * running + 0.1 * seen
        # Reading the loss waits for the device: only now and then.
        if step % 10 == 0 or step == stop:
            value = float(running)
            if not math.isfinite(value):
                raise TrainingError(
                    f"the training diverged: its loss is not finite at step {step}", hint=HINT
                )
            losses.append([step, round(value, 5)])
            epoch = step * settings.batch / len(stream.used)
            bar(step, stop, f"epoch {epoch:.1f} loss {value:.3f}")
        after(step, network)
        offer(state)
    return network, losses


def rate_factor(settings: Training, step: int, steps: int) -> float:
    """What the rate is multiplied by at ``step`` (from 0) of ``steps``."""
    warm = max(1, round(settings.warmup * steps))
    if step < warm:
        return (step + 1) / warm
    if settings.schedule == "constant":
        return 1.0
    return 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm)))


def _optimiser(network: nn.Module, settings: Training) -> torch.optim.Optimizer:
    """Norms and biases, which have one axis, are not decayed, and are AdamW's with Muon as well;
    there weights of a single row are with them, and not decayed either."""
    weights = [p for p in network.parameters() if p.ndim > 1]
    others = [p for p in network.parameters() if p.ndim <= 1]
    betas = (0.9, settings.beta2)
    if settings.optimiser == "muon":
        rows = [p for p in weights if len(p) == 1]  # nothing in them to be orthogonal to
        return Muon(
            [p for p in weights if len(p) > 1], others + rows,
            lr=settings.rate, betas=betas, weight_decay=settings.weight_decay,
        )  # fmt: skip
    kind = torch.optim.AdamW if settings.optimiser == "adamw" else torch.optim.Adam
    groups = [
        {"params": weights, "weight_decay": settings.weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
    return kind(groups, lr=settings.rate, betas=betas, fused=True)
