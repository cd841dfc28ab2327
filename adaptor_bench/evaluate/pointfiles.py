"""Find point JSON files and name the frame each belongs to.

``<root>/<surgery>/<video>/<stem>.json``, with or without a ``point_labels`` folder before the
file and a domain folder (``sim/``, ``intraop/``) before the surgery. One folder around everything,
as many archives have, is taken off. Labels, predictions and submissions are found by the same walk,
so they pair up by frame and never by sort order.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath, PurePosixPath

from adaptor_bench.data.layout import composed, frame_key, passed_over, unwritable
from adaptor_bench.errors import InputError

__all__ = ["PointFiles", "common_prefix", "find_point_files", "natural_order"]


@dataclass(frozen=True)
class PointFiles:
    """The JSON files below ``root``, as strings, because there may be a hundred thousand.

    ``frames`` maps ``surgery/video/stem`` to the path of the file, ``root`` included;
    ``duplicates`` maps such a key to the further files that claim it; ``misplaced`` are JSON
    files at no recognised place.
    """

    root: Path
    frames: dict[str, str]
    duplicates: dict[str, list[str]] = field(default_factory=dict)
    misplaced: list[str] = field(default_factory=list)

    def require_unique(self) -> None:
        """Raise InputError when two files claim the same frame."""
        if self.duplicates:
            problems = [
                f"{key}: {', '.join((self.frames[key], *others))}"
                for key, others in self.duplicates.items()
            ]
            raise InputError.collect(
                f"{self.root}: several files for the same frame:",
                problems,
                hint="Keep one file per frame; names are compared in Unicode form NFC. Domains "
                "that share surgery names are evaluated one at a time: give <root>/sim or "
                "<root>/intraop.",
            )

    def relative(self, path: str) -> str:
        """``path`` below the root, with forward slashes."""
        return Path(path).relative_to(self.root).as_posix()


def find_point_files(root: Path) -> PointFiles:
    """Walk ``root`` (hidden files and folders excepted).

    Raises InputError if it is no folder, and for names that cannot be written down.
    """
    if not root.is_dir():
        raise InputError(f"{root}: no such folder")
    files = PointFiles(root, {})
    folders = sorted(_folders(str(root), (), {os.path.realpath(root)}))
    unusable = [
        f"{path!r}: has control or invisible characters, or bytes that are no text, in its name"
        for parts, folder, names in folders
        for path in (f"{folder}{os.sep}{name}" for name in names)
        if not path.isprintable() and any(map(unwritable, (*parts, PurePath(path).name)))
    ]
    if unusable:
        raise InputError.collect(f"{root}: names that cannot be used:", unusable)
    around = common_prefix({"/".join(parts): len(names) for parts, _, names in folders})
    for parts, folder, names in folders:
        prefix = frame_key(PurePath(*parts[bool(around) :], "x"))
        for name in sorted(names):
            path = f"{folder}{os.sep}{name}"
            if prefix is None:
                files.misplaced.append(path)
                continue
            key = prefix[:-1] + composed(name[: -len(".json")])
            if files.frames.setdefault(key, path) is not path:
                files.duplicates.setdefault(key, []).append(path)
    return files


def common_prefix(folders: Mapping[str, int]) -> str:
    """``team/`` if all files are below the folder ``team``, and more of them are at a frame's place
    without it; else empty. ``folders`` maps relative posix paths to the files directly in each."""
    tops = {folder.partition("/")[0] for folder in folders}
    if len(tops) != 1 or "" in tops:
        return ""
    prefix = f"{tops.pop()}/"
    before = after = 0
    known: dict[tuple[object, ...], tuple[bool, bool]] = {}
    for folder, files in folders.items():
        # All that frame_key looks at to tell a frame's place from another one.
        parts = folder.split("/")
        shape = (len(parts), *parts[1:2], parts[-1])
        if shape not in known:
            paths = PurePosixPath(folder, "x"), PurePosixPath(folder[len(prefix) :], "x")
            known[shape] = frame_key(paths[0]) is not None, frame_key(paths[1]) is not None
        before += files * known[shape][0]
        after += files * known[shape][1]
    return prefix if after > before else ""


def natural_order(keys: Iterable[str]) -> list[str]:
    """Sorted with numbers compared as numbers: aicm2 before aicm10."""

    def order(key: str) -> tuple[list[tuple[int, str]], str]:
        # Longer numbers are larger; int() would refuse those of more than 4300 digits.
        parts = re.split(r"0*([0-9]+)", key)
        return [(len(p) if i % 2 else -1, p) for i, p in enumerate(parts)], key

    folders: dict[str, list[str]] = {}
    for key in keys:
        folders.setdefault(key.rpartition("/")[0], []).append(key)
    return [
        key
        for name in sorted(folders, key=order)
        # Text order, where it is the same, is several times faster.
        for key in sorted(folders[name], key=None if _numbered_alike(folders[name]) else order)
    ]


def _numbered_alike(keys: list[str]) -> bool:
    """All are the same text and a number of the same length, so that text order is theirs."""
    text = keys[0].rstrip("0123456789")
    return len({len(key) for key in keys}) == 1 and all(
        key.startswith(text) and key.isascii() and key[len(text) :].isdecimal() for key in keys
    )


def _folders(
    folder: str, parts: tuple[str, ...], above: set[str]
) -> Iterator[tuple[tuple[str, ...], str, list[str]]]:
    """Parts below the root, path and JSON names of every folder that holds any.

    Links are followed, for large datasets are often linked, but never back to a folder above.
    """
    names, subfolders = [], []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir():
                if not passed_over(entry.name, folder=True):
                    subfolders.append((entry.name, entry.is_symlink()))
            elif entry.name[-5:].lower() == ".json" and not passed_over(entry.name, folder=False):
                names.append(entry.name)
    if names:
        yield parts, folder, names
    for name, linked in subfolders:
        below = f"{folder}{os.sep}{name}"
        real = os.path.realpath(below) if linked else below
        if real not in above:
            yield from _folders(below, (*parts, name), above | {os.path.realpath(below)})
