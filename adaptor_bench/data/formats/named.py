"""Formats of other programs that are told by their content, so that a message can name them.

A format that gets a reader moves to a file of its own.
"""

from __future__ import annotations

from adaptor_bench.data.formats.format import Format, RawFile

_XY = '{"x": .., "y": ..}'
_XY_SCORE = '{"x": .., "y": .., "score": ..}'
_OF_IMAGE = "in the file of its image"


def _label_studio(file: RawFile) -> bool:
    some = file.document[:1] if isinstance(file.document, list) else []
    first = some[0] if some and isinstance(some[0], dict) else {}
    return "data" in first and bool({"annotations", "predictions"} & first.keys())


def _dlc(file: RawFile) -> bool:
    return file.columns[0] == "scorer"


def _via3(file: RawFile) -> bool:
    project = file.document.get("project") if isinstance(file.document, dict) else None
    return isinstance(project, dict) and "pid" in project and "metadata" in file.document


def _hdf5(file: RawFile) -> bool:
    return file.content.startswith(b"\x89HDF\r\n\x1a\n")


_VIA3 = "VGG Image Annotator 3"
_HDF5 = "HDF5 (DeepLabCut, SLEAP)"

FORMATS = (
    Format("OpenPose", lambda s: s.lists("people"), f"each triple x, y, score becomes {_XY_SCORE}"),
    Format("Label Studio", _label_studio, f"x and y, as percent, become {_XY} in pixels"),
    Format(_VIA3, _via3, f"each xy of metadata, [1, x, y], becomes {_XY} {_OF_IMAGE}"),
    Format("DeepLabCut", _dlc, f"each pair of columns x, y becomes {_XY} {_OF_IMAGE}", (".csv",)),
    Format(_HDF5, _hdf5, f"each pair x, y becomes {_XY}", (".h5", ".hdf5", ".slp"), title=_HDF5),
)
