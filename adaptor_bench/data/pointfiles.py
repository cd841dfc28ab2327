"""Find the files below a folder and name the frame each belongs to.

``<root>/<surgery>/<video>/<stem>.json``, with or without a ``point_labels`` folder before the
file and a domain folder (``sim/``, ``intraop/``) before the surgery; images likewise. One folder
around everything, as many archives have, is taken off. Labels, predictions and images are found by
the same walk, so they pair up by frame and never by sort order.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from adaptor_bench.data.formats.known import readable_endings
from adaptor_bench.data.layout import (
    DESCRIPTIONS,
    LABELS,
    common_prefix,
    composed,
    frame_key,
    frame_names,
    passed_over,
    unwritable,
)
from adaptor_bench.errors import InputError


@dataclass(frozen=True)
class FrameFiles:
    """Files below ``root``, as strings, because there may be a hundred thousand.

    ``frames`` maps ``surgery/video/stem`` to the path of the file, ``root`` included;
    ``duplicates`` maps such a key to the further files that claim it; ``misplaced`` are files at
    no recognised place. ``level`` is the folder that may stand before a file, ``around`` the one
    around everything.
    """

    root: Path
    frames: dict[str, str]
    level: str = LABELS
    around: str = ""
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

    def names(self, key: str) -> tuple[str, str, str]:
        """Surgery, video and stem of a frame as the file system spells them."""
        path = Path(self.frames[key]).relative_to(self.root / self.around)
        names = frame_names(path, self.level)
        assert names is not None
        return names


def find_point_files(root: Path) -> FrameFiles:
    """The files below ``root`` that hold points, in whichever format that is read."""
    return find_files(root, readable_endings(), LABELS)


def find_files(root: Path, endings: Collection[str], level: str) -> FrameFiles:
    """Walk ``root`` (hidden files and folders excepted) for files with one of these endings, which
    are in lower case; ``level`` is the folder that may stand between video and file.

    Raises InputError if it is no folder, and for names that cannot be written down.
    """
    if not root.is_dir():
        raise InputError(f"{root}: no such folder")
    folders = sorted(_folders(str(root), (), {os.path.realpath(root)}, endings))
    unusable = [
        f"{path!r}: has control or invisible characters, or bytes that are not text, in its name"
        for parts, folder, names in folders
        for path in (f"{folder}{os.sep}{name}" for name in names)
        if not path.isprintable() and any(map(unwritable, (*parts, PurePath(path).name)))
    ]
    if unusable:
        raise InputError.collect(f"{root}: names that cannot be used:", unusable)
    around = common_prefix({"/".join(parts): len(names) for parts, _, names in folders}, level)
    files = FrameFiles(root, {}, level, around)
    for parts, folder, names in folders:
        prefix = frame_key(PurePath(*parts[bool(around) :], "x"), level)
        for name in sorted(names):
            path = f"{folder}{os.sep}{name}"
            if prefix is None:
                files.misplaced.append(path)
                continue
            key = prefix[:-1] + composed(name.rpartition(".")[0])
            if files.frames.setdefault(key, path) is not path:
                files.duplicates.setdefault(key, []).append(path)
    return files


def _folders(
    folder: str, parts: tuple[str, ...], above: set[str], endings: Collection[str]
) -> Iterator[tuple[tuple[str, ...], str, list[str]]]:
    """Parts below the root, path and names with these endings of every folder that holds any.

    Links are followed, for large datasets are often linked, but never back to a folder above.
    """
    names, subfolders = [], []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir():
                if not passed_over(entry.name, folder=True):
                    subfolders.append((entry.name, entry.is_symlink()))
            elif (
                _ending(entry.name) in endings
                and not passed_over(entry.name, folder=False)
                and (parts or entry.name not in DESCRIPTIONS)
            ):
                names.append(entry.name)
    if names:
        yield parts, folder, names
    for name, linked in subfolders:
        below = f"{folder}{os.sep}{name}"
        real = os.path.realpath(below) if linked else below
        if real not in above:
            yield from _folders(below, (*parts, name), above | {os.path.realpath(below)}, endings)


def _ending(name: str) -> str:
    return name[name.rfind(".") :].lower()
