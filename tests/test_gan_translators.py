"""DetCycleGAN and hyperrealism: their losses, the order of frames, and their runs end to end."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from commands import invoke
from conftest import write_frame
from torch import nn

from adaptor_bench.data.check import LoadedFrame
from adaptor_bench.data.frames import Frame
from adaptor_bench.errors import InputError
from adaptor_bench.registry import discover
from adaptor_bench.stages.translators._cyclegan import fit_translator, translate
from adaptor_bench.stages.translators._detected import Detected, Labelled, fit_detectors
from adaptor_bench.stages.translators._game import Game
from adaptor_bench.stages.translators._gan import Discriminator, InTime, build_generator
from adaptor_bench.stages.translators.cyclegan import QUICK, CycleGan
from adaptor_bench.stages.translators.detcyclegan import OF_DETECTORS, DetCycleGan
from adaptor_bench.stages.translators.hyperrealism import Hyperrealism
from adaptor_bench.stages.translators.videos import Triplets, in_order
from adaptor_bench.train.samples import Sample

SMALL = {**QUICK, "width": 4, "blocks": 1, "judge_width": 4, "layers": 1, "crop": (24, 16)}
SMALL |= {"steps": 2, "bfloat16": False}
GAN = CycleGan(**SMALL)
DET = DetCycleGan(**SMALL, pooled=False, detector_steps=1)
FILM = Hyperrealism(**SMALL)


def silent(*_):
    pass


def noise(number, seed=0, size=(40, 24)):
    return [*np.random.default_rng(seed).integers(0, 256, (number, size[1], size[0], 3), np.uint8)]


def video(images, surgery, points=(), first=0):
    """Loaded frames of one video, numbered from ``first``."""
    points = np.array(points, float).reshape(-1, 2)
    return [
        LoadedFrame(
            Frame(surgery, "V", f"{i:06}", None, None), image, points, image.shape[1::-1], None
        )
        for i, image in enumerate(images, first)
    ]


def fit(part, directory, source=None, target=None, seed=0):
    directory.mkdir(exist_ok=True)
    source = video(noise(4), "aicm1", [(8, 8), (30, 12)]) if source is None else source
    target = video(noise(4, 1), "aicm11", [(20, 9)]) if target is None else target
    part.fit(source, target, directory, seed=seed, device="cpu", bar=silent)
    return {p.name: p.read_bytes() for p in directory.iterdir()}


# --- which frame comes before which ---------------------------------------------------------------


def test_the_frame_before_is_that_of_the_same_video():
    keys = ["a/V/x_8", "a/W/1", "a/V/x_9", "a/V/x_10", "a/W/3", "b/V/0"]
    assert in_order(keys) == [0, 1, 0, 2, 1, 5]


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        (["a/V/x_9", "a/V/x_8"], "frame a/V/x_8 comes after x_9"),
        (["a/V/1", "a/V/01"], "frame a/V/01 comes after 1"),
        (["a/V/1", "a/V/last"], "frame a/V/last has no number"),
    ],
)
def test_frames_that_are_no_video_are_told(keys, says):
    with pytest.raises(InputError, match=says):
        in_order(keys)


def test_three_consecutive_frames_of_one_video_and_one_size_are_a_triplet():
    images = [np.full((4, 6, 3), v, np.uint8) for v in range(7)]
    keys = ["a/V/0", "b/V/0", "a/V/1", "a/V/2", "b/V/1", "a/V/3", "b/V/2"]
    found = Triplets(images, keys)
    assert [t[0, 0, ::3].tolist() for t in found] == [[0, 2, 3], [2, 3, 5], [1, 4, 6]]
    images[3] = np.zeros((5, 6, 3), np.uint8)
    assert [t[0, 0, 0] for t in Triplets(images, keys)] == [1]


# --- networks of two frames -----------------------------------------------------------------------


@pytest.mark.parametrize("generator", ["colour_texture", "resnet"])
def test_in_time_each_frame_is_drawn_from_it_and_the_one_before(generator):
    torch.manual_seed(0)
    network = build_generator(replace(FILM, generator=generator)).eval()
    assert isinstance(network, InTime)
    window = torch.rand(2, 9, 16, 24) * 2 - 1
    with torch.no_grad():
        drawn = network(window)
        second = network.generator(window[:, 3:])
        torch.testing.assert_close(drawn[:, 3:], second)
        other = window.clone()
        other[:, :3] = 0
        again = network(other)
    assert drawn.shape == (2, 6, 16, 24)
    torch.testing.assert_close(again[:, 3:], drawn[:, 3:])
    assert not torch.allclose(again[:, :3], drawn[:, :3]), "the first frame has no say"


def test_a_translator_of_videos_draws_a_frame_from_its_own_video_only(tmp_path):
    fit(FILM, tmp_path / "t")
    images = noise(5, 3, (30, 22))
    keys = ["a/V/0", "a/V/1", "b/V/0", "b/V/1", "b/V/2"]

    def to(images, keys, domain="intraop"):
        return list(
            FILM.translate(images, domain, tmp_path / "t", device="cpu", bar=silent, keys=keys)
        )

    together = to(images, keys)
    assert [(t.shape, t.dtype) for t in together] == [((22, 30, 3), np.uint8)] * 5
    for a, b in zip(to(images[2:], keys[2:]), together[2:], strict=True):
        np.testing.assert_array_equal(a, b)
    assert len(to(images, keys, "sim")) == 5
    images[1] = images[0]  # a frame after one like it looks like a first one
    np.testing.assert_array_equal(*to(images, keys)[:2])
    assert to([], []) == []
    with pytest.raises(InputError, match="comes after"):
        to(images[:2], ["a/V/1", "a/V/0"])


def test_pooled_judges_judge_whole_windows():
    torch.manual_seed(0)
    patches, whole = (Discriminator(4, 2, spectral=False, pooled=p) for p in (False, True))
    whole.load_state_dict(patches.state_dict())
    image = torch.rand(2, 3, 32, 48)
    torch.testing.assert_close(whole(image)[:, 0, 0, 0], patches(image).mean((1, 2, 3)))
    assert Discriminator(4, 2, spectral=True, frames=2)(torch.rand(1, 6, 32, 32)).shape[1] == 1


def test_the_losses_of_a_video_are_those_of_its_last_two_frames():
    """Against the definition, written out for one window."""
    settings = replace(FILM, identity=5.0)
    torch.manual_seed(0)
    source, target = Triplets(noise(3), ["a/V/0", "a/V/1", "a/V/2"]), noise(1, 1)
    target = Triplets([target[0] // (i + 1) for i in range(3)], ["b/V/0", "b/V/1", "b/V/2"])
    game = Game(settings, source, target, 0, "cpu")
    batch = game.windows(source, target, 0).batch(1)
    assert [w.shape for w in batch] == [(2, 9, 16, 24)] * 2
    forth, back, judges = game.forth.generator, game.back.generator, game.judges

    def both(g, w):
        return torch.cat([g(w[:, :6]), g(w[:, 3:])], 1)

    for judge in judges:  # spectral norm goes on with each look in training
        judge.eval()
    with torch.no_grad():
        a, b = batch
        drawn = both(forth, a), both(back, b)
        fakes = [d.clamp(-1.05, 1.05) for d in drawn]
        wanted = sum((j(f) - 1).square().mean() for j, f in zip(judges, fakes, strict=True))
        wanted += sum((d.abs() - 1).relu().mean() for d in drawn)
        l1 = nn.functional.l1_loss
        wanted += 12 * (l1(back(fakes[0]), a[:, 6:]) + l1(forth(fakes[1]), b[:, 6:]))
        wanted += 5 * (l1(both(forth, b), b[:, 3:]) + l1(both(back, a), a[:, 3:]))
    torch.testing.assert_close(game.play(batch, 1e-4, 1)[0], wanted)


# --- the losses of the detectors ------------------------------------------------------------------


class Grey(nn.Module):
    """Brightness as logits, times a factor."""

    def __init__(self, factor):
        super().__init__()
        self.factor = factor

    def forward(self, image):
        assert image.min() > -0.05 and image.max() < 1.05  # [0, 1], and the room of a fake
        return self.factor * image.mean(1, keepdim=True)


def plain_loss(logits, maps):
    p = 1 / (1 + np.exp(-logits))
    dice = 1 - (2 * (p * maps).sum() + 1) / (p.sum() + maps.sum() + 1)
    return ((p - maps) ** 2).mean() + dice


@pytest.mark.parametrize(("point", "consistency"), [(1.0, 0.0), (0.0, 2.0), (0.5, 3.0), (0, 0)])
def test_the_losses_of_the_detectors_are_as_defined(point, consistency):
    settings = replace(DET, point=point, consistency=consistency)
    images = noise(2)
    game = Detected([Grey(2.0), Grey(-3.0)], [[], []], settings, images, images, 0, "cpu")
    rng = np.random.default_rng(0)
    source, target, *rest = (rng.uniform(-1, 1, (2, 3, 8, 8)) for _ in range(6))
    maps = [rng.uniform(0, 1, (2, 1, 8, 8)) for _ in "ab"]
    to, fro, from_to, from_fro = rest
    given = [[torch.from_numpy(x) for x in xs] for xs in
             ((source, target, *maps), (to, fro), (from_to, from_fro))]  # fmt: skip

    def sees(factor, image):
        return factor * (image.mean(1, keepdims=True) + 1) / 2

    def sigmoid(x):
        return 1 / (1 + np.exp(-x))

    # Detector 0 is of the source, 1 of the target: `to` is a fake of the target.
    points = (
        plain_loss(sees(-3, to), maps[0]) + plain_loss(sees(2, fro), maps[1])
        + plain_loss(sees(2, from_to), maps[0]) + plain_loss(sees(-3, from_fro), maps[1])
    )  # fmt: skip
    across = plain_loss(sees(-3, to), sigmoid(sees(-3, source)))
    across += plain_loss(sees(2, fro), sigmoid(sees(2, target)))
    found = sum((float(t) for t in game.extra(*given)), 0.0)
    assert found == pytest.approx(point * points + consistency * across, rel=1e-5)


def test_without_its_losses_detcyclegan_plays_the_game_of_cyclegan():
    images = noise(2), noise(3, 1)
    batch = Game(GAN, *images, 0, "cpu").windows(*images, 0).batch(1)
    maps = [torch.zeros(2, 1, 16, 24)] * 2
    losses = []
    for make in (Game, lambda *a: Detected([Grey(1)] * 2, [[], []], *a)):
        torch.manual_seed(0)
        game = make(replace(DET, point=0, consistency=0), *images, 0, "cpu")
        losses.append([float(game.play([*batch, *maps], 1e-3, s)[0]) for s in (1, 2)])
    assert losses[0] == losses[1]


def test_labels_move_with_their_window():
    """Every landmark is a white pixel: the map peaks there, cut, flipped or filled up."""
    image = np.zeros((24, 40, 3), np.uint8)
    points = np.array([(5.0, 4.0), (22.0, 12.0), (33.0, 20.0)])
    for x, y in points.astype(int):
        image[y, x] = 255
    sample = Sample(image, points)
    for crop in ((24, 16), (48, 32), None):
        windows = Labelled(
            [[sample], [sample]], [image], [image], replace(DET, crop=crop, sigma=2.0), 0
        )
        for step in range(6):
            one, two, maps, others = windows.batch(step)
            assert one.shape[-2:] == maps.shape[-2:] and two.shape[-2:] == others.shape[-2:]
            for shown, drawn in ((one, maps), (two, others)):
                white = (shown > 0.9).all(1, keepdim=True)
                assert torch.equal(drawn > 0.99, white)


def test_detectors_are_frozen_and_say_what_they_reached():
    frames = [Sample(image, np.array([[8.0, 8.0]])) for image in noise(2)]
    detectors, reached = fit_detectors(DET, [frames, frames], seed=0, device="cpu", bar=silent)
    assert reached.keys() == {"source", "target"} and 0 <= reached["source"]["f1"] <= 1
    for detector in detectors:
        assert not detector.training and not any(p.requires_grad for p in detector.parameters())


# --- both as parts ------------------------------------------------------------------------------


@pytest.mark.parametrize("part", [DET, FILM], ids=["detcyclegan", "hyperrealism"])
def test_a_translator_of_one_seed_is_one_translator(part, tmp_path):
    one, two, other = (fit(part, tmp_path / n, seed=int(n == "c")) for n in "abc")
    assert one == two and {n.partition(".")[2] for n in one} >= {"safetensors"}
    assert all(one[n] != other[n] for n in one if n.endswith("safetensors"))
    assert (OF_DETECTORS in one) == (part is DET)


def test_frames_without_landmarks_do(tmp_path):
    kept = fit(DET, tmp_path / "t", video(noise(3), "aicm1"), video(noise(3, 1), "aicm11"))
    assert json.loads(kept[OF_DETECTORS])["source"]["f1"] is None
    (found,) = DET.translate(noise(1), "sim", tmp_path / "t", device="cpu", bar=silent)
    assert found.shape == (24, 40, 3)


def test_a_video_too_short_is_told(tmp_path):
    short = video(noise(2), "aicm1") + video(noise(2), "aicm2")
    with pytest.raises(
        InputError, match="no video from aicm1/V/000000 to aicm2/V/000001 has three"
    ):
        fit(FILM, tmp_path / "t", source=short)


def test_a_part_given_by_name_comes_with_its_quick_settings():
    methods = discover().methods
    for name in ("detcyclegan", "hyperrealism", "cyclegan"):
        quick = methods["unet_peaks"].resolve("quick", {"translate": name, "translate.cycle": 3.0})
        assert quick["translate.steps"] == 400 and quick["translate.cycle"] == 3.0
        assert (
            methods["unet_peaks"].resolve("paper", {"translate": name})["translate.steps"] is None
        )
        if name != "cyclegan":
            variant = methods[f"improved_heatmap/{name}"]
            assert variant.resolve("quick")["translate.generator"] == "colour_texture"
            assert variant.resolve("smoke")["translate.steps"] == 2
            assert variant.resolve("paper")["translate.generator"] == "resnet"


# --- end to end ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    root = tmp_path_factory.mktemp("data") / "films"
    for surgery in ("aicm1", "aicm2", "aicm11", "aicm12", "aicm13"):
        for i in range(3):
            write_frame(root, surgery, f"{i:06}", [(400, 100), (130 + i, 140)] if i else [])
    return root


def run(data, out, *arguments, code=0):
    return invoke(
        "run", "--data", data, "--profile", "smoke", "--domain", "intraop", "--fold", 1,
        "--out", out, *arguments, code=code,
    )  # fmt: skip


@pytest.mark.parametrize("name", ["detcyclegan", "hyperrealism"])
def test_a_run_and_its_translator_through_the_commands(data, tmp_path, name):
    run(data, tmp_path / "runs", "--method", f"improved_heatmap/{name}")
    fold = tmp_path / f"runs/films/improved_heatmap/{name}/intraop/fold_1"
    record = json.loads((fold / "run.json").read_text())
    assert record["parameters"]["translate"] == name and record["others"].keys() == {"sim"}
    for domain in ("sim", "intraop"):
        invoke("translate", fold, "--input", data, "--output", tmp_path / domain, "--to", domain)
        assert len(list((tmp_path / domain).rglob("*.png"))) == 15
    out = tmp_path / "looks.svg"
    invoke("paper", "translated", tmp_path / "runs", "--data", data, "--out", out, "--dpi", 50)
    text = out.read_text("utf-8")
    assert text.count(f">{name}</text>") == 2, "a row in either direction"
    assert ">real sim</text>" in text and ">real intraop</text>" in text


def test_what_cannot_be_translated_is_told_before_anything_is_trained(data, tmp_path):
    alone = tmp_path / "alone"
    for surgery in ("aicm11", "aicm12", "aicm13"):
        write_frame(alone, surgery, "a", [(400, 100)])
    arguments = ("--method", "unet_peaks", "--set", "translate=detcyclegan")
    _, told = run(alone, tmp_path / "runs", *arguments, code=2)
    assert "translate=detcyclegan has nothing to translate for" in told
    write_frame(alone, "aicm1", "b", [(400, 100)])
    _, told = run(alone, tmp_path / "runs", "--method", "improved_heatmap/hyperrealism", code=2)
    assert "frame aicm1/VID000_0/b has no number" in told or "b has no number" in told
    assert not (tmp_path / "runs").exists()


def test_long_videos_are_translated_alike_in_any_pieces(monkeypatch, tmp_path):
    from adaptor_bench.harness import predict

    fit(FILM, tmp_path / "t")
    spec = discover().get("unet_peaks")
    method = spec.build(spec.resolve("smoke", {"translate": "hyperrealism"}))
    method.translate, method._translator = FILM, tmp_path / "t"
    images = noise(7, 5, (128, 72))
    frames = [SimpleNamespace(key=f"a/V/{i}", image=i) for i in range(7)]
    generator = _generator(tmp_path / "t")
    drawn = translate(generator, images, device="cpu", bar=silent, before=[0, *range(6)])
    whole = list(drawn)
    real = predict.in_chunks

    def part(most):
        return lambda f, r, _: real(f, r, most, lambda i: images[i])

    for most in (7, 3, 1):
        monkeypatch.setattr(predict, "in_chunks", part(most))
        found = [i for _, i in predict.translated(method, frames, "intraop", "cpu", silent)]
        for a, b in zip(found, whole, strict=True):
            np.testing.assert_array_equal(a, b)


def _generator(directory):
    from adaptor_bench.train.weights import read_weights

    network = build_generator(FILM)
    network.load_state_dict(read_weights(directory / "generator.safetensors"))
    return network


def test_the_game_of_a_video_goes_on_from_a_savepoint(tmp_path):
    from adaptor_bench.train.savepoints import Savepoint

    class Cut(Exception):
        pass

    class Cutting(Savepoint):
        def offer(self, state):
            self._write(self.path, state())
            raise Cut

    settings = replace(FILM, steps=3, pool=2, average=0.5)
    films = [Triplets(noise(4, s), [f"a/V/{i}" for i in range(4)]) for s in (0, 1)]
    given = {"seed": 3, "device": "cpu", "bar": silent}
    whole = fit_translator(settings, *films, **given)
    path = tmp_path / "translator-0.savepoint"
    with pytest.raises(Cut):
        fit_translator(settings, *films, **given, savepoint=Cutting(path, "cpu"))
    again = fit_translator(settings, *films, **given, savepoint=Savepoint(path, "cpu"))
    for one, two in zip(again, whole, strict=True):
        assert all(torch.equal(tensor, two[name]) for name, tensor in one.items())
