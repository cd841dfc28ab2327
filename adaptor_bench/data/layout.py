"""The one grammar of paths: which frame a file belongs to, and which files are nobody's.

``[sim|intraop/]<surgery>/<video>/[images/]<stem>.png`` (or another ending of :data:`FRAMES`) and
``[sim|intraop/]<surgery>/<video>/[point_labels/]<stem>.json``. Names are compared in Unicode form
NFC: macOS writes ``ü`` as two characters, and the same surgery has to meet itself. Endings are
compared without regard to case.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePath, PurePosixPath

DOMAINS = ("sim", "intraop")
IMAGES = "images"
LABELS = "point_labels"
EXPECTED = "<root>/[sim|intraop/]<folder>/<subfolder>/[point_labels/]<stem>.json"
"""Where labels and predictions stand, in words."""
JUNK_FILES = {n.lower(): n for n in (".DS_Store", "Thumbs.db", "desktop.ini")}
JUNK_FOLDERS = {"__macosx", "__pycache__"}
FRAMES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp")
"""Endings of images that are frames. Where there is a PNG, others of its name are no frame."""
NO_FRAMES = (".webp", ".gif", ".avif", ".heic", ".jp2")
"""Endings of images that are none, to name them where one is missing."""
DESCRIPTIONS = ("croissant.json", "croissant_frames.csv", "croissant_landmarks.csv")
"""Files at the root that describe a dataset (``bench data croissant``); no frame's points."""
_INVISIBLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def composed(name: str) -> str:
    """``name`` in Unicode form NFC, in which names are compared."""
    return name if name.isascii() else unicodedata.normalize("NFC", name)


def junk(name: str) -> str:
    """What kind of file of an operating system ``name`` is; empty if it is none."""
    lower = name.lower()
    return JUNK_FILES.get(lower, "._*" if lower.startswith("._") else "")


def passed_over(name: str, *, folder: bool) -> bool:
    """Whether a file or folder is no part of a dataset or of predictions: hidden, or junk."""
    return name.startswith((".", "__") if folder else ".") or bool(junk(name))


def unwritable(name: str) -> bool:
    """Whether a name has characters nobody sees, or bytes that are not text.

    Such a name cannot be told in a message or stand in a JSON file.
    """
    return not name.isprintable() and any(unicodedata.category(c) in _INVISIBLE for c in name)


def frame_key(relative: PurePath, level: str = LABELS) -> str | None:
    """``surgery/video/stem`` in NFC of a file, as :func:`frame_names` tells them apart."""
    names = frame_names(relative, level)
    return None if names is None else composed("/".join(names))


def frame_names(relative: PurePath, level: str = LABELS) -> tuple[str, str, str] | None:
    """Surgery, video and stem of a file, from its path below the root; None at a wrong place.

    ``level`` is the folder that may stand between video and file.
    """
    parts = [*relative.parts[:-1], relative.stem]
    if len(parts) >= 4 and parts[-2] == level:
        del parts[-2]
    if len(parts) == 4 and parts[0] in DOMAINS:
        del parts[0]
    return (parts[0], parts[1], parts[2]) if len(parts) == 3 else None


def common_prefix(folders: Mapping[str, int], level: str = LABELS) -> str:
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
            known[shape] = (
                frame_key(paths[0], level) is not None,
                frame_key(paths[1], level) is not None,
            )
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


def image_place(video: Path, stem: str) -> Path:
    """Where a dataset has the image of a frame, below the folder of its video."""
    return video / IMAGES / f"{stem}.png"


def label_place(video: Path, stem: str) -> Path:
    """Where a dataset has the label of a frame, and predictions its points."""
    return video / LABELS / f"{stem}.json"


def images_by_stem(folder: Path) -> dict[str, list[Path]]:
    """The images of frames in ``folder``, as :func:`by_stem` gives them."""
    found = by_stem(folder, FRAMES)
    return {stem: pngs_first(paths) for stem, paths in found.items()}


def pngs_first(paths: list[Path]) -> list[Path]:
    """Those of several images of a frame that count: a PNG, if there is one."""
    return [path for path in paths if path.suffix.lower() == FRAMES[0]] or paths


def by_stem(folder: Path, endings: tuple[str, ...]) -> dict[str, list[Path]]:
    """The files in ``folder`` with one of these endings, by their stem in NFC; none if there is no
    folder.

    More than one for a stem: their names differ in the ending or its case, or in Unicode form.
    """
    found: dict[str, list[Path]] = {}
    if folder.is_dir():
        with os.scandir(folder) as entries:
            names = sorted(
                entry.name
                for entry in entries
                if entry.name.lower().endswith(endings)
                and not passed_over(entry.name, folder=False)
                and not entry.is_dir()
            )
        for name in names:
            found.setdefault(composed(name.rpartition(".")[0]), []).append(folder / name)
    return found
