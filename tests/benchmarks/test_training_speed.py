"""Training steps of every shipped network against a bare loop of the same network.

The bare loop has its batches in memory: forward, loss, backward, optimiser, nothing else. What is
around it in a training (frames drawn, warped, coloured and turned into tensors, targets drawn, the
schedule, the loss looked at) is made in a thread meanwhile or costs next to nothing.

Run: ``pytest tests/benchmarks/test_training_speed.py``. Both loops take turns in one process, with
one thread for the network; of each the fastest of ``ROUNDS`` counts, a round by its median step:
what a shared machine does meanwhile only ever slows a round down. The wall clock tells the truth
where a second core is free; ``LOAD=1`` judges by the CPU seconds of the thread that trains, where
other programs have it.

``DEVICE=cuda`` measures on a GPU, by the wall clock alone and over all steps but the first few, so
that none is waited for; the bare loop has its batches there. ``SET=augment.jitter_p=0 ...`` sets
parameters, by spaces.
"""

from __future__ import annotations

import os
import time

import numpy as np
import pytest
import torch

from adaptor_bench.registry import discover, parse_settings
from adaptor_bench.stages.registry import shipped
from adaptor_bench.train.device import (
    computing,
    deterministic,
    has_bfloat16,
    mixed_precision,
)
from adaptor_bench.train.loop import train
from adaptor_bench.train.samples import Sample, SampleStream

ROUNDS = int(os.environ.get("ROUNDS", "8"))
DEVICE = os.environ.get("DEVICE", "cpu")
ON_GPU = DEVICE.startswith("cuda")
SETTINGS = parse_settings(os.environ.get("SET", "").split())
AT_LEAST = 0.97
NETWORKS = sorted(name for of, name in shipped() if of == "network")
SLOW = {"resnext_unet", "payer_unet_64", "scn"}  # most of a second a step; others a tenth of it
STEPS = {} if ON_GPU else dict.fromkeys(SLOW, 4)
USUAL = 60 if ON_GPU else 12
WARM = 10  # steps on a GPU that are not counted


METHODS = {  # of networks whose maps are not those of a plain heatmap
    "multiscale_unet": "spotiflow_style", "resnet_deconv": "centre_offset",
    "strided_unet": "centre_offset", "vgg_pyramid": "point_proposals",
}  # fmt: skip


def world(network: str):
    """A method at its quick settings with that network, the published one where it fits, and frames
    for it."""
    spec = discover().get(METHODS.get(network, "improved_heatmap/no_cyclegan"))
    parts = spec.build(spec.resolve("quick", {"network": network, **SETTINGS}))
    rng = np.random.default_rng(0)
    samples = [
        Sample(rng.integers(0, 255, (288, 512, 3), np.uint8), rng.random((8, 2)) * (511, 287))
        for _ in range(20)
    ]
    return parts, samples


class Clock:
    """Marks the steps of a loop."""

    def __init__(self) -> None:
        self.marks: list[tuple[float, float]] = []

    def __call__(self, *_: object) -> None:
        if ON_GPU and len(self.marks) == WARM:
            torch.cuda.synchronize()
        self.marks.append((time.perf_counter(), time.thread_time()))

    def step(self) -> tuple[float, float]:
        """Seconds of a step: passed, and of this thread's CPU."""
        if not ON_GPU:
            return tuple(np.median(np.diff(self.marks, axis=0), axis=0))
        torch.cuda.synchronize()
        self.marks.append((time.perf_counter(), time.thread_time()))
        steps = len(self.marks) - 2 - WARM
        return tuple((np.array(self.marks[-1]) - self.marks[WARM]) / steps)


def stream_of(parts, samples, steps: int, **kept) -> SampleStream:
    return SampleStream(
        samples=samples, length=steps * parts.training.batch, augmentation=parts.augment,
        target=parts.target, input_size=parts.input_size, crop=parts.training.crop, seed=0, **kept,
    )  # fmt: skip


def ours(parts, samples, steps: int) -> tuple[float, float]:
    """Seconds a step in the whole training loop: passed, and of this thread's CPU."""
    deferred = parts.training.augments_on(DEVICE)
    stream = stream_of(parts, samples, steps, deferred=deferred, pinned=ON_GPU)
    clock = Clock()
    train(parts, stream, steps, stop=steps, device=DEVICE, bar=lambda *_: None, after=clock)
    return clock.step()


def bare(parts, samples, steps: int, bfloat16: bool = True) -> tuple[float, float]:
    """The same of a loop that does nothing else, with one batch again and again."""
    images, targets = stream_of(parts, samples, 1).batch(0, parts.training.batch)
    images = images.to(DEVICE).contiguous(memory_format=torch.channels_last)
    targets = targets.to(DEVICE)
    network = parts.network.build(parts.target.channels).to(DEVICE)
    network = network.to(memory_format=torch.channels_last).train()
    optimiser = torch.optim.AdamW(network.parameters(), lr=1e-3, fused=True)
    clock = Clock()
    for _ in range(steps):
        with mixed_precision(DEVICE, bfloat16):
            logits = network(images)
        loss = parts.loss(logits.float(), targets)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        clock()
    return clock.step()


@pytest.mark.parametrize("network", NETWORKS)
def test_a_step_costs_what_the_network_costs(held, network):
    parts, samples = world(network)
    steps = STEPS.get(network, USUAL)

    with computing(DEVICE), deterministic(0):
        pairs = np.array(
            [(ours(parts, samples, steps), bare(parts, samples, steps)) for _ in range(ROUNDS)]
        )
    ours_best, bare_best = pairs.min(0)
    passed, busy = bare_best / ours_best
    images = parts.training.batch / ours_best[0]
    if ON_GPU or "LOAD" not in os.environ:
        held(f"training {network} ({images:.3g} images/s): share of the bare loop's images/s",
             passed, AT_LEAST, least=True)  # fmt: skip
    if not ON_GPU:
        held(f"training {network}: by the CPU of the thread that trains",
             busy, AT_LEAST, least=True)  # fmt: skip


def test_bfloat16_is_worth_it_where_it_is_used(held):
    if not has_bfloat16(DEVICE):
        pytest.skip(f"{DEVICE} has no instructions for bfloat16, which is then not used")
    parts, samples = world("small_unet")
    steps, of = (USUAL, 0) if ON_GPU else (6, 1)
    with computing(DEVICE), deterministic(0):
        pairs = np.array(
            [
                (bare(parts, samples, steps, False), bare(parts, samples, steps))
                for _ in range(ROUNDS)
            ]
        )
    faster = np.divide(*pairs[:, :, of].min(0))
    held("training small_unet in bfloat16: times as fast as in 32 bit", faster, 1, least=True)
