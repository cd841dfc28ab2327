"""Read a tar or tar.gz of a stranger as a stream, without unpacking it.

A tar has no directory, so the stream is read twice: once to check every header and to know all
names, once to give out the content. Everything is counted while it is decompressed. Extended
headers (pax, GNU long names) are read up to a few kilobytes, where the standard module would load
whatever size they state. Format: POSIX.1-2001 pax and the GNU tar manual, "Basic Tar Format".
Tests hold the reader to :mod:`tarfile` on every archive that module writes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO, Literal

from adaptor_bench.submission.members import Broken, Limits, Source, SourceError, SourceFile
from adaptor_bench.submission.tarstream import TarStream

_BLOCK = 512
_REGULAR, _FOLDER = b"0\x007", b"5"
_LINKS = {b"1": "a hard link", b"2": "a symbolic link"}
_SPECIAL = {b"3": "a device", b"4": "a device", b"6": "a pipe", b"S": "a sparse file"}
_CHANGES_MEMBERS = ("path", "size", "linkpath", "GNU.sparse.")


@dataclass(frozen=True, slots=True)
class _Header:
    """One member: its path, type flag and bytes of content."""

    name: str
    kind: bytes
    size: int


class TarSource(Source):
    """The members of a tar file, compressed by gzip or not, that is open for reading."""

    kind: Literal["tar"] = "tar"

    def __init__(self, file: BinaryIO, limits: Limits) -> None:
        self._file = file
        self._readable: list[tuple[str, int, int]] = []  # name, place in the stream, bytes
        super().__init__(limits)

    def entries(self) -> Iterator[SourceFile]:
        """All predictions, in the order in which they stand in the archive.

        Read entries in this order, each at most once: the stream does not go back.
        """
        skip = len(self._members.prefix)
        stream = TarStream(self._file, self._limits)
        for name, place, size in self._readable:
            yield SourceFile(name[skip:], size, partial(_content, stream, place, size))

    def _open(self) -> None:
        stream, limits = TarStream(self._file, self._limits), self._limits
        for i, header in enumerate(_headers(stream, limits)):
            if i >= limits.members:
                text = f"more than {limits.members:,} members"
                self._readable.clear()
                raise Broken(text, "archive-members")
            name = self._members.admit(header.name) if self._allowed(header) else None
            place = stream.place
            stream.skip(_padded(header.size))
            if name is not None:
                self._readable.append((name, place, header.size))
        stream.finish()

    def _allowed(self, header: _Header) -> bool:
        note, name, kind = self._members.note, header.name, header.kind
        if kind in _LINKS:
            note("archive-link", name, _LINKS[kind])
        elif kind == _FOLDER:
            self._members.folder(name)
        elif kind in _SPECIAL or kind not in _REGULAR:
            what = _SPECIAL.get(kind, f"a member of the unknown type {ascii(kind)[1:]}")
            note("archive-special", name, what)
        elif header.size > self._limits.member_bytes:
            text = f"{header.size:,} bytes, more than {self._limits.member_bytes:,}"
            note("archive-size", name, text)
        else:
            return True
        return False


def _content(stream: TarStream, place: int, size: int, limit: int) -> bytes:
    if stream.place > place:
        raise SourceError("file-unreadable", "a member of a tar can be read only in its turn")
    try:
        stream.skip(place - stream.place)
        content = stream.read(min(size, limit + 1))
    except Broken as error:
        raise SourceError(error.code, str(error)) from error
    if len(content) < min(size, limit + 1):
        raise SourceError("archive-unreadable", "the archive is cut off")
    return content


def _padded(size: int) -> int:
    return -(-size // _BLOCK) * _BLOCK


def _headers(stream: TarStream, limits: Limits) -> Iterator[_Header]:
    """One after the other; the consumer reads or skips the padded content of each.

    Extended headers are applied to the member they belong to.
    """
    extended: dict[str, str] = {}
    pending = 0
    while True:
        block = stream.read(_BLOCK)
        if len(block) < _BLOCK:
            at = "no end mark: " if not block else ""
            raise Broken(f"{at}the archive is cut off, or this is not a tar archive")
        if not any(block):
            if pending:
                raise Broken("an extended header without a member")
            return
        header = _parse(block)
        if header.kind in b"xgLKX":
            pending += 1
            if pending > 8:
                raise Broken("too many extended headers for one member", "archive-path")
            data = _extended(stream, header, limits)
            if header.kind in b"LK":
                key = "path" if header.kind == b"L" else "linkpath"
                extended[key] = data.split(b"\0", 1)[0].decode("utf-8", "surrogateescape")
            elif header.kind == b"g":
                pending -= 1
                if any(key.startswith(_CHANGES_MEMBERS) for key in _records(data)):
                    raise Broken("a global header that changes names or sizes of all members")
            else:
                extended |= _records(data)
            continue
        yield _applied(header, extended)
        extended, pending = {}, 0


def _extended(stream: TarStream, header: _Header, limits: Limits) -> bytes:
    """The content of an extended header, which a member's name can only need little of."""
    if header.size > limits.path_length * 16:
        text = f"a header with a name or attributes of {header.size:,} bytes"
        raise Broken(text, "archive-path")
    data = stream.read(_padded(header.size))
    if len(data) < header.size:
        raise Broken("the archive is cut off")
    return data[: header.size]


def _applied(header: _Header, extended: dict[str, str]) -> _Header:
    name, kind, size = header.name, header.kind, header.size
    name = extended.get("path", name)
    if "size" in extended:
        text = extended["size"]
        if not (text.isascii() and text.isdigit() and len(text) < 20):
            raise Broken("an extended header with a size that is not a number")
        size = int(text)
    if any(key.startswith("GNU.sparse.") for key in extended):
        kind = b"S"
    if kind == b"\0" and name.endswith("/"):
        kind = _FOLDER  # as tar did before there was a type for folders
    # Links, folders, devices and pipes have no content, whatever size they state.
    return _Header(name, kind, 0 if kind in b"123456" else size)


def _parse(block: bytes) -> _Header:
    """Name, type and size of a header block; raises Broken unless its checksum is right."""
    stated = _number(block[148:156])
    blanked = block[:148] + b" " * 8 + block[156:]
    unsigned = sum(blanked)
    # Some old programs added up signed bytes.
    if stated != unsigned and stated != unsigned - 256 * sum(byte > 127 for byte in blanked):
        raise Broken("a member's header is damaged, or the file is not a tar archive")
    name, kind = block[:100].split(b"\0", 1)[0], block[156:157]
    if block[257:263] == b"ustar\0":
        prefix = block[345:500].split(b"\0", 1)[0]
        name = prefix + b"/" + name if prefix else name
    return _Header(name.decode("utf-8", "surrogateescape"), kind, _number(block[124:136]))


def _number(field: bytes) -> int:
    """Octal digits, or base 256 behind a byte 0x80; raises Broken for a negative or no number."""
    if field[0] == 0x80:
        return int.from_bytes(field[1:], "big")
    digits = field.split(b"\0", 1)[0].strip() or b"0"
    try:
        if digits.isdigit():  # int() alone would take signs and underscores
            return int(digits, 8)
    except ValueError:
        pass
    raise Broken("a member's header is damaged, or the file is not a tar archive")


def _records(data: bytes) -> dict[str, str]:
    """The records ``length key=value\\n`` of a pax header."""
    records, position = {}, 0
    while position < len(data):
        length, blank, _ = data[position : position + 8].partition(b" ")
        if not blank or not length.isdigit():
            raise Broken("an extended header is damaged")
        record = data[position : position + int(length)]
        key, equals, value = record[len(length) + 1 :].partition(b"=")
        if len(record) != int(length) or not equals or not value.endswith(b"\n"):
            raise Broken("an extended header is damaged")
        text = value[:-1].decode("utf-8", "surrogateescape")
        records[key.decode("utf-8", "surrogateescape")] = text
        position += len(record)
    return records
