"""Find point JSON files and name the frame each belongs to.

``<root>/<surgery>/<video>/<stem>.json``, with or without a ``point_labels`` folder before the
file and a domain folder (``sim/``, ``intraop/``) before the surgery. Labels, predictions and
submissions are found by the same walk, so they pair up by frame and never by sort order.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from adaptor_bench.data.frames import DOMAINS
from adaptor_bench.errors import InputError

__all__ = ["PointFiles", "find_point_files", "frame_key", "natural_order"]


@dataclass(frozen=True)
class PointFiles:
    """The JSON files below ``root``.

    ``frames`` maps ``surgery/video/stem`` to the file; ``duplicates`` maps such a key to the
    further files that claim it; ``misplaced`` are JSON files at no recognised place.
    """

    root: Path
    frames: dict[str, Path]
    duplicates: dict[str, list[Path]] = field(default_factory=dict)
    misplaced: list[Path] = field(default_factory=list)

    def require_unique(self) -> None:
        """Raise InputError when two files claim the same frame."""
        if self.duplicates:
            problems = [
                f"{key}: {', '.join(str(p) for p in (self.frames[key], *others))}"
                for key, others in self.duplicates.items()
            ]
            raise InputError.collect(
                f"{self.root}: several files for the same frame:",
                problems,
                hint="Keep one file per frame. Domains that share surgery names are evaluated one "
                "at a time: give <root>/sim or <root>/intraop.",
            )


def find_point_files(root: Path) -> PointFiles:
    """Walk ``root`` (hidden files and folders excepted). Raises InputError if it is no folder."""
    if not root.is_dir():
        raise InputError(f"{root}: no such folder")
    files = PointFiles(root, {})
    for path in sorted(_json_files(root)):
        key = frame_key(path.relative_to(root))
        if key is None:
            files.misplaced.append(path)
        elif key in files.frames:
            files.duplicates.setdefault(key, []).append(path)
        else:
            files.frames[key] = path
    return files


def frame_key(relative: PurePath) -> str | None:
    """``surgery/video/stem`` of a file, from its path below the root; None at a wrong place."""
    parts = [*relative.parts[:-1], relative.stem]
    if len(parts) >= 4 and parts[-2] == "point_labels":
        del parts[-2]
    if len(parts) == 4 and parts[0] in DOMAINS:
        del parts[0]
    return "/".join(parts) if len(parts) == 3 else None


def natural_order(keys: Iterable[str]) -> list[str]:
    """Sorted with numbers compared as numbers: aicm2 before aicm10."""

    def order(key: str) -> tuple[list[tuple[int, str]], str]:
        parts = re.split(r"([0-9]+)", key)
        return [(int(p), "") if i % 2 else (-1, p) for i, p in enumerate(parts)], key

    return sorted(keys, key=order)


def _json_files(root: Path) -> Iterable[Path]:
    for folder, subfolders, names in os.walk(root, followlinks=True):
        subfolders[:] = [name for name in subfolders if not name.startswith((".", "__"))]
        for name in names:
            if name.lower().endswith(".json") and not name.startswith("."):
                yield Path(folder) / name
