"""Formats of other programs that are told by their content, so that a message can name them.

A format that gets a reader moves to a file of its own.
"""

from __future__ import annotations

import re

from adaptor_bench.data.formats.format import Format, Sample

__all__ = ["FORMATS"]

_XY = '{"x": .., "y": ..}'
_XY_SCORE = '{"x": .., "y": .., "score": ..}'
_OF_IMAGE = "in the file of its image"
_FRACTIONS = re.compile(r"[0-9]+(\s+-?[0-9.]+(e-?[0-9]+)?){4,}\s*", re.IGNORECASE)
_MEASURED = {"slice", "area", "mean", "counter", "frame", "channel", "xm", "major", "bx"}


def _coco(sample: Sample) -> bool:
    return (sample.lists("annotations") and "images" in sample.document) or (
        "image_id" in _first(sample)
    )


def _via(sample: Sample) -> bool:
    if isinstance(sample.document, dict):
        some = next(iter(sample.document.values()), None)
        return "_via_img_metadata" in sample.document or (
            isinstance(some, dict) and "regions" in some
        )
    return sample.columns[:2] == ["filename", "file_size"]


def _label_studio(sample: Sample) -> bool:
    first = _first(sample)
    return "data" in first and bool({"annotations", "predictions"} & first.keys())


def _yolo(sample: Sample) -> bool:
    lines = sample.text.splitlines()[:5]
    return bool(lines) and all(map(_FRACTIONS.fullmatch, lines))


def _fiji(sample: Sample) -> bool:
    # Fiji writes no name above the numbers of the rows.
    named = not sample.columns[0] or bool(_MEASURED & set(sample.columns))
    return _table(sample) and named


def _table(sample: Sample) -> bool:
    return {"x", "y"} <= set(sample.columns)


def _cvat(sample: Sample) -> bool:
    return "<annotations" in sample.text[:1000]


def _dlc(sample: Sample) -> bool:
    return sample.columns[0] == "scorer"


def _napari(sample: Sample) -> bool:
    return {"axis-0", "axis-1"} <= set(sample.columns)


def _hdf5(sample: Sample) -> bool:
    return sample.content.startswith(b"\x89HDF\r\n\x1a\n")


def _first(sample: Sample) -> dict[str, object]:
    """The first of a list of objects; empty where the document is none."""
    some = sample.document[:1] if isinstance(sample.document, list) else []
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
