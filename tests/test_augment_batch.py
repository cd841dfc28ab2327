"""A batch that is augmented on its device comes out as its images one by one on the CPU."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch
from test_training import TINY, dots, silent, stream, tiny
from torch.utils._python_dispatch import TorchDispatchMode

from adaptor_bench.train.augment import augment, draw_variation, fill_up
from adaptor_bench.train.augment_batch import PendingBatch, pending
from adaptor_bench.train.device import deterministic
from adaptor_bench.train.fit import fit_network
from adaptor_bench.train.loop import train
from adaptor_bench.train.samples import SampleStream
from adaptor_bench.train.settings import Augmentation, Training

SIZES = ((144, 256), (100, 200), (144, 256), (90, 256))
POINTS = np.array([[30.0, 40.0], [90.0, 60.0]])
COLOURS = Augmentation(
    flip_p=0, rotation_p=0, jitter_p=0.8, brightness_contrast_p=0.8, curves_p=0.5, tint_p=0.5
)
GEOMETRY = Augmentation(
    rotation_p=0.8, affine_p=0.8, shear=0.1, shift=0.1, scale=0.2, jitter_p=0,
    brightness_contrast_p=0,
)  # fmt: skip
BOTH = replace(GEOMETRY, jitter_p=0.8, brightness_contrast_p=0.8, curves_p=0.5, tint_p=0.5)
EXACT = int(cv2.__version__.partition(".")[0]) >= 5


def smooth(shape, seed):
    noise = np.random.default_rng(seed).normal(128, 900, (*shape, 3))
    return np.clip(cv2.GaussianBlur(noise, (0, 0), 4), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("window", [None, (96, 64)])
@pytest.mark.parametrize(
    ("settings", "most", "mean"),
    [
        (COLOURS, 3, 0.05),
        (GEOMETRY, *((1, 0.1) if EXACT else (8, 0.12))),
        (BOTH, 6 if EXACT else 20, 0.3),
    ],
    ids=["colours", "geometry", "both"],
)
def test_levels_are_those_of_the_cpu_but_for_rounding(settings, most, mean, window):
    """A level of rounding grows with the changes of colour that come after it."""
    frames = [smooth(SIZES[i % 4], i) for i in range(12)]
    size, expected, drawn = window or (256, 144), [], []
    for seed, frame in enumerate(frames):
        image, _ = augment(frame, POINTS, settings, np.random.default_rng(seed), window)
        expected.append(fill_up(image, size))
        rng = np.random.default_rng(seed)
        drawn.append(draw_variation(frame.shape[1::-1], POINTS, settings, rng, window))
    found = pending(frames, drawn, size).on("cpu")
    assert found.shape == (12, 3, size[1], size[0])
    off = np.abs(255 * found.permute(0, 2, 3, 1).numpy() - np.stack(expected))
    assert off.max() <= most + 1e-3 and off.mean() < mean


@pytest.mark.parametrize("crop", [None, (24, 20)])
def test_the_same_targets_are_drawn_and_the_images_are_close(crop):
    images, maps = stream(crop=crop).batch(1, 3)
    later, same = stream(crop=crop, deferred=True).batch(1, 3)
    assert torch.equal(maps, same)
    assert (later.on("cpu") - images).abs().mean() < 0.5 / 255


def test_shares_of_a_batch_make_up_the_batch():
    whole = stream(length=12).batch(1, 6)
    shares = [stream(length=12, part=(i, 3)).batch(1, 6) for i in range(3)]
    for own, of_all in zip(whole, zip(*shares, strict=True), strict=True):
        assert torch.equal(own, torch.cat(of_all))


def test_where_batches_are_augmented_is_a_setting(monkeypatch):
    always, never = (Training(augment_on_device=word) for word in ("always", "never"))
    assert [Training().augments_on(d) for d in ("cpu", "cuda", "cuda:1")] == [False, True, True]
    assert always.augments_on("cpu") and not never.augments_on("cuda")
    varied, on = [], PendingBatch.on

    def told(batch, device):
        varied.append(device)
        return on(batch, device)

    monkeypatch.setattr(PendingBatch, "on", told)
    for word, number in (("auto", 0), ("always", 4)):  # of steps
        detector = tiny(augment_on_device=word, norm_batches=0)
        weights = fit_network(detector, dots(4), (), seed=1, device="cpu", bar=silent).weights
        assert varied == ["cpu"] * number
        assert torch.isfinite(weights["head.weight"]).all()


def test_no_step_waits_for_the_device_but_every_tenth():
    """Reading a number from a tensor is what makes the CPU wait for a GPU."""
    read, step = [], 1

    class Watched(TorchDispatchMode):
        def __torch_dispatch__(self, function, types, args=(), kwargs=None):
            if function in (
                torch.ops.aten._local_scalar_dense.default,
                torch.ops.aten.nonzero.default,
            ):
                read.append(step)
            return function(*args, **(kwargs or {}))

    def after(done, network):
        nonlocal step
        step = done + 1

    parts = tiny(augment_on_device="always")
    samples = SampleStream(
        samples=dots(4), length=50, augmentation=BOTH, target=TINY.target, input_size=(48, 32),
        crop=None, seed=0, deferred=True,
    )  # fmt: skip
    with deterministic(0), Watched():
        train(parts, samples, 25, stop=25, device="cpu", bar=silent, after=after)
    assert set(read) == {10, 20, 25}
