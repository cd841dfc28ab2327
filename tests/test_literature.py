"""Parts and methods of the literature: value maps, a spatial gate, inverse distances."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from commands import invoke
from torch.nn.functional import binary_cross_entropy_with_logits

from adaptor_bench.errors import UsageError
from adaptor_bench.registry import discover
from adaptor_bench.stages.decoders.lmds import Lmds
from adaptor_bench.stages.decoders.peaks import find_peaks
from adaptor_bench.stages.losses.cross_entropy import CrossEntropy
from adaptor_bench.stages.losses.mse import Mse
from adaptor_bench.stages.losses.mse_dice import MseDice
from adaptor_bench.stages.losses.mse_ssim import MseSsim
from adaptor_bench.stages.losses.two_stage import TwoStage
from adaptor_bench.stages.networks._scn import product_logits
from adaptor_bench.stages.networks._value_map import blur, soft_argmax_values
from adaptor_bench.stages.networks.bilinear_unet import BilinearUNet16
from adaptor_bench.stages.networks.inner import INNER
from adaptor_bench.stages.networks.payer_unet import PayerUNet
from adaptor_bench.stages.networks.prior import Prior
from adaptor_bench.stages.networks.scn import Scn
from adaptor_bench.stages.networks.value_map import ValueMap
from adaptor_bench.stages.registry import shipped
from adaptor_bench.stages.targets.gaussian import draw_heatmap
from adaptor_bench.stages.targets.inverse_distance import InverseDistance
from adaptor_bench.stages.targets.tanh import Tanh

FULL = (512, 288)


def logit(p):
    return torch.logit(torch.tensor(p, dtype=torch.float64))


# --- targets ----------------------------------------------------------------------------------


def test_tanh_by_hand():
    drawn = Tanh(spread=7.0).draw(np.array([(10.0, 6.0)]), (32, 18), FULL)
    assert drawn.shape == (1, 18, 32) and drawn.dtype == np.float32
    # 1 - tanh(pi d / 7) at 0, 1, 2 and 5 (3, 4) px
    expected = [1.0, 0.579089, 0.284874, 0.022236]  # 2 / (1 + exp(2 pi d / 7))
    found = [drawn[0, 6, 10], drawn[0, 6, 11], drawn[0, 4, 10], drawn[0, 10, 13]]
    np.testing.assert_allclose(found, expected, atol=1e-5)
    two = Tanh(spread=7.0).draw(np.array([(10.0, 6.0), (11.0, 6.0)]), (32, 18), FULL)
    assert two.max() == 1 and two[0, 6, 9] == pytest.approx(0.579089 + 0.284874, abs=1e-5)


def test_inverse_distance_by_hand():
    drawn = InverseDistance().draw(np.array([(10.3, 5.8)]), (64, 18), FULL)[0]
    # 1 / (1 + d^(0.02 d + 0.75)) from the pixel (10, 6), at 0, 1, 2, 5 (3, 4) and 20 px
    at = [drawn[6, 10], drawn[6, 9], drawn[4, 10], drawn[10, 13], drawn[6, 30]]
    expected = [1.0, 0.5, 1 / (1 + 2**0.79), 1 / (1 + 5**0.85), 1 / (1 + 20**1.15)]
    np.testing.assert_allclose(at, expected, rtol=1e-5)
    assert drawn[6, 45] == 0, "1 / (1 + 35^1.45) is below the floor"


@pytest.mark.parametrize("alpha", [0.02, 1.0])
def test_inverse_distance_is_its_definition_pixel_by_pixel(alpha):
    rng = np.random.default_rng(0)
    points = rng.uniform(-3, (43, 31), (6, 2))
    drawn = InverseDistance(alpha=alpha, floor=0.0).draw(points, (40, 28), FULL)[0]
    for y, x in zip(rng.integers(0, 28, 60), rng.integers(0, 40, 60), strict=True):
        near = min(math.hypot(x - round(px), y - round(py)) for px, py in points)
        expected = 1 / (1 + near ** (alpha * near + 0.75)) if near else 1
        assert drawn[y, x] == pytest.approx(expected, rel=1e-4, abs=1e-7)


@pytest.mark.parametrize("target", [Tanh(), InverseDistance()])
def test_distances_are_in_px_of_the_published_frame(target):
    assert not target.draw(np.empty((0, 2)), (32, 18), FULL).any()
    whole = target.draw(np.array([(40.0, 20.0)]), (128, 72), FULL)
    half = target.draw(np.array([(20.0, 10.0)]), (64, 36), (256, 144))
    np.testing.assert_allclose(half, whole[:, ::2, ::2], atol=1e-6)
    assert half.min() >= 0 and half.max() == 1
    far = target.draw(np.array([(-4000.0, 9000.0)]), (64, 36), FULL)
    assert np.isfinite(far).all() and not far.any()


# --- decoding ---------------------------------------------------------------------------------


def test_lmds_takes_what_reaches_a_share_of_the_highest():
    heatmap = np.zeros((1, 20, 30), np.float32)
    for (x, y), value in {(4, 4): 0.5, (20, 4): 0.2, (12, 15): 0.19}.items():
        heatmap[0, y, x] = value  # 100 / 255 of 0.5 is 0.196
    found = Lmds().decode(heatmap, (30, 20))
    assert found.points.tolist() == [[4, 4], [20, 4]]
    np.testing.assert_allclose(found.scores, [0.5, 0.2])
    for empty in (heatmap * 0.19, np.zeros_like(heatmap)):  # the highest is 0.095
        assert Lmds().decode(empty, (30, 20)).points.shape == (0, 2)


def test_what_inverse_distances_draw_is_found_again_however_near():
    points = np.array([(30.0, 40.0), (33.0, 40.0), (33.0, 44.0), (90.0, 20.0)])
    maps = InverseDistance().draw(points, (128, 72), FULL)
    found = Lmds().decode(maps, (128, 72))
    assert sorted(map(tuple, found.points)) == sorted(map(tuple, points))
    gaussians = draw_heatmap(points, (128, 72), 3.0, "sum_minmax")
    assert len(find_peaks(gaussians, 0.3)) < 4, "wide kernels merge neighbours"


# --- losses -----------------------------------------------------------------------------------


def test_mse_and_two_stage_by_hand():
    target = torch.tensor([1.0, 0.0, 0.25, 1.0], dtype=torch.float64).reshape(1, 1, 2, 2)
    final = logit([0.5, 0.25, 0.25, 0.75]).reshape(1, 1, 2, 2)
    assert float(Mse()(final, target)) == pytest.approx(0.09375)
    before = torch.zeros_like(final)
    both = torch.cat([final, before], dim=1)
    loss = MseDice()
    expected = 0.75 * float(loss(final, target)) + 0.25 * float(loss(before, target))
    assert float(TwoStage(share=0.25)(both, target)) == pytest.approx(expected)


def test_mse_ssim_by_hand():
    rng = np.random.default_rng(0)
    target = draw_heatmap(np.array([(3.0, 2.0), (13.0, 9.0)]), (16, 12), 1.5, "max")
    drawn = np.clip(target + rng.normal(0, 0.1, target.shape), 0.01, 0.99)
    similar = []
    for x, y in ((3, 2), (13, 9)):
        square = np.s_[max(y - 3, 0) : y + 3, max(x - 3, 0) : x + 3]  # 6 px, ends at the border
        a, b = drawn[square], target[square].astype(float)
        cov = ((a - a.mean()) * (b - b.mean())).mean()
        light = (2 * a.mean() * b.mean() + 1e-4) / (a.mean() ** 2 + b.mean() ** 2 + 1e-4)
        similar.append(light * (2 * cov + 9e-4) / (a.var() + b.var() + 9e-4))
    squares = ((drawn - target) ** 2).sum() / 3
    maps = torch.tensor(target)[None, None].double()
    for weight in (0.0, 2.0):
        found = MseSsim(window=6, structure=weight)(logit(drawn)[None, None], maps)
        expected = squares + weight * (1 - np.mean(similar))
        assert float(found) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("focus", [0.0, 2.0])
@pytest.mark.parametrize("structure", [0.0, 3.0])
def test_cross_entropy_by_hand(focus, structure):
    rng = np.random.default_rng(0)
    target = draw_heatmap(np.array([(3.0, 2.0), (13.0, 9.0)]), (16, 12), 1.5, "max").astype(float)
    drawn = np.clip(target + rng.normal(0, 0.1, target.shape), 0.01, 0.99)
    entropy = -target * np.log(drawn) - (1 - target) * np.log(1 - drawn)
    expected = (np.abs(drawn - target) ** focus * entropy).sum() / 3
    maps, logits = torch.tensor(target)[None, None], logit(drawn)[None, None]
    unlike = MseSsim(window=6, structure=1.0)(logits, maps) - MseSsim(structure=0.0)(logits, maps)
    found = CrossEntropy(focus=focus, structure=structure, window=6)(logits, maps)
    assert float(found) == pytest.approx(expected + structure * float(unlike), rel=1e-5)


def test_cross_entropy_has_the_slope_of_a_linear_squared_error():
    logits = torch.linspace(-9, 9, 25, dtype=torch.float64).reshape(1, 1, 5, 5).requires_grad_()
    target = torch.rand(1, 1, 5, 5, dtype=torch.float64) / 2  # no landmark: divided by 1
    CrossEntropy()(logits, target).backward()
    torch.testing.assert_close(logits.grad, (logits.sigmoid() - target).detach())


@pytest.mark.parametrize("loss", [Mse(), MseSsim(), CrossEntropy(), CrossEntropy(focus=2.0)])
def test_losses_are_finite_without_a_target_and_pull_the_right_way(loss):
    for landmarks in (0, 1):
        logits = torch.zeros(1, 1, 9, 9, requires_grad=True)
        target = torch.zeros(1, 1, 9, 9)
        target[..., 4, 4] = landmarks
        loss(logits, target).backward()
        assert torch.isfinite(logits.grad).all() and logits.grad[0, 0, 0, 0] > 0
        assert (logits.grad[0, 0, 4, 4] < 0) == bool(landmarks)


# --- networks ---------------------------------------------------------------------------------


def test_the_bilinear_network_has_the_size_of_the_public_code():
    network = BilinearUNet16().build(1)
    assert sum(p.numel() for p in network.parameters()) == 1_082_033
    rates = [m.p for m in network.modules() if isinstance(m, torch.nn.Dropout)]
    assert rates == [0.3, 0.37, 0.43, 0.5, 0.4, 0.5, 0.43, 0.37, 0.3]


def test_the_local_network_of_payer_has_four_levels_of_64_maps():
    network = PayerUNet().build(1).network
    assert [level[0].out_channels for level in network.down] == [64] * 4
    slopes = {m.negative_slope for m in network.modules() if isinstance(m, torch.nn.LeakyReLU)}
    assert slopes == {0.1}


def test_values_of_a_narrow_peak():
    """The figures of the source's layer on a peak of sigma 1: its softmax hardly suppresses."""
    peak = torch.tensor(draw_heatmap(np.array([(4.0, 4.0)]), (9, 9), 1.0, "max"))[None, None]
    assert float(soft_argmax_values(peak, 1.0)[0, 0, 4, 4]) == pytest.approx(0.587, abs=5e-4)
    assert float(soft_argmax_values(peak, 1e3)[0, 0, 4, 4]) == pytest.approx(0.544, abs=5e-4)
    assert float(soft_argmax_values(peak, 0.02)[0, 0, 4, 4]) == pytest.approx(1.0, abs=1e-3)


def test_blur_and_values_are_their_definitions_pixel_by_pixel():
    maps = np.random.default_rng(0).random((2, 3, 6, 7))
    beside = math.exp(-0.5 / 0.8**2)
    kernel = np.array([beside, 1, beside]) / (1 + 2 * beside)
    framed = np.pad(maps, ((0, 0), (0, 0), (1, 1), (1, 1)), mode="reflect")
    expected = sum(
        kernel[i] * kernel[j] * framed[..., i : i + 6, j : j + 7]
        for i in range(3)
        for j in range(3)
    )
    np.testing.assert_allclose(blur(torch.tensor(maps), 0.8).numpy(), expected, atol=1e-12)
    found = soft_argmax_values(torch.tensor(maps), 0.5).numpy()
    for b, c, y, x in np.ndindex(maps.shape):
        around = maps[b, c, max(y - 1, 0) : y + 2, max(x - 1, 0) : x + 2]
        weights = np.exp(around / 0.5)
        assert found[b, c, y, x] == pytest.approx((weights * around).sum() / weights.sum())


def test_the_value_map_ends_what_its_inner_network_draws():
    torch.manual_seed(0)
    network = ValueMap(inner="small_unet", width=2, both=True).build(1).eval()
    image = torch.rand(2, 3, 33, 47)
    with torch.inference_mode():
        blurred = blur(network.network(image).sigmoid(), 1.0)
        expected = soft_argmax_values(blurred, 1.0)
        torch.testing.assert_close(network(image).sigmoid(), expected)
    both = network.train()(image)
    assert both.shape == (2, 2, 33, 47), "the final map and the blurred one"
    MseDice()(both[:, :1], torch.rand(2, 1, 33, 47)).backward()
    assert all(p.grad is not None for p in network.parameters())


def test_a_product_of_probabilities_as_a_logit():
    a, b = torch.meshgrid(*[torch.linspace(-12, 12, 25, dtype=torch.float64)] * 2, indexing="ij")
    torch.testing.assert_close(product_logits(a, b).sigmoid(), a.sigmoid() * b.sigmoid())
    far = torch.tensor([-200.0, 200.0, 0.0])
    assert torch.isfinite(product_logits(far[:, None], far[None, :])).all()


def test_the_gate_closes_what_it_does_not_like_and_lets_the_rest_be():
    torch.manual_seed(0)
    network = Scn(inner="small_unet", width=2, gate_width=4, pool=4).build(2).eval()
    image = torch.rand(1, 3, 64, 96)
    inside = network.network
    with torch.inference_mode():
        local = inside.local(image)
        for bias, expected in ((40.0, local.sigmoid()), (-40.0, torch.zeros_like(local))):
            inside.gate[-1].weight.zero_()
            inside.gate[-1].bias.fill_(bias)
            torch.testing.assert_close(network(image).sigmoid(), expected)


def test_without_its_gate_it_is_the_local_network():
    image = torch.rand(1, 3, 33, 47)
    drawn = []
    for network in (Prior(width=2, shift=-3.0), Scn("small_unet", 2, gate=False, shift=-3.0)):
        torch.manual_seed(0)
        drawn.append(network.build(1).eval()(image))
    assert torch.equal(*drawn)


@pytest.mark.parametrize(("shift", "upward"), [(0.0, False), (-3.0, True)])
def test_a_map_that_begins_below_its_target_is_pushed_up_first(shift, upward):
    """What was wrong with cross entropy from a probability of 0.018: all last weights fall."""
    torch.manual_seed(0)
    built = Prior(width=2, shift=shift).build(1)
    target = draw_heatmap(np.array([(30.0, 20.0)]), (64, 64), 2.0, "max")
    logits = built(torch.rand(2, 3, 64, 64))
    assert float(logits.detach().mean()) == pytest.approx(-4 + shift, abs=0.3)
    CrossEntropy()(logits, torch.tensor(target)[None, None].expand(2, -1, -1, -1)).backward()
    slopes = built.network.network.head.weight.grad
    assert (slopes < 0).all() if upward else (slopes > 0).all()


@pytest.mark.parametrize("image", [True, False])
def test_the_gate_sees_local_maps_and_perhaps_the_image(image):
    first = Scn(inner="small_unet", width=2, image=image).build(2).network.gate[0]
    assert first.in_channels == 2 + 3 * image and first.out_channels == 64


PARTS = {
    "bilinear": BilinearUNet16(),
    "payer": PayerUNet(),
    "value_map": ValueMap(inner="small_unet", width=2),
    "prior": Prior(width=2),
    "scn": Scn(inner="small_unet", width=2, gate_width=4),
    "scn, 12 px": Scn(inner="small_unet", width=2, gate_width=4, pool=12, kernel=3),
}


@pytest.mark.parametrize("name", sorted(PARTS))
@pytest.mark.parametrize("size", [(64, 96), (33, 47), (5, 9), (1, 1)])
def test_any_size_goes_in_and_the_same_comes_out(name, size):
    with torch.inference_mode():
        logits = PARTS[name].build(1).eval()(torch.rand(2, 3, *size))
    assert logits.shape == (2, 1, *size)
    assert torch.isfinite(logits).all()


@pytest.mark.parametrize("name", ["bilinear", "scn"])
def test_every_weight_is_reached_by_the_gradient(name):
    network = PARTS[name].build(1)
    logits = network(torch.rand(2, 3, 32, 48))
    binary_cross_entropy_with_logits(logits, torch.rand(2, 1, 32, 48)).backward()
    assert [n for n, p in network.named_parameters() if p.grad is None] == []


def test_every_plain_network_that_is_shipped_can_be_an_inner_one():
    wraps = {"value_map", "scn", "flips", "prior"}
    plain = {
        name
        for (of, name), part in shipped().items()
        if of == "network" and name not in wraps and part().stride == 1
    }
    assert plain - {"multiscale_unet"} == set(INNER)  # that one draws several scales
    assert ValueMap().reduction == 16 and Scn().reduction == 8 and Scn(pool=12).reduction == 24


# --- methods ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "settings", "says"),
    [
        ("stern", {"network": "scn", "network.width": 4, "network.inner": "stern_unet_16_256"},
         "'network': width is 4, and the inner network stern_unet_16_256 has none"),
        ("stern", {"network": "scn", "network.kernel": 4},
         "'network.kernel' is 4, expected an odd number"),
        ("stern", {"network": "scn", "network.inner": "scn"}, "'network.inner' must be one of"),
        ("stern", {"loss": "two_stage"}, "'network' draws every map once in training, and 'loss'"),
        ("sharan_ijcars", {"network.both": True}, "draws every map 2 times in training"),
    ],
)  # fmt: skip
def test_parts_that_do_not_fit_are_refused(method, settings, says):
    with pytest.raises(UsageError) as error:
        discover().get(method).resolve("quick", settings)
    assert says in error.value.message


@pytest.mark.parametrize(
    "asked",
    [
        ["sharan_ijcars/variant_2"],
        ["sharan_ijcars/tanh"],
        ["stern", "--set", "network=scn", "--set", "network.inner=small_unet"],
        ["scn/no_gate"],
        ["inverse_distance", "--method", "inverse_distance/peaks"],
    ],
    ids=lambda asked: " ".join(asked[::2]),
)
def test_they_run_from_end_to_end(asked, make_dataset, tmp_path):
    data = make_dataset(("aicm1", "aicm2"))
    invoke(
        "run", "--data", data, "--profile", "smoke", "--fold", 1, "--device", "cpu",
        "--out", tmp_path, "--method", *asked,
    )  # fmt: skip
    run, *others = sorted(tmp_path.rglob("fold_1"))
    assert len(others) == asked.count("--method")
    assert list((run / "predictions").rglob("*.json"))
    assert len(list(tmp_path.rglob("artefacts/network-*"))) == 1  # decoders share it
    invoke("predict", run, "--input", data, "--output", tmp_path / "again")
    for path in (run / "predictions").rglob("*.json"):
        again = tmp_path / "again" / path.relative_to(run / "predictions")
        assert again.read_bytes() == path.read_bytes()
