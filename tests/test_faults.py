"""What happens to long runs, injected: whatever it was, the same command then ends with the same
bytes as an undisturbed one."""

from __future__ import annotations

import errno
import os
import shutil
import signal

import pytest
from commands import invoke
from fault_driver import Call, driver
from killed_runs import METHOD, outcome, put_part, training
from small_board import predict, put_board, put_data

from adaptor_bench.data.check import load_frames
from adaptor_bench.data.frames import index_dataset
from adaptor_bench.entries.entry import read_board, read_entries
from adaptor_bench.errors import InputError

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="signals and fork are of Unix")

IN_TRANSLATOR, IN_NETWORK = 1, 4  # steps of all trainings: the translator has 2, the network 6


@pytest.fixture(scope="module")
def data(phantom_cache, tmp_path_factory):
    """A part of the phantom."""
    (whole,) = phantom_cache.iterdir()
    return put_part(whole, tmp_path_factory.mktemp("data") / "part")


@pytest.fixture(scope="module")
def words(data):
    """The command, to which ``--out`` is added."""
    return training(data)


@pytest.fixture(scope="module")
def drive(words, tmp_path_factory):
    """Runs commands in children of another process, with another hash seed than ours."""
    out = tmp_path_factory.mktemp("driver") / "runs"
    with driver(out.parent, PYTHONHASHSEED="4711") as process:
        process.itself(*words, "--out", out)
        yield process


@pytest.fixture(scope="module")
def undisturbed(drive):
    """What comes of it when nothing happens."""
    return outcome(drive.scratch / "runs")


@pytest.fixture(scope="module")
def backwards(drive, words):
    """The run with folders that list their files in another order: where, and how it ended."""
    out = drive.scratch / "backwards"
    return out, drive(*words, "--out", out, backwards=True)


def test_neither_the_order_of_files_nor_the_hash_seed_changes_a_result(
    backwards, words, undisturbed, tmp_path
):
    invoke(*words, "--out", tmp_path / "runs")  # in this process, with its own hash seed
    assert outcome(tmp_path / "runs") == undisturbed
    out, end = backwards
    assert end.code == 0, end.told
    assert outcome(out) == undisturbed


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_run_that_is_killed_anywhere_goes_on(
    drive, words, undisturbed, backwards, tmp_path, share
):
    """tests/fuzz/kill_runs.py does it at random moments, as often as one likes."""
    out = tmp_path / "runs"
    assert drive(*words, "--out", out, at=round(share * backwards[1].moments)).code == -9
    again = drive(*words, "--out", out)
    assert again.code == 0, again.told
    assert outcome(out) == undisturbed


@pytest.mark.parametrize(
    ("number", "share", "says"),
    [
        (errno.ENOSPC, 0.6, "the disk is full"),
        (errno.EROFS, 0.25, "this disk is read-only"),
    ],
)
def test_a_disk_that_is_full_or_read_only_from_some_moment_on_is_one_line(
    drive, words, undisturbed, backwards, tmp_path, number, says, share
):
    out = tmp_path / "runs"
    end = drive(*words, "--out", out, at=round(share * backwards[1].moments), error=number)
    assert end.code == 1, end.told
    error, _ = end.told.splitlines()[-2:]
    assert error.startswith("error: ") and says in error and str(out) in error
    assert "Traceback" not in end.told
    again = drive(*words, "--out", out)
    assert again.code == 0, again.told
    assert outcome(out) == undisturbed


def test_a_limit_on_files_is_told_and_a_training_goes_on_without_a_savepoint(
    drive, words, undisturbed, tmp_path
):
    out = tmp_path / "runs"
    end = drive(*words, "--out", out, limit=20_000)
    assert end.code == 1
    assert end.told.count("the training goes on without a savepoint\n") == 1
    assert end.told.splitlines()[-2].startswith("error: ")
    assert not [*out.rglob("*.safetensors"), *out.rglob("*.savepoint"), *out.rglob(".partial-*")]
    assert drive(*words, "--out", out).code == 0
    assert outcome(out) == undisturbed


def test_two_processes_on_one_run_folder_share_its_folds(drive, words, undisturbed, tmp_path):
    out = tmp_path / "runs"
    call = [*map(str, words), "--fold", "2", "--out", str(out)]
    one, two = drive.together(Call(call), Call(call))
    assert (one.code, two.code) == (0, 0), one.told + two.told
    told = one.told + two.told
    for fold in (1, 2):
        lines = [
            line for line in told.splitlines() if line.startswith(f"{METHOD} intraop fold {fold}")
        ]
        assert len(lines) == 2 and sum("  F1 " in line for line in lines) == 1, told
    alone = {k: v for k, v in undisturbed.items() if "fold_1" in k}
    assert {k: v for k, v in outcome(out).items() if k in alone} == alone


@pytest.mark.parametrize("same", [True, False], ids=["one name", "two names"])
def test_two_submit_at_once(drive, tmp_path, same):
    data = put_data(tmp_path / "data")
    board = put_board(tmp_path / "small", data)
    calls = []
    for name in ("a", "b"):
        predict(tmp_path / name, data, 2 + (name == "b"))
        method = "one" if same else name
        words = ["submit", tmp_path / name, "--board", board, "--team", "Team", "--data", data]
        calls.append([*map(str, words), "--method", method])
    # The first stands still when its predictions are there and its entry is about to be.
    one, two = drive.together(Call(calls[0], on="os.link", signal=signal.SIGSTOP), Call(calls[1]))
    assert two.code == 0, two.told
    assert one.code == (2 if same else 0), one.told
    assert ("already has an entry 'team-one'" in one.told) == same
    entries = read_entries(read_board(board))
    assert len(entries) == 2 - same
    assert sorted(p.name for p in board.rglob("*.gz")) == sorted(
        e.predictions.partition("/")[2] for e in entries
    )
    assert invoke("verify", board, "--data", data)[0].count(": verified") == len(entries)


def test_an_image_that_is_cut_short_after_it_was_found(data, tmp_path):
    """Frames are found first and read later; all that cannot be read then is named at once."""
    mine = shutil.copytree(data, tmp_path / "part")
    found = index_dataset(mine)
    cut = sorted(mine.glob("aicm1[34]/*/images/*.png"))[1:3]
    for path in cut:
        path.write_bytes(path.read_bytes()[:-500])
    with pytest.raises(InputError) as error:
        load_frames(found, ["intraop"])
    assert all(f"{path}: " in error.value.message for path in cut)
    assert "2 problems in 9 frames; nothing more was done" in error.value.message


@pytest.mark.parametrize(
    ("number", "code", "step"),
    [
        (signal.SIGTERM, 143, IN_TRANSLATOR),
        (signal.SIGKILL, -9, IN_NETWORK),
    ],
)  # fmt: skip
def test_a_stage_goes_on_where_it_was_ended(
    drive, words, undisturbed, tmp_path, number, code, step
):
    out = tmp_path / "runs"
    end = drive(*words, "--out", out, step=step, signal=number)
    assert end.code == code, end.told
    (savepoint,) = out.rglob("*.savepoint")
    if number != signal.SIGKILL:
        assert end.told.splitlines()[-1].endswith("Rerun the same command to resume.")
        assert not list(out.rglob(".partial-*"))
    again = drive(*words, "--out", out)
    assert again.code == 0, again.told
    done = step - (number == signal.SIGKILL)  # of the step that it was killed in nothing is known
    done, of = (done, 2) if step <= 2 else (done - 2, again.told.partition(" of ")[2].split()[0])
    assert f"{savepoint.stem}: goes on after step {done} of {of}\n" in again.told
    assert outcome(out) == undisturbed
