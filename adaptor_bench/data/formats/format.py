"""What a format of points is: how it is recognised, and how its points are read, if they are."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class PointFile:
    """The points of one frame.

    ``points`` has shape (N, 2), order x, y, in pixels of the frame, pixel centres at integers;
    ``scores`` has shape (N,) or is None unless every point carries a score. ``size`` is (width,
    height) and ``names`` are the keys of :data:`~adaptor_bench.data.formats.challenge.NAMES`, where
    the file states them.
    """

    points: NDArray[np.float64]
    scores: NDArray[np.float64] | None = None
    size: tuple[int, int] | None = None
    names: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class RawFile:
    """A file as formats see it: a decoded JSON ``document``, or the ``content`` of any other.

    To recognise a format, the first 64 KiB are enough; its reader is given all of it.
    """

    document: Any = None
    content: bytes = b""

    @cached_property
    def text(self) -> str:
        """The content as text, without a byte order mark."""
        return self.content.decode("utf-8-sig", "replace")

    @cached_property
    def columns(self) -> list[str]:
        """The headings of a table, in lower case."""
        first = self.text.lstrip()[:200].partition("\n")[0].strip()
        return [column.strip(' "#').lower() for column in re.split(r"[,;\t]", first)]

    def lists(self, key: str) -> bool:
        """Whether the document is an object that holds a list under ``key``."""
        return isinstance(self.document, dict) and isinstance(self.document.get(key), list)


@dataclass(frozen=True)
class Format:
    """A format of points. ``conversion`` says what in it becomes an x and y of ours.

    ``read`` gives the points of each image that a file is about, by the name of the image as the
    file spells it, or under ``""`` where it is about the frame in whose place it stands; the second
    argument names the file in the InputError for what cannot be used. A format without ``read`` is
    only called by its name, with what to do. ``endings`` are those of its files, in lower case.
    """

    name: str
    recognise: Callable[[RawFile], bool]
    conversion: str = ""
    endings: tuple[str, ...] = (".json",)
    read: Callable[[RawFile, str], dict[str, PointFile]] | None = None
    title: str = ""

    @property
    def what(self) -> str:
        """What a message calls one file of it."""
        return self.title or f"a file of {self.name}"

    @property
    def todo(self) -> str:
        """What has to become of a file, in a sentence."""
        how = f": {self.conversion}" if self.conversion else ""
        if self.read is not None:
            return f"Only predictions and labels to score are read from it; else convert it{how}."
        return f"Convert it, one JSON file per frame{how}."
