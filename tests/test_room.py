"""A disk that takes no more is told in one line: which place, why, and the room there is."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from adaptor_bench import room
from adaptor_bench.atomic import atomic_directory, write_text
from adaptor_bench.data.images import write_image
from adaptor_bench.errors import WriteError
from adaptor_bench.train.weights import write_weights

resource = pytest.importorskip("resource", reason="limits are of Unix")
NOISE = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
WRITERS = {
    "text": lambda p: write_text(p / "t", "x" * 9999),
    "numpy": lambda p: np.save(p / "maps.npy", np.zeros(9999, np.uint16)),
    "weights": lambda p: write_weights(p / "w.safetensors", {"w": torch.zeros(9999)}),
    "picture": lambda p: write_image(p / "i.png", NOISE),
}


@contextmanager
def largest_file(size):
    """The kernel itself refuses what goes beyond ``size`` bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("writer", WRITERS)
def test_whatever_writes_it_is_one_line_and_nothing_is_left(tmp_path, writer):
    with (
        pytest.raises(WriteError) as found,
        largest_file(4000),
        atomic_directory(tmp_path / "fold_1") as directory,
    ):
        WRITERS[writer](directory)
    assert found.value.message.startswith(f"{tmp_path / 'fold_1'}: ")
    assert "limit" in found.value.message and " free)" in found.value.message
    assert "\n" not in found.value.message and ".partial-" not in found.value.message
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("code", "says"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EDQUOT, "quota"),
        (errno.EROFS, "read-only"),
        (errno.EFBIG, "ulimit"),
    ],
)
@pytest.mark.parametrize("call", ["fsync", "mkdir", "open"])
def test_wherever_the_system_refuses(tmp_path, monkeypatch, code, says, call):
    def refuse(*_, **__):
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        patch.setattr(os, call, refuse)
        with pytest.raises(WriteError, match=says), atomic_directory(tmp_path / "new"):
            pass
    assert [p for p in tmp_path.iterdir() if p.suffix != ".lock"] == []


def test_other_errors_stay_what_they_are(tmp_path):
    for error in (PermissionError(errno.EACCES, "no"), ValueError("(os error 13)"), OSError("x")):
        with pytest.raises(type(error)) as found, atomic_directory(tmp_path / "new"):
            raise error
        assert found.value is error


def test_a_folder_that_may_not_be_written_to(tmp_path, monkeypatch):
    def refuse(path, *_):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", refuse)
        with pytest.raises(WriteError) as found:
            write_text(tmp_path / "table.csv", "")
    assert found.value.message == f"{tmp_path / 'table.csv'}: no permission to write to its folder"


def test_what_has_no_room_is_not_begun(tmp_path, monkeypatch):
    monkeypatch.setattr(room.shutil, "disk_usage", lambda _: SimpleNamespace(free=1500))
    with pytest.raises(WriteError) as found, atomic_directory(tmp_path / "network"):
        room.need(tmp_path, 2_500_000)
    assert "network: the disk is full (2.5 MB needed, 0 B written so far, 1.5 kB free)" in str(
        found.value
    )
    with atomic_directory(tmp_path / "network"):
        room.need(tmp_path, 1500)


@pytest.mark.parametrize("limit", ["file", "output"])
def test_commands_say_it_and_end_with_1(tmp_path, limit):
    """Those who draw are other processes, and standard output is a file like any other."""
    if limit == "output" and not Path("/dev/full").exists():
        pytest.skip("no /dev/full on this system")
    code = (
        "import resource\n"
        "if __name__ == '__main__':\n"
        "    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]\n"
        f"    if {limit == 'file'}: resource.setrlimit(resource.RLIMIT_FSIZE, (4000, hard))\n"
        "    from adaptor_bench.cli import main\n"
        "    main()"
    )
    script = tmp_path / "bench.py"
    script.write_text(code)
    words = ["data", "phantom", tmp_path / "out"] if limit == "file" else ["methods"]
    with Path(os.devnull if limit == "file" else "/dev/full").open("w") as output:
        done = subprocess.run(
            [sys.executable, script, *words], stdout=output, stderr=subprocess.PIPE, text=True,
            check=False, timeout=100, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        )  # fmt: skip
    assert done.returncode == 1
    place = "standard output" if limit == "output" else tmp_path / "out"
    assert done.stderr.startswith(f"error: {place}") and len(done.stderr.splitlines()) == 2
    assert list(tmp_path.iterdir()) == [script]
