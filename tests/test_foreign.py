"""Files of other programs are called by their names, with what to do, in every command."""

from __future__ import annotations

import json
import sys
from zipfile import ZipFile

import pytest
from commands import invoke
from frame_files import write_frame

import adaptor_bench.data.formats as package
from adaptor_bench.data.formats.known import (
    foreign_below,
    foreign_document,
    foreign_file,
    formats,
)

pytestmark = pytest.mark.quick

LABELME = {
    "version": "5.4.1", "flags": {}, "imagePath": "000000.png", "imageData": None,
    "shapes": [{"label": "suture", "points": [[100.4, 50.2]], "shape_type": "point"}],
    "imageHeight": 288, "imageWidth": 512,
}  # fmt: skip
COCO = {
    "info": {}, "images": [{"id": 1, "file_name": "000000.png", "width": 512, "height": 288}],
    "annotations": [{"id": 1, "image_id": 1, "keypoints": [100, 50, 2], "num_keypoints": 1}],
    "categories": [],
}  # fmt: skip
DOCUMENTS = {
    "labelme": LABELME,
    "COCO keypoints": COCO,
    "COCO keypoints, results": [{"image_id": 1, "keypoints": [1, 2, 1], "score": 0.9}],
    "VGG Image Annotator": {"_via_settings": {}, "_via_img_metadata": {}},
    "VGG Image Annotator, 1": {"0.png12": {"filename": "0.png", "regions": [], "size": 12}},
    "OpenPose": {"version": 1.3, "people": [{"pose_keypoints_2d": [1, 2, 0.5]}]},
    "VGG Image Annotator 3": {"project": {"pid": "p"}, "metadata": {"1_a": {"xy": [1, 2, 3]}}},
    "Label Studio": [{"id": 1, "data": {"image": "0.png"}, "annotations": []}],
}
TEXTS = {
    "CVAT": (
        "xml",
        '<?xml version="1.0"?>\n<annotations>\n  <version>1.1</version>',
    ),
    "napari": ("csv", "index,axis-0,axis-1\n0.0,50.25,100.5\n"),
    "napari, stack": ("csv", "index,axis-0,axis-1,axis-2\n0.0,3.0,50.25,100.5\n"),
    "DeepLabCut": ("csv", "scorer,me,me\nbodyparts,a,a\ncoords,x,y\n0.png,1,2\n"),
    "ImageJ or Fiji": ("csv", " ,X,Y,Slice\r\n1,100.5,50.25,1\r\n"),
    "ImageJ or Fiji, tabs": ("tsv", " \tArea\tMean\tX\tY\n1\t0\t255\t100.5\t50.25\n"),
    "ImageJ or Fiji, quoted": ("csv", '"Counter","X","Y"\n0,1,2\n'),
    "VGG Image Annotator": (
        "csv",
        "#filename,file_size,file_attributes\n0.png,1,{}",
    ),
    "YOLO pose": ("txt", "0 0.5 0.5 0.1 0.1 0.25 0.75 2\n0 0.5 0.5 1e-2 0.1 0.25 0.75 2\n"),
    "a table": ("csv", "x,y\n100,50\n"),
    "a table, semicolon and mark": ("csv", "\ufeffframe_name;x;y\n0;100;50\n"),
}


def called(name: str) -> str:
    name = name.partition(",")[0]
    return name if name == "a table" else f"a file of {name}"


def errors(folder) -> list[str]:
    report = json.loads(invoke("validate", folder, "--format", "json", code=1)[0])
    return sorted(f["code"] for f in report["findings"] if f["severity"] == "error")


def remedy(name: str) -> str:
    """What the message about such a file says."""
    key = {"COCO keypoints": "coco", "labelme": "labelme", "VGG Image Annotator": "via"}
    known = key.get(name.partition(",")[0])
    return f"bench data import {known} " if known else "Convert it, one JSON file per frame: "


@pytest.mark.parametrize("name", [name for name in DOCUMENTS if name != "labelme"])
def test_json_of_other_programs(tmp_path, name):
    assert foreign_document(DOCUMENTS[name]).what == called(name)
    label = write_frame(tmp_path / "ds", "a", "000000", [(1, 1)])
    write_frame(tmp_path / "good", "a", "000000", [(1, 1)])
    label.write_text(json.dumps(DOCUMENTS[name]))
    data, other = tmp_path / "ds", tmp_path / "good"
    for command in (
        ("data", "check", data),
        ("data", "info", data),
        ("evaluate", data, other),
        ("evaluate", other, data),
        ("audit", other, data),
        ("validate", other, "--reference", data),
        ("validate", data),
        ("validate", label),
    ):
        said = "".join(invoke(*command, code=1))
        assert called(name) in said and remedy(name) in said, command
    assert errors(data) == ["format-foreign"]


def test_labelme_is_scored_as_it_is_and_no_submission(tmp_path):
    label = write_frame(tmp_path / "ds", "a", "000000", [(1, 1)])
    label.write_text(json.dumps(LABELME))
    write_frame(tmp_path / "good", "a", "000000", [(100, 50)])
    data, good = tmp_path / "ds", tmp_path / "good"
    for pair in ((data, good), (good, data)):
        scored = json.loads(invoke("evaluate", *pair, "--format", "json")[0])
        assert scored["counts"] == {"tp": 1, "fp": 0, "fn": 0}
    invoke("data", "check", data)
    for path in (data, label):
        said = "".join(invoke("validate", path, code=1))
        assert f"bench data import labelme {path} NEW_FOLDER --predictions" in said.replace(
            "\n", " "
        )
    assert errors(data) == ["format-foreign"]


@pytest.mark.parametrize("name", TEXTS)
def test_a_file_in_place_of_a_folder_is_answered_with_the_command(tmp_path, name):
    ending, text = TEXTS[name]
    write_frame(tmp_path / "good", "a", "000000", [(1, 1)])
    path = tmp_path / f"points of mine.{ending}"
    path.write_text(text, "utf-8")
    for command in (
        ("validate", path),
        ("evaluate", path, tmp_path / "good"),
        ("evaluate", tmp_path / "good", path),
    ):
        said = invoke(*command, code=2)[1]
        assert called(name) in said, said
        if name != "DeepLabCut":
            flags = " --size WxH" if name == "YOLO pose" else ""
            flags += "" if command[2:] == (path,) else " --predictions"
            assert f"bench data import {key_of(path)} '{path}' NEW_FOLDER{flags}\n" in said, said


def key_of(path) -> str:
    return foreign_file(path).key


@pytest.mark.parametrize("name", TEXTS)
def test_tables_and_texts_of_other_programs(tmp_path, name):
    ending, text = TEXTS[name]
    label = write_frame(tmp_path / "ds", "a", "000000", [(1, 1)])
    good = tmp_path / "good"
    write_frame(good, "a", "000000", [(1, 1)])
    label.unlink()
    label.with_suffix(f".{ending}").write_text(text, "utf-8")
    assert foreign_file(label.with_suffix(f".{ending}")).what == called(name)
    data = tmp_path / "ds"
    for command, code in (
        (("data", "check", data), 1),
        (("data", "info", data), 1),
        (("evaluate", good, data), 1),
        (("evaluate", data, good), 1),
        (("validate", data), 1),
    ):
        said = "".join(invoke(*command, code=code))
        assert f"000000.{ending}" in said and called(name) in said, command


def test_one_file_for_all_frames(tmp_path):
    write_frame(tmp_path / "ds", "a", "000000", [(1, 1)]).unlink()
    (tmp_path / "ds" / "person_keypoints.json").write_text(json.dumps(COCO))
    (tmp_path / "ds" / "notes.docx").write_text("nothing to do")
    report = json.loads(invoke("validate", tmp_path / "ds", "--format", "json", code=1)[0])
    assert [found["code"] for found in report["findings"]] == ["format-foreign"]
    images = tmp_path / "only_images"
    images.mkdir()
    (images / "points.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    _, said = invoke("data", "check", images, code=1)
    assert "no frames found" in said and "points.h5, HDF5 (DeepLabCut, SLEAP)" in said


def line(*points) -> dict:
    shape = {"label": "suture", "points": points, "shape_type": "line"}
    return LABELME | {"shapes": [shape], "imageHeight": 576}


UNITS = "LABEL,POSITION_X,POSITION_Y,FRAME\nLabel,X,Y,Frame\nLabel,X,Y,Frame\n,({0}),({0}),\n"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a/v/0.json", json.dumps(line([9, 10], [8, 298])), "labelme DIR NEW --stacked vertical"),
        ("a/v/0.json", json.dumps(line([9, 10], [300, 9])), "labelme DIR NEW --stacked horizontal"),
        ("0.json", json.dumps(COCO), "coco DIR/0.json NEW"),
        ("0.json", json.dumps([{"image_id": 1, "keypoints": []}]), "coco DIR/0.json NEW --index"),
        ("a/spots.csv", UNITS.format("micron"), "trackmate DIR NEW --pixel-size UNITS_PER_PX"),
        ("a/spots.csv", UNITS.format("pixel") + "a,1,2,0\n", "trackmate DIR NEW --predictions"),
        ("a/v/0.txt", "0 0.5 0.5 0.1 0.1 0.25 0.75 2\n", "yolo-pose DIR NEW --size WxH"),
        ("a/v/Results.xls", " \tX\tY\n1\t2\t3\n", "fiji DIR NEW --predictions"),
    ],
)
def test_the_command_has_the_options_that_the_file_asks_for(tmp_path, name, content, words):
    folder = tmp_path / "in"
    path = folder / name
    path.parent.mkdir(parents=True)
    path.write_text(content)
    (found,) = json.loads(invoke("validate", folder, "--format", "json", code=1)[0])["findings"]
    said = found["hint"].replace(str(folder), "DIR").replace("NEW_FOLDER", "NEW")
    assert f"bench data import {words}" in said


@pytest.mark.parametrize(
    ("name", "content", "key"),
    [("a/v/0.json", json.dumps(LABELME), "labelme"), ("a/v/0.csv", "x,y\n100.4,50.2\n", "csv")],
)
def test_an_archive_is_recognised_and_imported(tmp_path, name, content, key):
    packed = tmp_path / "team.zip"
    with ZipFile(packed, "w") as archive:
        archive.writestr(name, content)
        archive.writestr("a/v/0.txt", "read me")
    (found,) = json.loads(invoke("validate", packed, "--format", "json", code=1)[0])["findings"]
    assert f"bench data import {key} {packed} NEW_FOLDER --predictions" in found["hint"]
    invoke("data", "import", key, packed, tmp_path / "new", "--predictions")
    points = json.loads((tmp_path / "new" / "a" / "v" / "point_labels" / "0.json").read_text())
    assert points["points"] == [{"x": 100.4, "y": 50.2}]


def test_a_zip_of_selections_is_no_submission(tmp_path):
    packed = tmp_path / "RoiSet.zip"
    with ZipFile(packed, "w") as archive:
        archive.writestr("0001-0002-0003.roi", b"Iout" + bytes(60))
    write_frame(tmp_path / "good", "a", "000000", [(1, 1)])
    for command in (("validate", packed), ("evaluate", packed, tmp_path / "good")):
        assert f"bench data import imagej-roi {packed} " in invoke(*command, code=2)[1]
    with ZipFile(packed, "w") as archive:
        archive.writestr("a/v/0.json", '{"points": []}')
        archive.writestr("a/v/0.roi", b"Iout" + bytes(60))
    assert foreign_file(packed) is None


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", json.dumps(LABELME | {"points": []})),  # converted, the rest left in
        ("a.json", "[]"),
        ("a.json", "{"),
        ("a.json", "[[1, 2]]"),
        ("a.json", '{"people": 3, "shapes": {}}'),
        ("a.txt", "read me first\n"),
        ("a.txt", "1 2 3\n"),
        ("a.txt", ""),
        ("a.csv", "team,score\nme,1\n"),
        ("a.xml", "<html></html>"),
    ],
)
def test_nothing_else_is_taken_for_one(tmp_path, name, content):
    (tmp_path / name).write_text(content)
    assert foreign_file(tmp_path / name) is None
    assert foreign_below(tmp_path) is None


def test_the_search_is_bounded_and_reads_regular_files_only(tmp_path):
    (tmp_path / "a.csv").symlink_to("/dev/zero")
    for i in range(60):
        (tmp_path / f"b{i:02}.txt").write_text("no points")
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "z.csv").write_text("x,y\n1,2\n")
    assert foreign_below(tmp_path) is None
    for path in tmp_path.glob("b[1-5]*"):
        path.unlink()
    assert foreign_below(tmp_path)[0] == "c/z.csv"


PIPES = """
import numpy as np
from adaptor_bench.data.formats.format import Format, PointFile

def read(file, where):
    return {"": PointFile(np.array([line.split("|") for line in file.text.split()], float))}

FORMATS = [Format("pipes", lambda s: "|" in s.text[:9], "x|y becomes x and y", (".pip",), read)]
"""


def test_a_format_is_one_file(tmp_path, monkeypatch):
    """Beside the others it would be found likewise; a reader makes it one that is scored."""
    (tmp_path / "pipes.py").write_text(PIPES)
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    label = write_frame(tmp_path / "labels", "a", "000000", [(10, 10), (300, 200)])
    theirs = tmp_path / "theirs" / "a" / "video_1" / "000000.pip"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("11|10\n300|200")
    formats.cache_clear()
    try:
        assert label.exists() and foreign_file(theirs).name == "pipes"
        said = "".join(invoke("validate", tmp_path / "theirs", code=1))
        assert "a file of pipes" in said and "x|y becomes x and y" in said
        scored = invoke("evaluate", theirs.parents[2], tmp_path / "labels", "--format", "json")[0]
        assert json.loads(scored)["counts"] == {"tp": 2, "fp": 0, "fn": 0}
        theirs.write_text("neither this nor that")
        _, told = invoke("evaluate", theirs.parents[2], tmp_path / "labels", code=1)
        assert f"{theirs}: of no format that is read" in told
    finally:
        formats.cache_clear()
        monkeypatch.delitem(sys.modules, "adaptor_bench.data.formats.pipes", raising=False)
