"""CVAT for images 1.1 and for video 1.1, an XML for all frames; ``x,y;x,y`` in a points element.

The parser takes attributes alone, in one pass, and refuses a document type: it is there that an XML
names other files and makes a kilobyte into gigabytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from adaptor_bench.data.formats.format import (
    Format,
    FramePoints,
    PointFile,
    RawFile,
    WriteOptions,
    finite,
    gathered,
    px,
)
from adaptor_bench.errors import InputError

Attributes = dict[str, str]


class _Annotations:
    """What the elements say, as they come."""

    def __init__(self, file: RawFile, where: str) -> None:
        self._options, self._name, self._where = file.options, file.name or "video", where
        self._above: list[tuple[str, Attributes]] = []
        self._text = ""
        self.rows: dict[str, list[tuple[float, float]]] = {}
        self.sizes: dict[str, tuple[int, int]] = {}
        self.video: dict[str, int] = {}

    def begin(self, tag: str, attributes: Attributes) -> None:
        parent = self._above[-1] if self._above else ("", {})
        self._above.append((tag, attributes))
        self._text = ""
        if tag == "image":
            name = attributes.get("name", "")
            if not name or name in self.rows:
                raise InputError(f"{self._where}: an image without a name of its own: {name!r}")
            self.rows[name] = []
            sides = [attributes.get(key, "") for key in ("width", "height")]
            if all(side.isdecimal() and 0 < len(side) < 8 and int(side) for side in sides):
                self.sizes[name] = int(sides[0]), int(sides[1])
        elif tag == "points" and parent[0] in ("image", "track"):
            self._points(parent, attributes)

    def end(self, tag: str) -> None:
        self._above.pop()
        parent = self._above[-1][0] if self._above else ""
        if parent == "original_size" or (tag == "size" and parent in ("task", "job")):
            self._side(tag)

    def text(self, text: str) -> None:
        if len(self._text) < 100:
            self._text += text

    def _side(self, tag: str) -> None:
        said = self._text.strip()
        if said.isdecimal() and 0 < len(said) < 8:
            self.video[tag] = int(said)

    def _points(self, parent: tuple[str, Attributes], attributes: Attributes) -> None:
        kind, above = parent
        label = above.get("label") if kind == "track" else attributes.get("label")
        if not self._options.wanted(label):
            return
        name = above.get("name", "")
        if kind == "track":
            frame = attributes.get("frame", "")
            if not frame.isdecimal() or len(frame) > 9:
                raise InputError(f"{self._where}: points of a track without the number of a frame")
            if attributes.get("outside") == "1":
                return
            name = f"{self._name}/{int(frame):06}"
        for point in attributes.get("points", "").split(";"):
            x, comma, y = point.partition(",")
            at = f"{self._where}: {point[:40]!r} in the points of {name}"
            if not comma:
                raise InputError(f"{at} is not a pair x,y")
            self.rows.setdefault(name, []).append((finite(x, at), finite(y, at)))

    def files(self) -> dict[str, PointFile]:
        for n in range(min(self.video.get("size", 0), 1_000_000) if self._tracks() else 0):
            self.rows.setdefault(f"{self._name}/{n:06}", [])
        width, height = self.video.get("width", 0), self.video.get("height", 0)
        shared = (width, height) if width and height else None
        return {n: gathered(rows, size=self.sizes.get(n, shared)) for n, rows in self.rows.items()}

    def _tracks(self) -> bool:
        return "width" in self.video and not self.sizes


def _read(file: RawFile, where: str) -> dict[str, PointFile]:
    from xml.parsers.expat import ExpatError, ParserCreate

    def refuse(*_: Any) -> None:
        raise InputError(f"{where}: has a document type, which CVAT does not write; not read")

    found = _Annotations(file, where)
    parser = ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = found.begin
    parser.EndElementHandler = found.end
    parser.CharacterDataHandler = found.text
    try:
        parser.Parse(file.content, True)
    except (ExpatError, ValueError, LookupError) as error:
        raise InputError(f"{where}: not readable as XML: {error}") from error
    return found.files()


def _write(frames: Sequence[FramePoints], options: WriteOptions) -> dict[str, bytes]:
    from xml.sax.saxutils import quoteattr

    lines = ['<?xml version="1.0" encoding="utf-8"?>', "<annotations>", "  <version>1.1</version>"]
    for n, frame in enumerate(frames):
        width, height = frame.size
        lines.append(
            f'  <image id="{n}" name={quoteattr(frame.image)} width="{width}" height="{height}">'
        )
        lines += [
            f'    <points label={quoteattr(options.label)} source="manual" occluded="0" '
            f'points="{px(x)},{px(y)}" z_order="0"></points>'
            for x, y in frame.file.points
        ]
        lines.append("  </image>")
    return {"": "\n".join([*lines, "</annotations>", ""]).encode()}


FORMATS = (
    Format(
        "CVAT",
        lambda file: "<annotations" in file.text[:1000],
        'each pair "x,y" of a points element becomes {"x": .., "y": ..}',
        (".xml",),
        read=_read,
        key="cvat",
        in_place=False,
        many=True,
        write=_write,
        sizes=True,
        centre="0.5",
    ),
)
