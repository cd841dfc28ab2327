"""Archives of strangers: what is read, what is refused, and that nothing gets out of its folder."""

from __future__ import annotations

import gzip
import io
import os
import stat
import struct
import tarfile
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adaptor_bench.errors import InputError
from adaptor_bench.submission.members import Limits, SourceError
from adaptor_bench.submission.source import DEFAULT, extracted, open_source

FRAME = "aicm1/VID000_0/000000.json"
BODY = b'{"points": []}'


def zipped(path, members=((FRAME, BODY),), method=zipfile.ZIP_DEFLATED):
    """Members are (name or ZipInfo, content)."""
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return path


def info(name, mode=0, **fields):
    entry = zipfile.ZipInfo(name)
    entry.create_system = 3
    entry.external_attr = mode << 16
    for key, value in fields.items():
        setattr(entry, key, value)
    return entry


def tarred(path, members=((FRAME, BODY),), fmt=tarfile.PAX_FORMAT):
    """Members are (name or TarInfo, content)."""
    mode = "w:gz" if path.name.endswith("gz") else "w"
    with tarfile.open(path, mode, format=fmt) as archive:
        for name, content in members:
            entry = tarfile.TarInfo(name) if isinstance(name, str) else name
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return path


def special(name, kind, target="/etc/passwd"):
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = kind, target
    return entry


def read(path, limits=DEFAULT, limit=1 << 20):
    """Content or error code by name, and the codes of the findings."""
    with open_source(path, limits) as source:
        content = {}
        for entry in source.entries():
            try:
                content[entry.name] = entry.read(limit)
            except SourceError as error:
                content[entry.name] = error.code
        return content, [f.code for f in source.findings]


def patched(path, old, new, every=True):
    data = path.read_bytes()
    assert data.count(old) >= 1
    path.write_bytes(data.replace(old, new) if every else data.replace(old, new, 1))
    return path


def more(path, data):
    path.write_bytes(path.read_bytes() + data)
    return path


def flipped(path, at):
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)
    return path


def headed(path, at, value):
    """Two bytes of both headers of the one member; ``at`` in the local one."""
    data = bytearray(path.read_bytes())
    for place in (at, data.index(b"PK\x01\x02") + at + 2):
        data[place : place + 2] = struct.pack("<H", value)
    path.write_bytes(data)
    return path


# --- what is read


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tar.gz", "a.tgz", "noname", "a.txt"])
def test_read_by_content(tmp_path, name):
    path = tmp_path / name
    made = {"gz": tarred, "ar": tarred}.get(name[-2:], zipped)(path)
    assert read(made) == ({FRAME: BODY}, [])


@pytest.mark.parametrize("fmt", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize("length", [20, 90, 150, 240])
def test_long_names_in_every_dialect(tmp_path, fmt, length):
    if fmt == tarfile.USTAR_FORMAT and length > 150:
        length = 150  # it holds no more
    name = f"aicm1/{'ü' * (length // 3)}/{'x' * (length // 3)}.json"
    path = tarred(tmp_path / "a.tar", [(name, BODY), (FRAME, b"1")], fmt)
    assert read(path) == ({name: BODY, FRAME: b"1"}, [])


@pytest.mark.parametrize("make", [zipped, tarred])
def test_common_prefix_and_junk(tmp_path, make):
    path = tmp_path / ("a.zip" if make is zipped else "a.tar.gz")
    make(path, [
        (f"./team/{FRAME}", BODY),
        ("team/aicm2/V/1.json", BODY),
        ("team/.DS_Store", b"x"),
        ("team/aicm1/._a.json", b"x"),
        ("__MACOSX/team/aicm1/V/._1.json", b"x"),
        ("team/aicm1/Thumbs.db", b"x"),
        ("team/aicm1/V/images/1.png", b"x"),
        ("team/aicm1/V/images/2.png", b"x"),
        ("team/.cache/1.json", b"x"),
    ])  # fmt: skip
    with open_source(path) as source:
        assert [e.name for e in source.entries()] == [FRAME, "aicm2/V/1.json"]
        found = [(f.code, f.severity, f.count) for f in source.findings]
    assert found == [
        ("archive-prefix", "info", 1),
        ("archive-junk", "info", 1),
        ("archive-junk", "info", 1),
        ("archive-junk", "info", 1),
        ("archive-junk", "info", 1),
        ("file-ignored", "info", 2),
        ("file-ignored", "info", 1),
    ]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        # One surgery is not a prefix, with or without the other folders of the layout.
        (["aicm1/V/1.json", "aicm1/W/1.json"], ["aicm1/V/1.json", "aicm1/W/1.json"]),
        (["aicm1/V/point_labels/1.json"], ["aicm1/V/point_labels/1.json"]),
        (["sim/aicm1/V/1.json"], ["sim/aicm1/V/1.json"]),
        (["sim/aicm1/V/point_labels/1.json"], ["sim/aicm1/V/point_labels/1.json"]),
        (["t/aicm1/V/point_labels/1.json"], ["aicm1/V/point_labels/1.json"]),
        (["t/sim/aicm1/V/1.json", "t/intraop/a/V/1.json"],
         ["sim/aicm1/V/1.json", "intraop/a/V/1.json"]),
        (["t/aicm1/V/1.json", "u/aicm2/V/1.json"], ["t/aicm1/V/1.json", "u/aicm2/V/1.json"]),
        (["t/a/V/1.json", "t/a/V/2.json", "t/a/stray.json"],
         ["a/V/1.json", "a/V/2.json", "a/stray.json"]),
        (["1.json"], ["1.json"]),
        (["t/u/aicm1/V/1.json"], ["t/u/aicm1/V/1.json"]),
    ],
)  # fmt: skip
def test_which_folder_is_a_prefix(tmp_path, names, expected):
    members = [(name, BODY) for name in names]
    for path in (zipped(tmp_path / "a.zip", members), tarred(tmp_path / "a.tar", members)):
        with open_source(path) as source:
            assert [entry.name for entry in source.entries()] == expected


def test_stored_streamed_and_prefixed_zips(tmp_path):
    assert read(zipped(tmp_path / "a.zip", method=zipfile.ZIP_STORED)) == ({FRAME: BODY}, [])

    class Pipe(io.RawIOBase):  # sizes stand behind the data, in a descriptor
        def __init__(self):
            self.data = bytearray()

        def writable(self):
            return True

        def write(self, data):
            self.data += data
            return len(data)

    pipe = Pipe()
    zipped(pipe)
    (tmp_path / "b.zip").write_bytes(pipe.data)
    assert read(tmp_path / "b.zip") == ({FRAME: BODY}, [])
    (tmp_path / "c.zip").write_bytes(b"#!/bin/sh\n" + (tmp_path / "a.zip").read_bytes())
    assert read(tmp_path / "c.zip") == ({FRAME: BODY}, [])
    with zipfile.ZipFile(tmp_path / "d.zip", "w") as archive:
        archive.comment = b"PK\x05\x06" + b"c" * 300
        with archive.open(FRAME, "w", force_zip64=True) as file:
            file.write(BODY)
    assert read(tmp_path / "d.zip") == ({FRAME: BODY}, [])


@pytest.mark.parametrize("zip64", [False, True])
def test_more_members_than_16_bits_hold(tmp_path, zip64):
    """Old programs write the number modulo 65536, newer ones a second, larger end."""
    n, data, lines = 65_600, bytearray(), bytearray()
    for i in range(n):
        name = b"a/V/%d.json" % i
        numbers = (0, 0, 0, 0, zlib.crc32(b"1"), 1, 1, len(name), 0)
        lines += struct.pack("<4s2H4H3L2H", b"PK\x01\x02", 20, 20, *numbers)
        lines += struct.pack("<3H2L", 0, 0, 0, 0, len(data)) + name
        data += struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, *numbers) + name + b"1"
    at = len(data)
    data += lines
    if zip64:
        large = (n, n, len(lines), at)
        data += struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, *large)
        data += struct.pack("<4sLQL", b"PK\x06\x07", 0, at + len(lines), 1)
    few = (0xFFFF, 0xFFFF) if zip64 else (n % 65536, n % 65536)
    data += struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, *few, len(lines), at, 0)
    path = tmp_path / "a.zip"
    path.write_bytes(data)
    with zipfile.ZipFile(path) as archive:
        assert len(archive.infolist()) == n
    content, found = read(path)
    assert len(content) == n
    assert set(content.values()) == {b"1"}
    assert found == []


def test_gzip_in_parts(tmp_path):
    data = tarred(tmp_path / "a.tar").read_bytes()
    path = tmp_path / "a.tar.gz"
    path.write_bytes(b"".join(gzip.compress(data[i : i + 700]) for i in range(0, len(data), 700)))
    assert read(path) == ({FRAME: BODY}, [])
    path.write_bytes(path.read_bytes() + bytes(100_000))
    assert read(path) == ({FRAME: BODY}, [])
    path.write_bytes(path.read_bytes() + b"x")
    assert read(path)[1] == ["archive-unreadable"]


NAMES = st.lists(
    st.tuples(
        st.from_regex(r"[a-z]{1,3}/[a-zé]{1,3}/[0-9a-c]{1,60}\.json", fullmatch=True),
        st.binary(max_size=3000),
    ),
    max_size=6,
    unique_by=lambda member: member[0],
)


@given(NAMES, st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]))
@settings(max_examples=60, deadline=None)
def test_zips_as_the_standard_module_writes_them(tmp_path_factory, members, method):
    path = zipped(tmp_path_factory.mktemp("z") / "a.zip", members, method)
    assert read(path) == (dict(members), [])


@given(NAMES, st.sampled_from([tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]))
@settings(max_examples=60, deadline=None)
def test_tars_as_the_standard_module_writes_them(tmp_path_factory, members, fmt):
    path = tarred(tmp_path_factory.mktemp("t") / "a.tgz", members, fmt)
    assert read(path) == (dict(members), [])


# --- what is refused


BAD_NAMES = [
    "../x.json", "a/../../x.json", "/etc/x.json", "C:/x.json", "c:x.json", "a\\..\\x.json",
    "\\\\host\\x.json", "a/\x1b[31m.json", "a/\u202egpj.json", "a/\n/x.json", "..", "/",
    "a/" * 300 + "x.json", "a/" + "x" * 300 + ".json",
]  # fmt: skip


@pytest.mark.parametrize("name", BAD_NAMES, ids=ascii)
@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_names_that_lead_elsewhere(tmp_path, name, kind):
    members = [(name, BODY), (FRAME, BODY)]
    path = (zipped if kind == "zip" else tarred)(tmp_path / f"a.{kind}", members)
    content, found = read(path)
    # A name of slashes alone is a folder, the root.
    assert content == {FRAME: BODY}
    assert found == ["archive-path"]
    with open_source(path) as source:
        assert all(f.file.isprintable() and len(f.file) <= 1300 for f in source.findings)
    with pytest.raises(InputError, match="not safe"), extracted(path):
        pass
    assert os.listdir(tmp_path) == [path.name]  # noqa: PTH208


def sparse():
    entry = tarfile.TarInfo("a/V/1.json")
    entry.pax_headers = {"GNU.sparse.realsize": str(1 << 40), "GNU.sparse.major": "1"}
    return entry


FINE = (FRAME, BODY)
NESTED = ["b.zip", "b.tar.gz", "b.7z", "b.tar.xz", "B.RAR", "b.json.gz"]
SECOND_NAME = struct.pack("<2HBL", 0x7075, 15, 1, 0) + b"other.json"
# One member beside a good one that is read: its name or header, content, and the code found.
NAMED = [
    *((name, b"", "archive-path") for name in ("../", "/abs/", "a/../../b/", "C:/")),
    *((name, b"", None) for name in ("./", "aicm1/", "aicm1/VID000_0/")),
    *((name, BODY, "archive-nested") for name in NESTED),
]
IN_A_TAR = [
    *((special(name, tarfile.DIRTYPE) if name.endswith("/") else name, *rest)
      for name, *rest in NAMED),
    *((special("a/V/1.json", kind), b"", "archive-link") for kind in (b"2", b"1")),
    *((special("a/V/1.json", bytes([k])), b"", "archive-special") for k in b"634ZS"),
    (sparse(), BODY, "archive-special"),
]  # fmt: skip
IN_A_ZIP = [
    *NAMED,
    (info("a/V/1.json", stat.S_IFLNK | 0o777), b"/etc/passwd", "archive-link"),
    *((info("a/V/1.json", mode), b"/etc/passwd", "archive-special")
      for mode in (stat.S_IFIFO, stat.S_IFCHR, stat.S_IFSOCK)),
    (info("a/V/1.json", extra=SECOND_NAME), BODY, "archive-path"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("make", "member", "content", "code"),
    [*((tarred, *case) for case in IN_A_TAR), *((zipped, *case) for case in IN_A_ZIP)],
)
def test_a_member_that_is_refused_alone(tmp_path, make, member, content, code):
    path = make(tmp_path / "a", [(member, content), FINE])
    assert read(path) == ({FRAME: BODY}, [code] if code else [])


def test_a_zip_name_with_a_nul(tmp_path):
    path = zipped(tmp_path / "a.zip", [("aaa.json", BODY)])
    assert read(patched(path, b"aaa.json", b"a\0a.json")) == ({}, ["archive-path"])


@pytest.mark.parametrize(
    ("at", "value", "code"),
    [
        *((8, method, "archive-compression") for method in (9, 12, 14, 93, 95, 98, 77)),
        *((6, flag, "archive-encrypted") for flag in (1, 64, 1 << 13)),
        (6, 32, "archive-compression"),
    ],
)
def test_compression_methods_and_flags(tmp_path, at, value, code):
    assert read(headed(zipped(tmp_path / "a.zip"), at, value)) == ({}, [code])


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_names_twice(tmp_path, kind):
    def codes(*names):
        members = [(name, str(i).encode()) for i, name in enumerate(names)]
        path = tmp_path / f"a.{kind}"
        if kind == "zip":
            with pytest.warns(UserWarning) if len(set(names)) < len(names) else _nothing():
                zipped(path, members)
        else:
            tarred(path, members)
        return read(path)

    assert codes(FRAME, FRAME) == ({FRAME: b"0"}, ["archive-duplicate"])
    assert codes(FRAME, FRAME.upper()) == ({FRAME: b"0"}, ["archive-duplicate"])
    assert codes(FRAME, f"./{FRAME}")[1] == ["archive-duplicate"]
    assert codes("a/V/\u00e9.json", "a/V/e\u0301.json")[1] == ["archive-duplicate"]
    assert codes("a/V.json", "a/V.json/1.json")[1] == ["archive-duplicate"]
    assert codes("a/V/1.json", "a/V/2.json")[1] == []


class _nothing:
    def __enter__(self):
        pass

    def __exit__(self, *error):
        pass


# --- bombs


def test_limits_on_members_and_bytes(tmp_path):
    members = [(f"a/V/{i}.json", bytes(1000)) for i in range(20)]
    for path in (zipped(tmp_path / "a.zip", members), tarred(tmp_path / "a.tar", members)):
        assert read(path, Limits(members=20))[1] == []
        assert read(path, Limits(members=19)) == ({}, ["archive-members"])
        assert set(read(path, Limits(member_bytes=999))[1]) == {"archive-size"}
        assert len(read(path, Limits(member_bytes=999))[1]) == 20
    assert read(tmp_path / "a.zip", Limits(total_bytes=20_000))[1] == []
    assert read(tmp_path / "a.zip", Limits(total_bytes=19_999)) == ({}, ["archive-size"])
    size = (tmp_path / "a.tar").stat().st_size
    assert read(tmp_path / "a.tar", Limits(total_bytes=size))[1] == []
    assert read(tmp_path / "a.tar", Limits(total_bytes=size - 1))[1] == ["archive-size"]


def test_a_bomb_costs_no_memory(tmp_path):
    """128 MiB of zeros in 128 KiB."""
    packer = zlib.compressobj(9, wbits=31)
    header = tarfile.TarInfo(FRAME)
    header.size = 128 << 20
    block = bytes(1 << 20)
    with (tmp_path / "a.tgz").open("wb") as file:
        file.write(packer.compress(header.tobuf()))
        for _ in range(128):
            file.write(packer.compress(block))
        file.write(packer.flush())
    tracemalloc.start()
    try:
        content, found = read(tmp_path / "a.tgz")
        assert (content, found) == ({}, ["archive-size", "archive-ratio"])
        content, found = read(tmp_path / "a.tgz", Limits(member_bytes=1 << 31))
        assert found == ["archive-ratio"]
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


def test_zips_that_declare_what_they_hold(tmp_path):
    path = zipped(tmp_path / "a.zip", [(FRAME, bytes(10 << 20))])
    assert read(path) == ({}, ["archive-ratio"])
    assert read(path, Limits(ratio=2000), limit=100)[0] == {FRAME: bytes(101)}
    small = [(f"a/V/{i}.json", bytes(1 << 20)) for i in range(12)]
    assert read(zipped(path, small)) == ({}, ["archive-ratio"])


def test_a_zip_that_lies_about_its_size(tmp_path):
    for declared, code in ((5, "archive-size"), (200_000, "archive-unreadable")):
        path = zipped(tmp_path / "a.zip", [(FRAME, bytes(100_000))])
        patched(path, struct.pack("<L", 100_000), struct.pack("<L", declared))
        assert read(path)[0] == {FRAME: code}
        with pytest.raises(InputError), extracted(path):
            pass


def test_members_that_share_their_data(tmp_path):
    """Fifield's bomb: many directory lines, one kernel."""
    path = zipped(tmp_path / "a.zip", [(f"a/V/{i}.json", bytes(1 << 16)) for i in range(9)])
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\x01\x02")
    for _ in range(9):
        data[at + 42 : at + 46] = bytes(4)
        at = data.find(b"PK\x01\x02", at + 4)
    path.write_bytes(data)
    content, found = read(path)
    # The last of them overlaps nothing; but it is not what stands at its place.
    assert found == ["archive-overlap"] * 8
    assert set(content.values()) <= {"archive-unreadable", "archive-overlap"}


def test_quoted_local_headers(tmp_path):
    """A member whose data hold the header of the next one."""
    inner = zipped(tmp_path / "i.zip", [("b/V/1.json", BODY)], zipfile.ZIP_STORED).read_bytes()
    local = inner[: inner.index(b"PK\x01\x02")]
    path = zipped(tmp_path / "a.zip", [("a/V/1.json", local)], zipfile.ZIP_STORED)
    data = path.read_bytes()
    directory = data.index(b"PK\x01\x02", len(local))
    line = bytearray(inner[inner.index(b"PK\x01\x02") : inner.index(b"PK\x05\x06")])
    line[42:46] = struct.pack("<L", data.index(local))
    end = bytearray(data[data.index(b"PK\x05\x06") :])
    lines = data[directory : data.index(b"PK\x05\x06")] + line
    end[8:12] = struct.pack("<2H", 2, 2)
    end[12:16] = struct.pack("<L", len(lines))
    path.write_bytes(data[:directory] + lines + end)
    content, found = read(path)
    assert "archive-overlap" in found
    assert "a/V/1.json" not in content


def test_local_header_and_directory_disagree(tmp_path):
    path = zipped(tmp_path / "a.zip")
    patched(path, FRAME.encode(), FRAME.replace("aicm1", "aicm2").encode(), every=False)
    assert read(path)[0] == {FRAME: "archive-unreadable"}


@pytest.mark.parametrize("size", [9000, 1 << 33])
@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.XGLTYPE])
def test_huge_extended_headers(tmp_path, kind, size):
    header = special("x", kind)
    header.size = size
    path = tmp_path / "a.tar"
    path.write_bytes(header.tobuf(tarfile.GNU_FORMAT) + bytes(10_240))
    assert read(path) == ({}, ["archive-path"])


def test_global_headers(tmp_path):
    def packed(headers):
        path = tmp_path / "a.tar"
        with tarfile.open(path, "w", format=tarfile.PAX_FORMAT, pax_headers=headers) as archive:
            entry = tarfile.TarInfo(FRAME)
            entry.size = len(BODY)
            archive.addfile(entry, io.BytesIO(BODY))
        return read(path)

    assert packed({"comment": "0" * 40}) == ({FRAME: BODY}, [])
    assert packed({"path": "../../x.json"}) == ({}, ["archive-unreadable"])
    assert packed({"size": "0"}) == ({}, ["archive-unreadable"])


def test_too_many_findings_are_counted(tmp_path):
    path = zipped(tmp_path / "a.zip", [(f"../{i}.json", b"") for i in range(1000)])
    with open_source(path) as source:
        assert len(source.findings) == 100
        assert sum(f.count for f in source.findings) == 1000


def test_a_tar_does_not_go_back(tmp_path):
    path = tarred(tmp_path / "a.tgz", [("a/V/1.json", b"1"), ("a/V/2.json", b"2"), (FRAME, BODY)])
    with open_source(path) as source:
        for _ in range(2):
            first, second, third = source.entries()
            assert second.read(10) == b"2"
            for gone in (first, second):
                with pytest.raises(SourceError, match="in its turn"):
                    gone.read(10)
            assert third.read(10) == BODY[:11]


def test_an_archive_that_changes_while_it_is_read(tmp_path):
    path = tarred(tmp_path / "a.tar", [("a/V/1.json", b"1"), ("a/V/2.json", b"2" * 9000)])
    with open_source(path) as source:
        first, second = source.entries()
        assert first.read(10) == b"1"
        os.truncate(path, 1024)
        with pytest.raises(SourceError) as error:
            second.read(10_000)
        assert error.value.code == "archive-unreadable"
    path = zipped(tmp_path / "a.zip", [("a/V/1.json", b"1"), ("a/V/2.json", b"2" * 9000)])
    with open_source(path) as source:
        path.write_bytes(bytes(path.stat().st_size))
        for entry in source.entries():
            with pytest.raises(SourceError):
                entry.read(10_000)


# --- damage


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tar.gz"])
def test_cut_off_anywhere(tmp_path, name):
    members = [(FRAME, BODY * 60), ("aicm1/VID000_0/1.json", BODY * 10)]
    whole = (zipped if name == "a.zip" else tarred)(tmp_path / name, members).read_bytes()
    path = tmp_path / f"cut-{name}"
    # The padding of a tar behind its end mark may be lost.
    needed = len(whole.rstrip(b"\0")) if name == "a.tar" else len(whole)
    for n in range(0, needed, max(1, needed // 150)):
        path.write_bytes(whole[:n])
        content, found = read(path)
        assert "archive-unreadable" in found, n
        assert set(content) <= {FRAME, "aicm1/VID000_0/1.json"}


def test_wrong_checksums(tmp_path):
    path = zipped(tmp_path / "a.zip", method=zipfile.ZIP_STORED)
    assert read(patched(path, b"points", b"paints"))[0] == {FRAME: "archive-unreadable"}
    assert read(flipped(tarred(tmp_path / "a.tgz"), -8))[1] == ["archive-unreadable"]
    assert read(flipped(tarred(tmp_path / "a.tar"), 0)) == ({}, ["archive-unreadable"])


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tgz"])
@pytest.mark.parametrize("content", [b"", b"PK", b"\x1f\x8b", b"{}", bytes(600), b"\x1f\x8b\x08\0"])
def test_not_what_the_name_says(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    files, found = read(tmp_path / name)
    assert files == {}
    assert found == ([] if name != "a.zip" and content == bytes(600) else ["archive-unreadable"])


def test_something_else_inside_and_data_behind_the_end(tmp_path):
    (tmp_path / "a.tar.gz").write_bytes(gzip.compress(BODY))
    assert read(tmp_path / "a.tar.gz") == ({}, ["archive-unreadable"])
    behind = tarred(tmp_path / "b.tar").read_bytes()
    for path in (
        more(tarred(tmp_path / "a.tar"), behind),
        more(zipped(tmp_path / "a.zip"), b"more"),
    ):
        assert read(path)[1] == ["archive-unreadable"]


def test_zip64_that_lies(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for i in range(3):
            archive.writestr(f"a/V/{i}.json", BODY)
        archive.filelist[0].file_size = 1 << 33
    assert read(tmp_path / "a.zip") == ({}, ["archive-size"])
    data = (tmp_path / "a.zip").read_bytes()
    end = data.index(b"PK\x05\x06")
    record = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 1 << 40, 1 << 40, 9, 9)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, end, 1)
    last = data[end:][:8] + b"\xff" * 12 + data[end:][20:]
    (tmp_path / "b.zip").write_bytes(data[:end] + record + locator + last)
    assert read(tmp_path / "b.zip") == ({}, ["archive-members"])
    for fields in ((9, 9, 1 << 40, 0), (1 << 63, 9, 0, 0), (3, 3, 1 << 63, 1 << 63)):
        record = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, *fields)
        (tmp_path / "b.zip").write_bytes(data[:end] + record + locator + last)
        assert read(tmp_path / "b.zip") == ({}, ["archive-unreadable"])


# --- unpacking


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tar.gz"])
def test_unpacked_for_scoring(tmp_path, name):
    members = [(f"team/{FRAME}", BODY), ("team/x.png", b"x"), ("team/b/V/1.json", b"1")]
    path = (zipped if name == "a.zip" else tarred)(tmp_path / name, members)
    with extracted(path) as folder:
        found = {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*.json")}
        assert found == {FRAME: BODY, "b/V/1.json": b"1"}
        assert sum(p.is_file() for p in folder.rglob("*")) == 2
        assert not folder.is_relative_to(tmp_path)
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert not folder.exists()


def test_all_that_is_wrong_is_said_before_anything_is_handed_out(tmp_path):
    members = [("../a.json", b""), (info("b.json", stat.S_IFLNK), b"x"), (FRAME, BODY)]
    path = zipped(tmp_path / "a.zip", members)
    with pytest.raises(InputError) as error, extracted(path):
        pass
    assert "../a.json" in str(error.value)
    assert "b.json: a symbolic link" in str(error.value)
    path = zipped(tmp_path / "b.zip", [(FRAME, BODY), ("a/V/1.json", b"unlike")], 0)
    with (
        pytest.raises(InputError, match=r"a/V/1.json: the checksum"),
        extracted(patched(path, b"unlike", b"UNLIKE")),
    ):
        pass


def test_the_folder_is_removed_after_an_error(tmp_path):
    with pytest.raises(ZeroDivisionError), extracted(zipped(tmp_path / "a.zip")) as folder:
        raise ZeroDivisionError
    assert not Path(folder).exists()
