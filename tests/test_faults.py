"""What happens to long runs, injected: whatever it was, the same command then ends with the same
bytes as an undisturbed one."""

from __future__ import annotations

import os
import shutil
import signal

import pytest
from commands import invoke
from fault_driver import driver

from adaptor_bench.data.frames import index_dataset

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="signals and fork are of Unix")

METHOD = "improved_heatmap"
IN_TRANSLATOR, IN_NETWORK = 1, 4  # steps of all trainings: the translator has 2, the network 8
RESULTS = ("*.safetensors", "predictions/**/*.json", "score.json")


@pytest.fixture(scope="module")
def data(phantom_cache, tmp_path_factory):
    """Three surgeries of the phantom, two frames each."""
    (whole,) = phantom_cache.iterdir()
    root = tmp_path_factory.mktemp("data") / "part"
    for frames in index_dataset(whole).frames.values():
        for frame in frames:
            place = root / frame.image.parent.relative_to(whole)
            if frame.surgery in ("aicm1", "aicm13", "aicm14") and not (
                place.is_dir() and len(list(place.iterdir())) > 1
            ):
                for path in (frame.image, frame.label):
                    target = root / path.relative_to(whole)
                    target.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(path, target)
    return root


@pytest.fixture(scope="module")
def words(data):
    """The command, to which ``--out`` is added."""
    words = ["run", "--method", METHOD, "--data", data, "--profile", "smoke"]
    return [*words, "--domain", "intraop", "--fold", 1]


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


def outcome(out):
    """Trained parts, predictions, scores and the board, as bytes; no file beside finished ones."""
    assert not [*out.rglob(".partial-*"), *out.rglob("*.savepoint"), *out.rglob("*.failed")]
    found = {str(p.relative_to(out)): p.read_bytes() for name in RESULTS for p in out.rglob(name)}
    assert found
    return found | {"board": invoke("leaderboard", out, "--format", "json")[0].encode()}


def test_neither_the_order_of_files_nor_the_hash_seed_changes_a_result(
    drive, words, undisturbed, tmp_path
):
    invoke(*words, "--out", tmp_path / "runs")  # in this process, with its own hash seed
    assert outcome(tmp_path / "runs") == undisturbed
    end = drive(*words, "--out", tmp_path / "backwards", backwards=True)
    assert end.code == 0, end.told
    assert outcome(tmp_path / "backwards") == undisturbed


@pytest.mark.parametrize(
    ("number", "code", "step"),
    [
        (signal.SIGTERM, 143, IN_TRANSLATOR),
        (signal.SIGINT, 130, IN_NETWORK),
        (signal.SIGKILL, -9, IN_TRANSLATOR + 1),
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
