"""Formats of other programs that are told by their content, so that a message can name them.

A format that gets a reader moves to a file of its own.
"""

from __future__ import annotations

import re

from adaptor_bench.data.formats.format import Format, Sample

__all__ = ["FORMATS"]

_XY = '{"x": .., "y": ..}'
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
    columns = set(sample.columns)
    return {"x", "y"} <= columns and (not sample.columns[0] or bool(_MEASURED & columns))


def _first(sample: Sample) -> dict[str, object]:
    """The first of a list of objects; empty where the document is none."""
    some = sample.document[:1] if isinstance(sample.document, list) else []
    return some[0] if some and isinstance(some[0], dict) else {}


FORMATS = (
    Format("labelme", lambda s: s.lists("shapes"), f"each shape of type point becomes {_XY}"),
    Format(
        "COCO keypoints",
        _coco,
        f"each triple x, y, v of keypoints becomes {_XY} in the file of its image",
    ),
    Format(
        "OpenPose",
        lambda s: s.lists("people"),
        'each triple x, y, score of a person becomes {"x": .., "y": .., "score": ..}',
    ),
    Format(
        "VGG Image Annotator",
        _via,
        f"cx and cy of each region of shape point become {_XY}",
        (".json", ".csv"),
    ),
    Format(
        "Label Studio", _label_studio, f"x and y, which are percent there, become {_XY} in pixels"
    ),
    Format(
        "CVAT",
        lambda s: "<annotations" in s.text[:1000],
        f'each pair "x,y" of a points element becomes {_XY}',
        (".xml",),
    ),
    Format(
        "DeepLabCut",
        lambda s: s.columns[0] == "scorer",
        f"each pair of columns x, y becomes {_XY} in the file of its image",
        (".csv",),
    ),
    Format(
        "napari",
        lambda s: {"axis-0", "axis-1"} <= set(s.columns),
        f"axis-1 and axis-0 of each row become {_XY}",
        (".csv",),
    ),
    Format("ImageJ or Fiji", _fiji, f"X and Y of each row become {_XY}", (".csv", ".tsv", ".txt")),
    Format(
        "a table",
        lambda s: {"x", "y"} <= set(s.columns),
        f"x and y of each row become {_XY}",
        (".csv", ".tsv", ".txt"),
        title="a table",
    ),
    Format(
        "YOLO pose",
        _yolo,
        f"keypoints, which are fractions there, become {_XY} in pixels",
        (".txt",),
    ),
    Format(
        "HDF5 (DeepLabCut, SLEAP)",
        lambda s: s.content.startswith(b"\x89HDF\r\n\x1a\n"),
        f"each pair x, y becomes {_XY}",
        (".h5", ".hdf5", ".slp"),
        title="HDF5 (DeepLabCut, SLEAP)",
    ),
)
"""Those that say more about a file stand before those that say less."""
