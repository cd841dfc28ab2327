"""One network trained by several processes: what one would compute, and one end for all of them."""

from __future__ import annotations

import json
import os
import signal
import tempfile
from dataclasses import replace

import pytest
import torch
from commands import invoke
from method_files import put_method
from rank_parts import Drifting, Plain
from test_stopping import GIVE_UP, process
from test_training import STILL, dots, silent, tiny

from adaptor_bench.errors import InputError, TrainingError, UsageError
from adaptor_bench.matching.settings import MatchSettings
from adaptor_bench.stopping import stoppable
from adaptor_bench.train import rank, ranks
from adaptor_bench.train.device import computing, devices_of
from adaptor_bench.train.ranks import fit_on
from adaptor_bench.train.savepoints import Savepoint

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals are of Unix")
TRAINED = replace(
    tiny(steps=30, batch=4, norm_batches=0, bfloat16=False, rate=2e-3),
    network=Plain(),
    augment=STILL,
)


def fitted(devices=2, bar=silent, savepoint=None, trained=TRAINED, frames=4):
    with computing("cpu", devices=devices):
        return fit_on(
            devices_of("cpu", devices), trained, dots(frames), dots(2, seed=5), seed=1, bar=bar,
            matching=MatchSettings(), savepoint=savepoint or Savepoint(None, "cpu"),
        )  # fmt: skip


def test_two_compute_what_one_does_and_an_interrupted_training_goes_on(tmp_path, capsys):
    """The loss is Dice over the whole batch, which is no mean over shares. What ranks tell each
    other is compared by themselves at the end."""
    alone = fitted(devices=1)
    together = whole = fitted()
    assert [loss for _, loss in together.history["loss"]] == pytest.approx(
        [loss for _, loss in alone.history["loss"]], abs=1e-5
    )
    for name, tensor in alone.weights.items():
        torch.testing.assert_close(together.weights[name], tensor, atol=2e-3, rtol=0)
    path, steps = tmp_path / "network-0.savepoint", []

    def interrupt(done, total, note=""):
        steps.append(done)
        if done == 10:
            signal.raise_signal(signal.SIGTERM)

    with stoppable(for_good=False), pytest.raises(KeyboardInterrupt):
        fitted(bar=interrupt, savepoint=Savepoint(path, "cpu"))
    assert steps[0] == 10 and steps[-1] < 30 and path.exists()
    savepoint = Savepoint(path, "cpu")
    again = fitted(savepoint=savepoint)
    assert "network-0: goes on after step" in capsys.readouterr().err
    assert again.history == whole.history
    assert all(torch.equal(v, whole.weights[k]) for k, v in again.weights.items())
    assert savepoint.cpu_seconds > 3, "of both, and before the interruption too"


def test_weights_that_differ_between_ranks_fail_the_training(tmp_path, monkeypatch):
    """And what a command that was killed left where ranks meet is gone afterwards."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    place = tmp_path / f"adaptor_bench-{os.getuid()}"
    place.mkdir(0o777)
    place.chmod(0o777)
    with pytest.raises(InputError, match="is no folder that is yours alone"):
        fitted()
    place.chmod(0o700)
    left = place / f".partial-{16 * 'a'}"
    left.mkdir()
    (left / "meeting").touch()
    left.with_name(f"{left.name}.lock").touch()
    with pytest.raises(TrainingError, match="rank 1 of 2 came to other weights than rank 0"):
        fitted(trained=replace(TRAINED, network=Drifting()))
    assert list(tmp_path.iterdir()) == [place] and list(place.iterdir()) == []


def test_told_to_stop_while_ranks_start_nothing_waits_for_them(monkeypatch):
    """They would notice by themselves only after loading torch, with exit code 1."""
    started, start = [], ranks._Ranks.start

    def interrupted(self, *rest, **how):
        start(self, *rest, **how)
        started.extend(self.processes)
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(ranks._Ranks, "start", interrupted)
    monkeypatch.setattr(ranks, "_LEAVING", GIVE_UP)
    with stoppable(for_good=False), pytest.raises(KeyboardInterrupt):
        fitted(frames=60)  # more than fits into a pipe before they are ready to read
    assert [process.exitcode for process in started] == [-signal.SIGKILL] * 2


def test_ranks_wait_for_the_first_to_try_the_network_whatever_time_it_takes(monkeypatch):
    """Not in torch, which gives up after a while."""
    tried, looks, met = [0], [], []

    def look(_seconds):
        looks.append(list(met))
        if len(looks) == 3:
            tried[0] = 1

    def broadcast(told, _from):
        met.append("broadcast")
        told.fill_(0.25)

    monkeypatch.setattr(rank.time, "sleep", look)
    monkeypatch.setattr(rank.dist, "broadcast", broadcast)
    second = rank.Rank(1, 2, "cpu", 0, [0.0, 0.0], tried)
    assert second.of_leader(None) == 0.25 and looks == [[], [], []]
    first = rank.Rank(0, 2, "cpu", 0, [0.0, 0.0], told := [0])
    assert first.of_leader(0.5) == 0.25 and told == [1] and len(looks) == 3


NETWORK = '''
import os, signal
from dataclasses import dataclass
from typing import ClassVar
import adaptor_bench.train.detector as d
from adaptor_bench.train.settings import Augmentation, Training
from adaptor_bench.registry import composed
from adaptor_bench.stages.decoders.otsu import Otsu
from adaptor_bench.stages.losses.dice import Dice
from adaptor_bench.stages.registry import stage
from adaptor_bench.stages.targets.gaussian import Gaussian
from adaptor_bench.method import Card

@stage("network", "frail")
@dataclass(frozen=True)
class Frail:
    """One of two ranks is killed once, at its first step."""

    reduction: ClassVar[int] = 1
    stride: ClassVar[int] = 1

    def build(self, channels):
        from torch import distributed, nn

        class Net(nn.Conv2d):
            def forward(self, image):
                if self.training and distributed.is_initialized() and distributed.get_rank() == 1:
                    try:
                        open(MARK, "x").close()
                        os.kill(os.getpid(), signal.SIGKILL)
                    except FileExistsError:
                        pass
                return super().forward(image)

        return Net(3, channels, 3, padding=1)

composed(
    "frail",
    d.Detector(
        augment=Augmentation(jitter_p=0), target=Gaussian(), network=Frail(), loss=Dice(),
        decode=Otsu(), input_size=(64, 36),
        training=Training(batch=2, steps=3, choose="last", retry=False),
    ),
    card=Card("Frail"),
)
'''


def test_a_rank_that_is_killed_fails_the_fold_and_the_next_command_runs_it(tmp_path):
    mine = put_method(tmp_path / "mine")
    (mine / "frail.py").write_text(NETWORK.replace("MARK", repr(str(tmp_path / "killed"))))
    from frame_files import write_frame

    for surgery in "abc":
        write_frame(tmp_path / "data", surgery, "000000", [(100, 100)])
    run = (
        "run", "--method", "frail", "--method", "point", "--methods-from", mine, "--data",
        tmp_path / "data", "--out", tmp_path / "runs", "--profile", "paper", "--device", "cpu",
        "--fold", 1, "--workers", 1,
    )  # fmt: skip
    _, told = invoke(*run, "--devices", 2, code=1)
    assert "point uses one device: --devices 2 changes nothing for it" in told
    assert (
        "frail intraop fold 1: failed in fit: rank 1 of 2 (cpu) was killed (SIGKILL: is there "
        "enough memory?)" in told
    )
    invoke(*run, "--devices", 2)
    runs = {m: tmp_path / f"runs/data/{m}/intraop/fold_1/run.json" for m in ("frail", "point")}
    devices = {m: json.loads(path.read_text())["devices"] for m, path in runs.items()}
    assert devices == {"frail": 2, "point": 1}
    _, told = invoke(*run, code=1)
    assert "frail/intraop/fold_1: devices 2, now 1" in told and "point/" not in told
    keys = [json.loads(p.read_text()) for p in (tmp_path / "runs").rglob("network-*/key.json")]
    assert [key["devices"] for key in keys] == [2]


def test_what_several_devices_cannot_do_is_told_before_anything_starts(tmp_path):
    mine = put_method(tmp_path / "mine")
    run = (
        "run",
        "--methods-from",
        mine,
        "--profile",
        "smoke",
        "--device",
        "cpu",
        "--out",
        tmp_path,
    )
    _, told = invoke(*run, "--method", "unet_peaks", "--devices", 3, code=2)
    assert "method 'unet_peaks', --devices 3: 'training.batch' is" in told
    assert not list(tmp_path.rglob("run.json"))
    assert devices_of("cuda:1", 1) == ["cuda:1"]
    assert devices_of("cpu", 2) == ["cpu", "cpu"]
    for device in ("cuda:1", "mps", "cuda"):  # of which there is none here
        with pytest.raises(UsageError, match="--devices 2: "):
            devices_of(device, 2)


SERVE = """
from multiprocessing import Pipe
from adaptor_bench.stopping import held_off, stop_if_told, stop_with, told_to_stop
end, other = Pipe(duplex=False)
stop_with(end)
try:
    with held_off():
        print("at work", flush=True)
        sys.stdin.readline()
        other.send_bytes(b"stop")
        while not told_to_stop():
            pass
        stop_if_told()
except KeyboardInterrupt:
    print("told", flush=True)
    other.close()
    sys.stdin.read()
"""


def test_a_rank_is_told_to_stop_and_ends_with_whoever_started_it():
    with process(SERVE) as served:
        assert served.stdout.readline() == "at work\n"
        served.stdin.write("\n")
        served.stdin.flush()
        assert served.stdout.readline() == "told\n"
        assert served.wait(GIVE_UP) == 1
