"""A training that is interrupted goes on between two steps, and ends with the same bits."""

from __future__ import annotations

import errno
import math
import os
import pickle
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from test_training import GAN, Tiny, dots, failing, silent, tiny

from adaptor_bench.artefacts import ArtefactStore
from adaptor_bench.errors import TrainingError
from adaptor_bench.stages.translators._cyclegan import fit_translator
from adaptor_bench.train import savepoints
from adaptor_bench.train.device import computing
from adaptor_bench.train.fit import fit_network
from adaptor_bench.train.savepoints import Savepoint


class Cut(Exception):
    """The process is gone."""


class Cutting(Savepoint):
    """Is written after every step, and ends the training after the ``last`` of them."""

    def __init__(self, path, last):
        super().__init__(path, "cpu")
        self._every, self.left = 0.0, last

    def offer(self, state):
        self._every = 0.0
        super().offer(state)
        self.left -= 1
        if self.left == 0:
            raise Cut


DROPPING = replace(tiny(steps=4), network=Tiny(dropout=0.3))
CASES = {
    "held back": (
        replace(DROPPING, training=replace(DROPPING.training, beta2=0.9)),
        None,
        (),
        (1, 3),
    ),
    "muon": (
        replace(DROPPING, training=replace(DROPPING.training, optimiser="muon")),
        None,
        (),
        (1, 3),
    ),
    "refit": (tiny(choose="refit", steps=4, selections=2), (0.2, 0.6, 0.5), (2, 4), (4, 5, 8)),
    "second seed": (tiny(steps=2, selections=1, retry=True), (0.0, 0.7), (2,), (3,)),
}


def network(detector, scores, monkeypatch, savepoint=None):
    if scores:
        failing(monkeypatch, *scores)
    return fit_network(
        detector, dots(4), dots(2, seed=5), seed=1, device="cpu", bar=silent, savepoint=savepoint
    )


def assert_same(one, two):
    assert one.keys() == two.keys()
    assert all(torch.equal(tensor, two[name]) for name, tensor in one.items())


@pytest.mark.parametrize("case", CASES)
def test_a_network_that_is_cut_off_ends_with_the_same_bits(tmp_path, monkeypatch, capsys, case):
    detector, scores, trials, cuts = CASES[case]
    whole = network(detector, scores, monkeypatch)
    path = tmp_path / "network-0.savepoint"
    for last in cuts:
        with pytest.raises(Cut):
            network(detector, scores, monkeypatch, Cutting(path, last))
        tried = sum(at <= last for at in trials)  # and are not tried again
        torch.rand(3)  # another process has other random numbers
        again = network(detector, scores and scores[tried:], monkeypatch, Savepoint(path, "cpu"))
        assert "network-0: goes on after step" in capsys.readouterr().err
        assert_same(again.weights, whole.weights)
        assert again.history == whole.history
        path.unlink()


@pytest.mark.parametrize("generator", ["colour_texture", "resnet"])
def test_a_translator_that_is_cut_off_ends_with_the_same_bits(tmp_path, capsys, generator):
    settings = replace(
        GAN, generator=generator, crop=(24, 12), steps=3, pool=2, batch=2, average=0.5
    )
    rng = np.random.default_rng(0)
    source, target = ([*rng.integers(0, 256, (2, 16, 28, 3), np.uint8)] for _ in range(2))

    def fitted(savepoint=None):
        losses = {"of an earlier try": []}
        weights = fit_translator(
            settings, source, target, seed=3, device="cpu", bar=silent, savepoint=savepoint,
            losses=losses,
        )  # fmt: skip
        told.append(losses)
        return weights

    told = []
    whole = fitted()
    path = tmp_path / "translator-0.savepoint"
    with pytest.raises(Cut):
        fitted(Cutting(path, 2))
    torch.rand(3)
    for one, two in zip(fitted(Savepoint(path, "cpu")), whole, strict=True):
        assert_same(one, two)
    assert told[0] == told[1]
    assert told[0].keys() == {"generator_loss", "discriminator_loss"}
    assert [step for step, _ in told[0]["generator_loss"]] == [1, 2, 3]
    assert "translator-0: goes on after step 2 of 3" in capsys.readouterr().err


class Bomb:
    def __reduce__(self):
        return os.mkdir, ("exploded",)


def changed(path, change_about=None, **tensors):
    """The savepoint with other tensors or words, and a hash that fits them."""
    with safe_open(path, "pt") as file:
        about = savepoints.parse_json(file.metadata()["savepoint"].encode(), "")
    held = load_file(path)
    for name, tensor in tensors.items():
        name = name.replace("__", ".")
        held.pop(name, None)
        about["order"].pop(name, None)
        if tensor is not None:
            held[name], about["order"][name] = tensor, list(range(tensor.ndim))
    (change_about or (lambda _: None))(about)
    del about["sha256"]
    about["sha256"] = savepoints._digest(about, held)
    save_file(held, path, {"savepoint": savepoints.json.dumps(about)})


def cut_short(path):
    path.write_bytes(path.read_bytes()[:-100])


def flip(path):
    content = bytearray(path.read_bytes())
    content[-9] ^= 1
    path.write_bytes(content)


def words(**values):
    return lambda about: about["values"].update(values)


DAMAGE = {
    "cut short": (cut_short, "damaged"),
    "empty": (lambda path: path.write_bytes(b""), "damaged"),
    "one bit": (flip, "it is damaged"),
    "a pickle": (lambda path: path.write_bytes(pickle.dumps(Bomb())), "damaged"),
    "a torch file": (lambda path: torch.save({"a": Bomb()}, path), "damaged"),
    "a link": (lambda path: (path.unlink(), path.symlink_to("/dev/zero")), "symbolic link"),
    "a folder": (lambda path: (path.unlink(), path.mkdir()), "a folder, not a regular file"),
    "no words": (lambda path: save_file({"a": torch.zeros(1)}, path), "it is no savepoint"),
    "another shape": (
        lambda path: changed(path, network__head__weight=torch.zeros(9, 9)),
        "head.weight is ",
    ),
    "another type": (
        lambda path: changed(path, network__head__bias=torch.zeros(1, dtype=torch.float64)),
        "torch.float64",
    ),
    "less": (lambda path: changed(path, network__head__weight=None), "head.weight is missing"),
    "more": (lambda path: changed(path, extra=torch.zeros(1)), "it holds extra"),
    "bad numbers": (
        lambda path: changed(path, random__cpu=torch.full((5056,), 255, dtype=torch.uint8)),
        "its random numbers",
    ),
    "beyond the end": (lambda path: changed(path, words(step=99)), "its step is 99"),
    "a word for a number": (lambda path: changed(path, words(step="2")), "its step is '2'"),
    "bad losses": (lambda path: changed(path, words(losses=[["a"]])), "its losses cannot be read"),
    "a training too many": (
        lambda path: changed(
            path, words(done=[{"steps": 1, "loss": [], "selection": [], "f1": 0.9}] * 9)
        ),
        "of a later training than there is",
    ),
    "other instructions": (
        lambda path: changed(path, lambda about: about["made"].update(threads=64)),
        "made with threads 64, now ",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A savepoint after step 2 of 4, and what the training comes to."""
    path = tmp_path_factory.mktemp("kept") / "network-0.savepoint"
    with pytest.MonkeyPatch.context() as patch:
        whole = network(DROPPING, None, patch)
        with pytest.raises(Cut):
            network(DROPPING, None, patch, Cutting(path, 2))
    return path, whole


@pytest.mark.parametrize("damage", DAMAGE)
def test_what_cannot_be_gone_on_from_is_told_and_the_training_begins_anew(
    kept, tmp_path, monkeypatch, capsys, damage
):
    change, says = DAMAGE[damage]
    path = tmp_path / kept[0].name
    shutil.copy(kept[0], path)
    change(path)
    again = network(DROPPING, None, monkeypatch, Savepoint(path, "cpu"))
    (line,) = capsys.readouterr().err.splitlines()[-1:]
    assert line.startswith(f"{path}: not used (") and says in line
    assert line.endswith("); the training begins anew")
    assert not (tmp_path / "exploded").exists()
    assert_same(again.weights, kept[1].weights)
    assert again.history == kept[1].history


def test_one_of_another_network_training_or_number_of_threads_is_not_used(
    kept, tmp_path, monkeypatch, capsys
):
    renamed = shutil.copy(kept[0], tmp_path / "network-1.savepoint")
    again = network(DROPPING, None, monkeypatch, Savepoint(renamed, "cpu"))
    assert "it is of another training" in capsys.readouterr().err
    assert_same(again.weights, kept[1].weights)

    wider = replace(DROPPING, network=Wider())
    network(wider, None, monkeypatch, Savepoint(kept[0], "cpu"))
    assert "expected (6, 3, 3, 3)" in capsys.readouterr().err

    with computing("cpu", torch.get_num_threads() + 1):
        network(DROPPING, None, monkeypatch, Savepoint(kept[0], "cpu"))
    assert "made with threads" in capsys.readouterr().err


class Wider(Tiny):
    def build(self, channels):
        from adaptor_bench.stages.networks._unet import UNet

        return UNet((6, 8), channels)


# --- when it is written, and when it goes ---------------------------------------------------------


def test_it_is_written_every_half_minute_and_less_often_where_writing_takes_long(tmp_path):
    now, written = [0.0], []

    class Slow(Savepoint):
        def _write(self, path, state):
            written.append(now[0])
            now[0] += takes

    for takes, at in ((0.0, [30, 60, 90]), (0.4, [30, 70]), (9.0, [30, 89])):
        now[0], written[:] = 0.0, []
        kept = Slow(tmp_path / "x.savepoint", "cpu", clock=lambda: now[0])
        while now[0] < 100:
            now[0] += 1
            kept.offer(lambda: None)
        assert [math.floor(t) for t in written] == at, takes


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EIO])
def test_a_training_goes_on_where_none_can_be_written(kept, tmp_path, monkeypatch, capsys, code):
    def refuse(*_):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(savepoints, "save_file", refuse)
    path = tmp_path / "network-0.savepoint"
    again = network(DROPPING, None, monkeypatch, Cutting(path, 9))
    told = capsys.readouterr().err
    assert told.count("warning: ") == told.count("goes on without a savepoint") == 1
    assert_same(again.weights, kept[1].weights)
    assert list(tmp_path.iterdir()) == []


def test_it_goes_with_the_artefact_and_with_a_training_that_diverges(tmp_path):
    store, key = ArtefactStore(tmp_path), {"a": 1}

    def build(failure):
        def build(directory):
            place = store.savepoint("network", key)
            place.write_text("half")
            if failure:
                raise failure

        return build

    def left():
        return [path.suffix for path in tmp_path.iterdir() if path.is_file()]

    with pytest.raises(KeyboardInterrupt):
        store.get("network", key, build(KeyboardInterrupt()))
    assert left() == [".savepoint"]
    with pytest.raises(TrainingError):
        store.get("network", key, build(TrainingError("the loss is not finite")))
    assert left() == []
    store.get("network", key, build(None))
    assert left() == []


def test_a_restart_begins_anew(tmp_path):
    place = ArtefactStore(tmp_path).savepoint("network", {})
    place.write_text("half")
    fresh = ArtefactStore(tmp_path, fresh=True)
    assert place.exists()
    assert fresh.savepoint("network", {}) == place and not place.exists()
    place.write_text("of another process that shares the restart")
    assert fresh.savepoint("network", {}) == place and place.exists()
