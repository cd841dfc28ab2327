"""Files, directories and artefacts are complete or not there."""

from __future__ import annotations

import errno
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from adaptor_bench import atomic
from adaptor_bench.artefacts import ArtefactStore
from adaptor_bench.atomic import atomic_directory, remove_abandoned, write_json, write_text
from adaptor_bench.errors import WriteError

pytestmark = pytest.mark.quick

FAILURES = [
    ValueError("a bug"),
    KeyboardInterrupt(),
    SystemExit(3),
    OSError(errno.ENOSPC, "No space left on device"),
]


def seen_as(failure):
    return WriteError if isinstance(failure, OSError) else type(failure)


def tree(root):
    return {p.relative_to(root).as_posix(): p.read_text() for p in root.rglob("*") if p.is_file()}


@pytest.mark.parametrize("failure", FAILURES, ids=lambda f: type(f).__name__)
@pytest.mark.parametrize("existing", [False, True])
def test_a_block_that_fails_leaves_nothing_and_keeps_what_was_there(tmp_path, failure, existing):
    final = tmp_path / "runs" / "fold_1"
    if existing:
        final.mkdir(parents=True)
        (final / "run.json").write_text("old")

    def fail():
        with atomic_directory(final, replace=True) as directory:
            (directory / "deep" / "er").mkdir(parents=True)
            (directory / "deep" / "er" / "half.json").write_text("{")
            raise failure

    with pytest.raises(seen_as(failure)):
        fail()
    assert tree(tmp_path) == ({"runs/fold_1/run.json": "old"} if existing else {})
    assert [p.name for p in (tmp_path / "runs").iterdir()] == (["fold_1"] if existing else [])


def test_nothing_stands_under_the_final_name_before_the_end(tmp_path):
    final = tmp_path / "fold_1"
    with atomic_directory(final) as directory:
        (directory / "a").write_text("1")
        assert not final.exists()
        assert directory.parent == tmp_path, "renaming must not cross file systems"
        assert directory.name.startswith(".partial-")
    assert tree(tmp_path) == {"fold_1/a": "1"}
    assert stat.S_IMODE(final.stat().st_mode) & 0o055 == 0o055, "others may read results"


def test_replacing_leaves_only_the_new_directory(tmp_path):
    final = tmp_path / "fold_1"
    for content in ("old", "new"):
        with atomic_directory(final, replace=True) as directory:
            (directory / content).write_text(content)
    assert tree(tmp_path) == {"fold_1/new": "new"}
    assert [p.name for p in tmp_path.iterdir()] == ["fold_1"]


def test_what_cannot_be_put_in_place_leaves_the_earlier_directory_there(tmp_path, monkeypatch):
    final = tmp_path / "fold_1"
    final.mkdir()
    (final / "old").write_text("old")
    real = atomic.Path.rename

    def fail(path, target):
        if Path(target) == final and (path / "new").exists():
            raise PermissionError(errno.EACCES, "Permission denied")
        return real(path, target)

    monkeypatch.setattr(atomic.Path, "rename", fail)
    monkeypatch.setattr(atomic, "_exchange", lambda *_: False)  # as on other systems
    with pytest.raises(PermissionError), atomic_directory(final, replace=True) as directory:
        (directory / "new").write_text("new")
    assert tree(tmp_path) == {"fold_1/old": "old"}
    assert [p.name for p in tmp_path.iterdir()] == ["fold_1"]


@pytest.mark.parametrize("name", [".", "../here"])
def test_the_working_directory_itself_can_be_replaced(tmp_path, monkeypatch, name):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    with atomic_directory(Path(name), replace=True) as directory:
        (directory / "new").write_text("new")
    assert tree(tmp_path) == {"here/new": "new"}
    assert [p.name for p in tmp_path.iterdir()] == ["here"]


def test_an_existing_directory_is_not_replaced_unless_asked(tmp_path):
    (tmp_path / "fold_1").mkdir()
    with pytest.raises(FileExistsError), atomic_directory(tmp_path / "fold_1"):
        pytest.fail("the block must not run")
    assert [p.name for p in tmp_path.iterdir()] == ["fold_1"]


@pytest.mark.parametrize("failure", FAILURES, ids=lambda f: type(f).__name__)
def test_a_text_that_cannot_be_finished_keeps_the_old_one(tmp_path, monkeypatch, failure):
    path = tmp_path / "score.json"
    write_text(path, "old")

    def fail(*_):
        raise failure

    monkeypatch.setattr(atomic.os, "replace", fail)
    with pytest.raises(seen_as(failure)):
        write_text(path, "new")
    assert tree(tmp_path) == {"score.json": "old"}


def test_a_disk_that_fills_while_a_text_is_written(tmp_path, monkeypatch):
    real = atomic.Path.open

    def full_after_some(*args, **kwargs):
        stream = real(*args, **kwargs)
        write = stream.write

        def half(text):
            write(text[: len(text) // 2])
            stream.flush()
            raise OSError(errno.ENOSPC, "No space left on device")

        stream.write = half
        return stream

    monkeypatch.setattr(atomic.Path, "open", full_after_some)
    with pytest.raises(
        WriteError, match=r"x\.json: the disk is full \(5 B written so far, .* free"
    ):
        write_text(tmp_path / "x.json", "0123456789")
    assert not list(tmp_path.iterdir())


def test_text_is_utf_8_with_unix_line_ends_and_readable_by_others(tmp_path):
    write_text(tmp_path / "new" / "t.txt", "ä\nb\n")
    assert (tmp_path / "new" / "t.txt").read_bytes() == b"\xc3\xa4\nb\n"
    assert stat.S_IMODE((tmp_path / "new" / "t.txt").stat().st_mode) == 0o644


def test_json_without_nan(tmp_path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "x.json", {"f1": float("nan")})
    assert not list(tmp_path.iterdir())


def test_leftovers_of_a_killed_process_are_removed_and_nothing_else(tmp_path):
    (tmp_path / ".partial-0123456789abcdef" / "predictions").mkdir(parents=True)
    (tmp_path / ".partial-0123456789abcdef.lock").write_text("")
    (tmp_path / ".partial-fedcba9876543210.json").write_text("{")
    (tmp_path / ".partial-4711-ab12cd_4.json").write_text("left by a version without locks")
    (tmp_path / "fold_1").mkdir()
    mine = {"fold_1", ".hidden", ".partial-notes", ".partial-fold_2.lock"}
    for name in mine - {"fold_1"}:
        (tmp_path / name).write_text("mine")
    remove_abandoned(tmp_path)
    assert {p.name for p in tmp_path.iterdir()} == mine
    remove_abandoned(tmp_path / "never")


@pytest.mark.parametrize(
    "write", [write_text, lambda p, _: write_directory(p)], ids=["text", "dir"]
)
def test_writing_to_a_place_tidies_it_up(tmp_path, write):
    left = tmp_path / ".partial-0123456789abcdef"
    left.mkdir()
    (left / "half").write_text("{")
    write(tmp_path / "table.csv", "new")
    assert [p.name for p in tmp_path.iterdir()] == ["table.csv"]


def write_directory(path):
    with atomic_directory(path):
        pass


def test_what_another_running_process_writes_is_left_alone(tmp_path):
    """Two commands may share an output folder."""
    code = (
        "import sys, pathlib; from adaptor_bench.atomic import atomic_directory\n"
        "with atomic_directory(pathlib.Path(sys.argv[1])) as d:\n"
        "    print(d.name, flush=True); sys.stdin.read()"
    )
    arguments = [sys.executable, "-c", code, str(tmp_path / "fold_1")]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(arguments, **pipes) as writer:
        name = writer.stdout.readline().strip()
        remove_abandoned(tmp_path)
        assert {p.name for p in tmp_path.iterdir()} == {name, f"{name}.lock"}
        writer.kill()
        writer.wait()
        remove_abandoned(tmp_path)
        assert not list(tmp_path.iterdir())


@pytest.mark.skipif(sys.platform != "linux", reason="renameat2 is of Linux")
def test_a_directory_is_replaced_in_one_step(tmp_path, monkeypatch):
    """A reader, or a kill, never meets a moment without it."""
    final = tmp_path / "site"
    with atomic_directory(final) as directory:
        (directory / "page").write_text("old")
    monkeypatch.setattr(atomic.Path, "rename", lambda *_: pytest.fail("two steps"))
    with atomic_directory(final, replace=True) as directory:
        (directory / "page").write_text("new")
    assert tree(tmp_path) == {"site/page": "new"}


def test_everything_is_on_the_disk_before_it_gets_its_name(tmp_path, monkeypatch):
    synced, real = set(), os.fsync

    def sync(descriptor):
        synced.add(Path(f"/proc/self/fd/{descriptor}").readlink().name)
        real(descriptor)

    monkeypatch.setattr(atomic.os, "fsync", sync)
    final = tmp_path / "fold_1"
    with atomic_directory(final) as directory:
        (directory / "deep").mkdir()
        for name in ("a", "deep/b"):
            (directory / name).write_text("1")
        write_json(directory / "run.json", {})
        synced.clear()
        monkeypatch.setattr(
            atomic, "_put", lambda *_: pytest.fail("too early") if len(synced) < 5 else None
        )
    assert synced >= {"a", "b", "deep", "run.json", directory.name, tmp_path.name}
    synced.clear()
    write_text(tmp_path / "entry.json", "{}")
    assert tmp_path.name in synced and len(synced) == 3, "the file, its lock, and the directory"


# --- artefacts --------------------------------------------------------------------------------


class Builder:
    """Counts how often it is asked to build."""

    def __init__(self):
        self.calls = 0

    def __call__(self, directory):
        self.calls += 1
        (directory / "weights").write_text(f"build {self.calls}")


def test_equal_keys_share_and_different_keys_do_not(tmp_path):
    store, build = ArtefactStore(tmp_path), Builder()
    first = store.get("network", {"seed": 1, "train": ["a"]}, build)
    assert store.get("network", {"train": ["a"], "seed": 1}, build) == first
    assert build.calls == 1
    others = [
        store.get("network", {"seed": 2, "train": ["a"]}, build),
        store.get("network", {"seed": 1, "train": ["b"]}, build),
        store.get("translator", {"seed": 1, "train": ["a"]}, build),
    ]
    assert len({first, *others}) == 4
    assert build.calls == 4
    assert first.name.startswith("network-")
    assert json.loads((first / "key.json").read_text()) == {"seed": 1, "train": ["a"]}


def test_artefacts_outlive_their_store(tmp_path):
    build = Builder()
    first = ArtefactStore(tmp_path).get("network", {"seed": 1}, build)
    assert ArtefactStore(tmp_path).get("network", {"seed": 1}, build) == first
    assert build.calls == 1


def test_a_fresh_store_builds_again_but_once_only(tmp_path):
    build = Builder()
    ArtefactStore(tmp_path).get("network", {"seed": 1}, build)
    fresh = ArtefactStore(tmp_path, fresh=True)
    found = [fresh.get("network", {"seed": 1}, build) for _ in range(2)]
    assert build.calls == 2
    assert found[0] == found[1]
    assert (found[0] / "weights").read_text() == "build 2"


@pytest.mark.parametrize("failure", FAILURES, ids=lambda f: type(f).__name__)
def test_a_build_that_fails_leaves_no_artefact_and_is_tried_again(tmp_path, failure):
    store, build = ArtefactStore(tmp_path / "artefacts"), Builder()

    def fail(directory):
        build(directory)
        raise failure

    with pytest.raises(seen_as(failure)):
        store.get("network", {"seed": 1}, fail)
    assert not tree(tmp_path)
    assert (store.get("network", {"seed": 1}, build) / "weights").read_text() == "build 2"


def replaced(path):
    path.unlink()
    path.mkdir()


DAMAGES = {
    "zero length": lambda p: p.write_bytes(b""),
    "zeroed": lambda p: p.write_bytes(bytes(p.stat().st_size)),
    "cut short": lambda p: p.write_bytes(p.read_bytes()[:-2]),
    "longer": lambda p: p.write_bytes(p.read_bytes() + b"."),
    "gone": lambda p: p.unlink(),
    "a folder": replaced,
    "a list": lambda p: p.write_text("[]"),
    "null": lambda p: p.write_text("null"),
    "deep": lambda p: p.write_text("[" * 99999),
    "no files": lambda p: p.write_text('{"files": {"weights": 3}}'),
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", ["weights", "key.json", "manifest.json"])
def test_a_damaged_artefact_is_named_and_made_again(tmp_path, capsys, name, damage):
    build = Builder()
    found = ArtefactStore(tmp_path).get("network", {"seed": 1}, build)
    DAMAGES[damage](found / name)
    store = ArtefactStore(tmp_path)
    assert store.get("network", {"seed": 1}, build) == found
    assert build.calls == 2
    told = capsys.readouterr().err
    assert str(found) in told and told.endswith("; making it again\n") and told.count("\n") == 1
    assert name in told or damage == "gone"
    assert store.get("network", {"seed": 1}, build) == found
    assert ArtefactStore(tmp_path).get("network", {"seed": 1}, build) == found
    assert build.calls == 2 and capsys.readouterr().err == ""


def test_an_artefact_that_loses_bytes_while_a_store_uses_it_is_made_again(tmp_path):
    store, build = ArtefactStore(tmp_path), Builder()
    found = store.get("network", {"seed": 1}, build)
    (found / "weights").write_text("")
    store.get("network", {"seed": 1}, build)
    assert (found / "weights").read_text() == "build 2"


def test_what_is_made_again_leaves_alone_what_was_linked_from_it(tmp_path):
    build = Builder()
    found = ArtefactStore(tmp_path).get("network", {"seed": 1}, build)
    (tmp_path / "fold_1").mkdir()
    (tmp_path / "fold_1" / "weights").hardlink_to(found / "weights")
    (found / "key.json").unlink()
    ArtefactStore(tmp_path).get("network", {"seed": 1}, build)
    assert (tmp_path / "fold_1" / "weights").read_text() == "build 1"


def test_an_artefact_that_another_process_makes_is_waited_for(tmp_path, capsys):
    key, build = {"seed": 1}, Builder()
    code = (
        "import sys, pathlib; from adaptor_bench.artefacts import ArtefactStore\n"
        "def build(directory):\n"
        "    print('building', flush=True); sys.stdin.readline()\n"
        "    (directory / 'weights').write_text('theirs')\n"
        "ArtefactStore(pathlib.Path(sys.argv[1])).get('network', {'seed': 1}, build)"
    )
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], **pipes) as other:
        assert other.stdout.readline() == "building\n"
        with pytest.MonkeyPatch.context() as patch:

            def go_on(text):
                assert "another process is making it; waiting" in text
                other.communicate("\n")

            patch.setattr("adaptor_bench.artefacts.message", go_on)
            found = ArtefactStore(tmp_path).get("network", key, build)
    assert (found / "weights").read_text() == "theirs"
    assert build.calls == 0


def test_a_restart_takes_what_another_process_made_since(tmp_path):
    build = Builder()
    ArtefactStore(tmp_path).get("network", {"seed": 1}, build)
    first, second = (ArtefactStore(tmp_path, fresh=True) for _ in range(2))
    first.get("network", {"seed": 1}, build)
    second.get("network", {"seed": 1}, build)
    assert build.calls == 2


def test_a_key_must_be_json(tmp_path):
    with pytest.raises((TypeError, ValueError)):
        ArtefactStore(tmp_path).get("network", {"rate": float("nan")}, Builder())
    assert not list(tmp_path.iterdir())


def test_what_a_process_killed_after_the_last_step_left_is_tidied_up(tmp_path):
    made = ArtefactStore(tmp_path).get("network", {}, lambda directory: None)
    made.with_name(f".partial-{made.name}.lock").write_text("")
    made.with_name(f"{made.name}.savepoint").write_text("")
    ArtefactStore(tmp_path).get("network", {}, pytest.fail)
    assert list(tmp_path.iterdir()) == [made]
