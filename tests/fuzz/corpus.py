"""Malformed submissions, made from valid ones by a seeded generator.

``make(folder, rng)`` writes one submission below ``folder`` and returns its path. It mutates on
three levels: the JSON tree (types, keys, numbers, names), the structure of a container (header
fields of zip and tar, hostile names, links), and plain bytes (flips, cuts, splices, repeats).
"""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import os
import struct
import tarfile
import warnings
import zipfile
from pathlib import Path
from random import Random

NUMBERS = [
    0, -0.0, -1, 1, 0.5, 287, 287.5, 288, 511, 512, 1e-320, 1e15, 1e308, -1e308, 2**31, 2**53 + 1,
    2**63, 2**64, 10**30, 10**400, -(10**5000),
]  # fmt: skip
VALUES = [
    None, True, False, "", "1", "NaN", "x", [], {}, [[]], [{}], {"": {}}, "\x00", "\u202e", "é",
    "\ud800", "../x", "a/b", "C:\\x", "x" * 300, *NUMBERS,
]  # fmt: skip
LITERALS = [
    b"NaN", b"-Infinity", b"Infinity", b"1e999", b"-1e999", b"01", b"1.", b".5", b"+1", b"0x10",
    b"1_000", b"9" * 5000, b"1e" + b"9" * 50, b"'a'", b"undefined", b"\\u0000", b'"\\ud800"',
    b"[" * 70, b"{" * 70, b'{"a":' * 70, b",,", b"//x\n", b"/**/", b"\xff",
    b"\x00", b"\xef\xbb\xbf", b"\xe2\x80\xa8", b'"points":[],', b'"x":1,', b"]", b"}", b":", b",",
    b'"', b"\\",
]  # fmt: skip
KEYS = ["folderName", "subfolderName", "imageFileName", "points", "x", "y", "score", "imageWidth"]
NAMES = [
    "aicm1/VID000_0/000000.json", "aicm1/VID000_0/point_labels/000001.json", "sim/aicm2/V/1.json",
    "team/aicm1/V/1.json", "AICM1/VID000_0/000000.json", "./aicm1//V/2.json", "a.json", "x/y.json",
    "a/b/c/d/e/f.json", "__MACOSX/aicm1/V/._1.json", ".DS_Store", "aicm1/Thumbs.db", "a/V/1.png",
    "a/V/.json", ".json", "a/V/1.JSON", "inner.zip", "a/V/é.json", "a/V/e\u0301.json", "a/V/x",
    "aicm1/VID000_0", "a b/c d/e f.json", "a/V/1..json", "..a/V/1.json", "a/V/\U0001f600.json",
    "a/V/1e5.json", "a/V/" + "9" * 40 + ".json", "a/V/-1.json", "a/V/\u0663.json",
]  # fmt: skip
EVIL = [
    "../x.json", "/tmp/evil.json", "a/../../x.json", "C:\\x.json", "\\\\h\\s.json", "a\x00b.json",
    "a/\x1b[2J.json", "a/\nV/1.json", "\u202egnp.json", "/", "", ".", "..", "a/" * 400 + "1.json",
    "a/V/" + "n" * 400 + ".json", "~/x.json", "a/V/con.json", "\ud800/V/1.json", "//x/y/z.json",
]  # fmt: skip
INTEGERS = [0, 1, 2, 4, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF]


EXTRAS = [
    b"\x75\x70\x07\x00\x01abcde", b"\x01\x00\x08\x00" + b"\xff" * 8, b"\xff", b"\0" * 9,
]  # fmt: skip
MODES = [0, *[0o100644] * 12, 0o120777, 0o010644, 0o040755]


def frame(rng: Random, name: str = NAMES[0]) -> dict[str, object]:
    """A valid prediction for the frame that ``name`` means."""
    parts = [p for p in name.split("/") if p not in ("", ".", "point_labels")]
    parts = ["aicm1", "VID000_0", *(parts or ["0.json"])][-3:]
    points: list[object] = [
        {"x": rng.randrange(512), "y": round(rng.uniform(0, 287), 1)}
        for _ in range(rng.choice([0, 1, 3, 12]))
    ]
    stem = parts[2].rsplit(".", 1)[0]
    names = dict(zip(KEYS[:3], (parts[0], parts[1], f"{stem}.png"), strict=True))
    return {**names, "points": points}


def mutated_tree(rng: Random, value: object) -> object:
    """``value`` with one thing in it replaced, removed, added or repeated."""
    if isinstance(value, dict) and value and rng.random() < 0.8:
        key = rng.choice([*value, *["points"] * (5 * ("points" in value))])
        choice = rng.random()
        copy = dict(value)
        if choice < 0.55:
            copy[key] = mutated_tree(rng, value[key])
        elif choice < 0.7:
            del copy[key]
        elif choice < 0.85:
            copy[rng.choice([*KEYS, "", "\x1b", "é", "a~/b", key.upper()])] = rng.choice(VALUES)
        else:
            copy[rng.choice(KEYS)] = copy.pop(key)
        return copy
    if isinstance(value, list) and value and rng.random() < 0.8:
        i = rng.randrange(len(value))
        changed = [
            [mutated_tree(rng, value[i])],
            [],
            [value[i]] * rng.choice([2, 30, 700]),
            [value[i], rng.choice(VALUES)],
        ]
        return [*value[:i], *rng.choice(changed), *value[i + 1 :]]
    return rng.choice(VALUES)


def json_bytes(rng: Random, value: object) -> bytes:
    """Encoded, mostly as it should be."""
    with_limit = "0" if _has_huge_number(value) else json.dumps(
        value, ensure_ascii=rng.random() < 0.5, indent=rng.choice([None, None, 2])
    )  # fmt: skip
    encoding = rng.choices(["utf-8", "utf-8-sig", "utf-16", "utf-32", "latin-1"], [90, 2, 2, 1, 2])
    return with_limit.encode(encoding[0], "backslashreplace")


def _has_huge_number(value: object) -> bool:
    """Numbers that Python itself refuses to write out."""
    if isinstance(value, dict | list):
        inner = value.values() if isinstance(value, dict) else value
        return any(map(_has_huge_number, inner))
    return isinstance(value, int) and abs(value) > 10**4000


def mutated_bytes(rng: Random, data: bytes, rounds: int = 0) -> bytes:
    """Flips, cuts, splices, repeats and literals that readers dislike."""
    buffer = bytearray(data)
    for _ in range(rounds or rng.choice([1, 1, 2, 4])):
        at = rng.randrange(len(buffer) + 1)
        to = min(len(buffer), at + rng.choice([1, 2, 8, 100]))
        choice = rng.randrange(8)
        if choice == 0 and buffer:
            buffer[at - 1] ^= 1 << rng.randrange(8)
        elif choice == 1:
            del buffer[at:]
        elif choice == 2:
            del buffer[at:to]
        elif choice == 3:
            buffer[at:at] = buffer[at:to] * rng.choice([1, 2, 50])
        elif choice == 4:
            buffer[at:at] = rng.choice(LITERALS)
        elif choice == 5:
            buffer[at:to] = rng.choice(LITERALS)
        elif choice == 6:
            buffer[at:at] = rng.randbytes(rng.choice([1, 4, 40]))
        elif buffer:
            other = rng.randrange(len(buffer))
            buffer[at:to] = buffer[other : other + (to - at)]
    return bytes(buffer)


def content(rng: Random, name: str) -> bytes:
    """A file: valid, with a mutated tree, or with mutated bytes."""
    tree: object = frame(rng, name)
    for _ in range(rng.choice([0, 0, 1, 2, 5])):
        tree = mutated_tree(rng, tree)
    data = json_bytes(rng, tree)
    return mutated_bytes(rng, data) if rng.random() < 0.25 else data


def members(rng: Random, evil: float = 0.05) -> list[tuple[str, bytes]]:
    """Names and contents of a few files."""
    chosen = [
        rng.choice(EVIL if rng.random() < evil else NAMES)
        for _ in range(rng.choice([0, 1, 2, 3, 8]))
    ]
    if rng.random() < 0.3:
        chosen += [f"aicm1/V/{i:06d}.json" for i in range(rng.choice([3, 20]))]
    return [(name, content(rng, name)) for name in chosen]


def make_zip(rng: Random) -> bytes:
    """A zip with hostile members, then with changed header fields, then with changed bytes."""
    stream = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(stream, "w") as archive:
        warnings.simplefilter("ignore")
        for name, data in members(rng):
            entry = zipfile.ZipInfo(name.replace("\ud800", "\ufffd") or "e")
            entry.filename = name.encode("utf-8", "replace").decode()
            entry.create_system = rng.choice([0, 3, 3])
            entry.external_attr = rng.choice(MODES) << 16
            entry.compress_type = rng.choice([*[0, 8, 8] * 6, 12, 14])
            if rng.random() < 0.1:
                entry.extra = rng.choice(EXTRAS)
            archive.writestr(entry, data)
        if rng.random() < 0.1:
            archive.comment = rng.randbytes(rng.choice([5, 3000]))
    data = bytearray(stream.getvalue())
    for _ in range(rng.choice([0, 0, 1, 2, 6])):
        signature = rng.choice([b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06", b"PK\x06\x06"])
        places = [i for i in range(len(data)) if data.startswith(signature, i)]
        if places:
            at = rng.choice(places) + rng.randrange(4, 46)
            width = rng.choice([1, 2, 4, 8])
            value = rng.choice([*INTEGERS, len(data), rng.randrange(1 << 16)])
            data[at : at + width] = (value & (1 << 8 * width) - 1).to_bytes(width, "little")
    if rng.random() < 0.05:
        end = data.rfind(b"PK\x05\x06")
        fields = [rng.choice([*INTEGERS, len(data), end]) & 0x7FFFFFFFFFFFFFFF for _ in range(4)]
        record = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, *fields)
        locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, max(0, end), 1)
        data[end:] = record + locator + data[end : end + 8] + b"\xff" * 12 + b"\0\0"
    return mutated_bytes(rng, bytes(data)) if rng.random() < 0.3 else bytes(data)


TYPES = [bytes([kind]) for kind in b"000000000000000000000000\x00123567SgxLKVZ"]


def make_tar(rng: Random) -> bytes:
    """A tar with hostile members, changed header fields and right or wrong checksums."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=rng.choice([0, 1, 2])) as archive:
        for name, data in members(rng):
            entry = tarfile.TarInfo(name)
            entry.type, entry.size = rng.choice(TYPES), len(data)
            entry.linkname = rng.choice(["", "/etc/passwd", "../x", NAMES[0]])
            if rng.random() < 0.1:
                key = rng.choice(
                    ["path", "size", "comment", "GNU.sparse.name", "mtime", "linkpath"]
                )
                entry.pax_headers = {
                    key: rng.choice(["", "0", "-1", "9" * 30, *EVIL[:5], "x" * 9000])
                }
            with contextlib.suppress(ValueError, UnicodeError):  # longer than the dialect allows
                archive.addfile(entry, io.BytesIO(data))
    data = bytearray(stream.getvalue())
    for _ in range(rng.choice([0, 0, 1, 2, 6])):
        at = rng.randrange(len(data) // 512) * 512
        field, width = rng.choice([(0, 100), (124, 12), (148, 8), (156, 1), (257, 8), (345, 155)])
        raw = rng.choice([
            b"%011o" % rng.choice([0, 1, 511, 512, 513, 1 << 32]), b"\x80" + bytes(7) + b"\xff" * 4,
            b"\xff" * width, bytes(width), b"-1", b"+7", b"8", rng.randbytes(width), b"x",
        ])  # fmt: skip
        data[at + field : at + field + width] = raw[:width].ljust(width, b"\0")
        if rng.random() < 0.8:
            data[at + 148 : at + 156] = b" " * 8
            data[at + 148 : at + 156] = b"%06o\0 " % sum(data[at : at + 512])
    made = mutated_bytes(rng, bytes(data)) if rng.random() < 0.2 else bytes(data)
    if rng.random() < 0.5:
        made = gzip.compress(made, rng.choice([1, 9]), mtime=0)
        if rng.random() < 0.1:
            made += gzip.compress(b"more", mtime=0)
        made = mutated_bytes(rng, made) if rng.random() < 0.3 else made
    return made


def make_folder(root: Path, rng: Random) -> None:
    """Files below ``root``, with names the file system takes, links and pipes."""
    root.mkdir()
    special: list[Path] = []
    for name, data in members(rng, evil=0.1):
        path = root / name
        if ".." in name.split("/") or name.startswith("/") or path in special:
            continue
        with contextlib.suppress(OSError, ValueError):
            path.parent.mkdir(parents=True, exist_ok=True)
            if rng.random() < 0.06:
                special.append(path)
            else:
                path.write_bytes(data)
    # Last, so that nothing above is written through a link or waits for the reader of a pipe.
    for path in special:
        with contextlib.suppress(OSError, ValueError):
            if rng.random() < 0.7:
                target = rng.choice(["..", ".", "/etc/passwd", path.name, "/dev/zero", "1.json"])
                path.symlink_to(target)
            else:
                os.mkfifo(path)


def make(folder: Path, rng: Random) -> Path:
    """Write one submission below the existing ``folder``; its path."""
    kind = rng.choices(["file", "folder", "zip", "tar", "bytes"], [30, 25, 20, 20, 5])[0]
    if kind == "folder":
        make_folder(folder / "submission", rng)
        return folder / "submission"
    suffixes = {
        "file": [".json"],
        "zip": [".zip"],
        "tar": [".tar", ".tar.gz", ".tgz"],
        "bytes": [".json", ".zip", ".tar", ".tgz", "", ".txt"],
    }
    name = "000000" + rng.choice(suffixes[kind])
    parent = folder
    if kind == "file" and rng.random() < 0.5:
        parent = folder / "aicm1" / "VID000_0" / "point_labels"
        parent.mkdir(parents=True)
    if kind == "file":
        data = content(rng, NAMES[0])
    elif kind == "bytes":
        data = rng.choice([b"", b"PK\x03\x04", b"\x1f\x8b\x08", b"{", b"[", b"BZh"])
        data += rng.randbytes(rng.choice([0, 1, 30, 2000]))
    else:
        data = make_zip(rng) if kind == "zip" else make_tar(rng)
    (parent / name).write_bytes(data)
    return parent / name


MIB = 1 << 20
HEAVY = {
    "deep lists": lambda: b"[" * (8 * MIB),
    "deep lists, just too large": lambda: b"[" * (8 * MIB + 1),
    "deep objects": lambda: b'{"a":' * (8 * MIB // 5),
    "many empty lists": lambda: b"[" + b"[]," * (8 * MIB // 3 - 2) + b"[]]",
    "many empty objects": lambda: b"[" + b"{}," * (8 * MIB // 3 - 2) + b"{}]",
    "many numbers": lambda: b"[" + b"1," * (4 * MIB - 2) + b"1]",
    "many floats": lambda: b"[" + b"1.5," * (2 * MIB - 2) + b"1.5]",
    "many points": lambda: b'{"points":[' + b'{"x":1,"y":1},' * (MIB // 2) + b"1]}",
    "many bad points": lambda: b'{"points":[' + b'{"x":"","y":1e999},' * (MIB // 3) + b"1]}",
    "many NaN": lambda: b'{"points":[' + b'{"x":NaN},' * (MIB // 2) + b"1]}",
    "many keys": lambda: b"{" + b",".join(b'"k%d":1' % i for i in range(600_000)) + b"}",
    "one key many times": lambda: b"{" + b'"a":1,' * MIB + b'"a":1}',
    "many unknown keys in points": lambda: b'{"points":[{'
    + b",".join(b'"k%d":{}' % i for i in range(500_000)) + b"}]}",
    "one long text": lambda: b'{"folderName":"' + b"a" * (8 * MIB - 100) + b'"}',
    "a long text of escapes": lambda: b'"' + b"\\u0001" * (MIB + MIB // 4) + b'"',
    "one long number": lambda: b'{"points":[{"x":' + b"9" * (8 * MIB - 100) + b"}]}",
    "long numbers": lambda: b'{"points":[' + b'{"x":%b},' % (b"9" * 4300) * 1800 + b"1]}",
    "one long line of blanks": lambda: b" " * (8 * MIB),
    "lines": lambda: b"\n" * (8 * MIB - 1) + b"x",
    "bytes that are not text": lambda: b"\xff" * (8 * MIB),
    "a long unclosed text": lambda: b'"' + b"a" * (8 * MIB - 1),
    "backslashes": lambda: b'"' + b"\\" * (8 * MIB - 1),
    "quotes": lambda: b'"' * (8 * MIB),
    "UTF-32": lambda: ("[" * (2 * MIB - 1)).encode("utf-32"),
}  # fmt: skip
"""Files as large as is read, each to cost as much time or memory as a file can."""
