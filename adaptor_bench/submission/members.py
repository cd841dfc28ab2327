"""What every kind of submission shares: limits, entries, and which names may be trusted.

Nothing here touches the disk. A name from an archive is text of a stranger: it is checked
(:func:`unsafe_name`), sorted into predictions, junk and the rest (:class:`Members`), and only then
may anybody build a path from it.
"""

from __future__ import annotations

import re
import unicodedata
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Literal

from adaptor_bench.data.layout import common_prefix, junk, unwritable
from adaptor_bench.errors import plural
from adaptor_bench.submission.codes import finding
from adaptor_bench.submission.findings import Capped, Finding

ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz")
"""Name endings of the archives that are read."""
_NESTED = (*ARCHIVES, ".gz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst", ".7z", ".rar")
_KEPT = 100
"""Findings kept per code; the last one stands for the rest as well."""
_KINDS = 20
"""Kinds of ignored files that are told apart."""


@dataclass(frozen=True)
class Limits:
    """How much a submission may ask for. The defaults let 100,000 frames pass with room to spare.

    ``members``: files and folders of an archive or folder. 100,000 frames packed by macOS are
    twice as many, for each has an AppleDouble beside it.
    ``member_bytes``: one file after decompression; a frame of twelve points has about 700 bytes.
    ``total_bytes``: all files after decompression (for a tar the stream with its headers).
    ``ratio``: decompressed over compressed bytes. Deflate reaches 1032; points reach 5 to 10, and
    a tar.gz of nothing but empty lists 80. It counts from ``ratio_from`` bytes on.
    ``endings``: those of the files that are read, in lower case; others are ignored.
    ``path_length``: characters of a path; a tar's extended header may have 16 times as many bytes.
    """

    members: int = 300_000
    member_bytes: int = 16 << 20
    total_bytes: int = 2 << 30
    ratio: float = 250.0
    ratio_from: int = 8 << 20
    path_length: int = 512
    endings: tuple[str, ...] = (".json",)


class SourceError(Exception):
    """A file of a submission that cannot be read: ``code`` of the finding it becomes, and why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file that is read. ``name`` is a relative posix path without a common prefix folder.

    ``size`` is in bytes, as the archive or file system states it; an entry never holds more.
    """

    name: str
    size: int
    reader: Callable[[int], bytes]

    def read(self, limit: int) -> bytes:
        """The first ``limit + 1`` bytes at most: more than ``limit`` bytes mean a larger file.

        Raises SourceError when the content is damaged or may not be read. An entry of a tar can
        be read until the next entry is asked for.
        """
        return self.reader(limit)


class Broken(Exception):
    """A container as a whole cannot be read on: the finding's code, and why."""

    def __init__(self, message: str, code: str = "archive-unreadable") -> None:
        super().__init__(message)
        self.code = code


def unsafe_name(name: str, limits: Limits) -> str:
    """Why a path of a stranger cannot be used; empty if it can.

    Refused: nothing, absolute paths, drive letters, backslashes, ``..``, characters nobody sees
    (NUL, control characters, direction overrides, bytes that are not text), overlong names.
    """
    if not name.strip("/."):
        return "an empty name" if ".." not in name.split("/") else "a path with .."
    if unwritable(name):
        return "a name with control or invisible characters, or bytes that are not text"
    if name.startswith("/"):
        return "an absolute path"
    if re.match(r"[A-Za-z]:", name):
        return "a path with a drive letter"
    if "\\" in name:
        return "a path with backslashes"
    if ".." in name and ".." in name.split("/"):
        return "a path with .."
    if len(name) > limits.path_length:
        return f"a path of {len(name)} characters, more than {limits.path_length}"
    if len(name) > 63 and any(len(part.encode()) > 255 for part in name.split("/")):
        return "a name of more than 255 bytes"
    return ""


class Members:
    """Takes the names of a container one by one, and remembers what is to be said about them."""

    def __init__(self, limits: Limits, what: Literal["archive", "folder"]) -> None:
        self.limits = limits
        self.prefix = ""
        self._what = what
        self._noted = Capped(_KEPT)
        self._junk: Counter[str] = Counter()
        self._ignored: Counter[str] = Counter()
        self._names: dict[str, str] = {}

    def note(self, code: str, file: str, message: str, **more: Any) -> None:
        """One finding; the first hundred of a code are kept."""
        self._noted.add(finding(code, file[:300], message, **more))

    def admit(self, raw: str) -> str | None:
        """The clean name of a regular file, if it is a prediction that may be read."""
        reason = unsafe_name(raw, self.limits)
        if reason:
            self.note("archive-path", raw, reason)
            return None
        name = raw
        if "./" in raw or "//" in raw or raw.endswith("/"):
            name = "/".join(part for part in raw.split("/") if part not in ("", "."))
        lower = name.lower()
        *folders, last = lower.split("/")
        kind = "__MACOSX" if "__macosx" in folders else junk(last)
        if kind:
            self._junk[kind] += 1
        elif last.startswith(".") or any(f.startswith((".", "__")) for f in folders):
            self.ignore("hidden")
        elif lower.endswith(_NESTED):
            if self._what == "archive":
                self.note("archive-nested", name, "an archive inside the archive is not opened")
            else:
                self.ignore(PurePosixPath(last).suffix)
        elif not lower.endswith(self.limits.endings):
            self.ignore(PurePosixPath(last).suffix)
        else:
            return self._register(name)
        return None

    def folder(self, raw: str) -> None:
        """A folder of an archive has to be safe as well; nothing is made of it."""
        name = raw.rstrip("/") or raw
        reason = "" if name == "." else unsafe_name(name, self.limits)
        if reason:
            self.note("archive-path", raw, reason)

    def close(self) -> None:
        """All names are known: find names that collide, and the prefix folder."""
        names = self._names.values()
        folders = {name.rsplit("/", i)[0] for name in names for i in range(1, name.count("/") + 1)}
        for name in sorted(folders.intersection(names)):
            self.note("archive-duplicate", name, "a file and a folder have this name")
        self.prefix = common_prefix(Counter(name.rpartition("/")[0] for name in names))
        if self.prefix:
            place = f"all predictions are in the folder {self.prefix[:-1]}, which is taken off"
            self.note("archive-prefix", self.prefix[:-1], place)
        self._names = {}

    def findings(self) -> list[Finding]:
        """Everything noted, plus one finding for each kind of junk and of ignored file."""
        found = self._noted.findings()
        for kind, n in sorted(self._junk.items()):
            text = f"{plural(n, f'{kind} file')} skipped"
            found.append(finding("archive-junk", ".", text, count=n))
        for kind, n in sorted(self._ignored.items()):
            text = f"{plural(n, f'{kind} file')} skipped: only .json files are read"
            found.append(finding("file-ignored", ".", text, count=n))
        return found

    def ignore(self, kind: str) -> None:
        """Count a file that is skipped."""
        kind = kind[:20] or "nameless"
        if kind not in self._ignored and len(self._ignored) >= _KINDS:
            kind = "other"
        self._ignored[kind] += 1

    def _register(self, name: str) -> str | None:
        """None for a second member of the same name, which nobody could tell apart."""
        # File systems of macOS and Windows would let one of such files overwrite the other.
        key = name
        if self._what == "archive":
            key = name.lower() if name.isascii() else _folded(name)
        earlier = self._names.setdefault(key, name)
        if earlier is not name:
            same = "this name occurs twice in the archive"
            other = f"differs from {earlier} only in upper and lower case or in composed letters"
            self.note("archive-duplicate", name, same if earlier == name else other)
            return None
        return name


class Source(ABC):
    """A submission, opened. Use as ``for entry in source.entries(): ...`` in one thread."""

    kind: Literal["file", "folder", "zip", "tar"]

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._members = Members(limits, "folder" if self.kind == "folder" else "archive")
        try:
            self._open()
        except Broken as error:
            self._members.note(error.code, ".", str(error))
        self._members.close()

    @abstractmethod
    def _open(self) -> None:
        """Look at all names. Raises :class:`Broken`."""

    @property
    def findings(self) -> list[Finding]:
        """What is wrong with the container; complete from the start, before any entry is read."""
        return self._members.findings()

    @abstractmethod
    def entries(self) -> Iterator[SourceFile]:
        """The .json files that are safe to read; can be asked for again.

        Sorted for a folder, in the archive's order otherwise. Files that may not be read are
        left out and have a finding; so have files that are skipped.
        """


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())
