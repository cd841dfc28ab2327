"""Translators that take their looks from real frames, and how translated frames join the others."""

from __future__ import annotations

from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch

from adaptor_bench.errors import InputError
from adaptor_bench.stages.registry import shipped
from adaptor_bench.stages.targets.gaussian import Gaussian
from adaptor_bench.stages.translators.colours import from_lab, lab
from adaptor_bench.stages.translators.fourier import Fourier
from adaptor_bench.train.samples import Sample, SampleStream
from adaptor_bench.train.settings import Augmentation, Training

SIZE = (48, 32)
NAMES = ("colour_statistics", "fourier", "histogram")


def silent(*_):
    pass


def scene(seed: int, tint=(1.0, 1.0, 1.0)) -> np.ndarray:
    """Smooth colours, (H, W, 3) uint8."""
    rng = np.random.default_rng(seed)
    coarse = rng.uniform(40, 200, (4, 6, 3)).astype(np.float32)
    pixels = cv2.resize(coarse, SIZE, interpolation=cv2.INTER_CUBIC) * np.float32(tint)
    return np.clip(pixels, 0, 255).astype(np.uint8)


def fitted(name, directory, **settings):
    """The translator after having seen three bluish sim frames and four reddish intraop ones."""
    part = shipped()["translate", name](**settings)
    sim = [SimpleNamespace(image=scene(i, (0.6, 0.8, 1.2))) for i in range(3)]
    intraop = [SimpleNamespace(image=scene(10 + i, (1.2, 0.7, 0.6))) for i in range(4)]
    part.fit(sim, intraop, directory, seed=0, device="cpu", bar=silent)
    return part, [f.image for f in sim], [f.image for f in intraop]


def to(part, images, directory, domain="intraop"):
    return list(part.translate(images, domain, directory, device="cpu", bar=silent))


@pytest.mark.parametrize("name", NAMES)
def test_frames_get_the_looks_of_a_reference_both_ways(name, tmp_path):
    part, sim, intraop = fitted(name, tmp_path)
    means = {k: np.mean(v, (0, 1, 2)) for k, v in (("sim", sim), ("intraop", intraop))}
    for images, domain in ((sim, "intraop"), (intraop, "sim")):
        found = to(part, images, tmp_path, domain)
        assert [(f.shape, f.dtype) for f in found] == [(i.shape, np.uint8) for i in images]
        mean = np.mean(found, (0, 1, 2))
        other = "sim" if domain == "intraop" else "intraop"
        assert np.linalg.norm(mean - means[domain]) < 0.4 * np.linalg.norm(mean - means[other])


@pytest.mark.parametrize("name", NAMES)
def test_a_frame_is_translated_alike_whatever_stands_beside_it(name, tmp_path):
    part, sim, _ = fitted(name, tmp_path)
    together = to(part, sim, tmp_path)
    for image, found in zip(sim[::-1], together[::-1], strict=True):
        np.testing.assert_array_equal(to(part, [image], tmp_path)[0], found)


@pytest.mark.parametrize("name", NAMES)
def test_references_are_spread_over_the_frames_and_no_more_than_asked_for(name, tmp_path):
    fitted(name, tmp_path, references=2)
    kept = np.load(tmp_path / "intraop.npy")
    part = shipped()["translate", name](references=2)
    assert len(kept) == 2
    for place, looks in zip((10, 13), kept, strict=True):  # the first one and the last
        np.testing.assert_allclose(looks, part.looks(scene(place, (1.2, 0.7, 0.6))), rtol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_a_dark_dot_stays_where_it_is(name, tmp_path):
    part, sim, _ = fitted(name, tmp_path)
    image = sim[0].copy()
    image[18:21, 30:33] = 0
    (found,) = to(part, [image], tmp_path)
    y, x = np.unravel_index(found.astype(int).sum(2).argmin(), SIZE[::-1])
    assert 18 <= y <= 20
    assert 30 <= x <= 32


@pytest.mark.parametrize("name", [*NAMES, "cyclegan"])
def test_without_looks_of_a_domain_it_is_told(name, tmp_path):
    part = shipped()["translate", name]()
    for domain in ("intraop", "elsewhere"):
        with pytest.raises(InputError, match=f"keeps no translator into '{domain}'"):
            to(part, [scene(0)], tmp_path, domain)


def test_a_histogram_is_that_of_the_reference(tmp_path):
    part, sim, intraop = fitted("histogram", tmp_path, references=1)
    (found,) = to(part, sim[:1], tmp_path)
    for c in range(3):
        share = np.linspace(0.05, 0.95, 10)
        wanted = np.quantile(intraop[0][..., c], share)
        np.testing.assert_allclose(np.quantile(found[..., c], share), wanted, atol=6)


def test_colour_statistics_are_those_of_the_reference(tmp_path):
    part, sim, intraop = fitted("colour_statistics", tmp_path, references=1)
    (found,) = to(part, sim[:1], tmp_path)
    for moment in (np.mean, np.std):
        wanted = moment(lab(intraop[0]), (0, 1))
        np.testing.assert_allclose(moment(lab(found), (0, 1)), wanted, atol=2.5)


def test_lab_and_back_is_the_identity():
    image = scene(1)
    assert np.abs(from_lab(lab(image)).astype(int) - image).max() <= 1
    np.testing.assert_allclose(lab(np.full((1, 1, 3), 255, np.uint8))[0, 0], (100, 0, 0), atol=0.1)


def test_fourier_exchanges_slow_waves_only():
    """By hand: the amplitude of what is within reach is the reference's, all phases stay."""
    part = Fourier(beta=0.1)  # of 32 px: up to 3 cycles a frame
    image, reference = (np.clip(scene(i), 60, 190) for i in (0, 1))
    np.testing.assert_allclose(part.given(image, part.looks(image)), image, atol=1)
    before, other = (np.fft.fft2(i[..., 0].astype(float)) for i in (image, reference))
    after = np.fft.fft2(part.given(image, part.looks(reference))[..., 0].astype(float))
    within = np.ix_(np.arange(-3, 4), np.arange(-3, 4))
    np.testing.assert_allclose(np.abs(after[within]), np.abs(other[within]), rtol=0.15, atol=1500)
    assert abs(after[5, 7] - before[5, 7]) < 500
    assert np.abs(part.given(image, part.looks(reference)).mean() - reference.mean()) < 8


# --- how many translated samples, and how many real ones ----------------------------------------


def stream(share, length, seed=0, real=5, translated=3):
    """Samples that show their number: real ones from 0, translated ones from 100."""

    def numbered(number):
        return Sample(np.full((8, 8, 3), number, np.uint8), np.empty((0, 2)))

    still = Augmentation(flip_p=0, rotation_p=0, jitter_p=0, brightness_contrast_p=0)
    return SampleStream(
        samples=[numbered(i) for i in range(real)],
        translated=[numbered(100 + i) for i in range(translated)],
        share=share,
        length=length,
        augmentation=still,
        target=Gaussian(),
        input_size=(8, 8),
        crop=None,
        seed=seed,
    )


def shown(made):
    return [int(torch.round(made[i][0].mean() * 255)) for i in range(len(made))]


@pytest.mark.parametrize("share", [0.25, 0.5, 0.75])
def test_translated_samples_come_on_top_of_the_real_ones_and_change_nothing_of_them(share):
    training = Training(steps=30, batch=4, translated_share=share)
    steps, alone = training.steps_for(5, 3), training.steps_for(5)
    assert alone == 30
    mixed, plain = (shown(stream(s, n * 4)) for s, n in ((share, steps), (0.0, alone)))
    real = [number for number in mixed if number < 100]
    assert len(real) == pytest.approx(len(plain), abs=3)
    assert real[: len(plain)] == plain[: len(real)]
    assert abs(len(mixed) * share - sum(number >= 100 for number in mixed)) < 1
    for start in range(0, len(mixed) - 8, 4):  # spread evenly
        assert any(number >= 100 for number in mixed[start : start + 8])


def test_a_share_of_1_shows_no_real_frame():
    training = Training(steps=10, batch=2, translated_share=1.0)
    assert training.steps_for(5, 3) == 10
    assert {number // 100 for number in shown(stream(1.0, 20, real=0))} == {1}
    assert Training(epochs=6, batch=2, translated_share=1.0).steps_for(50, 4) == 12


def test_without_translated_frames_the_share_plays_no_part():
    assert Training(steps=10, translated_share=0.9).steps_for(5) == 10
    assert Training(epochs=3, batch=2).steps_for(5) == 9
