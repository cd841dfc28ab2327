"""Selections of ImageJ and Fiji: a ``.roi``, or a ``.zip`` of them; points, to 1/1000 px or better.

The middle of a pixel is at whole numbers for points (not so for areas). A selection that belongs to
slice 4 of a stack is of its frame 000003.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Sequence
from io import BytesIO

from adaptor_bench.bounded import LIMIT
from adaptor_bench.data.formats.format import (
    Format,
    FramePoints,
    PointFile,
    RawFile,
    WriteOptions,
    gathered,
)
from adaptor_bench.errors import InputError

_MAGIC = b"Iout"
_ZIP = b"PK\x03\x04"
_NAMED = re.compile(rb"PK\x03\x04.{22}(..)..", re.DOTALL)
"""The head of a member of a zip; the length of its name, which follows."""
_POINT = 10
_SUBPIXEL = 128
_VERSION = 227
_HEADER = 64
_SECOND = 52  # bytes of the second header, as far as it is read
_MEMBERS, _MEMBER = 100_000, 1 << 20  # selections of a zip, and bytes of one


def _read(file: RawFile, where: str) -> dict[str, PointFile]:
    rows: dict[str, list[tuple[float, float]]] = {}
    for at, content in _selections(file, where):
        points = _points(content, at)
        for slice_, point in zip(_slices(content, len(points)), points, strict=True):
            name = f"{file.name or 'stack'}/{slice_ - 1:06}" if slice_ > 0 else ""
            rows.setdefault(name, []).append(point)
        if not points:
            rows.setdefault("", [])
    return {name: gathered(found) for name, found in rows.items()} or {"": gathered(())}


def _selections(file: RawFile, where: str) -> Iterator[tuple[str, bytes]]:
    """What to call each selection, and its bytes. Of a zip nothing is written to the disk."""
    if not file.content.startswith(_ZIP):
        yield where, file.content
        return
    from zipfile import BadZipFile, ZipFile

    total = 0
    try:
        with ZipFile(BytesIO(file.content)) as archive:
            members = [m for m in archive.infolist() if m.filename.lower().endswith(".roi")]
            if len(members) > _MEMBERS:
                raise InputError(f"{where}: more than {_MEMBERS:,} selections, which are not read")
            for member in members:
                at = f"{where}: {member.filename[:80]!r}"
                with archive.open(member) as stream:
                    content = stream.read(_MEMBER + 1)
                total += len(content)
                if len(content) > _MEMBER or total > LIMIT:
                    raise InputError(f"{at}: too large for a selection; not read")
                yield at, content
    except (BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        raise InputError(f"{where}: not readable as a zip of selections: {error}") from error
    except Exception as error:
        if type(error).__module__ != "zlib":
            raise
        raise InputError(f"{where}: not readable as a zip of selections: {error}") from error


def _slices(content: bytes, number: int) -> list[int]:
    """The slice of each point, 0 for none: its own, where one selection marks a whole stack, else
    that of the selection, which in a stack of several dimensions is its time, or its depth."""
    (of_all, second) = struct.unpack_from(">2i", content, 56)
    own: tuple[int, ...] = (0,) * number
    if 0 < second <= len(content) - _SECOND:
        depth, time = struct.unpack_from(">2i", content, second + 8)
        of_all = of_all or time or depth
        (start,) = struct.unpack_from(">i", content, second + 48)
        if 0 < start <= len(content) - 4 * number:
            own = struct.unpack_from(f">{number}I", content, start)
    return [(counter >> 8) or of_all for counter in own]  # the last byte is the counter's number


def _points(content: bytes, at: str) -> list[tuple[float, float]]:
    if not content.startswith(_MAGIC) or len(content) < _HEADER:
        raise InputError(f"{at}: not a selection of ImageJ")
    if content[6] != _POINT:
        raise InputError(f"{at}: a selection of another kind than points")
    top, left = struct.unpack_from(">hh", content, 8)
    (number,) = struct.unpack_from(">H", content, 16)
    (options,) = struct.unpack_from(">h", content, 50)
    places = [f">{2 * number}h", f">{2 * number}f"]
    whole, exact = _HEADER, _HEADER + 4 * number
    kind, start = (places[1], exact) if options & _SUBPIXEL else (places[0], whole)
    try:
        values = struct.unpack_from(kind, content, start)
    except struct.error as error:
        raise InputError(f"{at}: ends within its points") from error
    corner = (0, 0) if options & _SUBPIXEL else (left, top)
    x = [corner[0] + value for value in values[:number]]
    y = [corner[1] + value for value in values[number:]]
    return _finite(x, y, at)


def _finite(x: Sequence[float], y: Sequence[float], at: str) -> list[tuple[float, float]]:
    points = [(float(a), float(b)) for a, b in zip(x, y, strict=True)]
    if not all(abs(value) < 1e9 for point in points for value in point):  # nan is not, either
        raise InputError(f"{at}: a point that is not finite")
    return points


def _packed(content: bytes) -> bool:
    """Whether the first file of the zip that begins so is called .roi."""
    heads = _NAMED.finditer(content) if content.startswith(_ZIP) else ()
    names = (content[h.end() : h.end() + int.from_bytes(h[1], "little")] for h in heads)
    return next((n for n in names if not n.endswith(b"/")), b"").lower().endswith(b".roi")


def _write(frames: Sequence[FramePoints], options: WriteOptions) -> dict[str, bytes]:
    many = [f"{f.folder}/{f.stem}" for f in frames if len(f.file.points) > 0xFFFF]
    if many:
        raise InputError.collect("frames with more points than a selection holds:", many)
    return {f"{frame.folder}/{frame.stem}.roi": _selection(frame) for frame in frames}


def _selection(frame: FramePoints) -> bytes:
    x, y = frame.file.points.T.tolist()
    whole = [[min(max(int(value // 1), -32768), 32766) for value in axis] for axis in (x, y)]
    left, top = (min(axis, default=0) for axis in whole)
    right, bottom = (max(axis, default=0) + 1 for axis in whole)
    header = bytearray(_HEADER)
    struct.pack_into(
        ">4shbxhhhhH", header, 0, _MAGIC, _VERSION, _POINT, top, left, bottom, right, len(x)
    )
    struct.pack_into(">h", header, 50, _SUBPIXEL)
    offsets = [value - left for value in whole[0]] + [value - top for value in whole[1]]
    near = [min(offset, 32767) for offset in offsets]
    return bytes(header) + struct.pack(f">{len(near)}h{len(near)}f", *near, *x, *y)


FORMATS = (
    Format(
        "selections of ImageJ or Fiji",
        lambda file: file.content.startswith(_MAGIC) or _packed(file.content),
        'each point of a selection becomes {"x": .., "y": ..}',
        (".roi", ".zip"),
        read=_read,
        title="a selection of ImageJ or Fiji",
        key="imagej-roi",
        in_place=False,
        write=_write,
        centre="0",
    ),
)
