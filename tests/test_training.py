"""Losses, networks, the order of samples, training, selection, translation."""

from __future__ import annotations

import json
import math
import sys
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import ClassVar

import numpy as np
import pytest
import torch
from torch import nn

from adaptor_bench.artefacts import ArtefactStore
from adaptor_bench.data.check import DomainFrames, LoadedFrame
from adaptor_bench.data.frames import Frame
from adaptor_bench.data.leaks import trace_of
from adaptor_bench.errors import BenchError, InputError, TrainingError, UsageError
from adaptor_bench.matching.settings import MatchSettings
from adaptor_bench.method import Card, FoldTask, Pixels
from adaptor_bench.methodspec import MethodSpec
from adaptor_bench.progress import Progress
from adaptor_bench.stages.composition import Composition
from adaptor_bench.stages.decoders.otsu import Otsu
from adaptor_bench.stages.decoders.peaks import Peaks
from adaptor_bench.stages.losses.dice import Dice
from adaptor_bench.stages.losses.focal import Focal
from adaptor_bench.stages.losses.mse_dice import MseDice
from adaptor_bench.stages.maps import resize_map
from adaptor_bench.stages.networks._unet import UNet
from adaptor_bench.stages.networks.resnext_unet import ResNextUNet
from adaptor_bench.stages.networks.small_unet import SmallUNet
from adaptor_bench.stages.networks.stern_unet import SternUNet
from adaptor_bench.stages.protocols import Decoded
from adaptor_bench.stages.registry import shipped, stage
from adaptor_bench.stages.targets.gaussian import Gaussian, draw_heatmap
from adaptor_bench.stages.translators import _cyclegan
from adaptor_bench.stages.translators._cyclegan import fit_translator, translate
from adaptor_bench.stages.translators._gan import (
    Discriminator,
    ImagePool,
    ResNet,
    build_generator,
)
from adaptor_bench.stages.translators.colour_statistics import ColourStatistics
from adaptor_bench.stages.translators.colours import linear_transfer, moments
from adaptor_bench.stages.translators.cyclegan import CycleGan
from adaptor_bench.stages.translators.none import NoTranslation
from adaptor_bench.stages.translators.unchanged import Unchanged
from adaptor_bench.train import fit, ranks, translation
from adaptor_bench.train import keys as keys_of
from adaptor_bench.train.detector import Detector
from adaptor_bench.train.device import deterministic, has_bfloat16, resolve_device
from adaptor_bench.train.fit import COLLAPSED, fit_network
from adaptor_bench.train.inference import predict_maps
from adaptor_bench.train.loop import rate_factor
from adaptor_bench.train.samples import Sample, SampleStream
from adaptor_bench.train.settings import Augmentation, Training
from adaptor_bench.train.trial import THRESHOLDS, inner_f1, some_of, with_threshold
from adaptor_bench.train.weights import read_weights, write_weights

SIZE = (48, 32)
STILL = Augmentation(flip_p=0, rotation_p=0, affine_p=0, jitter_p=0, brightness_contrast_p=0)
GAN = CycleGan(
    generator="colour_texture",
    width=4,
    blocks=1,
    judge_width=4,
    layers=1,
    crop=(32, 32),
    batch=1,
    epochs=1,
    steps=2,
    rate=1e-3,
)


@stage("network", "tiny")
@dataclass(frozen=True)
class Tiny:
    """A U-Net small enough to be trained in milliseconds."""

    dropout: float = 0.0
    reduction: ClassVar[int] = 2
    stride: ClassVar[int] = 1

    def build(self, channels):
        return UNet((4, 8), channels, dropout=(self.dropout,) * 2)


TINY = Detector(
    input_size=SIZE,
    translate=GAN,
    target=Gaussian(sigma=20.0, combine="max"),  # about 2 px here
    network=Tiny(),
    loss=Dice(),
    decode=Otsu(),
    training=Training(
        rate=1e-2,
        weight_decay=0.0,
        batch=2,
        epochs=1,
        steps=4,
        selections=2,
        norm_batches=2,
        retry=False,
    ),
)
NETWORKS = {"small_unet": SmallUNet(), "stern_unet_16_256": SternUNet()}


def silent(done, total, note=""):
    pass


def dots(number: int, seed: int = 0) -> list[Sample]:
    """Bright dots on dark noise."""
    rng = np.random.default_rng(seed)
    samples = []
    for _ in range(number):
        points = rng.uniform(5, np.array(SIZE) - 6, (2, 2))
        image = (
            60 * rng.random((SIZE[1], SIZE[0], 1))
            + 195 * draw_heatmap(points, SIZE, 1.5, "max")[..., None]
        )
        samples.append(Sample(np.repeat(image.clip(0, 255), 3, axis=2).astype(np.uint8), points))
    return samples


def tiny(**training):
    """TINY, trained otherwise."""
    return replace(TINY, training=replace(TINY.training, **training))


def train(detector=TINY, selection=(), seed=1, samples=None):
    samples = samples or dots(4)
    return fit_network(detector, samples, selection, seed=seed, device="cpu", bar=silent)


# --- losses -----------------------------------------------------------------------------------


def logit(p):
    return torch.logit(torch.tensor(p, dtype=torch.float64))


def test_dice_by_hand():
    probability, target = [0.5, 0.25, 0.25, 0.75], torch.tensor([1.0, 0.0, 0.5, 1.0])
    # 2 (0.5 + 0.125 + 0.75) + 1 = 3.75; 1.75 + 2.5 + 1 = 5.25
    found = Dice()(logit(probability).reshape(2, 1, 1, 2), target.reshape(2, 1, 1, 2))
    assert float(found) == pytest.approx(1 - 3.75 / 5.25)


def test_dice_is_taken_over_the_whole_batch_and_not_by_frame():
    logits, target = torch.randn(3, 1, 4, 5), torch.rand(3, 1, 4, 5)
    by_frame = torch.stack([Dice()(a, b) for a, b in zip(logits, target, strict=True)]).mean()
    assert float(Dice()(logits, target)) != pytest.approx(float(by_frame), abs=1e-4)


def test_mse_dice_by_hand():
    # mean of (0.25, 0.0625, 0, 0.0625) is 0.09375
    target = torch.tensor([1.0, 0.0, 0.25, 1.0], dtype=torch.float64)
    overlap, total = 0.5 + 0.0625 + 0.75, 1.75 + 2.25
    expected = 0.09375 + 1 - (2 * overlap + 1) / (total + 1)
    assert float(MseDice()(logit([0.5, 0.25, 0.25, 0.75]), target)) == pytest.approx(expected)


def test_focal_by_hand():
    # One peak (t = 1, p = .5): -(.5)^2 log .5; its neighbour (t = .6, p = .25):
    # -(.4)^4 (.25)^2 log .75; far away (t = 0, p = .1): -(.1)^2 log .9; divided by 1 + 1.
    target = torch.tensor([1.0, 0.6, 0.0, 0.0], dtype=torch.float64).reshape(1, 1, 1, 4)
    found = Focal()(logit([0.5, 0.25, 0.1, 0.1]).reshape(1, 1, 1, 4), target)
    by_hand = 0.25 * math.log(2) - 0.4**4 * 0.0625 * math.log(0.75) - 0.02 * math.log(0.9)
    assert float(found) == pytest.approx(by_hand / 2)


@pytest.mark.parametrize("loss", [Dice(), MseDice(), Focal()])
def test_losses_are_finite_without_a_target_and_pull_the_right_way(loss):
    logits = torch.zeros(1, 1, 4, 4, requires_grad=True)
    empty = loss(logits, torch.zeros(1, 1, 4, 4))
    empty.backward()
    assert math.isfinite(float(empty.detach()))
    assert (logits.grad > 0).all(), "without a landmark everything is to go down"
    logits = torch.zeros(1, 1, 4, 4, requires_grad=True)
    target = torch.zeros(1, 1, 4, 4)
    target[..., 1, 1] = 1
    loss(logits, target).backward()
    assert logits.grad[0, 0, 1, 1] < 0 < logits.grad[0, 0, 3, 3]
    assert torch.isfinite(loss(torch.full((1, 1, 2, 2), -200.0), torch.zeros(1, 1, 2, 2)))


def test_unknown_names_are_wrong_usage():
    resolve = MethodSpec("tiny", Card("Tiny"), Composition(TINY, shipped()), "").resolve
    for call in (
        lambda: resolve("paper", {"loss": "dise"}),
        lambda: resolve("paper", {"network": "resnext"}),
        lambda: resolve("paper", {"training.optimiser": "sgd"}),
        lambda: resolve("paper", {"network": "small_unet", "network.pretrained": True}),
        lambda: resolve_device("toaster"),
    ):
        with pytest.raises(UsageError):
            call()


# --- networks ---------------------------------------------------------------------------------


def count(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


def test_the_small_network_has_the_levels_it_says():
    network = SmallUNet().build(1)
    assert [block.norm.num_features for block in network.network.down] == [8, 16, 32, 64, 96]
    assert count(network) == pytest.approx(0.33e6, rel=0.02)
    assert count(SmallUNet(width=4).build(1)) == pytest.approx(0.33e6 / 4, rel=0.05)


def test_the_stern_network():
    network = SternUNet().build(1)
    kinds = [type(m).__name__ for m in network.network.down[0]]
    assert kinds == ["Conv2d", "ELU", "BatchNorm2d", "Dropout2d", "Conv2d", "ELU", "BatchNorm2d"]
    rates = [m.p for m in network.modules() if isinstance(m, nn.Dropout2d)]
    assert rates == [0.3, 0.37, 0.43, 0.5, 0.4, 0.5, 0.43, 0.37, 0.3]
    assert count(network) == pytest.approx(1.94e6, rel=0.02)


def test_the_resnext_network_has_the_size_of_the_public_code():
    network = ResNextUNet().build(1).eval()
    assert count(network) == pytest.approx(31.99e6, rel=1e-3)
    with torch.inference_mode():
        assert network(torch.rand(1, 3, 40, 70)).shape == (1, 1, 40, 70)


@pytest.mark.parametrize("name", sorted(NETWORKS))
@pytest.mark.parametrize("size", [(64, 96), (33, 47), (5, 9), (1, 1)])
def test_any_size_goes_in_and_the_same_comes_out(name, size):
    with torch.inference_mode():
        logits = NETWORKS[name].build(1).eval()(torch.rand(2, 3, *size))
    assert logits.shape == (2, 1, *size)
    assert torch.isfinite(logits).all()


@pytest.mark.parametrize("name", sorted(NETWORKS))
def test_every_weight_is_reached_by_the_gradient(name):
    network = NETWORKS[name].build(1)
    Dice()(network(torch.rand(2, 3, 32, 48)), torch.rand(2, 1, 32, 48)).backward()
    assert [n for n, p in network.named_parameters() if p.grad is None] == []


@pytest.mark.parametrize("name", sorted(name for of, name in shipped() if of == "network"))
def test_batch_norm_fails_exactly_where_the_relation_says(name):
    part = shipped()["network", name]()
    maps = {"multiscale_unet": 7}.get(name, 1 if part.stride == 1 else 3)  # as their targets have
    side, network = part.reduction, part.build(maps).train()
    with pytest.raises(ValueError, match="more than 1 value per channel"):
        network(torch.zeros(1, 3, side, side))
    for number, wide in ((2, side), (1, side + 1)):
        drawn = network(torch.zeros(number, 3, side, wide))
        assert drawn.shape == (number, maps, side // part.stride, -(-wide // part.stride))


@pytest.mark.parametrize("layers", range(1, 5))
def test_discriminators_fail_exactly_where_the_relation_says(layers):
    judge, least = Discriminator(1, layers, spectral=False).train(), 3 * 2**layers
    assert judge(torch.zeros(1, 3, least, least)).numel() == 1
    with pytest.raises((RuntimeError, ValueError)):
        judge(torch.zeros(1, 3, least - 1, least - 1))


def test_the_smallest_window_goes_through_a_generator():
    smallest = torch.zeros(1, 3, 8, 8)
    assert ResNet(1, 1).train()(smallest).shape == smallest.shape


# --- samples ----------------------------------------------------------------------------------


def stream(length=10, seed=3, **changes):
    settings = {
        "augmentation": Augmentation(),
        "target": Gaussian(sigma=2.0, combine="max"),
        "input_size": (512, 288),
        "crop": (24, 20),
    }
    return SampleStream(samples=dots(4), length=length, seed=seed, **(settings | changes))


def test_a_batch_is_its_items_one_after_the_other():
    images, maps = stream().batch(2, 3)
    for place, number in enumerate((6, 7, 8)):
        image, drawn = stream()[number]
        assert torch.equal(images[place], image) and torch.equal(maps[place], drawn)


def test_batches_made_ahead_in_a_thread_are_equal_to_the_bit():
    """Also where a target fades into numbers too small to be normal, which training takes for 0."""
    many = {"target": Gaussian(sigma=1.5, combine="max"), "crop": None}
    with deterministic(0):
        expected = [torch.stack([stream(**many)[2 * n + i][1] for i in range(2)]) for n in range(5)]
        asked = stream(**many)
        for number in (0, 1, 2, 0, 1, 4, 3, 4):  # from one to the next, and to and fro
            assert torch.equal(asked.batch(number, 2)[1], expected[number])
    with_small = torch.stack([stream(**many)[i][1] for i in range(2)])
    assert not torch.equal(with_small, expected[0]), "nothing here is too small to be normal"


def test_items_depend_on_seed_and_index_only():
    backwards = [stream()[i] for i in reversed(range(10))][::-1]
    for (image, target), (image_again, target_again) in zip(stream(), backwards, strict=True):
        assert torch.equal(image, image_again)
        assert torch.equal(target, target_again)
        assert image.shape == (3, 20, 24)
        assert target.shape == (1, 20, 24)
        assert 0 <= image.min() <= image.max() <= 1
    other = stream(seed=4)
    assert not all(torch.equal(a[0], b[0]) for a, b in zip(stream(), other, strict=True))


def test_every_frame_is_seen_once_an_epoch_and_augmented_anew():
    found = stream(length=12)
    for epoch in range(3):
        assert sorted(found.order[4 * epoch : 4 * epoch + 4]) == [0, 1, 2, 3]
    first, second = (found[int(np.flatnonzero(found.order == 0)[i])][0] for i in range(2))
    assert not torch.equal(first, second)


def test_without_augmentation_the_heatmap_is_drawn_at_the_points():
    found = stream(augmentation=STILL, crop=None)
    sample = found.samples[found.order[0]]
    image, target = found[0]
    np.testing.assert_array_equal(target[0], draw_heatmap(sample.points, SIZE, 2.0, "max"))
    np.testing.assert_allclose(image.permute(1, 2, 0) * 255, sample.image, atol=1e-4)


# --- training ---------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_network_and_another_seed_another():
    first, again, other = train(), train(), train(seed=2)
    assert first.weights.keys() == again.weights.keys()
    assert all(torch.equal(v, again.weights[k]) for k, v in first.weights.items())
    assert first.history == again.history
    assert not torch.equal(first.weights["head.weight"], other.weights["head.weight"])
    network = Tiny().build(1)
    maps = []
    for fitted in (first, again):
        network.load_state_dict(fitted.weights)
        maps.append(np.stack(list(predict_maps(network, [s.image for s in dots(5)], device="cpu"))))
    np.testing.assert_array_equal(*maps)
    assert maps[0].shape == (5, 1, SIZE[1], SIZE[0])
    assert 0 <= maps[0].min() < maps[0].max() <= 1


def test_training_does_not_depend_on_what_ran_before():
    first = train().weights
    torch.rand(7)
    np.random.default_rng().random(3)
    train(seed=9)
    assert all(torch.equal(v, first[k]) for k, v in train().weights.items())


def test_the_loss_falls_and_dots_are_found():
    samples = dots(4)
    longer = tiny(steps=60, batch=4, rate=3e-2, norm_batches=4)
    fitted = train(replace(longer, augment=STILL, select=Otsu(cut=False)), samples, samples=samples)
    losses = [value for _, value in fitted.history["loss"]]
    assert losses[-1] < 0.6 * losses[0]
    assert fitted.history["selection"][-1]["f1"] > 0.6


def test_a_loss_that_is_not_finite_is_told_with_its_remedy():
    with pytest.raises(BenchError, match="loss is not finite at step 4") as error:
        train(replace(TINY, loss=lambda logits, target: logits.sum() * float("nan")))
    assert "--set training.rate" in str(error.value.hint)


def test_weights_that_are_not_finite_after_the_last_step_are_told(monkeypatch):
    """The last step comes after the last look at the loss."""
    with pytest.raises(TrainingError, match="tensors of the network are not finite") as error:
        train(tiny(rate=1e30, steps=1, warmup=0.0))
    assert "--set training.rate" in str(error.value.hint)


def failing(monkeypatch, *scores):
    """What every further trial of a network finds."""
    answers = iter(scores)
    monkeypatch.setattr(fit, "inner_f1", lambda *_, **__: next(answers))


@pytest.mark.parametrize(
    ("scores", "collapsed"),
    [([0.0, 0.7], [0.0]), ([COLLAPSED, 0.7], []), ([0.01, 0.02], [0.01, 0.02]), ([math.nan], [])],
)
@pytest.mark.parametrize("choose", ["last", "held_back"])
def test_a_network_that_learnt_nothing_is_trained_once_more(monkeypatch, choose, scores, collapsed):
    failing(monkeypatch, *scores)
    once = tiny(choose=choose, selections=1, retry=True)
    fitted = train(once, dots(2) if choose == "held_back" else ())
    assert fitted.history["collapsed"] == collapsed
    failing(monkeypatch, 0.9)
    first = train(once, dots(2) if choose == "held_back" else ())
    same = torch.equal(fitted.weights["head.weight"], first.weights["head.weight"])
    assert same != bool(collapsed)


def test_whoever_does_not_ask_for_it_is_not_trained_again(monkeypatch):
    failing(monkeypatch, 0.0)
    assert train(tiny(selections=1), dots(2)).history["collapsed"] == []


def test_refitting_trains_on_all_frames_up_to_the_best_step(monkeypatch):
    failing(monkeypatch, 0.2, 0.6, 0.4, 0.5)
    refit = tiny(choose="refit", steps=6, selections=3)
    fitted = train(refit, dots(3, seed=5), samples=dots(4))
    assert fitted.history["refit"] == 4 and fitted.history["f1"] == 0.5
    assert [t["f1"] for t in fitted.history["selection"]] == [0.2, 0.6, 0.4]
    stopped = []
    monkeypatch.setattr(fit, "inner_f1", lambda network, *_, **__: stopped.append(network) or 0.5)
    train(tiny(choose="last", steps=6, retry=True), samples=[*dots(4), *dots(3, seed=5)])
    # The refit is the same training as one on all frames, stopped where selection says.
    assert not torch.equal(stopped[0].state_dict()["head.weight"], fitted.weights["head.weight"])
    epochs = replace(refit.training, steps=None, epochs=2, batch=2)
    assert (epochs.steps_for(4), epochs.steps_for(7)) == (4, 8)


@pytest.mark.parametrize(("budget", "steps"), [(0.25, 2), (1.0, 8), (4.0, 32), (0.01, 1)])
def test_a_budget_scales_the_steps_and_the_schedule_with_them(budget, steps):
    assert tiny(steps=8, budget=budget).training.steps_for(4) == steps
    assert tiny(steps=None, epochs=2, batch=1, budget=budget).training.steps_for(4) == steps


def test_thirty_two_bits_stay_thirty_two_bits():
    """bfloat16 is a choice: off, a network computes the same on every processor."""
    images = [s.image for s in dots(2)]
    torch.manual_seed(0)
    network, seen = Tiny().build(1), []
    network.head.register_forward_hook(lambda _m, _i, out: seen.append(out.dtype))
    for wanted in (False, True):
        list(predict_maps(network, images, device="cpu", bfloat16=wanted))
    assert seen == [torch.float32, torch.bfloat16 if has_bfloat16("cpu") else torch.float32]
    train(tiny(bfloat16=False, retry=True))


class Constant(nn.Module):
    """Answers every image with one number everywhere."""

    def __init__(self, value, channels):
        super().__init__()
        self.value, self.channels = value, channels

    def forward(self, images):
        return torch.full((len(images), self.channels, *images.shape[2:]), self.value)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_becomes_no_heatmap_and_no_picture(value):
    images = [np.zeros((8, 16, 3), np.uint8)] * 3
    if math.isnan(value):
        with pytest.raises(TrainingError, match="heatmap of a frame is not finite"):
            list(predict_maps(Constant(value, 1), images, device="cpu"))
    else:  # a very sure network
        maps = list(predict_maps(Constant(value, 1), images, device="cpu"))
        assert np.all(np.array(maps) == (value > 0))
    with pytest.raises(TrainingError, match="image 1 of 3"):
        list(translate(Constant(value, 3), images, device="cpu", bar=silent))


@pytest.mark.parametrize(
    ("scores", "kept"),
    [
        ([0.2, 0.6, 0.4], 1),
        ([0.2, 0.3, 0.4], 2),
        ([math.nan, math.nan, math.nan], 2),
        ([0.5, math.nan, 0.1], 0),
        ([0.3, 0.5, 0.5], 2),
    ],
)
def test_the_best_trial_on_the_held_back_frames_is_kept(monkeypatch, scores, kept):
    states, answers = [], iter(scores)

    def trial(network, samples, *_, **__):
        states.append({k: v.clone() for k, v in network.state_dict().items()})
        return next(answers)

    monkeypatch.setattr(fit, "inner_f1", trial)
    fitted = train(tiny(steps=6, selections=3, retry=False), dots(2))
    assert [t["step"] for t in fitted.history["selection"]] == [2, 4, 6]
    assert [t["f1"] for t in fitted.history["selection"]] == [
        None if math.isnan(s) else s for s in scores
    ]
    assert all(torch.equal(v, states[kept][k]) for k, v in fitted.weights.items())
    assert not torch.equal(states[0]["head.weight"], states[-1]["head.weight"])


@pytest.mark.parametrize("norm_batches", [0, 2])
def test_trying_the_network_does_not_change_the_training(norm_batches):
    """Selection looks; it must not touch (dropout, batch norm, random numbers)."""
    settings = replace(tiny(selections=4, norm_batches=norm_batches), network=Tiny(dropout=0.5))
    often, never = train(settings, dots(2)), train(settings, ())
    assert never.history["selection"] == []
    assert len(often.history["selection"]) == 4
    assert often.history["loss"] == never.history["loss"]


def test_reestimated_batch_norm_changes_statistics_and_nothing_else():
    plain, re = (train(tiny(norm_batches=n)).weights for n in (0, 2))
    changed = {k for k, v in plain.items() if not torch.equal(v, re[k])}
    assert changed
    assert all(
        k.rpartition(".")[2] in ("running_mean", "running_var", "num_batches_tracked")
        for k in changed
    )
    assert any(k.endswith("running_mean") for k in changed)


def test_reestimated_statistics_are_the_plain_average_over_the_last_batches():
    torch.manual_seed(0)
    network, settings = UNet((4, 8)), TINY.training
    items = stream(length=8, crop=None)
    fit.reestimate_norm(network, items, 4, settings, "cpu")
    means = []
    for start in (4, 6):  # two batches of two items before step 4
        batch = torch.stack([items[i][0] for i in (start, start + 1)])
        means.append(network.down[0][0](batch).mean(dim=(0, 2, 3)))
    np.testing.assert_allclose(
        network.down[0][1].running_mean, torch.stack(means).mean(0).detach(), rtol=1e-4, atol=1e-5
    )
    assert network.down[0][1].momentum == 0.1


def test_the_rate_warms_up_from_the_first_step_and_falls_to_zero():
    warm = replace(TINY.training, warmup=0.1)
    factors = [rate_factor(warm, step, 50) for step in range(50)]
    np.testing.assert_allclose(factors[:5], [0.2, 0.4, 0.6, 0.8, 1.0])
    assert factors[5] == 1.0
    assert all(a > b for a, b in pairwise(factors[5:]))
    assert 0 < factors[-1] < 0.01
    assert rate_factor(warm, 5 + 45 // 2, 50) == pytest.approx(0.5, abs=0.03)
    constant = Training(schedule="constant", warmup=0.0)
    assert {rate_factor(constant, step, 50) for step in range(50)} == {1.0}


def test_epochs_count_passes_over_the_frames():
    fitted = train(tiny(steps=None, epochs=3, batch=3))
    assert fitted.history["steps"] == 6  # 3 passes of 2 batches over 4 frames


class Drawn(nn.Module):
    """Answers every image with the logits of the map that was drawn for it."""

    def __init__(self, samples, sigma=2.0):
        super().__init__()
        self.maps = {
            s.image.tobytes(): torch.tensor(draw_heatmap(s.points, SIZE, sigma, "max"))
            for s in samples
        }

    def forward(self, images):
        keys = [
            (i.permute(1, 2, 0) * 255).round().to(torch.uint8).numpy().tobytes() for i in images
        ]
        return torch.stack([torch.logit(self.maps[k].clamp(1e-4, 1 - 1e-4)) for k in keys])[:, None]


def test_inner_f1_of_a_perfect_network_is_one_and_of_a_blind_one_zero():
    samples = [
        Sample(dots(1, seed=i)[0].image, np.array([[8.0, 8.0], [38.0, 22.0]])) for i in range(5)
    ]
    how = Otsu(cut=False), torch.device("cpu"), MatchSettings()
    assert inner_f1(Drawn(samples), samples, *how) == 1.0
    moved = [Sample(s.image, np.array([[20.0, 26.0]])) for s in samples]
    assert inner_f1(Drawn(samples), moved, *how) == 0.0
    blind = [Sample(s.image, np.empty((0, 2))) for s in samples]
    assert math.isnan(inner_f1(Drawn(blind), blind, *how))


def test_the_threshold_is_the_middle_of_the_plateau_on_the_samples():
    """Faint peaks of 0.3 beside landmarks of 0.8: every threshold between is as good."""
    samples = [Sample(dots(1, seed=i)[0].image, np.array([[10.0, 8.0]])) for i in range(3)]
    network, decode = Drawn(samples), Peaks(threshold=None, blur=0.0, distance=4)
    for key, one in network.maps.items():
        faint = torch.tensor(draw_heatmap(np.array([[36.0, 22.0]]), SIZE, 2.0, "max"))
        network.maps[key] = torch.maximum(0.8 * one, 0.3 * faint)
    how = decode, "cpu", MatchSettings()
    chosen = with_threshold(network, samples, *how, bfloat16=False)
    between = [t for t in THRESHOLDS if 0.3 < t < 0.8]
    assert chosen.threshold == pytest.approx(np.median(between), abs=0.011)
    assert inner_f1(network, samples, *how, bfloat16=False) == 1.0
    everything = replace(decode, threshold=0.02)
    assert inner_f1(network, samples, everything, *how[1:], bfloat16=False) == pytest.approx(2 / 3)
    nobody = [Sample(s.image, np.empty((0, 2))) for s in samples]
    blank = Constant(-9.0, 1)
    assert with_threshold(blank, nobody, *how).threshold == 0.5


@pytest.mark.parametrize("number", [1, 24, 25, 300])
def test_a_threshold_is_chosen_on_a_few_samples_of_all_videos(number):
    chosen = some_of(list(range(number)))
    assert len(chosen) == min(number, 24) == len(set(chosen))
    assert chosen[0] == 0 and number - chosen[-1] <= -(-number // 24)


def test_a_chosen_threshold_is_kept_with_the_run(task, tmp_path):
    method = replace(TINY, decode=Peaks(threshold=None), select=Otsu())
    method.fit(task)
    (tmp_path / "kept").mkdir()
    method.save(tmp_path / "kept")
    images = [Pixels(f.frame.key, f.image, SIZE) for f in frames(["aicm11", "aicm10"])]
    again = replace(TINY, decode=Peaks(threshold=None), select=Otsu())
    again.load(tmp_path / "kept")
    kept = json.loads((tmp_path / "kept" / "decoding.json").read_text())
    assert again._decode == Peaks(threshold=kept["threshold"])
    for a, b in zip(method.predict(images, task), again.predict_frames(images, "cpu"), strict=True):
        np.testing.assert_array_equal(a.points, b.points)


def test_heatmaps_keep_their_places_when_resized():
    point = np.array([[20.0, 12.0]])
    big = resize_map(draw_heatmap(point, SIZE, 2.0, "max"), (4 * SIZE[0], 4 * SIZE[1]))
    y, x = np.mgrid[: big.shape[0], : big.shape[1]]
    centre = (big * x).sum() / big.sum(), (big * y).sum() / big.sum()
    np.testing.assert_allclose(centre, [4 * 20.5 - 0.5, 4 * 12.5 - 0.5], atol=0.05)


def keeps_small_numbers() -> bool:
    return sys.float_info.min / 2 > 0


def test_determinism_is_switched_off_again():
    assert keeps_small_numbers(), "another test left the processor flushing small numbers"
    with pytest.raises(RuntimeError), deterministic(0):
        assert torch.are_deterministic_algorithms_enabled()
        assert not keeps_small_numbers()
        raise RuntimeError
    assert not torch.are_deterministic_algorithms_enabled()
    assert keeps_small_numbers()


def test_an_outer_choice_of_flushing_survives():
    with deterministic(0):
        with deterministic(1):
            pass
        assert not keeps_small_numbers()
    assert keeps_small_numbers()


def test_weights_survive_the_disk_and_damage_is_named(tmp_path):
    weights = train().weights
    write_weights(tmp_path / "w.safetensors", weights)
    found = read_weights(tmp_path / "w.safetensors")
    assert all(torch.equal(v, found[k]) for k, v in weights.items())
    content = (tmp_path / "w.safetensors").read_bytes()
    (tmp_path / "w.safetensors").write_bytes(content[: len(content) // 2])
    with pytest.raises(InputError, match=r"w\.safetensors: not readable as network weights"):
        read_weights(tmp_path / "w.safetensors")
    with pytest.raises(InputError, match=r"none\.safetensors"):
        read_weights(tmp_path / "none.safetensors")


# --- translation ------------------------------------------------------------------------------


def colourful(seed=0, size=SIZE):
    return np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)


def fresh_generator(**changes):
    torch.manual_seed(0)
    return build_generator(replace(GAN, **changes))


@pytest.mark.parametrize(("generator", "near"), [("colour_texture", True), ("resnet", False)])
def test_only_the_generator_of_colour_and_texture_starts_near_the_identity(generator, near):
    image = colourful()
    (found,) = translate(fresh_generator(generator=generator), [image], device="cpu", bar=silent)
    assert (np.abs(found.astype(int) - image).mean() < 20) == near


def test_no_generator_can_draw_a_checkerboard_of_its_own():
    """Between flat images that differ, nothing repeats every second pixel, far from the edges."""
    for generator in ("colour_texture", "resnet"):
        network = fresh_generator(generator=generator)
        assert not [m for m in network.modules() if isinstance(m, nn.ConvTranspose2d)]
        with torch.no_grad():
            drawn = network(torch.full((1, 3, 128, 128), 0.3))[..., 48:80, 48:80]
        assert float((drawn - drawn.mean((-2, -1), keepdim=True)).abs().max()) < 1e-3


def test_a_judge_of_bounded_gain_sees_how_bright_a_window_is_and_zhus_hardly():
    torch.manual_seed(0)
    image = torch.rand(1, 3, 64, 64) - 0.5
    apart = {}
    for spectral in (True, False):
        judge = Discriminator(16, 2, spectral=spectral)
        with torch.no_grad():
            for _ in range(20):
                judge.train()(image)  # its norms are found step by step
            spread = judge(image).std() + judge.layers[-1].bias.abs().sum()
            apart[spectral] = float((judge(image) - judge(image + 0.3)).abs().mean() / spread)
    assert apart[True] > apart[False]


def test_the_linear_transfer_gives_one_pool_of_colours_the_moments_of_another():
    rng = np.random.default_rng(0)
    blue = [rng.integers(0, 120, (32, 48, 3), np.uint8) + np.uint8([0, 20, 100]) for _ in "ab"]
    red = [np.clip(rng.normal((180, 90, 70), (30, 20, 10), (32, 48, 3)), 0, 255) for _ in "ab"]
    source, target = moments(blue), moments([i.astype(np.uint8) for i in red])
    matrix, offset = linear_transfer(source, target)
    np.testing.assert_allclose(matrix @ source[0] + offset, target[0])
    np.testing.assert_allclose(matrix @ source[1] @ matrix.T, target[1], atol=1e-4)
    np.testing.assert_allclose(matrix, matrix.T, atol=1e-9)  # of all that do, the nearest one
    np.testing.assert_allclose(linear_transfer(source, source)[0], np.eye(3), atol=1e-6)


@pytest.mark.parametrize("size", [SIZE, (33, 21), (30, 50)])
def test_translation_keeps_size_type_and_order(size):
    images = [np.full((size[1], size[0], 3), v, np.uint8) for v in (30, 120, 200)]
    found = list(translate(fresh_generator(), images, device="cpu", bar=silent))
    assert [(f.shape, f.dtype) for f in found] == [(i.shape, np.uint8) for i in images]
    assert found[0].mean() < found[1].mean() < found[2].mean()


def test_the_generator_and_judges_of_the_reference_have_their_sizes():
    # ResNet-9 generator: 11.378 M, PatchGAN: 2.765 M parameters, as published.
    assert count(ResNet(64, 9)) == pytest.approx(11.378e6, rel=1e-3)
    judge = Discriminator(64, 3, spectral=False)
    assert count(judge) == pytest.approx(2.765e6, rel=2e-3)
    assert judge(torch.zeros(1, 3, 64, 64)).shape == (1, 1, 6, 6)
    widths = [m.out_channels for m in judge.modules() if isinstance(m, nn.Conv2d)]
    assert widths == [64, 128, 256, 512, 1]


def test_the_pool_shows_new_fakes_until_it_is_full_then_half_old_ones():
    pool = ImagePool(3, torch.Generator().manual_seed(0))
    image = lambda v: torch.full((1, 3, 2, 2), float(v))  # noqa: E731
    assert [float(pool.swap(image(v)).mean()) for v in range(3)] == [0, 1, 2]
    shown = [float(pool.swap(image(v)).mean()) for v in range(3, 203)]
    fresh = sum(a == b for a, b in zip(shown, range(3, 203), strict=True))
    assert 70 <= fresh <= 130
    assert len(pool.images) == 3
    assert len(set(shown)) == 200, "an image is shown once: new, or old and then gone"
    none = ImagePool(0, torch.Generator())
    assert float(none.swap(image(7)).mean()) == 7
    assert not none.images


def test_translators_of_one_seed_are_equal_and_change_with_the_images():
    source, target = [colourful(i) for i in range(2)], [colourful(i) // 2 for i in range(3)]

    def fitted(seed, target=target):
        forth, back = fit_translator(GAN, source, target, seed=seed, device="cpu", bar=silent)
        assert forth.keys() == back.keys() == build_generator(GAN).state_dict().keys()
        return {f"forth {k}": v for k, v in forth.items()} | {
            f"back {k}": v for k, v in back.items()
        }

    first, again, other = fitted(1), fitted(1), fitted(2)
    darker = fitted(1, [t // 2 for t in target])
    assert all(torch.equal(v, again[k]) for k, v in first.items())
    for different in (other, darker):
        assert not all(torch.equal(v, different[k]) for k, v in first.items())


def test_a_translator_that_diverges_is_told_with_its_remedy():
    with pytest.raises(BenchError, match="translator diverged: its loss is not finite") as error:
        diverging = replace(GAN, cycle=math.inf), [colourful()], [colourful(1)]
        fit_translator(*diverging, seed=0, device="cpu", bar=silent)
    assert "translate.rate" in str(error.value.hint)


# --- the method: what is handed to which stage --------------------------------------------------


def frames(surgeries, seed=0):
    loaded = []
    for surgery in surgeries:
        sample = dots(1, seed=seed + sum(map(ord, surgery)))[0]
        frame = Frame(surgery, "V", "000000", None, None)
        trace = trace_of(sample.image)
        loaded.append(LoadedFrame(frame, sample.image, sample.points, SIZE, trace))
    return tuple(loaded)


@pytest.fixture
def task(tmp_path):
    """The intraop fold that is reported on aicm11: it may see 12 and 13, and selects on 14."""
    return FoldTask(
        domain="intraop",
        train=frames(["aicm12", "aicm13"]),
        selection=frames(["aicm14"]),
        others={"sim": DomainFrames(frames(["aicm1", "aicm2"]), "simprint")},
        fingerprint="print",
        seed=0,
        device="cpu",
        store=ArtefactStore(tmp_path / "artefacts"),
        progress=Progress(live=False),
    )


def keys(store, kind):
    return [json.loads((p / "key.json").read_text()) for p in sorted(store.root.glob(f"{kind}-*"))]


def test_a_method_asks_for_sim_frames_only_to_translate_them():
    assert TINY.other_domains("intraop", ["sim", "intraop"]) == ("sim",)
    assert TINY.other_domains("intraop", ["intraop"]) == ()
    assert TINY.other_domains("sim", ["sim", "intraop"]) == ()
    without = replace(TINY, translate=NoTranslation())
    assert without.other_domains("intraop", ["sim", "intraop"]) == ()


def test_a_setting_that_comes_later_changes_no_random_number():
    """Only what is not at its default is part of a seed, so a new field with one is not."""
    payload = keys_of.seed_payload(TINY)
    assert payload["training"] == ["Training", {
        "rate": 1e-2, "weight_decay": 0.0, "batch": 2, "epochs": 1, "steps": 4, "selections": 2,
        "norm_batches": 2, "retry": False,
    }]  # fmt: skip
    assert payload["loss"] == ["dice", {}]
    assert payload["select"] == ["otsu", {}]
    assert keys_of.translator_payload(replace(TINY, translate=CycleGan())) == {
        "translate": ["cyclegan", {}]
    }


def test_translator_and_network_see_training_surgeries_only(task, monkeypatch):
    seen = {}

    def spy_translator(settings, source, target, **_):
        seen["source"], seen["target"] = list(source), list(target)
        return (build_generator(settings).state_dict(),) * 2

    def spy_fit(settings, samples, selection, *, translated, **_):
        seen["train"], seen["selection"] = list(samples), list(selection)
        seen["translated"] = list(translated)
        return fit.Fitted(Tiny().build(1).state_dict(), {})

    monkeypatch.setattr(_cyclegan, "fit_translator", spy_translator)
    monkeypatch.setattr(ranks, "fit_network", spy_fit)
    replace(TINY).fit(task)

    def same(found, loaded):
        return len(found) == len(loaded) and all(
            np.array_equal(f, x.image) for f, x in zip(found, loaded, strict=True)
        )

    assert same(seen["target"], task.train), "not even the frames held back for selection"
    assert same(seen["source"], task.others["sim"].frames)
    assert same([s.image for s in seen["selection"]], task.selection)
    assert same([s.image for s in seen["train"]], task.train)
    for sample, original in zip(seen["translated"], task.others["sim"].frames, strict=True):
        np.testing.assert_array_equal(sample.points, original.points)
        assert not np.array_equal(sample.image, original.image)
    (key,) = keys(task.store, "translator")
    assert key["train"] == ["aicm12", "aicm13"]
    (key,) = keys(task.store, "network")
    assert (key["train"], key["selection"]) == (["aicm12", "aicm13"], ["aicm14"])


def test_without_frames_to_translate_the_result_says_so(task):
    lone, unchanged = replace(task, others={}), replace(TINY, translate=Unchanged())
    (note,) = translation.lacking(unchanged, lone)
    assert note == "no sim frames in this dataset: trained without them (translate=unchanged)"
    assert translation.lacking(unchanged, task) == []


def test_on_translated_frames_alone_no_label_of_the_domain_is_used(task, tmp_path):
    """Not for the network, nor for its selection, nor for a threshold."""
    peaks = Peaks(threshold=None)
    method = replace(TINY, translate=ColourStatistics(), decode=peaks, select=peaks)
    alone = replace(method, training=replace(TINY.training, translated_share=1.0))

    def outcome(made, name, moved):
        made = replace(made)
        blank = [
            tuple(replace(f, points=f.points + moved) for f in part)
            for part in (task.train, task.selection)
        ]
        store = ArtefactStore(tmp_path / name)
        made.fit(replace(task, train=blank[0], selection=blank[1], store=store))
        (path,) = store.root.glob("network-*/network.safetensors")
        return read_weights(path), made._decode

    first, second = (outcome(alone, f"alone{moved}", moved) for moved in (0.0, 7.0))
    assert all(torch.equal(v, second[0][k]) for k, v in first[0].items())
    assert first[1] == second[1]
    first, second = (outcome(method, f"mixed{moved}", moved) for moved in (0.0, 7.0))
    assert not all(torch.equal(v, second[0][k]) for k, v in first[0].items())
    for domain, why in (
        ("intraop", "no sim frames in this dataset"),
        ("sim", "none is made for it"),
    ):
        with pytest.raises(InputError, match=f"{domain} is trained on .* alone, .*{why}"):
            replace(alone).fit(replace(task, domain=domain, others={}))


def test_what_a_fold_cost_is_told_whichever_run_made_it(task):
    replace(TINY).fit(task)
    again = replace(task, cpu_seconds={})
    replace(TINY).fit(again)
    assert set(again.cpu_seconds) == {"translator", "translating", "network"}
    assert again.cpu_seconds == task.cpu_seconds
    assert len(keys(task.store, "translated")) == 1


def predict(method, task):
    images = [Pixels(f.frame.key, f.image, (512, 288)) for f in frames(["aicm11", "aicm10"])]
    return list(method.predict(images, task))


def test_methods_share_what_they_have_in_common(task, tmp_path):
    variants = {
        "parent": replace(TINY),
        "no_cutting": replace(TINY, decode=Otsu(cut=False)),
        "no_opening": replace(TINY, decode=Otsu(opening_radius=0)),
        "peaks": replace(TINY, decode=Peaks()),
    }
    for name, method in variants.items():
        method.fit(task)
        assert len(predict(method, task)) == 2
        (tmp_path / name).mkdir()
        method.save(tmp_path / name)
        assert (tmp_path / name / "network.safetensors").is_file()
    assert [len(keys(task.store, k)) for k in ("translator", "network", "heatmaps")] == [1, 1, 1]
    without = replace(TINY, translate=NoTranslation())
    without.fit(replace(task, others={}))
    predict(without, task)
    assert [len(keys(task.store, k)) for k in ("translator", "network", "heatmaps")] == [1, 2, 2]


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 1}, {"fingerprint": "other"}, {"domain": "elsewhere"},
        {"train": frames(["aicm12"])}, {"selection": ()},
        {"others": {"sim": DomainFrames(frames(["aicm1"]), "otherprint")}},
    ],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_whatever_the_network_depends_on_makes_another_one(task, monkeypatch, change):
    calls = []
    monkeypatch.setattr(translation, "samples", lambda *_: [])
    monkeypatch.setattr(translation, "costs", lambda *_: {})

    def spy_fit(*_, seed, **__):
        calls.append(seed)
        return fit.Fitted(Tiny().build(1).state_dict(), {})

    generators = (build_generator(GAN).state_dict(),) * 2
    monkeypatch.setattr(_cyclegan, "fit_translator", lambda *_, **__: generators)
    monkeypatch.setattr(ranks, "fit_network", spy_fit)
    replace(TINY).fit(task)
    replace(TINY).fit(task)
    assert len(calls) == 1
    replace(TINY).fit(replace(task, **change))
    assert len(set(calls)) == 2


def test_points_come_back_in_px_of_the_frame_as_stored(task, monkeypatch):
    loaded = frames(["aicm11"])[0]
    sample = Sample(loaded.image, np.array([[10.0, 8.0], [36.0, 20.0]]))
    drawn = draw_heatmap(sample.points, SIZE, 1.0, "max")
    monkeypatch.setattr(Detector, "_maps", lambda *_: iter([drawn[None]]))
    method = replace(TINY, decode=Otsu(cut=False))
    method._network = task.store.root / "network-x"
    (found,) = method.predict([Pixels("aicm11/V/000000", loaded.image, (960, 640))], task)
    np.testing.assert_allclose(found.points, sample.points * 20 + 9.5, atol=8)
    assert found.scores.shape == (2,)


@stage("target", "pair")
@dataclass(frozen=True)
class Pair:
    """Two maps of half the size, the second one of nothing."""

    channels: ClassVar[int] = 2
    stride: ClassVar[int] = 2

    def draw(self, points, size, input_size):
        half = -(-size[0] // 2), -(-size[1] // 2)
        drawn = draw_heatmap(points / 2 - 0.25, half, 1.0, "max")
        return np.stack([drawn, np.zeros_like(drawn)])


@stage("network", "half")
@dataclass(frozen=True)
class Half:
    reduction: ClassVar[int] = 2
    stride: ClassVar[int] = 2

    def build(self, channels):
        return nn.Conv2d(3, channels, 3, stride=2, padding=1)


@stage("decode", "seen")
@dataclass(frozen=True)
class Seen:
    """Notes what it is given."""

    def decode(self, maps, size):
        seen.append((maps.shape, size))
        return Decoded(np.array([[3.0, 4.0]]), np.ones(1), maps[0])


seen = []


def test_a_target_may_have_several_maps_and_smaller_ones_than_the_image(task):
    method = replace(TINY, target=Pair(), network=Half(), decode=Seen(), select=Seen())
    assert not list(method.problems())
    assert "times smaller" in next(replace(method, network=Tiny()).problems())
    method.fit(task)
    images = [np.zeros((*shape, 3), np.uint8) for shape in ((31, 47), (32, 48), (20, 30))]
    seen.clear()
    found = method.predict([Pixels(f"a/b/{i.shape}", i, (512, 288)) for i in images], task)
    np.testing.assert_allclose([one.points for one in found], [[[3.0, 4.0]]] * 3)
    assert seen == [((2, h, w), (512, 288)) for h, w in ((16, 24), (16, 24), (10, 15))]


def test_without_sim_frames_the_reader_is_told(task):
    alone = replace(task, others={}, notes=[])
    replace(TINY).fit(alone)
    assert any("trained without them (translate=cyclegan)" in note for note in alone.notes)
    assert not keys(task.store, "translator")
