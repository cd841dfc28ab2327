"""Read a zip of a stranger, member by member, without unpacking it.

The reader is our own because the standard one trusts the archive where a stranger must not be
trusted: it loads a directory of any size, decompresses bzip2 and LZMA without bound, gives out
overlapping members, and fails with a dozen kinds of exception. Here the directory is bounded and
checked as a whole first; then a member is read only where directory and local header agree, at
most as many bytes as it declares, and its checksum has to be right. Format: PKWARE APPNOTE 6.3.10.
Tests hold the reader to :mod:`zipfile` on every archive that module writes.
"""

from __future__ import annotations

import os
import stat
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO, Literal

from adaptor_bench.submission.members import Broken, Limits, Source, SourceError, SourceFile

_END = struct.Struct("<4s4H2LH")
_LOCATOR = struct.Struct("<4sLQL")
_END64 = struct.Struct("<4sQ2H2L4Q")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_STORED, _DEFLATED = 0, 8
_METHODS = {
    1: "Shrink", 6: "Implode", 9: "Deflate64", 12: "bzip2", 14: "LZMA", 20: "Zstandard",
    93: "Zstandard", 95: "xz", 96: "JPEG", 97: "WavPack", 98: "PPMd", 99: "AES encryption",
}  # fmt: skip
_ENCRYPTED = 1 << 0 | 1 << 6 | 1 << 13
_PATCHED = 1 << 5
_UTF8 = 1 << 11
_CHUNK = 1 << 16
_LINE = 300
"""Bytes of the directory that a member may take on average: 46, its name, extra fields."""


@dataclass(frozen=True, slots=True)
class _Member:
    """One line of the directory. ``mode`` is Unix file type and permissions, 0 if unknown;
    ``other_name`` a second name in an extra field."""

    raw: bytes
    name: str
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    offset: int
    mode: int
    other_name: bytes


class ZipSource(Source):
    """The members of a zip file that is open for reading."""

    kind: Literal["zip"] = "zip"

    def __init__(self, file: BinaryIO, limits: Limits) -> None:
        self._file = file
        self._readable: list[tuple[str, _Member, int]] = []
        super().__init__(limits)

    def entries(self) -> Iterator[SourceFile]:
        """All predictions, in the order in which they stand in the file."""
        skip = len(self._members.prefix)
        for name, member, end in self._readable:
            yield SourceFile(name[skip:], member.size, partial(self._read, member, end))

    def _open(self) -> None:
        start, size, count, shift = _find_directory(self._file)
        note, limits = self._members.note, self._limits
        if count > limits.members:
            text = f"{count:,} members, more than {limits.members:,}"
            raise Broken(text, "archive-members")
        if size > limits.members * _LINE:
            text = f"a directory of {size:,} bytes for {count:,} members"
            raise Broken(text, "archive-members")
        self._file.seek(start)
        directory = self._file.read(size)
        if len(directory) != size:
            raise Broken("the directory of the archive is cut off")
        members = sorted(_parse_directory(directory, shift), key=lambda m: m.offset)
        # Old programs store the number of members modulo 65536.
        if len(members) & 0xFFFF != count & 0xFFFF:
            text = f"the directory lists {len(members)} members and announces {count}"
            note("archive-unreadable", ".", text)
        if len(members) > limits.members:
            text = f"{len(members):,} members, more than {limits.members:,}"
            raise Broken(text, "archive-members")
        total = sum(member.size for member in members)
        if total > limits.total_bytes:
            text = f"{total:,} bytes when unpacked, more than {limits.total_bytes:,}"
            raise Broken(text, "archive-size")
        if total > limits.ratio_from and total > limits.ratio * start:
            raise Broken(f"{total:,} bytes packed into {start:,}", "archive-ratio")
        ends = [*(member.offset for member in members[1:]), start]
        for member, end in zip(members, ends, strict=False):
            if member.offset + _LOCAL.size + len(member.raw) + member.packed > end:
                # Many members that share their data are how a small zip becomes a huge one.
                note("archive-overlap", member.name, "overlaps the next member or the directory")
            elif self._allowed(member):
                name = self._members.admit(member.name)
                if name is not None:
                    self._readable.append((name, member, end))

    def _allowed(self, member: _Member) -> bool:
        """Nothing but its name can still speak against the member."""
        note, limits, name = self._members.note, self._limits, member.name
        kind = stat.S_IFMT(member.mode)
        if kind == stat.S_IFLNK:
            note("archive-link", name, "a symbolic link")
        elif kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            note("archive-special", name, "neither a folder nor a regular file")
        elif member.flags & _ENCRYPTED:
            note("archive-encrypted", name, "encrypted")
        elif member.other_name not in (b"", member.raw):
            note("archive-path", name, "the member carries two different names")
        elif name.endswith("/"):
            self._members.folder(name)
        elif member.flags & _PATCHED or member.method not in (_STORED, _DEFLATED):
            method = _METHODS.get(member.method, f"method {member.method}")
            method = "patched data" if member.flags & _PATCHED else method
            note("archive-compression", name, f"packed with {method}", found=method)
        elif member.size > limits.member_bytes:
            text = f"{member.size:,} bytes when unpacked, more than {limits.member_bytes:,}"
            note("archive-size", name, text)
        elif member.size > limits.ratio_from and member.size > limits.ratio * max(1, member.packed):
            text = f"{member.size:,} bytes packed into {member.packed:,}"
            note("archive-ratio", name, text)
        else:
            return True
        return False

    def _read(self, member: _Member, end: int, limit: int) -> bytes:
        try:
            self._file.seek(member.offset)
            header = self._file.read(_LOCAL.size + len(member.raw))
            if len(header) < _LOCAL.size + len(member.raw) or header[:4] != b"PK\x03\x04":
                raise SourceError("archive-unreadable", "there is no member at its place")
            _, _, flags, method, _, _, _, _, _, n_name, n_extra = _LOCAL.unpack_from(header)
            same = (flags ^ member.flags) & (_ENCRYPTED | _PATCHED) == 0 and method == member.method
            if n_name != len(member.raw) or header[_LOCAL.size :] != member.raw or not same:
                text = "the member and the directory of the archive disagree about it"
                raise SourceError("archive-unreadable", text)
            start = member.offset + _LOCAL.size + n_name + n_extra
            if start + member.packed > end:
                raise SourceError("archive-overlap", "overlaps the next member or the directory")
            self._file.seek(start)
            content = self._unpack(member, limit)
        except OSError as error:
            reason = error.strerror or str(error)
            raise SourceError("file-unreadable", f"cannot be read: {reason}") from error
        if len(content) <= limit and zlib.crc32(content) != member.crc:
            raise SourceError("archive-unreadable", "the checksum is wrong: damaged data")
        return content

    def _unpack(self, member: _Member, limit: int) -> bytes:
        """At most ``limit + 1`` bytes; all of them are what the member declares, or it fails."""
        wanted = min(limit, member.size) + 1
        if member.method == _STORED:
            if member.packed != member.size:
                raise SourceError("archive-unreadable", "stored with two different sizes")
            content = self._file.read(min(wanted, member.size))
            if len(content) < min(wanted, member.size):
                raise SourceError("archive-unreadable", "the data is cut off")
            return content
        engine = zlib.decompressobj(-zlib.MAX_WBITS)
        parts, got, left = [], 0, member.packed
        try:
            while got < wanted and not engine.eof:
                packed = engine.unconsumed_tail
                if not packed and left:
                    packed = self._file.read(min(left, _CHUNK))
                    left -= len(packed)
                part = engine.decompress(packed, wanted - got)
                if not part and not packed:
                    break
                parts.append(part)
                got += len(part)
        except zlib.error as error:
            raise SourceError("archive-unreadable", f"damaged data: {error}") from error
        if got > member.size:
            text = f"holds more than the {member.size:,} bytes it declares"
            raise SourceError("archive-size", text)
        if got <= limit and (got < member.size or not engine.eof):
            raise SourceError("archive-unreadable", "the data is cut off")
        return b"".join(parts)


def _find_directory(file: BinaryIO) -> tuple[int, int, int, int]:
    """Where the directory starts, its size in bytes, its members, and what to add to offsets."""
    length = file.seek(0, os.SEEK_END)
    tail_start = max(0, length - (1 << 16) - _END.size)
    file.seek(tail_start)
    tail = file.read(length - tail_start)
    position = len(tail)
    while True:
        position = tail.rfind(b"PK\x05\x06", 0, position + 3)
        if position < 0:
            raise Broken("no end of a zip archive was found: cut off, or not a zip at all")
        if position + _END.size <= len(tail):
            _, disk, first, here, count, size, offset, comment = _END.unpack_from(tail, position)
            if position + _END.size + comment == len(tail):
                break
    end = tail_start + position
    if 0xFFFF in (disk, first, here, count) or 0xFFFFFFFF in (size, offset):
        file.seek(max(0, end - _LOCATOR.size))
        locator = file.read(_LOCATOR.size)
        if len(locator) == _LOCATOR.size and locator[:4] == b"PK\x06\x07":
            _, _, place, _ = _LOCATOR.unpack(locator)
            if place > end - _LOCATOR.size - _END64.size:
                raise Broken("the zip64 end of the archive is not where it should be")
            file.seek(place)
            record = file.read(_END64.size)
            if len(record) < _END64.size or record[:4] != b"PK\x06\x06":
                raise Broken("the zip64 end of the archive is damaged")
            _, _, _, _, disk, first, here, count, size, offset = _END64.unpack(record)
            end = place
    if disk or first or here != count:
        raise Broken("one part of an archive that was split")
    # Data before the archive, as of a self-extracting one, shifts everything.
    shift = end - size - offset
    if size > end or shift < 0:
        raise Broken("the directory of the archive does not fit into the file: damaged or cut off")
    return offset + shift, size, count, shift


def _parse_directory(data: bytes, shift: int) -> Iterator[_Member]:
    position = 0
    while position < len(data):
        if position + _CENTRAL.size > len(data) or data[position : position + 4] != b"PK\x01\x02":
            raise Broken("the directory of the archive is damaged")
        fields = _CENTRAL.unpack_from(data, position)
        flags, method, crc, packed, size = *fields[3:5], *fields[7:10]
        n_name, n_extra, n_comment, attributes, offset = *fields[10:13], *fields[15:17]
        position += _CENTRAL.size
        raw = data[position : position + n_name]
        extra = data[position + n_name : position + n_name + n_extra]
        position += n_name + n_extra + n_comment
        if position > len(data):
            raise Broken("the directory of the archive is damaged")
        other = b""
        if extra:
            size, packed, offset, other = _extra_fields(extra, size, packed, offset)
        name = _decoded(raw, flags)
        yield _Member(
            raw, name, flags, method, crc, packed, size, offset + shift, attributes >> 16, other
        )


def _extra_fields(extra: bytes, size: int, packed: int, offset: int) -> tuple[int, int, int, bytes]:
    """The three numbers with their zip64 values, and the Unicode name some programs add."""
    other, position = b"", 0
    while position + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, position)
        field = extra[position + 4 : position + 4 + length]
        position += 4 + length
        if kind == 0x7075:
            other = field[5:]
        elif kind == 0x0001:
            numbers = [size, packed, offset]
            for i, number in enumerate(numbers):
                if number == 0xFFFFFFFF:
                    if len(field) < 8:
                        raise Broken("a zip64 field in the directory is cut off")
                    numbers[i] = int.from_bytes(field[:8], "little")
                    field = field[8:]
            size, packed, offset = numbers
    return size, packed, offset, other


def _decoded(raw: bytes, flags: int) -> str:
    """UTF-8 where the flag says so or the bytes do (macOS forgets the flag), else code page 437."""
    if flags & _UTF8:
        return raw.decode("utf-8", "surrogateescape")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp437")
