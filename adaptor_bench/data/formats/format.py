"""What a format of points is: how it is recognised, read and written."""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.errors import InputError, plural
from adaptor_bench.names import printable

Size = tuple[int, int]
_NAMED = 20  # names that are remembered
SIZE = "--size"
"""The option for frames of which neither a file nor an image says how large they are."""


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
    size: Size | None = None
    names: dict[str, str] = field(default_factory=dict)

    @property
    def outside(self) -> int:
        """How many points lie beyond the border of the outermost pixels; 0 without a size."""
        return 0 if self.size is None else int(beyond(self.points, self.size).sum())


@dataclass(frozen=True)
class ReadOptions:
    """What a reader may have to be told beside the file.

    ``labels``: only annotations called so; all where empty. ``pixel_size``: lengths of the file per
    px, where it is not in px. ``pairs``: a line joins the two views of a landmark in one picture.
    ``index``: the document in which a file without names of images finds them. ``size_of``: width
    and height of the image of that name, None where nothing says it. ``names`` are some
    that annotations were found to have, where labels are asked for.
    """

    labels: frozenset[str] = frozenset()
    pixel_size: float | None = None
    pairs: bool = False
    index: Any = None
    size_of: Callable[[str], Size | None] = lambda name: None
    names: set[str] = field(default_factory=set, compare=False)

    def wanted(self, label: Any) -> bool:
        """Whether an annotation called ``label`` is to be read."""
        if self.labels and label is not None and len(self.names) < _NAMED:
            self.names.add(str(label))
        return not self.labels or str(label) in self.labels


@dataclass(frozen=True)
class RawFile:
    """A file as formats see it: a decoded JSON ``document``, or the ``content`` of any other.

    To recognise a format, the first 64 KiB are enough; its reader is given all of it. ``name`` is
    that of the file without its ending; ``path`` is for a reader of pictures, which has no content.
    """

    document: Any = None
    content: bytes = b""
    name: str = ""
    path: Path | None = None
    options: ReadOptions = ReadOptions()

    @cached_property
    def text(self) -> str:
        """The content as text, without a byte order mark."""
        return self.content.decode("utf-8-sig", "replace")

    @cached_property
    def columns(self) -> list[str]:
        """The headings of a table, in lower case."""
        first = self.text.lstrip("\n\r")[:2000].partition("\n")[0].rstrip("\r")
        return [column.strip(' "#').lower() for column in re.split(r"[,;\t]", first)]

    def lists(self, key: str) -> bool:
        """Whether the document is an object that holds a list under ``key``."""
        return isinstance(self.document, dict) and isinstance(self.document.get(key), list)


@dataclass(frozen=True)
class FramePoints:
    """One frame to be written: ``folder`` (``[domain/]surgery/video``), ``stem``, and its points.

    ``image`` is the path of its image below the root of the dataset, be it there or not.
    """

    folder: str
    stem: str
    image: str
    file: PointFile

    @property
    def size(self) -> Size:
        """(width, height). Raises InputError where nothing says it."""
        if self.file.size is None:
            raise InputError(
                f"{self.folder}/{self.stem}: neither label nor image says how large it is",
                hint="Give --size WxH, such as --size 512x288.",
            )
        return self.file.size


@dataclass(frozen=True)
class WriteOptions:
    """``label`` names the landmarks; ``root`` is the posix path from what is written to the
    dataset; ``predictions`` are written as results where a format tells them from labels, by the
    ids of images in ``index``, if that is given."""

    label: str = "landmark"
    root: str = ""
    predictions: bool = False
    index: Any = None


Reader = Callable[[RawFile, str], dict[str, PointFile]]
Writer = Callable[[Sequence[FramePoints], WriteOptions], Mapping[str, bytes]]


@dataclass(frozen=True)
class Format:
    """A format of points. ``conversion`` says what in it becomes an x and y of ours.

    ``recognise`` looks at a file; a format without it is only what it is said to be.
    ``read`` gives the points of each image that a file is about, by the name of the image as the
    file spells it, or under ``""`` where it is about the frame in whose place it stands; the second
    argument names the file in the InputError for what cannot be used. A format without ``read`` is
    only called by its name, with what to do. ``endings`` are those of its files, in lower case.
    ``write`` gives the content of files by their paths, one under ``""`` for a format that puts all
    frames into one file.

    ``key`` is its name on the command line. Where a file is ``in_place``, it may stand for that of
    a frame and is scored as it is; ``many`` says that it is about many frames. ``precision`` is the
    most by which x or y may differ after writing and reading, in px; ``sizes`` says whether these
    are kept. ``takes`` names the options of import and export that are not for all. ``centre`` is x
    and y that the program gives to the middle of the first pixel, where that is known. ``images``
    is the folder for images that are written along. ``asks`` gives the options without which a file
    cannot be imported, ``asked`` are those of the one that was recognised. ``extra`` of pip brings
    the library it needs.
    """

    name: str
    recognise: Callable[[RawFile], bool] | None
    conversion: str = ""
    endings: tuple[str, ...] = (".json",)
    read: Reader | None = None
    title: str = ""
    key: str = ""
    in_place: bool = True
    many: bool = False
    write: Writer | None = None
    precision: float = 0.0005
    sizes: bool = False
    centre: str = ""
    images: str = ""
    takes: frozenset[str] = frozenset()
    asks: Callable[[RawFile], tuple[str, ...]] = lambda file: ()
    asked: tuple[str, ...] = ()
    extra: str = ""

    def image_place(self, frame: FramePoints) -> str:
        """Where a copy of its image belongs: beside its file, or likewise below ``images``."""
        ending = PurePosixPath(frame.image).suffix
        return f"{self.images}/{frame.folder}/{frame.stem}{ending}".lstrip("/")

    @property
    def what(self) -> str:
        """What a message calls one file of it."""
        return self.title or f"a file of {self.name}"

    def todo(self, path: Path | str, predictions: bool = False) -> str:
        """What has to become of what is at ``path``, in a sentence."""
        if self.read is not None and self.key:
            words = ["bench", "data", "import", self.key, str(path), "NEW_FOLDER"]
            words += [*self.asked, *["--predictions"] * predictions]
            return f"Convert it: {printable(shlex.join(words))}"
        how = f": {self.conversion}" if self.conversion else ""
        if self.read is not None:
            return f"Only predictions and labels to score are read from it; else convert it{how}."
        return f"Convert it, one JSON file per frame{how}."


def finite(value: Any, where: str) -> float:
    """A decoded number, or a text that is one, as float. Raises InputError that calls it
    ``where``."""
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        comma = isinstance(value, str) and re.fullmatch(r"-?\d+,\d+", value)
        how = ", for decimals are read with a point" if comma else ""
        raise InputError(f"{where} is not a finite number{how}")
    return number


def pair(value: Any, where: str) -> tuple[float, float]:
    """``[x, y]``, decoded. Raises InputError that calls it ``where``."""
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise InputError(f"{where} is not a pair x, y")
    return finite(value[0], where), finite(value[1], where)


def gathered(
    rows: Sequence[Sequence[float]],
    scores: Sequence[float | None] = (),
    size: Size | None = None,
) -> PointFile:
    """Points x, y, and their scores where each has one."""
    told = [score for score in scores if score is not None]
    return PointFile(
        points=np.array(rows, dtype=np.float64).reshape(-1, 2),
        scores=np.array(told) if told and len(told) == len(rows) else None,
        size=size,
    )


def beyond(points: NDArray[np.float64], size: Size) -> NDArray[np.bool_]:
    """Which of the points (N, 2), x and y in px, no pixel of a picture (width, height) covers."""
    return np.asarray(((points < -0.5) | (points > np.array(size) - 0.5)).any(axis=1))


def outside_note(files: Mapping[str, PointFile]) -> str:
    """What to say of points outside their frames, which are named; empty where there are none."""
    found = {name: file.outside for name, file in files.items() if file.outside}
    if not found:
        return ""
    return (
        f"{plural(sum(found.values()), 'point')} of {plural(len(found), 'frame')} outside the "
        f"picture, the first in {next(iter(found))}; `bench data check` refuses such labels"
    )


def px(value: float) -> float:
    """A coordinate as it is written: to 1/1000 px."""
    return round(float(value), 3)
