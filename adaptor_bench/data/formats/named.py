"""Formats of other programs that are told by their content, so that a message can name them.

A format that gets a reader moves to a file of its own.
"""

from __future__ import annotations

import re

from adaptor_bench.data.formats.format import Format, RawFile

_XY = '{"x": .., "y": ..}'
_XY_SCORE = '{"x": .., "y": .., "score": ..}'
_OF_IMAGE = "in the file of its image"
_FRACTIONS = re.compile(r"[0-9]+(\s+-?[0-9.]+(e-?[0-9]+)?){4,}\s*", re.IGNORECASE)
_MEASURED = {"slice", "area", "mean", "counter", "frame", "channel", "xm", "major", "bx"}


def _coco(file: RawFile) -> bool:
    return (file.lists("annotations") and "images" in file.document) or ("image_id" in _first(file))


def _via(file: RawFile) -> bool:
    if isinstance(file.document, dict):
        some = next(iter(file.document.values()), None)
        return "_via_img_metadata" in file.document or (
            isinstance(some, dict) and "regions" in some
        )
    return file.columns[:2] == ["filename", "file_size"]


def _label_studio(file: RawFile) -> bool:
    first = _first(file)
    return "data" in first and bool({"annotations", "predictions"} & first.keys())


def _yolo(file: RawFile) -> bool:
    lines = file.text.splitlines()[:5]
    return bool(lines) and all(map(_FRACTIONS.fullmatch, lines))


def _fiji(file: RawFile) -> bool:
    # Fiji writes no name above the numbers of the rows.
    named = not file.columns[0] or bool(_MEASURED & set(file.columns))
    return _table(file) and named


def _table(file: RawFile) -> bool:
    return {"x", "y"} <= set(file.columns)


def _cvat(file: RawFile) -> bool:
    return "<annotations" in file.text[:1000]


def _dlc(file: RawFile) -> bool:
    return file.columns[0] == "scorer"


def _napari(file: RawFile) -> bool:
    return {"axis-0", "axis-1"} <= set(file.columns)


def _hdf5(file: RawFile) -> bool:
    return file.content.startswith(b"\x89HDF\r\n\x1a\n")


def _first(file: RawFile) -> dict[str, object]:
    """The first of a list of objects; empty where the document is none."""
    some = file.document[:1] if isinstance(file.document, list) else []
    return some[0] if some and isinstance(some[0], dict) else {}


_TABLES = (".csv", ".tsv", ".txt")
_HDF5 = "HDF5 (DeepLabCut, SLEAP)"

FORMATS = (
    Format("labelme", lambda s: s.lists("shapes"), f"each shape of type point becomes {_XY}"),
    Format("COCO keypoints", _coco, f"each triple x, y, v of keypoints becomes {_XY} {_OF_IMAGE}"),
    Format("OpenPose", lambda s: s.lists("people"), f"each triple x, y, score becomes {_XY_SCORE}"),
    Format(
        "VGG Image Annotator",
        _via,
        f"cx and cy of each point region become {_XY}",
        (".json", ".csv"),
    ),
    Format("Label Studio", _label_studio, f"x and y, as percent, become {_XY} in pixels"),
    Format("CVAT", _cvat, f'each pair "x,y" of a points element becomes {_XY}', (".xml",)),
    Format("DeepLabCut", _dlc, f"each pair of columns x, y becomes {_XY} {_OF_IMAGE}", (".csv",)),
    Format("napari", _napari, f"axis-1 and axis-0 of each row become {_XY}", (".csv",)),
    Format("ImageJ or Fiji", _fiji, f"X and Y of each row become {_XY}", _TABLES),
    Format("a table", _table, f"x and y of each row become {_XY}", _TABLES, title="a table"),
    Format("YOLO pose", _yolo, f"keypoints, as fractions, become {_XY} in pixels", (".txt",)),
    Format(_HDF5, _hdf5, f"each pair x, y becomes {_XY}", (".h5", ".hdf5", ".slp"), title=_HDF5),
)
"""Those that say more about a file stand before those that say less."""
