"""Folders and single files as sources: links, pipes, names, limits, what is skipped."""

from __future__ import annotations

import os
import sys

import pytest

from adaptor_bench.errors import UsageError
from adaptor_bench.submission.members import Limits, SourceError
from adaptor_bench.submission.source import DEFAULT, extracted, is_archive, open_source

pytestmark = [
    pytest.mark.quick,
    pytest.mark.skipif(sys.platform == "win32", reason="links and pipes of POSIX"),
]
BODY = b'{"points": []}'


def put(root, *names):
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(BODY)
    return root


def look(path, limits=DEFAULT):
    with open_source(path, limits) as source:
        names = [entry.name for entry in source.entries()]
        return names, [(f.code, f.file) for f in source.findings]


def test_a_folder_is_sorted(tmp_path):
    names = ["a/V/10.json", "a/V/2.json", "a/W/point_labels/1.json", "a-b/V/1.JSON"]
    put(tmp_path, *names)
    assert look(tmp_path) == (names, [])


def test_a_file(tmp_path):
    put(tmp_path, "x.json")
    with open_source(tmp_path / "x.json") as source:
        assert (source.kind, source.findings) == ("file", [])
        (entry,) = source.entries()
        assert (entry.name, entry.size, entry.read(100)) == ("x.json", len(BODY), BODY)
        assert entry.read(3) == BODY[:4]


def test_a_link_the_user_names_is_followed(tmp_path):
    put(tmp_path / "real", "a/V/1.json")
    (tmp_path / "folder").symlink_to(tmp_path / "real")
    (tmp_path / "file.json").symlink_to(tmp_path / "real/a/V/1.json")
    assert look(tmp_path / "folder") == (["a/V/1.json"], [])
    with open_source(tmp_path / "file.json") as source:
        assert [e.read(99) for e in source.entries()] == [BODY]


def test_one_common_folder_is_taken_off(tmp_path):
    put(tmp_path, "team/a/V/1.json", "team/b/V/1.json", "notes.txt")
    names, found = look(tmp_path)
    assert names == ["a/V/1.json", "b/V/1.json"]
    assert found == [("archive-prefix", "team"), ("file-ignored", ".")]


def test_junk_and_hidden_files(tmp_path):
    put(
        tmp_path, "a/V/1.json", ".DS_Store", "a/.DS_Store", "a/V/._1.json", "__MACOSX/a/V/1.json",
        ".git/x.json", "a/V/.2.json", "a/V/3.png", "a/V/nameless", "b.zip",
    )  # fmt: skip
    with open_source(tmp_path) as source:
        assert [e.name for e in source.entries()] == ["a/V/1.json"]
        assert {(f.code, f.message.split(" ", 1)[1].split(" file")[0], f.count)
                for f in source.findings} == {
            ("archive-junk", ".DS_Store", 2),
            ("archive-junk", "._*", 1),
            ("archive-junk", "__MACOSX", 1),
            ("file-ignored", "hidden", 2),
            ("file-ignored", ".png", 1),
            ("file-ignored", "nameless", 1),
            ("file-ignored", ".zip", 1),
        }  # fmt: skip


def test_links(tmp_path):
    outside = put(tmp_path / "outside", "secret.json", "V/1.json")
    root = put(tmp_path / "root", "a/V/1.json")
    (root / "a/V/2.json").symlink_to("1.json")
    (root / "a/V/3.json").symlink_to(outside / "secret.json")
    (root / "a/V/4.json").symlink_to("nowhere.json")
    (root / "a/V/5.json").symlink_to("5.json")
    (root / "b").symlink_to(outside)
    (root / "c").symlink_to("a")
    (root / "d").symlink_to("..")
    names, found = look(root)
    assert names == ["a/V/1.json", "a/V/2.json"]
    links = {"a/V/3.json", "a/V/4.json", "a/V/5.json", "b", "c", "d"}
    assert set(found) == {("archive-link", name) for name in links}
    with open_source(root) as source:
        assert all(f.severity == "error" for f in source.findings)
        assert [e.read(99) for e in source.entries()] == [BODY, BODY]


def test_a_name_that_begins_like_the_root_is_outside(tmp_path):
    put(tmp_path, "root/a/V/1.json", "root2/x.json")
    (tmp_path / "root/a/V/2.json").symlink_to(tmp_path / "root2/x.json")
    assert look(tmp_path / "root")[1] == [("archive-link", "a/V/2.json")]


def test_pipes_and_devices_keep_nobody_waiting(tmp_path):
    put(tmp_path, "a/V/1.json")
    os.mkfifo(tmp_path / "a/V/2.json")
    (tmp_path / "a/V/3.json").symlink_to("2.json")
    assert look(tmp_path)[0] == ["a/V/1.json"]
    assert set(look(tmp_path)[1]) == {
        ("archive-special", "a/V/2.json"),
        ("archive-special", "a/V/3.json"),
    }
    with open_source(tmp_path) as source:
        (entry,) = source.entries()
        (tmp_path / "a/V/1.json").unlink()
        os.mkfifo(tmp_path / "a/V/1.json")
        with pytest.raises(SourceError) as error:
            entry.read(10)
        assert error.value.code == "archive-special"
    with (
        pytest.raises(UsageError, match="not a regular file"),
        open_source(tmp_path / "a/V/2.json"),
    ):
        pass
    with pytest.raises(UsageError, match="not a regular file"):
        is_archive(tmp_path / "a/V/2.json")


def test_a_file_that_became_a_link_is_not_followed(tmp_path):
    put(tmp_path, "root/a/V/1.json", "secret.json")
    with open_source(tmp_path / "root") as source:
        (entry,) = source.entries()
        (tmp_path / "root/a/V/1.json").unlink()
        (tmp_path / "root/a/V/1.json").symlink_to(tmp_path / "secret.json")
        with pytest.raises(SourceError):
            entry.read(99)


def test_a_file_that_vanished(tmp_path):
    put(tmp_path, "a/V/1.json", "a/V/2.json")
    with open_source(tmp_path) as source:
        (tmp_path / "a/V/2.json").unlink()
        first, second = source.entries()
        assert first.read(99) == BODY
        with pytest.raises(SourceError) as error:
            second.read(99)
        assert error.value.code == "file-unreadable"


def test_names_nobody_can_read(tmp_path):
    put(tmp_path, "a/V/1.json", "a/V/\x1b[31m.json", "a/V/back\\slash.json")
    (tmp_path / os.fsdecode(b"a/V/\xff.json")).write_bytes(BODY)
    with open_source(tmp_path) as source:
        assert [e.name for e in source.entries()] == ["a/V/1.json"]
        assert [f.code for f in source.findings] == ["archive-path"] * 3
        assert all(f.file.isprintable() for f in source.findings)


def test_limits(tmp_path):
    put(tmp_path, *(f"a/V/{i}.json" for i in range(10)))
    assert look(tmp_path, Limits(members=12))[1] == []
    assert look(tmp_path, Limits(members=11)) == ([], [("archive-members", ".")])
    deep = tmp_path.joinpath(*["d" * 50] * 12)
    put(deep, "1.json")
    names, found = look(tmp_path)
    assert len(names) == 10
    assert [code for code, _ in found] == ["archive-path"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads all")
def test_no_permission(tmp_path):
    put(tmp_path, "a/V/1.json", "b/V/1.json")
    (tmp_path / "b").chmod(0)
    try:
        assert look(tmp_path) == (["a/V/1.json"], [("file-unreadable", "b/")])
    finally:
        (tmp_path / "b").chmod(0o700)


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("a.tar.bz2", b"BZh91AY", "bzip2"),
        ("a.tar.xz", b"\xfd7zXZ\0", "xz"),
        ("a.7z", b"7z\xbc\xaf\x27\x1c", "7-Zip"),
        ("a.rar", b"Rar!\x1a\x07", "RAR"),
        ("a.zip", b"Rar!\x1a\x07", "RAR"),
        ("a.tar.zst", b"\x28\xb5\x2f\xfd", "Zstandard"),
        ("a.txt", b"hello", "neither"),
        ("noname", b"", "neither"),
    ],
)
def test_kinds_that_are_not_read(tmp_path, name, content, what):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UsageError, match=what), open_source(tmp_path / name):
        pass


def test_no_such_file(tmp_path):
    for path in (tmp_path / "nowhere.zip", tmp_path / "a\0b"):
        with pytest.raises(UsageError), open_source(path):
            pass


def test_a_folder_is_its_own_extraction(tmp_path):
    with extracted(tmp_path) as folder:
        assert folder == tmp_path
    put(tmp_path, "x.json")
    with pytest.raises(UsageError, match="neither"), extracted(tmp_path / "x.json"):
        pass
