"""The package's own detector and its parts: Muon, mirror images, frames of both domains."""

from __future__ import annotations

import copy

import pytest
import torch
from commands import invoke
from frame_files import write_frame
from torch import nn

from adaptor_bench.data.frames import index_dataset
from adaptor_bench.errors import UsageError
from adaptor_bench.harness.plan import RunRequest, cells_of
from adaptor_bench.matching.settings import MatchSettings
from adaptor_bench.methodspec import PROFILES
from adaptor_bench.registry import discover
from adaptor_bench.stages.networks._flips import Flips as Mirrored
from adaptor_bench.stages.networks.flips import Flips
from adaptor_bench.stages.networks.inner import inner_network
from adaptor_bench.stages.networks.small_unet import SmallUNet
from adaptor_bench.train.muon import Muon, orthogonal
from adaptor_bench.train.settings import Training


@pytest.mark.parametrize("shape", [(8, 72), (96, 64), (5, 5)])
def test_all_directions_of_a_step_are_about_equally_long_and_point_the_same_way(shape):
    torch.manual_seed(0)
    left, _, right = torch.linalg.svd(torch.randn(shape), full_matrices=False)
    sizes = torch.logspace(0, -1.5, min(shape))
    seen = left.T @ orthogonal(left * sizes @ right) @ right.T
    assert ((seen.diagonal() - 1).abs() < 0.35).all()
    assert (seen - torch.diag(seen.diagonal())).abs().max() < 0.01
    assert torch.equal(orthogonal(torch.zeros(3, 4)), torch.zeros(3, 4))


def test_a_step_by_hand():
    # A gradient that is orthogonal already is stretched to singular values of about 0.7 to 1.2.
    weight, bias = nn.Parameter(torch.eye(2)), nn.Parameter(torch.ones(2))
    optimiser = Muon([weight], [bias], lr=0.1, weight_decay=0.5)
    weight.grad, bias.grad = torch.tensor([[0.0, 3.0], [-3.0, 0.0]]), torch.ones(2)
    optimiser.step()
    moved = (0.95 * torch.eye(2) - weight.detach()) / (0.1 * 0.2 * 2**0.5)
    assert moved[0, 1] == pytest.approx(-moved[1, 0].item()) and 0.65 < moved[0, 1] < 1.25
    assert moved.diagonal().abs().max() < 1e-5
    assert torch.allclose(bias.detach(), torch.full((2,), 0.9), atol=1e-4)  # Adam's first step


def test_rates_reach_both_kinds_of_weights():
    weight, bias = nn.Parameter(torch.eye(2)), nn.Parameter(torch.ones(2))
    optimiser = Muon([weight], [bias], lr=0.1)
    for group in optimiser.param_groups:
        group["lr"] = 0.0
    weight.grad, bias.grad = torch.ones(2, 2), torch.ones(2)
    optimiser.step()
    assert torch.equal(weight, torch.eye(2)) and torch.equal(bias, torch.ones(2))


def test_a_mirrored_image_has_the_mirrored_map():
    torch.manual_seed(0)
    network = Flips(width=2).build(1).eval()
    image = torch.rand(2, 3, 33, 47)
    with torch.inference_mode():
        plain = network(image)
        assert plain.shape == (2, 1, 33, 47) and torch.isfinite(plain).all()
        for axes in ((-1,), (-2,), (-1, -2)):
            assert torch.allclose(network(image.flip(axes)).flip(axes), plain, atol=1e-4)


def test_it_is_the_mean_of_probabilities_and_in_training_the_network_alone():
    class Ramp(nn.Module):
        def forward(self, image):
            return torch.logit(torch.linspace(0.2, 0.6, 5)).expand(1, 1, 4, 5)

    network = Mirrored(Ramp())
    image = torch.rand(1, 3, 4, 5)
    assert torch.allclose(network.eval()(image).sigmoid(), torch.full((1, 1, 4, 5), 0.4))
    assert torch.equal(network.train()(image), Ramp()(image))


def test_it_is_built_around_the_network_that_it_names():
    inner, around = SmallUNet(width=2).build(1), Flips(width=2).build(1)
    assert [p.shape for p in around.parameters()] == [p.shape for p in inner.parameters()]
    assert Flips(inner="payer_unet_64").reduction == 8


def test_a_mirrored_offset_is_refused():
    with pytest.raises(UsageError, match="'network' is of a target with at most 1 map"):
        discover().get("spotiflow_style").resolve("quick", {"network": "flips"})


def test_frames_of_the_other_domain_in_the_place_of_real_ones():
    training = Training(steps=30, on_top=False, translated_share=0.75)
    assert training.steps_for(5, 3) == training.steps_for(5) == 30
    assert Training(epochs=2, batch=2, on_top=False).steps_for(8, 3) == 8


def test_it_costs_no_more_steps_than_the_reference():
    methods = discover().methods
    ours, plain = (methods[m].resolve("quick") for m in ("muon_peaks", "unet_peaks"))
    assert ours["training.steps"] < plain["training.steps"]
    for same in ("batch", "crop", "bfloat16"):
        assert ours[f"training.{same}"] == plain[f"training.{same}"]


@pytest.mark.parametrize("profile", PROFILES)
def test_without_mirror_images_it_is_the_same_network(profile):
    methods = discover().methods
    ours = methods["muon_peaks"].resolve(profile)
    plain = methods["muon_peaks/no_flips"].resolve(profile)
    inner = inner_network(ours["network.inner"], ours["network.width"])
    assert plain["network"] == "small_unet" and inner == SmallUNet(plain["network.width"])
    rest = {k: v for k, v in ours.items() if not k.startswith("network")}
    assert rest == {k: v for k, v in plain.items() if not k.startswith("network")}


def test_a_state_that_is_loaded_goes_on_to_the_same_bits():
    def fresh():
        torch.manual_seed(0)
        network = nn.Sequential(nn.Linear(5, 4), nn.Linear(4, 1))
        weights = list(network.parameters())
        return weights, Muon(weights[:1], weights[1:], lr=0.1, weight_decay=0.1)

    def steps(weights, optimiser, seed):
        torch.manual_seed(seed)
        for _ in range(3):
            for weight in weights:
                weight.grad = torch.randn_like(weight)
            optimiser.step()

    weights, optimiser = fresh()
    steps(weights, optimiser, 1)
    kept = copy.deepcopy((weights, optimiser.state_dict()))
    again, other = fresh()
    for weight, was in zip(again, kept[0], strict=True):
        weight.data.copy_(was.data)
    other.load_state_dict(kept[1])
    for each in (optimiser, other):
        for group in each.param_groups:
            group["lr"] = 0.05
    steps(weights, optimiser, 2)
    steps(again, other, 2)
    assert all(torch.equal(a, b) for a, b in zip(weights, again, strict=True))
    for weight, same in zip(weights, again, strict=True):
        assert optimiser.state[weight].keys() == other.state[same].keys()


def test_it_learns_from_both_domains_and_predicts_the_same_again(make_dataset, tmp_path):
    data = make_dataset(("aicm1", "aicm2", "aicm11", "aicm12"))
    invoke(
        "run", "--data", data, "--profile", "smoke", "--domain", "intraop", "--fold", 1,
        "--device", "cpu", "--out", tmp_path, "--method", "muon_peaks",
    )  # fmt: skip
    (run,) = tmp_path.rglob("fold_1")
    assert list((run / "predictions").rglob("*.json"))
    invoke("predict", run, "--input", data, "--output", tmp_path / "again")
    for path in (run / "predictions").rglob("*.json"):
        again = tmp_path / "again" / path.relative_to(run / "predictions")
        assert again.read_bytes() == path.read_bytes()


@pytest.mark.parametrize(
    ("size", "radius", "settings", "sigma", "distance"),
    [
        ((512, 288), 6.0, {}, 1.5, 3.0),
        ((256, 256), 10.0, {}, 3.75, 7.5),  # 15 px at the reference size, 2.5 times 6
        ((512, 288), 3.0, {}, 1.5, 3.0),  # a kernel needs a few px
        ((1024, 576), 12.0, {}, 1.5, 3.0),
        ((512, 288), 12.0, {"target.sigma": 2.0}, 2.0, 6.0),
        ((512, 288), 12.0, {"decode": "peaks"}, 3.0, 6.0),  # the part that it has
        ((512, 288), 12.0, {"decode": "lmds"}, 3.0, None),
    ],
)
def test_kernel_and_spacing_follow_the_matching_radius(
    tmp_path, size, radius, settings, sigma, distance
):
    for surgery in ("a", "b"):
        write_frame(tmp_path, surgery, "000000", [(10, 10)], size=size)
    specs = tuple(discover().methods[name] for name in ("muon_peaks", "unet_peaks"))
    request = RunRequest(
        specs, ("intraop",), "quick", settings, matching=MatchSettings(radius=radius)
    )
    by_method = {c.spec.name: c.parameters for c in cells_of(index_dataset(tmp_path), request)}
    ours = by_method["muon_peaks"]
    assert (ours["target.sigma"], ours.get("decode.distance")) == (sigma, distance)
    reference = by_method["unet_peaks"]
    assert reference["target.sigma"] == settings.get("target.sigma", 1.5)
