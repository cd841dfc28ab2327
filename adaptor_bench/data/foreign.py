"""Formats of other programs, told by their content, so that a message can name them.

Nothing is imported here; who gives labelme files hears that they are labelme files, and what has
to become of them.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any, NamedTuple

from adaptor_bench.bounded import read_up_to

__all__ = [
    "Foreign",
    "foreign_below",
    "foreign_beside",
    "foreign_document",
    "foreign_file",
    "foreign_hint",
]

_HEAD = 1 << 16  # bytes of a file that are looked at
_WHOLE = 2 << 20  # bytes of a JSON that is decoded
_ENTRIES, _FILES = 5_000, 50  # of a folder that are gone through, and opened
_ENDINGS = (".json", ".csv", ".tsv", ".xml", ".txt", ".h5", ".hdf5", ".slp")
_NUMBERS = re.compile(r"[0-9]+(\s+-?[0-9.]+(e-?[0-9]+)?){4,}\s*", re.IGNORECASE)

_TRIPLES = "each triple x, y, v of keypoints becomes"
_CONVERSIONS = {
    "labelme": 'each shape of type point becomes {"x": .., "y": ..}',
    "COCO keypoints": f'{_TRIPLES} {{"x": .., "y": ..}} in the file of its image',
    "VGG Image Annotator": 'cx and cy of each region of shape point become {"x": .., "y": ..}',
    "OpenPose": 'each triple x, y, score of a person becomes {"x": .., "y": .., "score": ..}',
    "Label Studio": 'x and y, which are percent there, become {"x": .., "y": ..} in pixels',
    "CVAT": 'each pair "x,y" of a points element becomes {"x": .., "y": ..}',
    "napari": 'axis-1 and axis-0 of each row become {"x": .., "y": ..}',
    "DeepLabCut": 'each pair of columns x, y becomes {"x": .., "y": ..} in the file of its image',
    "ImageJ or Fiji": 'X and Y of each row become {"x": .., "y": ..}',
    "YOLO pose": 'keypoints, which are fractions there, become {"x": .., "y": ..} in pixels',
    "HDF5 (DeepLabCut, SLEAP)": 'each pair x, y becomes {"x": .., "y": ..}',
    "a table": 'x and y of each row become {"x": .., "y": ..}',
}


class Foreign(NamedTuple):
    """``what`` a file is, and what is ``todo`` with it."""

    what: str
    todo: str


def foreign_document(document: Any) -> Foreign | None:
    """What a decoded JSON file is; None if it is of no known format, or has points of ours."""
    if isinstance(document, dict) and isinstance(document.get("points"), list):
        return None
    return _foreign(_json_format(document))


def foreign_file(path: Path) -> Foreign | None:
    """What a file of any kind is; None, too, if it cannot be read."""
    try:
        content = read_up_to(path, _WHOLE if path.suffix.lower() == ".json" else _HEAD)
        if path.suffix.lower() == ".json":
            return foreign_document(json.loads(content[: _WHOLE + 1]))
    except (OSError, ValueError, RecursionError):
        return None
    if content.startswith(b"\x89HDF\r\n\x1a\n"):
        return _foreign("HDF5 (DeepLabCut, SLEAP)")
    return _foreign(_text_format(content.decode("utf-8-sig", "replace")))


def foreign_below(root: Path) -> tuple[str, Foreign] | None:
    """Name below ``root`` of the first file of a known format, and what it is; None without one.

    For a message about a folder in which nothing was found; a bounded number of files is opened.
    """
    seen = opened = 0
    for folder, subfolders, names in os.walk(root):
        subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
        for name in sorted(names):
            seen += 1
            if name.startswith(".") or not name.lower().endswith(_ENDINGS):
                continue
            opened += 1
            path = Path(folder, name)
            if found := foreign_file(path):
                return path.relative_to(root).as_posix(), found
        if seen > _ENTRIES or opened > _FILES:
            break
    return None


def foreign_beside(missing: Path) -> tuple[str, Foreign] | None:
    """The same for a file that is missing: one of its name, with another ending, in its place."""
    if missing.exists():
        return None
    others = [missing.with_suffix(ending) for ending in _ENDINGS[1:]]
    found = ((path.name, foreign_file(path)) for path in others if path.exists())
    return next(((name, foreign) for name, foreign in found if foreign), None)


def foreign_hint(root: Path, otherwise: str) -> str:
    """What to say to somebody whose folder ``root`` was not understood."""
    found = foreign_below(root)
    if found is None:
        return otherwise
    name, (what, todo) = found
    return f"There is {name}, {what}. {todo}"


def _foreign(name: str) -> Foreign | None:
    if not name:
        return None
    what = name if name in ("a table", "HDF5 (DeepLabCut, SLEAP)") else f"a file of {name}"
    return Foreign(what, f"Convert it, one JSON file per frame: {_CONVERSIONS[name]}.")


def _json_format(document: Any) -> str:
    if isinstance(document, dict):
        if isinstance(document.get("shapes"), list):
            return "labelme"
        if isinstance(document.get("annotations"), list) and "images" in document:
            return "COCO keypoints"
        if isinstance(document.get("people"), list):
            return "OpenPose"
        some = next(iter(document.values()), None)
        if "_via_img_metadata" in document or (isinstance(some, dict) and "regions" in some):
            return "VGG Image Annotator"
    elif isinstance(document, list) and document and isinstance(document[0], dict):
        if "image_id" in document[0]:
            return "COCO keypoints"
        if "data" in document[0] and {"annotations", "predictions"} & document[0].keys():
            return "Label Studio"
    return ""


def _text_format(text: str) -> str:
    first = text.lstrip()[:200].partition("\n")[0].strip()
    columns = [c.strip(' "#').lower() for c in re.split(r"[,;\t]", first)]
    if "<annotations" in text[:1000]:
        return "CVAT"
    if columns[0] == "scorer":
        return "DeepLabCut"
    if columns[:2] == ["filename", "file_size"]:
        return "VGG Image Annotator"
    if {"axis-0", "axis-1"} <= set(columns):
        return "napari"
    if {"x", "y"} <= set(columns):
        measured = {"slice", "area", "mean", "counter", "frame", "channel", "xm", "major", "bx"}
        # Fiji writes no name above the numbers of the rows.
        return "ImageJ or Fiji" if not columns[0] or measured & set(columns) else "a table"
    lines = text.splitlines()[:5]
    return "YOLO pose" if lines and all(map(_NUMBERS.fullmatch, lines)) else ""
