"""Which frame an image of another program is: surgery, video and stem from its name."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from adaptor_bench.data.layout import (
    DOMAINS,
    FRAMES,
    IMAGES,
    LABELS,
    NO_FRAMES,
    composed,
    passed_over,
    unwritable,
)
from adaptor_bench.errors import InputError, UsageError

IMAGE_ENDINGS = frozenset((*FRAMES, *NO_FRAMES))
_LEVELS = {IMAGES, LABELS, "labels"}
_WITHOUT = "all"
_GROUPS = ("surgery", "video", "stem")
_LONGEST = 200  # bytes of a name


@dataclass(frozen=True)
class Place:
    """A frame of a dataset; ``domain`` is empty where no folder says it."""

    domain: str
    surgery: str
    video: str
    stem: str

    @property
    def folder(self) -> str:
        """``[domain/]surgery/video``."""
        return "/".join(filter(None, (self.domain, self.surgery, self.video)))

    @property
    def key(self) -> str:
        """``[domain/]surgery/video/stem``, by which places are compared: without regard to case,
        for not all file systems have any."""
        return composed(f"{self.folder}/{self.stem}").lower()


@dataclass(frozen=True)
class Placing:
    """The last two folders are surgery and video, others count only as ``sim`` and ``intraop``, and
    levels called images, labels or point_labels not at all. A missing one is ``all``.

    ``names`` is a regular expression with groups ``surgery``, ``video``, ``stem``, searched for in
    the whole path without its ending, that goes before; ``surgery`` and ``video`` go before either.
    """

    names: str = ""
    surgery: str = ""
    video: str = ""

    def __post_init__(self) -> None:
        try:
            groups = set(re.compile(self.names).groupindex)
        except re.error as error:
            raise UsageError(f"--names is not a regular expression: {error}") from error
        if self.names and (unknown := groups.symmetric_difference(_GROUPS) - {"video", "surgery"}):
            raise UsageError(
                f"--names: what about the group {sorted(unknown)[0]!r}?",
                hint="Groups are (?P<surgery>..), (?P<video>..) and (?P<stem>..), which is needed.",
            )

        for what, text in (("surgery", self.surgery), ("video", self.video)):
            if text and not _usable(what, text):
                raise UsageError(f"--{what}: {text[:60]!r} cannot be the name of a {what}")

    def place(self, path: str) -> Place:
        """Of an image or file, from its path below the root of what is imported. Raises InputError
        for one that is of no frame, or whose names cannot be used."""
        parts = [p for p in path.replace("\\", "/").split("/") if p not in ("", ".")]
        if not parts or ".." in parts:
            raise InputError(f"{path[:200]!r}: not the path of an image below a folder")
        stem = PurePosixPath(parts[-1])
        parts[-1] = stem.stem if stem.suffix.lower() in IMAGE_ENDINGS else stem.name
        *folders, name = [part for part in parts[:-1] if part not in _LEVELS] + parts[-1:]
        domain = folders[-3] if len(folders) > 2 and folders[-3] in DOMAINS else ""
        found = dict(zip(("video", "surgery"), reversed(folders), strict=False))
        if len(folders) == 1:
            found = {"surgery": folders[0]}
        found["stem"] = name
        if self.names:
            match = re.search(self.names, "/".join(parts))
            if match is None:
                raise InputError(f"{path[:200]!r}: --names does not fit it")
            found |= {key: text for key, text in match.groupdict().items() if text}
        place = Place(
            domain,
            self.surgery or found.get("surgery", _WITHOUT),
            self.video or found.get("video", _WITHOUT),
            found["stem"],
        )
        for what, text in zip(_GROUPS, (place.surgery, place.video, place.stem), strict=True):
            _require(what, text, path)
        return place


def _require(what: str, text: str, path: str) -> None:
    """Raise InputError for a name that no frame of a dataset may have."""
    if not _usable(what, text):
        raise InputError(f"{path[:200]!r}: {text[:60]!r} cannot be the name of a {what}")


def _usable(what: str, text: str) -> bool:
    return not (
        not text
        or passed_over(text, folder=what != "stem")
        or unwritable(text)
        or re.search(r'[/\\:*?"<>|]', text)
        or text in (*DOMAINS, "..")
        or len(text.encode(errors="surrogateescape")) > _LONGEST
    )


class ImageFolder:
    """The images below a folder, found by the names that other programs give them."""

    def __init__(self, root: Path | None) -> None:
        self._root = root
        self._by_name: dict[str, list[str]] = {}
        for path in () if root is None else walk(root, IMAGE_ENDINGS):
            self._by_name.setdefault(_bare(path), []).append(path)

    def find(self, name: str) -> Path | None:
        """The image whose path ends like ``name``, endings and levels such as images aside; None
        where there is none. One in the very folders that are named goes before any deeper down.
        Raises InputError where it might be either of two."""
        wanted = _folders(name)
        near = [(_alike(wanted, _folders(p)), p) for p in self._by_name.get(_bare(name), ())]
        best = max((alike for alike, _ in near), default=0)
        found = [path for alike, path in near if alike == best]
        if len(found) > 1:
            found = [path for path in found if _folders(path) == wanted] or found
        if len(found) > 1:
            raise InputError(f"{name[:200]!r} may be {found[0]} or {found[1]}; --images chooses")
        return self._root / found[0] if found and self._root else None


def _bare(path: str) -> str:
    name = PurePosixPath(path.replace("\\", "/")).name
    stem, dot, ending = name.rpartition(".")
    return composed(stem if dot and f".{ending}".lower() in IMAGE_ENDINGS else name)


def _folders(path: str) -> list[str]:
    """From the inside out."""
    parts = path.replace("\\", "/").split("/")[:-1]
    return [composed(p) for p in reversed(parts) if p not in ("", ".", *_LEVELS)]


def _alike(first: list[str], second: list[str]) -> int:
    """Folders that are the same, from the inside out."""
    pairs = list(zip(first, second, strict=False))
    return next((n for n, (a, b) in enumerate(pairs) if a != b), len(pairs))


def walk(root: Path, endings: Iterable[str]) -> Iterator[str]:
    """Paths below ``root``, sorted, of the files with these endings; hidden ones and junk are
    passed over, and links to folders are not followed."""
    wanted = frozenset(endings)
    for folder, subfolders, names in os.walk(root):
        subfolders[:] = sorted(n for n in subfolders if not passed_over(n, folder=True))
        for name in sorted(names):
            if not passed_over(name, folder=False) and Path(name).suffix.lower() in wanted:
                yield Path(folder, name).relative_to(root).as_posix()
