"""Files of other programs: what is read of them, what is written, and that nothing is lost."""

from __future__ import annotations

import json
import struct
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from commands import invoke, invoke_all, outcome
from frame_files import write_frame
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from adaptor_bench import extras
from adaptor_bench.audit.round_trip import formats_table, round_trips
from adaptor_bench.data.formats import coco, imagej, parquet
from adaptor_bench.data.formats.format import (
    FramePoints,
    PointFile,
    RawFile,
    ReadOptions,
    WriteOptions,
)
from adaptor_bench.data.formats.known import (
    exportable,
    format_named,
    formats,
    importable,
    recognised,
)
from adaptor_bench.data.importing import ImportOptions, import_points
from adaptor_bench.data.labels import read_points
from adaptor_bench.data.placing import ImageFolder, Placing
from adaptor_bench.errors import InputError, UsageError
from adaptor_bench.extras import how_to_get
from adaptor_bench.report.render import render

pytestmark = pytest.mark.quick

ROOT = Path(__file__).parent.parent
SIZE = (512, 288)
SOON = settings(
    deadline=None, max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def read(key: str, content, name="film", **options) -> dict[str, list]:
    """Points by image of a file of the format, from text, bytes or a document."""
    raw = content.encode() if isinstance(content, str) else content
    how = {"content": raw} if isinstance(raw, bytes) else {"document": raw}
    file = RawFile(name=name, options=ReadOptions(**options), **how)
    format_ = format_named(key)
    assert format_.recognise is None or format_.recognise(file)
    return {n: f.points.tolist() for n, f in format_.read(file, "it").items()}


# Round trips


def landmarks():
    x, y = (st.floats(0, side - 1).map(lambda v: round(v, 3)) for side in SIZE)
    return st.lists(st.tuples(x, y), max_size=6)


LACKING = [key for key in exportable() if how_to_get(format_named(key).extra)]
PARQUET = pytest.mark.skipif("parquet" in LACKING, reason="the extra [parquet] is not installed")
WRITTEN = [
    pytest.param(key, marks=PARQUET if key == "parquet" else ())
    for key in exportable()
    if key != "dot-mask"
]


@pytest.mark.parametrize("key", WRITTEN)
@given(frames=st.lists(landmarks(), min_size=1, max_size=3))
@SOON
def test_what_is_written_is_read_again(key, frames):
    format_ = format_named(key)
    written = [
        FramePoints(
            "sim/a/v",
            f"{n:06}",
            f"sim/a/v/images/{n:06}.png",
            PointFile(np.array(points, float).reshape(-1, 2), size=SIZE),
        )
        for n, points in enumerate(frames)
    ]
    files = format_.write(written, WriteOptions())
    files = {name: content for name, content in files.items() if name != "data.yaml"}
    assert len(files) == (1 if format_.many else len(frames))
    back = []
    for content in files.values():
        if not content.strip():
            back.append([])
            continue
        isjson = format_.endings[0] in (".json", ".geojson")
        file = RawFile(
            json.loads(content) if isjson else None,
            b"" if isjson else content,
            options=ReadOptions(size_of=lambda name: SIZE),
        )
        found = format_.read(file, "it")
        if format_.many:
            assert list(found) == [frame.image for frame in written]
        if format_.sizes:
            assert all(one.size == SIZE for one in found.values())
        back += [one.points for one in found.values()]
    for points, again in zip(frames, back, strict=True):
        assert len(points) == len(again)
        if points:
            assert np.abs(np.array(points) - again).max() <= format_.precision + 1e-9


@PARQUET
def test_the_page_shows_what_the_command_prints():
    page = (ROOT / "docs" / "formats.md").read_text("utf-8")
    measured = round_trips()
    for table in (formats_table(), measured):
        shown = render([table], "markdown")
        assert shown.partition("\n\n")[0].strip() in page, shown
    for row in measured.rows:
        assert float(row["most"]) <= float(row["promised"])
        assert (row["frames"], row["landmarks"]) == (6, 250)


def test_dots_that_would_melt_together_are_refused(tmp_path):
    write_frame(tmp_path / "ds", "a", "000000", [(10, 10), (11, 11)])
    told = invoke("data", "export", "dot-mask", tmp_path / "ds", tmp_path / "out", code=1)[1]
    assert "a/video_1/000000: two landmarks on neighbouring pixels" in told
    assert not (tmp_path / "out").exists()


# COCO, as its own evaluation sees it


def test_an_oks_of_one_half_is_six_px():
    distance = np.sqrt(2 * np.log(2) * coco.AREA) * 2 * coco.SIGMA
    assert abs(distance - 6) < 0.001


def test_coco_agrees_with_the_usual_evaluation(tmp_path):
    pytest.importorskip("faster_coco_eval", reason="faster-coco-eval is not installed")
    from faster_coco_eval import COCO, COCOeval_faster

    labels = {"000000": [(50, 50), (200, 100)], "000001": [(300, 200)]}
    predicted = {"000000": [(55.9, 50), (206.1, 100)], "000001": [(300, 200)]}
    for where, frames in (("labels", labels), ("predicted", predicted)):
        for stem, points in frames.items():
            write_frame(tmp_path / where, "a", stem, points)
    index, results = tmp_path / "gt.json", tmp_path / "results.json"
    invoke("data", "export", "coco", tmp_path / "labels", index)
    how = ("--predictions", "--index", index)
    invoke("data", "export", "coco", tmp_path / "predicted", results, *how)
    truth = COCO(str(index))
    found = truth.loadRes(str(results))
    judged = COCOeval_faster(truth, found, "keypoints", kpt_oks_sigmas=np.array([coco.SIGMA]))
    judged.params.maxDets = [100]
    judged.params.iouThrs = np.array([0.5])
    judged.evaluate()
    judged.accumulate()
    # One of the three labels is 6.1 px from its prediction and is missed.
    assert judged.eval["recall"].ravel()[0] == pytest.approx(2 / 3)


# What other programs write


def test_labelme():
    shapes = [
        {"label": "suture", "points": [[1.5, 2]], "shape_type": "point"},
        {"label": "tool", "points": [[0, 0], [9, 9]], "shape_type": "rectangle"},
    ]
    document = {"shapes": shapes, "imageHeight": 288, "imageWidth": 512, "imagePath": "..\\a.png"}
    assert read("labelme", document, labels=frozenset(["suture"])) == {"": [[1.5, 2.0]]}
    with pytest.raises(InputError, match="/shapes/1 is a 'rectangle', not a point; --label NAME"):
        read("labelme", document)
    shapes[1]["shape_type"] = "line"
    with pytest.raises(InputError, match="import with --stacked"):
        read("labelme", document)


def test_stacked_stereo_frames_become_two(tmp_path):
    source = tmp_path / "theirs" / "op1" / "film"
    source.mkdir(parents=True)
    pixels = np.zeros((40, 30, 3), np.uint8)
    pixels[20:] = 200
    Image.fromarray(pixels).save(source / "000012.png")
    shapes = [
        {"label": "s", "points": [[5, 6], [4, 27]], "shape_type": "line"},
        {"label": "s", "points": [[7.5, 19.25]], "shape_type": "point"},
        {"label": "s", "points": [[8, 20]], "shape_type": "point"},
    ]
    document = {"shapes": shapes, "imageHeight": 40, "imageWidth": 30, "imagePath": "000012.png"}
    (source / "000012.json").write_text(json.dumps(document))
    out = tmp_path / "ds"
    command = ("data", "import", "labelme", tmp_path / "theirs", out, "--stacked", "vertical")
    assert "2 frames, 4 points and 2 images" in invoke(*command)[1]
    labels = out / "op1" / "film" / "point_labels"
    left, right = (read_points(labels / f"000012_{view}.json") for view in "lr")
    assert left.points.tolist() == [[5, 6], [7.5, 19.25]] and left.size == (30, 20)
    assert right.points.tolist() == [[4, 7], [8, 0]]
    with Image.open(out / "op1" / "film" / "images" / "000012_r.png") as image:
        assert image.size == (30, 20) and image.getpixel((3, 3)) == (200, 200, 200)
    invoke("data", "check", out)


CVAT = """<?xml version="1.0"?>
<annotations><version>1.1</version>
<image id="0" name="a/v/0.png" width="512" height="288">
 <points label="suture" points="1.5,2.00;3,4" occluded="1"></points>
 <points label="tool" points="9,9"></points><box label="suture" xtl="1" ytl="1"/>
</image><image id="1" name="a/v/1.png" width="512" height="288"/></annotations>"""
VIDEO = """<annotations><meta><task><size>3</size>
<original_size><width>512</width><height>288</height></original_size></task></meta>
<track id="0" label="suture"><points frame="0" outside="0" points="1,2"/>
<points frame="2" outside="1" points="1,2"/></track></annotations>"""
BOMB = """<!DOCTYPE a [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;">]>
<annotations><image id="0" name="&b;"/></annotations>"""


def test_cvat():
    only = frozenset(["suture"])
    assert read("cvat", CVAT, labels=only) == {
        "a/v/0.png": [[1.5, 2], [3, 4]], "a/v/1.png": [],
    }  # fmt: skip
    found = read("cvat", VIDEO)
    assert found == {"film/000000": [[1, 2]], "film/000001": [], "film/000002": []}


FILE = '<!DOCTYPE a SYSTEM "file:///etc/passwd"><annotations/>'


@pytest.mark.parametrize("text", [BOMB, BOMB.encode("utf-16"), FILE])
def test_an_xml_with_a_document_type_is_not_read(text):
    raw = text.encode() if isinstance(text, str) else text
    with pytest.raises(InputError, match="has a document type"):
        format_named("cvat").read(RawFile(content=raw), "it")


def test_a_deep_or_broken_xml_is_told():
    deep = b"<annotations>" + b"<a>" * 50_000
    with pytest.raises(InputError, match="not readable as XML"):
        format_named("cvat").read(RawFile(content=deep), "it")


def test_via_of_both_versions_and_as_a_table():
    shape = {"shape_attributes": {"name": "point", "cx": 3, "cy": 4}, "region_attributes": {}}
    for regions in ([shape], {"0": shape}):
        images = {"0.png12": {"filename": "0.png", "size": 12, "regions": regions}}
        for document in (images, {"_via_img_metadata": images, "_via_settings": {}}):
            assert read("via", document) == {"0.png": [[3, 4]]}
    text = (
        "filename,file_size,file_attributes,region_count,region_id,region_shape_attributes,"
        'region_attributes\n0.png,12,"{}",1,0,"{""name"":""point"",""cx"":3,""cy"":4}","{}"\n'
        '1.png,12,"{}",0,0,"{}","{}"\n'
    )
    assert read("via", text) == {"0.png": [[3, 4]], "1.png": []}


@PARQUET
def test_parquet_has_the_columns_of_a_text_table(tmp_path):
    import pandas as pd

    def stored(**columns) -> bytes:
        frame = pd.DataFrame(columns)
        frame.to_parquet(tmp_path / "t.parquet")
        return (tmp_path / "t.parquet").read_bytes()

    x, y = 1 / 3, 2 / 3  # to the last digit
    assert read("parquet", stored(x=[x], y=[y])) == {"": [[x, y]]}
    assert read("parquet", stored(x=[], y=[])) == {"": []}
    named = stored(image=["a/v/0.png", "a/v/1.png"], x=[1, 3], y=[2, 4], score=[0.5, 1.0])
    assert read("parquet", named) == {"a/v/0.png": [[1, 2]], "a/v/1.png": [[3, 4]]}
    napari = {"axis-0": [3, 3], "axis-1": [2.5, 4.5], "axis-2": [1.0, 3.0]}
    assert read("parquet", stored(**napari)) == {"film/000003": [[1, 2.5], [3, 4.5]]}
    assert read("parquet", stored(y=[2], x=[1], probability=[0.5])) == {"": [[1, 2]]}
    kind = pd.Categorical(["suture", "tool"])
    both = stored(x=[1, 5], y=[2, 6], label=kind, outline=[[1, 2], [3]])
    assert read("parquet", both, labels=frozenset(["suture"])) == {"": [[1, 2]]}
    micron = {"POSITION_X": [10.0], "POSITION_Y": [4.0], "FRAME": [0]}
    assert read("parquet", stored(**micron), pixel_size=2.0) == {"film/000000": [[5, 2]]}
    whole = stored(x=[1.0, 2.0], y=[1.0, None])
    with pytest.raises(InputError, match="row 2: y is not a finite number"):
        read("parquet", whole)
    with pytest.raises(InputError, match=r"no columns x and y, .*: place, team"):
        read("parquet", stored(place=[1], team=["a"]))
    for damaged in (whole[:-9], whole[:40], b"PAR1", whole[:4] + whole[40:]):
        with pytest.raises(InputError, match="not readable as Parquet"):
            read("parquet", damaged)


@PARQUET
def test_a_table_of_too_many_rows_is_not_unpacked(monkeypatch):
    frame = FramePoints("a/v", "0", "", PointFile(np.ones((9, 2))))
    (content,) = parquet.FORMATS[0].write([frame], WriteOptions()).values()
    monkeypatch.setattr(parquet, "_MOST_ROWS", 8)
    with pytest.raises(InputError, match=r"it: 9 rows of .* bytes, which are not read"):
        read("parquet", content)


def stored_table(**columns) -> bytes:
    import pyarrow as pa
    from pyarrow import parquet as library

    sink = pa.BufferOutputStream()
    library.write_table(pa.table(columns), sink)
    return sink.getvalue().to_pybytes()


@PARQUET
def test_a_word_that_all_rows_share_does_not_fill_the_memory(monkeypatch):
    import pyarrow as pa

    rows, word = 4_000, "a" * 3_000
    place = pa.array(np.arange(float(rows)))
    shared = pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), [word])
    monkeypatch.setattr(parquet, "_MOST_BYTES", 4_000_000)
    for words in (shared, shared.cast(pa.string())):
        content = stored_table(x=place, y=place, label=words)
        assert len(content) < 200_000
        with pytest.raises(InputError, match="it: more than 4,000,000 bytes as text"):
            read("parquet", content)
    other = stored_table(x=place[:3], y=place[:3], remark=shared.cast(pa.string())[:3])
    assert len(read("parquet", other)[""]) == 3  # a column that nobody reads


@PARQUET
def test_a_table_for_which_no_memory_is_left_is_told(monkeypatch):
    def full(*_):
        raise MemoryError

    monkeypatch.setattr(parquet, "_rows", full)
    with pytest.raises(InputError, match="it: is too large to be read"):
        read("parquet", stored_table(x=[1.0], y=[2.0]))


@PARQUET
def test_a_column_that_is_read_is_never_left_out():
    import pyarrow as pa

    place = {"x": [1, 3], "y": [2, 4]}
    for kind in (pa.binary(), pa.large_binary(), pa.string(), pa.large_string()):
        names = pa.array(["a/v/0.png", "a/v/1.png"]).cast(kind)
        for image in (names, names.dictionary_encode()):
            found = read("parquet", stored_table(image=image, **place))
            assert found == {"a/v/0.png": [[1, 2]], "a/v/1.png": [[3, 4]]}
    wrong = {"frame": [True, False], "label": [["a"], ["b"]]}
    with pytest.raises(InputError, match=r"not read: frame \(bool\), label \(list"):
        read("parquet", stored_table(**place, **wrong))
    moments = pa.array([0, 1]).cast(pa.timestamp("s"))
    with pytest.raises(InputError, match=r"frame \(timestamp"):
        read("parquet", stored_table(**place, frame=moments))
    with pytest.raises(InputError, match="not readable as Parquet"):
        read("parquet", stored_table(**place, image=[b"\xff", b"a"]))
    with pytest.raises(InputError, match="several columns are called frame"):
        read("parquet", stored_table(**place, frame=[0, 1], Frame=[2, 3]))
    # Spotiflow's order of columns is that of the file, not of what is read of it.
    found = read("parquet", stored_table(team=["a"], y=[2], x=[1], frame=[3]))
    assert found == {"film/000003": [[1, 2]]}


@PARQUET
def test_parquet_in_place_of_a_folder_is_answered_with_the_command(tmp_path):
    write_frame(tmp_path / "ds", "a", "000000", [(10.25, 20.5), (300, 200)])
    invoke("data", "export", "parquet", tmp_path / "ds", tmp_path / "theirs")
    (path,) = (tmp_path / "theirs").rglob("*.parquet")
    told = invoke("validate", path, code=2)[1]
    assert "a Parquet table" in told
    assert f"bench data import parquet {path} NEW_FOLDER --predictions" in told
    assert "add both, or give the folder above them" in told
    told = invoke_all("validate", tmp_path / "theirs", code=1).replace("\n", " ")
    assert f"bench data import parquet {tmp_path / 'theirs'} NEW_FOLDER --predictions" in told
    invoke("data", "import", "parquet", tmp_path / "theirs", tmp_path / "back", "--predictions")
    command = ("evaluate", tmp_path / "back", tmp_path / "ds", "--radius", 0.01, "--format", "json")
    assert json.loads(invoke(*command)[0])["counts"] == {"tp": 2, "fp": 0, "fn": 0}


def test_a_library_that_is_missing_is_named_with_its_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(extras.EXTRAS, "parquet", ("a_library_nobody_has",))
    write_frame(tmp_path / "ds", "a", "000000", [(1, 1)])
    for words in (("export", "parquet", tmp_path / "ds"), ("import", "parquet", tmp_path)):
        told = invoke("data", *words, tmp_path / "out", code=2)[1]
        assert "files of Parquet need a_library_nobody_has" in told
        assert 'pip install "adaptor-bench[parquet]"' in told
    (tmp_path / "0.parquet").write_bytes(b"PAR1" + bytes(20))
    assert "bench data import parquet" in invoke("validate", tmp_path / "0.parquet", code=2)[1]
    notes = round_trips().notes
    assert any(note.startswith("parquet: not measured") for note in notes)


TRACKMATE = """LABEL,ID,QUALITY,POSITION_X,POSITION_Y,FRAME
Label,Spot ID,Quality,X,Y,Frame
Label,Spot ID,Quality,X,Y,Frame
,,(quality),({unit}),({unit}),
ID1,1,5.5,10.0,4.0,0
ID2,2,6.5,12.0,6.0,3
"""


def test_tables():
    assert read("napari", "index,axis-0,axis-1\n0,50.25,100.5\n") == {"": [[100.5, 50.25]]}
    stack = read("napari", "index,axis-0,axis-1,axis-2\n0,3.0,50.25,100.5\n")
    assert stack == {"film/000003": [[100.5, 50.25]]}
    assert read("spotiflow", "y,x,probability\n2,1,0.5\n") == {"": [[1, 2]]}
    assert read("deepblink", "y,x,t,i\n2,1,4,9\n") == {"film/000004": [[1, 2]]}
    assert read("deepblink", "y [px],x [px]\n2,1\n") == {"": [[1, 2]]}
    assert read("fiji", " ,X,Y,Slice\r\n1,100.5,50.25,1\r\n") == {"film/000000": [[100.5, 50.25]]}
    assert read("fiji", " \tLabel\tX\tY\n1\t0.png\t1\t2\n") == {"0.png": [[1, 2]]}
    assert read("csv", "image;x;y\na/v/0.png;1;2\na/v/1.png;3;4\n") == {
        "a/v/0.png": [[1, 2]], "a/v/1.png": [[3, 4]],
    }  # fmt: skip
    assert read("csv", "x,y\n") == {"": []}
    pixels, micron = (TRACKMATE.format(unit=unit) for unit in ("pixel", "micron"))
    assert read("trackmate", pixels) == {"film/000000": [[10, 4]], "film/000003": [[12, 6]]}
    assert read("trackmate", micron, pixel_size=2.0)["film/000000"] == [[5, 2]]
    with pytest.raises(InputError, match="positions are in micron; say with --pixel-size"):
        read("trackmate", micron)
    for bad in ("x,y\n1,nan\n", "x,y\n1\n", "x,y\n1,\n", "x,y,frame\n1,2,0.5\n"):
        with pytest.raises(InputError):
            read("csv", bad)


def test_a_row_without_a_point_is_a_frame_without_any():
    for text in ("image,x,y\na.png,1,2\nb.png,,\n", "image,x,y,score\na.png,1,2,0.5\nb.png,,,\n"):
        assert read("csv", text) == {"a.png": [[1, 2]], "b.png": []}
    with pytest.raises(InputError, match="row 1: y is not a finite number"):
        read("csv", "image,x,y\na.png,1,\n")
    assert read("csv", "x,y\n") == {"": []} and read("csv", "image,x,y\n") == {}


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("csv", "frame,x,y\n0,1,2\n,3,4\n1,5,6\n,7,8\n"),
        ("csv", "image,x,y\na.png,1,2\n,3,4\nb.png,5,6\n,7,8\n"),
        ("napari", "axis-0,axis-1,axis-2\n0,1,2\n,3,4\n1,5,6\n,7,8\n"),
        ("deepblink", "y,x,t\n1,2,0\n3,4,\n5,6,1\n7,8,\n"),
        ("fiji", " ,X,Y,Slice\n1,1,2,1\n2,3,4,\n3,5,6,2\n4,7,8,\n"),
        ("trackmate", "POSITION_X,POSITION_Y,FRAME\n1,2,0\n3,4,\n5,6,1\n7,8,\n"),
    ],
)
def test_a_blank_cell_for_the_frame_is_no_frame(key, text):
    with pytest.raises(InputError) as told:
        read(key, text)
    assert told.value.message == "it: the cell for the frame or image is blank in row 2, 4"


def test_an_image_without_a_name_may_have_a_number():
    assert read("csv", "image,frame,x,y\n,3,1,2\n") == {"film/000003": [[1, 2]]}


def test_two_columns_of_one_name_are_refused():
    for text in ("x,y,x\n1,2,3\n", "y [px],x,Y,t\n1,2,3,0\n", "frame,x,y,Frame\n0,1,2,3\n"):
        with pytest.raises(InputError, match="several columns are called"):
            format_named("csv").read(RawFile(content=text.encode()), "it")
    assert read("csv", "x,y,team,team\n1,2,a,b\n") == {"": [[1, 2]]}


def test_points_outside_their_pictures_are_counted(tmp_path):
    table = tmp_path / "points.csv"
    table.write_text("image,x,y\na/v/0.png,511.4,-0.4\na/v/1.png,512,9\na/v/2.png,-3,1\n"
                     "a/v/2.png,1,300\n")  # fmt: skip
    command = ("data", "import", "csv", table)
    told = invoke(*command, tmp_path / "ds", "--size", "512x288")[1].replace("\n", " ")
    assert "note: 3 points of 2 frames outside the picture, the first in a/v/1" in told
    assert "note" not in invoke(*command, tmp_path / "unsized")[1]


def test_a_surgery_that_cannot_be_one_is_wrong_usage(tmp_path):
    (tmp_path / "0.csv").write_text("x,y\n1,2\n")
    for what in ("surgery", "video"):
        words = (tmp_path / "0.csv", tmp_path / "ds", f"--{what}", "../evil")
        told = invoke("data", "import", "csv", *words, code=2)[1]
        assert f"--{what}: '../evil' cannot be the name of a {what}" in told


def test_yolo_pose():
    rows = "0 0.5 0.5 0.1 0.1 0.25 0.5\n0 0.5 0.5 0.1 0.1 0.5 0.25 2\n1 0 0 0 0 0.1 0.1 0\n"
    found = read("yolo-pose", rows, size_of=lambda name: SIZE)
    assert found == {"": [[128, 144], [256, 72]]}
    with pytest.raises(InputError, match="--images or --size"):
        read("yolo-pose", rows)
    with pytest.raises(InputError, match="line 1 has 9 numbers"):
        read("yolo-pose", "0 0 0 0 0 0 0 1 1\n", size_of=lambda name: SIZE)


def test_results_of_coco_need_their_images():
    index = {"images": [{"id": 7, "file_name": "a/v/0.png", "width": 512, "height": 288}]}
    results = [{"image_id": 7, "category_id": 1, "keypoints": [1, 2, 1, 9, 9, 0], "score": 0.5}]
    assert read("coco", results, index=index) == {"a/v/0.png": [[1, 2]]}
    with pytest.raises(InputError, match="--index"):
        read("coco", results)
    with pytest.raises(InputError, match="not among the images"):
        read("coco", [{**results[0], "image_id": 8}], index=index)


def test_predictions_find_their_images_in_the_organisers_file(tmp_path):
    """Results come from their file, become a submission, and go out as results again."""
    index = {"images": [{"id": 7, "file_name": "a/v/0.png", "width": 512, "height": 288}]}
    results = [{"image_id": 7, "category_id": 1, "keypoints": [1, 2, 1], "score": 0.9}]
    for name, content in (("gt.json", index), ("results.json", results)):
        (tmp_path / name).write_text(json.dumps(content))
    how = ("--index", tmp_path / "gt.json", "--predictions")
    invoke("data", "import", "coco", tmp_path / "results.json", tmp_path / "sub", *how)
    invoke("data", "export", "coco", tmp_path / "sub", tmp_path / "again.json", *how)
    (again,) = json.loads((tmp_path / "again.json").read_text())
    assert (again["image_id"], again["keypoints"][:2], again["score"]) == (7, [1, 2], 0.9)
    (tmp_path / "gt.json").write_text(json.dumps({"images": [{"id": 7, "file_name": "b/v/0.png"}]}))
    told = invoke("data", "export", "coco", tmp_path / "sub", tmp_path / "x.json", *how, code=1)[1]
    assert "images that are not in the index" in told


def test_selections_of_imagej(tmp_path):
    points = np.array([[3, 4], [10, 2]])
    frame = FramePoints("a/v", "0", "", PointFile(points.astype(float)))
    exact = next(iter(imagej.FORMATS[0].write([frame], WriteOptions()).values()))
    whole = bytearray(exact)
    struct.pack_into(">h", whole, 50, 0)  # whole numbers alone
    sliced = bytearray(exact)
    struct.pack_into(">i", sliced, 56, 4)
    assert read("imagej-roi", exact) == read("imagej-roi", bytes(whole)) == {"": points.tolist()}
    path = tmp_path / "RoiSet.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../0.roi", bytes(sliced))
        archive.writestr("readme.txt", "no selection")
    out = tmp_path / "out"
    invoke("data", "import", "imagej-roi", path, out, "--surgery", "a")
    assert [p.name for p in out.rglob("*.json")] == ["000003.json"]
    for bad in (exact[:-3], exact[:20], exact[:6] + b"\x01" + exact[7:], b"PK\x03\x04rest"):
        with pytest.raises(InputError):
            format_named("imagej-roi").read(RawFile(content=bad), "it")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("0.roi", bytes(4 << 20))
    told = invoke("data", "import", "imagej-roi", path, tmp_path / "o", code=1)[1]
    assert "too large for a selection" in told


def test_a_selection_may_mark_points_on_several_slices():
    """ImageJ's multi-point tool on a stack; and a selection that has a time alone."""
    frame = FramePoints("a/v", "0", "", PointFile(np.array([[3.0, 4.0], [10.0, 2.0], [7.0, 7.0]])))
    plain = bytearray(next(iter(imagej.FORMATS[0].write([frame], WriteOptions()).values())))
    second, counters = len(plain), len(plain) + 64
    struct.pack_into(">i", plain, 60, second)
    header = bytearray(64)
    struct.pack_into(">i", header, 12, 5)
    struct.pack_into(">i", header, 48, counters)
    each = struct.pack(">3I", 1 << 8, 3 << 8 | 2, 0)
    assert read("imagej-roi", bytes(plain + header + each)) == {
        "film/000000": [[3, 4]],
        "film/000002": [[10, 2]],
        "film/000004": [[7, 7]],  # without a slice of its own
    }
    struct.pack_into(">i", header, 48, counters + 9)  # beyond the end
    assert list(read("imagej-roi", bytes(plain + header + each))) == ["film/000004"]


@pytest.mark.parametrize(
    ("key", "text", "told"),
    [
        (
            "napari",
            "index,shape-type,axis-0,axis-1\n0,rectangle,1,2\n",
            "has shapes",
        ),
        ("spotiflow", "z,y,x,intensity\n1,2,3,0.5\n", "is of a volume"),
        ("csv", "x;y\n1,5;2,5\n", "x is not a finite number, for decimals are read with a point"),
    ],
)
def test_tables_of_something_else_are_refused(key, text, told):
    assert recognised(RawFile(content=text.encode())).key == key
    with pytest.raises(InputError, match=told):
        read(key, text)


def test_qupath_and_grand_challenge():
    feature = {
        "type": "Feature",
        "geometry": {"type": "MultiPoint", "coordinates": [[1, 2], [3, 4]]},
        "properties": {"classification": {"name": "suture"}},
    }
    outline = {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": []}}
    assert read("qupath", {"type": "FeatureCollection", "features": [feature]}) == {
        "": [[1, 2], [3, 4]]
    }
    assert read("qupath", [feature, outline], labels=frozenset(["suture"]))[""][0] == [1, 2]
    with pytest.raises(InputError, match="feature 1 is a 'Polygon'"):
        read("qupath", [feature, outline])
    document = {"type": "Multiple points", "points": [{"point": [1, 2, 0.5], "probability": 0.3}]}
    assert read("grand-challenge", document) == {"": [[1, 2]]}


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["shapes", "points", "images", "annotations", "features", "type", "id",
                         "regions", "filename", "keypoints", "image_id", "geometry", "x",
                         "shape_type", "label", "file_name", "coordinates", "shape_attributes"]),
        inner, max_size=5),
    max_leaves=12,
)  # fmt: skip


@given(VALUES, st.binary(max_size=200), st.sampled_from(["", "x,y\n", "y,x\n1,", "<annotations>"]))
@settings(SOON, max_examples=30)
def test_whatever_is_given_a_reader_answers_with_points_or_a_plain_error(document, noise, head):
    for file in (RawFile(document), RawFile(content=head.encode() + noise)):
        for format_ in formats():
            if format_.read and format_.recognise and format_.recognise(file):
                try:
                    found = format_.read(file, "it")
                except InputError:
                    continue
                assert all(np.isfinite(one.points).all() for one in found.values())


# Into a dataset and out of it


def test_a_dataset_goes_out_and_comes_back(tmp_path):
    for surgery in ("op1", "op2"):
        write_frame(tmp_path / "ds" / "sim", surgery, "000000", [(10.25, 20.5), (300, 200)])
    write_frame(tmp_path / "ds" / "sim", "op2", "000001", [])
    for key in ("coco", "yolo-pose", "labelme", "cvat"):
        there, back = tmp_path / f"{key}.out", tmp_path / f"{key}.back"
        images = ("--with-images",) if key in ("yolo-pose", "labelme") else ()
        invoke("data", "export", key, tmp_path / "ds", there, *images)
        given = () if images else ("--images", tmp_path / "ds")
        told = invoke("data", "import", key, there, back, *given)[1]
        assert "3 frames, 4 points and 3 images" in told
        invoke("data", "check", back)
        scored = json.loads(
            invoke("evaluate", back, tmp_path / "ds", "--radius", 0.01, "--format", "json")[0]
        )
        assert scored["counts"] == {"tp": 4, "fp": 0, "fn": 0}
    invoke("data", "import", "coco", tmp_path / "coco.out", tmp_path / "sub", "--predictions")
    assert not list((tmp_path / "sub").rglob("*.png"))
    assert invoke("validate", tmp_path / "sub")[0]


def test_the_image_in_its_place_goes_before_one_deeper_down(tmp_path):
    """As after an import into the folder that was imported."""
    for place in ("op1/v", "ds/op1/v/images", "twice/a", "twice/b"):
        (tmp_path / place).mkdir(parents=True)
        Image.new("RGB", (4, 4)).save(tmp_path / place / "0.jpg")
    found = ImageFolder(tmp_path).find("op1/v/0.png")
    assert found == tmp_path / "op1" / "v" / "0.jpg"
    with pytest.raises(InputError, match=r"may be a/0.jpg or b/0.jpg; --images chooses"):
        ImageFolder(tmp_path / "twice").find("0")


def test_a_label_that_nothing_has_is_answered_with_those_there_are(tmp_path):
    label = write_frame(tmp_path / "ds", "op1", "000000", [(10, 20), (300, 200)])
    assert label.exists()
    for key in sorted({*exportable()} - {*LACKING}):
        format_ = format_named(key)
        there = tmp_path / "out" / key / f"x{format_.endings[0] if format_.many else ''}"
        there.parent.mkdir(parents=True)
        invoke("data", "export", key, tmp_path / "ds", there, "--label", "suture")
        command = ("data", "import", key, there, tmp_path / "in" / key, "--size", "512x288")
        told = invoke(*command, "--label", "sutur", code=1)[1]
        assert "no point is called 'sutur'" in told, key
        named = key in ("coco", "cvat", "grand-challenge", "labelme", "qupath", "via")
        names = "'0'" if key == "yolo-pose" else "'suture'" if named else ""
        assert (f"The names in it: {names}." if names else "have no names") in told, key
        if names:
            invoke(*command, "--label", names.strip("'"))
    table = "image,x,y,label\na.png,1,2,no\nb.png,3,4,yes\n"
    assert read("csv", table, labels=frozenset({"yes"})) == {"a.png": [], "b.png": [[3, 4]]}


def test_images_go_along_or_are_refused(tmp_path):
    label = write_frame(tmp_path / "ds", "op1", "000000", [(10, 20), (300, 200)])
    image = label.parent.parent / "images" / "000000.png"
    refused = set()
    for key in sorted({*exportable()} - {*LACKING}):
        there = tmp_path / f"{key}.out"
        command = ("data", "export", key, tmp_path / "ds", there, "--with-images")
        code, _, told = outcome(*command)
        if code:
            assert code == 2 and "no place for images" in told, told
            refused.add(key)
            assert not there.exists()
            continue
        invoke("data", "import", key, there, tmp_path / f"{key}.back")
        (copy,) = (tmp_path / f"{key}.back").rglob("*.png")
        assert copy.read_bytes() == image.read_bytes()
        (points,) = (tmp_path / f"{key}.back").rglob("*.json")
        assert len(json.loads(points.read_text())["points"]) == 2, key
    assert refused == {"coco", "cvat", "dot-mask", "via"}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ("import", "via", "FILE", "OUT", "--pixel-size", "3", "--index", "FILE"),
            "--index and --pi",
        ),
        (
            ("export", "csv", "FOLDER", "OUT", "--predictions"),
            "--predictions: not for the format csv",
        ),
    ],
)
def test_an_option_of_other_formats_is_refused(tmp_path, words, told):
    (tmp_path / "x.json").write_text("{}")
    places = {"FILE": tmp_path / "x.json", "FOLDER": tmp_path, "OUT": tmp_path / "out"}
    _, said = invoke("data", *(places.get(word, word) for word in words), code=2)
    assert told in said and not (tmp_path / "out").exists()


def test_places_of_frames():
    def place(path, **how):
        found = Placing(**how).place(path)
        return found.folder, found.stem

    assert place("0.png") == ("all/all", "0")
    assert place("op1/0.JPG") == ("op1/all", "0")
    assert place("x/op1/film/images/0.png") == ("op1/film", "0")
    assert place("sim\\op1\\film\\point_labels\\0.v2") == ("sim/op1/film", "0.v2")
    assert place("theirs/sim/op1/film/0.png") == ("sim/op1/film", "0")  # one folder around all
    assert place("0.png", surgery="a", video="b") == ("a/b", "0")
    names = r"(?P<surgery>op\d+)_(?P<stem>\d+)"
    assert place("flat/op7_0012.png", names=names) == ("op7/all", "0012")
    for bad in ("../a/0.png", "", "a/.hidden", "a/b\x00.png", "a\u202e/b/0.png", "a/C:/0.png"):
        with pytest.raises(InputError):
            Placing().place(bad)
    for names in ("(", "(?P<surgery>a)", "(?P<stem>a)(?P<frame>b)"):
        with pytest.raises(UsageError):
            Placing(names)


def test_all_that_is_wrong_is_said_at_once_and_nothing_is_written(tmp_path):
    theirs = tmp_path / "theirs"
    for folder in ("a/v", "b/v", "b/v/images"):
        (theirs / folder).mkdir(parents=True, exist_ok=True)
    (theirs / "a/v/0.csv").write_text("x,y\n1,inf\n")
    (theirs / "b/v/0.csv").write_text("x,y\n1,2\n")
    (theirs / "b/v/images/0.csv").write_text("x,y\n1,2\n")
    (theirs / "b/v/other.csv").write_text("team,place\na,1\n")
    out = tmp_path / "out"
    told = invoke("data", "import", "csv", theirs, out, code=1)[1]
    assert "row 1: y is not a finite number" in told and "the same frame as" in told
    assert not out.exists()
    (theirs / "a/v/0.csv").unlink()
    (theirs / "b/v/images/0.csv").unlink()
    assert "1 file of another kind passed over" in invoke_all("data", "import", "csv", theirs, out)
    assert "exists already" in invoke("data", "import", "csv", theirs, out, code=2)[1]
    told = invoke("data", "import", "cvat", theirs, tmp_path / "o", code=1)[1]
    assert "bench data import csv" in told
    told = invoke("data", "import", "coco", theirs / "b/v/0.csv", tmp_path / "o", code=1)[1]
    assert "not readable as JSON" in told


def test_an_image_of_another_size_than_its_file_says(tmp_path):
    write_frame(tmp_path / "ds", "a", "000000", [(1, 1)])
    invoke("data", "export", "coco", tmp_path / "ds", tmp_path / "c.json")
    text = (tmp_path / "c.json").read_text().replace('"width": 512', '"width": 640')
    (tmp_path / "c.json").write_text(text)
    told = invoke("data", "import", "coco", tmp_path / "c.json", tmp_path / "o", code=1)[1]
    assert "says 640x288" in told and "is 512x288" in told


def test_reading_tables_needs_no_heavy_library(tmp_path):
    assert "coco" in importable() and "trackmate" not in exportable()
    (tmp_path / "0.csv").write_text("x,y\n1,2\n")
    import_points(format_named("csv"), tmp_path / "0.csv", tmp_path / "o", ImportOptions())
    code = "import adaptor_bench.data.formats.known as k, sys; k.formats(); print(*sys.modules)"
    from commands import python

    loaded = python("-c", code)[0].split()
    assert not {"scipy", "PIL", "xml.parsers.expat", "zipfile"} & set(loaded), sys.version
