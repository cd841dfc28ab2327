"""The validator: one test per rule, everything in one pass, exit codes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from commands import invoke, invoke_json
from frame_files import write_frame

from adaptor_bench.errors import InputError, UsageError
from adaptor_bench.submission.filecheck import FileCheck
from adaptor_bench.submission.strictjson import FILE_LIMIT
from adaptor_bench.submission.validate import validate

pytestmark = pytest.mark.quick

GOOD = {
    "folderName": "aicm1",
    "subfolderName": "VID000_0",
    "imageFileName": "000000.png",
    "points": [{"x": 1, "y": 2.5}, {"x": 511, "y": 287}, {"x": 0, "y": 0}],
}


def put(root, document, key="aicm1/VID000_0/point_labels/000000"):
    path = root / f"{key}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(document if isinstance(document, str) else json.dumps(document), "utf-8")
    return path


def found(report):
    """Code, severity and pointer of all findings but the note that there are scores."""
    return [(f.code, f.severity, f.pointer) for f in report.findings if f.code != "score-present"]


def places(report):
    """Code, line and column of all findings that have a place."""
    return [(f.code, f.line, f.column) for f in report.findings if f.line is not None]


def changed(**changes):
    return json.dumps(GOOD | changes)


@pytest.mark.parametrize(
    "key",
    [
        "aicm1/VID000_0/point_labels/000000",
        "aicm1/VID000_0/000000",
        "sim/aicm1/VID000_0/000000",
        "intraop/aicm1/VID000_0/point_labels/000000",
    ],
)
def test_valid(tmp_path, key):
    put(tmp_path, GOOD, key)
    report = validate(tmp_path)
    assert (report.valid, report.frames, report.points, found(report)) == (True, 1, 3, [])


def test_no_points_is_valid(tmp_path):
    put(tmp_path, GOOD | {"points": []})
    assert validate(tmp_path).valid


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ("{", ("json-syntax", "error", "")),
        ("", ("file-empty", "error", "")),
        (" \n", ("file-empty", "error", "")),
        ("[" * 100_000, ("json-too-deep", "error", "")),
        ('"' + '\\"' * 100_000, ("json-syntax", "error", "")),
        (json.dumps(GOOD).replace("2.5", "NaN"), ("json-nan", "error", "/points/0/y")),
        (json.dumps(GOOD).replace("2.5", "-Infinity"), ("json-nan", "error", "/points/0/y")),
        ("\ufeff" + json.dumps(GOOD), ("encoding-bom", "error", "")),
        ([], ("root-type", "error", "")),
        (None, ("root-type", "error", "")),
        (
            json.dumps(GOOD).replace('"y": 2.5', '"y": 2.5, "y": 3'),
            ("json-duplicate-key", "error", "/points/0/y"),
        ),
        (
            json.dumps(GOOD).replace("2.5", "9" * 10_000),
            ("number-not-finite", "error", "/points/0/y"),
        ),
        (
            GOOD | {"points": [{"x": i, "y": 1} for i in range(101)]},
            ("count-implausible", "warning", "/points"),
        ),
        (GOOD | {"folderName": "../aicm1"}, ("name-unsafe", "error", "/folderName")),
        (GOOD | {"folderName": ""}, ("name-unsafe", "error", "/folderName")),
        (GOOD | {"subfolderName": "C:VID"}, ("name-unsafe", "error", "/subfolderName")),
        (GOOD | {"imageFileName": "a/000000.png"}, ("name-unsafe", "error", "/imageFileName")),
        (GOOD | {"imageFileName": "000000.png\0"}, ("name-unsafe", "error", "/imageFileName")),
        (
            GOOD | {"points": [{"x": 1, "y": 1, "score": 1}, {"x": 2, "y": 1}]},
            ("score-partial", "warning", "/points"),
        ),
        (GOOD | {"imageWidth": 512}, ("key-missing", "error", "")),
        (GOOD | {"imageWidth": 512, "imageHeight": 0}, ("key-type", "error", "/imageHeight")),
        (GOOD | {"imageWidth": 512, "imageHeight": True}, ("key-type", "error", "/imageHeight")),
        (GOOD | {"imageWidth": 512, "imageHeight": 288.5}, ("key-type", "error", "/imageHeight")),
        (
            GOOD | {"imageWidth": 512, "imageHeight": 300},
            ("size-mismatch", "warning", "/imageHeight"),
        ),
        ({k: v for k, v in GOOD.items() if k != "points"}, ("key-missing", "error", "")),
        ({k: v for k, v in GOOD.items() if k != "folderName"}, ("key-missing", "error", "")),
        (GOOD | {"points": {}}, ("key-type", "error", "/points")),
        (GOOD | {"folderName": 1}, ("key-type", "error", "/folderName")),
        (GOOD | {"points": [[1, 2]]}, ("point-type", "error", "/points/0")),
        (GOOD | {"points": [{"x": 1}]}, ("coordinate-missing", "error", "/points/0")),
        (
            GOOD | {"points": [{"x": 1, "y": True}]},
            ("coordinate-type", "error", "/points/0/y"),
        ),
        (GOOD | {"points": [{"x": "1", "y": 1}]}, ("coordinate-type", "error", "/points/0/x")),
        (
            GOOD | {"points": [{"x": 1, "y": 1, "score": None}]},
            ("score-type", "error", "/points/0/score"),
        ),
        (
            json.dumps(GOOD).replace("2.5", "1e999"),
            ("number-not-finite", "error", "/points/0/y"),
        ),
        (
            json.dumps(GOOD).replace("2.5", "9" * 400),
            ("number-not-finite", "error", "/points/0/y"),
        ),
        (GOOD | {"points": [{"x": 512, "y": 1}]}, ("point-outside", "error", "/points/0")),
        (GOOD | {"points": [{"x": 1, "y": -0.01}]}, ("point-outside", "error", "/points/0")),
        (GOOD | {"folderName": "aicm2"}, ("name-mismatch", "error", "/folderName")),
        (GOOD | {"subfolderName": "VID"}, ("name-mismatch", "error", "/subfolderName")),
        (GOOD | {"imageFileName": "000001.png"}, ("name-mismatch", "error", "/imageFileName")),
        (
            GOOD | {"points": [{"x": 1, "y": 1}, {"x": 1.0, "y": 1}]},
            ("point-duplicate", "warning", "/points/1"),
        ),
        (GOOD | {"comment/~": 1}, ("key-unknown", "info", "/comment~1~0")),
    ],
)
def test_each_rule(tmp_path, document, expected):
    put(tmp_path, document if isinstance(document, str) else json.dumps(document))
    report = validate(tmp_path)
    assert found(report) == [expected]
    assert report.valid == (expected[1] != "error")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"])
def test_other_encodings_are_read_on(tmp_path, encoding):
    text = changed(points=[{"x": 600, "y": 1}])
    put(tmp_path, GOOD).write_bytes(text.encode(encoding))
    report = validate(tmp_path)
    assert found(report) == [
        ("encoding-utf16", "error", ""),
        ("point-outside", "error", "/points/0"),
    ]
    assert report.findings[0].found == encoding[:6].upper()
    assert report.findings[1].column == text.index('{"x"') + 1


def test_latin_1_is_read_on(tmp_path):
    text = json.dumps(GOOD | {"author": "Müller"}, ensure_ascii=False)
    text = text.replace(', "points"', ',\n"points"').replace("2.5", "-1")
    put(tmp_path, GOOD).write_bytes(text.encode("latin-1"))
    report = validate(tmp_path)
    assert [f.code for f in report.findings] == ["encoding-invalid", "point-outside", "key-unknown"]
    place = text.index("ü")
    assert report.findings[0].found == "byte FC"
    first = text.index("\n")
    assert (report.findings[0].line, report.findings[0].column) == (2, place - first)


def test_a_file_too_large_is_not_read(tmp_path):
    put(tmp_path, json.dumps(GOOD).ljust(FILE_LIMIT))
    assert validate(tmp_path).valid
    put(tmp_path, json.dumps(GOOD).ljust(FILE_LIMIT + 1))
    assert found(validate(tmp_path)) == [("file-too-large", "error", "")]


def test_many_points_are_cut(tmp_path):
    points = [{"x": i % 512, "y": i // 512} for i in range(1500)]
    points[1400] = "not looked at"
    put(tmp_path, GOOD | {"points": points})
    report = validate(tmp_path)
    assert found(report) == [("points-too-many", "error", "/points")]
    assert report.points == 1500


def test_lines_and_columns(tmp_path):
    text = """{
  "folderName": "aicm2",
  "subfolderName": "VID000_0", "imageFileName": 3,
  "points": [
    {"x": 1e999, "y": true},
    {"x": 1, "x": 2, "y": NaN},
    [{}], {"x": 5, "y": 5, "score": "\\u00e4, {"},
  {"y": 3}, {"x": 5.0, "y": 5}, {"x": -1, "y": 287}
  ], "spare": {"x": 1}
}
"""
    put(tmp_path, text)
    assert sorted(places(validate(tmp_path))) == [
        ("coordinate-missing", 8, 3),
        ("coordinate-type", 5, 23),
        ("json-duplicate-key", 6, 14),
        ("json-nan", 6, 27),
        ("key-type", 3, 49),
        ("key-unknown", 9, 6),
        ("name-mismatch", 2, 17),
        ("number-not-finite", 5, 11),
        ("point-duplicate", 8, 13),
        ("point-outside", 8, 33),
        ("point-type", 7, 5),
        ("score-partial", 4, 13),
        ("score-type", 7, 37),
    ]


def test_findings_say_what_was_found_and_expected(tmp_path):
    put(
        tmp_path,
        changed(folderName="b", points=[{"x": 1e6, "y": "1"}]).replace("1000000.0", "1e999"),
    )
    told = {f.code: (f.found, f.expected) for f in validate(tmp_path).findings}
    assert told == {
        "name-mismatch": ('"b"', '"aicm1"'),
        "number-not-finite": ("1e999", "a finite number"),
        "coordinate-type": ('"1"', "a number"),
    }


def test_findings_of_a_file_are_capped_and_counted(tmp_path):
    entries = [{"x": -i - 1, "y": 0} for i in range(250)]
    put(tmp_path, changed(points=entries).replace('"x": -7,', '"x": NaN,'))
    report = validate(tmp_path)
    outside = [f for f in report.findings if f.code == "point-outside"]
    assert [f.count for f in outside] == [1] * 99 + [150]
    assert report.counts == {"point-outside": 249, "json-nan": 1, "count-implausible": 1}
    put(tmp_path, '{"a": [' + "NaN, " * 300 + '{"k": 1' + ', "k": 2' * 250 + "}]}")
    report = validate(tmp_path)
    assert report.counts["json-nan"] == 300
    assert report.counts["json-duplicate-key"] == 250
    assert sum(f.count for f in report.findings) == sum(report.counts.values())
    assert report.totals["error"] == 300 + 250 + 4


def test_checking_faulty_files_has_an_end(tmp_path, beside):
    beside(FileCheck, "_CARE_BUDGET", 3)
    for stem in ("000001", "000002", "000004"):
        put(tmp_path, "[1", f"aicm1/VID000_0/{stem}")
    put(tmp_path, GOOD, "aicm1/VID000_0/000003")
    put(tmp_path, GOOD)
    report = validate(tmp_path)
    assert report.counts == {"json-syntax": 2, "checking-stopped": 3}  # right or wrong
    assert not report.valid


def test_extra_keys_of_points_are_told_once_each(tmp_path):
    points = [{"x": 1, "y": 2}] + [{"x": i, "y": 3, "confidence": 1, "id": i} for i in range(9)]
    put(tmp_path, GOOD | {"points": points})
    report = validate(tmp_path)
    assert report.valid and report.counts == {"key-unknown": 18}
    found = [(f.pointer, f.count, f.line, f.severity) for f in report.findings]
    assert found == [("/points/1/confidence", 9, 1, "info"), ("/points/1/id", 9, 1, "info")]
    put(tmp_path, GOOD | {"points": [{"x": 1, "y": 2} | {f"k{i}": 0 for i in range(99)}]})
    report = validate(tmp_path)
    assert (len(report.findings), report.counts) == (20, {"key-unknown": 99})


def test_files_without_an_error_hardly_use_up_the_care(tmp_path, beside):
    """They were once called faulty, which made a large valid submission an invalid one."""
    sized = GOOD | {"imageWidth": 512, "imageHeight": 288, "model": "x"}
    beside(FileCheck, "_CARE_BUDGET", len(json.dumps(sized)))
    for i in range(7):
        put(tmp_path, sized | {"imageFileName": f"{i:06d}.png"}, f"aicm1/VID000_0/{i:06d}")
    report = validate(tmp_path)
    assert report.valid
    assert report.counts["key-unknown"] == 7


def test_findings_that_are_not_kept_use_up_no_places(tmp_path, beside):
    beside(FileCheck, "FINDINGS_PER_CODE", 2)
    noted = GOOD | {"model": "x"}
    beside(FileCheck, "_PLACES_BUDGET", 2 * len(json.dumps(noted)) + 1)
    for i in range(9):
        put(tmp_path, noted | {"imageFileName": f"{i:06d}.png"}, f"aicm1/VID000_0/{i:06d}")
    put(tmp_path, GOOD | {"points": [{"x": -1, "y": 0}]}, "aicm1/VID000_0/z")
    outside = [f for f in validate(tmp_path).findings if f.code == "point-outside"]
    assert [f.line for f in outside] == [1]


def test_findings_of_a_code_are_capped_and_counted(tmp_path, beside):
    beside(validate, "FINDINGS_PER_CODE", 7)
    for i in range(20):
        put(tmp_path, "{", f"a/v/{i}")
    report = validate(tmp_path)
    assert (len(report.findings), report.counts) == (7, {"json-syntax": 20})
    assert not report.valid


def test_no_place_is_looked_up_beyond_the_budget(tmp_path, beside):
    beside(FileCheck, "_PLACES_BUDGET", 100)
    bad = changed(points=[{"x": 600, "y": 1, "x": 601}]).replace('"y": 1', '"y": 1, "y": NaN')  # noqa: F601
    for i in range(2):
        put(tmp_path, bad.replace("000000", f"{i:06d}"), f"aicm1/VID000_0/{i:06d}")
    report = validate(tmp_path)
    one, two = ([f for f in report.findings if f.file.endswith(f"{i}.json")] for i in range(2))
    assert [f.code for f in one] == [f.code for f in two] == ["json-nan", "json-duplicate-key"]
    assert all(f.line == 1 for f in one)
    assert all(f.line is None for f in two)


def test_everything_in_one_pass(tmp_path):
    put(tmp_path, "{", "aicm1/V/a")
    put(tmp_path, GOOD | {"points": [{"x": True, "y": 900}, 3]}, "aicm1/V/b")
    put(tmp_path, GOOD, "stray")
    put(tmp_path, GOOD)
    put(tmp_path, GOOD, "aicm1/VID000_0/000000")
    codes = [f.code for f in validate(tmp_path).findings]
    assert sorted(codes) == [
        "coordinate-type",
        "file-misplaced",
        "frame-duplicate",
        "json-syntax",
        "name-mismatch",
        "name-mismatch",
        "point-type",
    ]


def test_empty_folder(tmp_path):
    assert found(validate(tmp_path)) == [("no-frames", "error", "")]


def test_reference(tmp_path):
    predictions, reference = tmp_path / "p", tmp_path / "r"
    for stem in ("000000", "000002", "000010"):
        label = {"imageWidth": 256, "imageHeight": 144, "points": []}
        put(reference, label, f"sim/aicm1/VID000_0/point_labels/{stem}")
    put(predictions, GOOD | {"points": [{"x": 256, "y": 1}, {"x": 255, "y": 143}]})
    put(predictions, GOOD | {"imageFileName": "7.png"}, "aicm1/VID000_0/7")
    report = validate(predictions, reference)
    assert sorted((f.code, f.file) for f in report.findings) == [
        ("frame-missing", "aicm1/VID000_0/000002.json"),
        ("frame-missing", "aicm1/VID000_0/000010.json"),
        ("frame-unexpected", "aicm1/VID000_0/7.json"),
        ("point-outside", "aicm1/VID000_0/point_labels/000000.json"),
    ]
    assert not report.valid
    put(reference, "{", "sim/aicm1/VID000_0/point_labels/000011")
    with pytest.raises(InputError, match=r"000011\.json"):
        validate(predictions, reference)


def test_single_file(tmp_path):
    path = put(tmp_path, GOOD, "000000")
    assert validate(path).valid
    path = put(tmp_path, GOOD, "000001")
    assert found(validate(path)) == [("name-mismatch", "error", "/imageFileName")]
    path = put(tmp_path, GOOD | {"folderName": "aicm2"})
    assert found(validate(path)) == [("name-mismatch", "error", "/folderName")]
    (tmp_path / "a.txt").write_bytes(b"PK")
    with pytest.raises(UsageError, match="neither"):
        validate(tmp_path / "a.txt")


def test_single_file_with_reference(tmp_path):
    label = {"imageWidth": 100, "imageHeight": 100, "points": []}
    for stem in ("000000", "000001"):
        put(tmp_path / "labels", label, f"sim/aicm1/VID000_0/point_labels/{stem}")
    path = put(tmp_path, GOOD | {"points": [{"x": 99, "y": 99}, {"x": 100, "y": 9}]}, "000000")
    assert found(validate(path, tmp_path / "labels")) == [("point-outside", "error", "/points/1")]
    path = put(tmp_path, GOOD | {"folderName": "aicm9"}, "000000")
    assert found(validate(path, tmp_path / "labels")) == [("frame-unexpected", "error", "")]
    path = put(tmp_path, {"points": []}, "000000")
    codes = [f.code for f in validate(path, tmp_path / "labels").findings]
    assert codes == ["key-missing"] * 3 + ["frame-unexpected"]


def test_images_as_reference(tmp_path):
    for i in range(2):
        write_frame(tmp_path / "set", "aicm1", f"{i:06d}", [(9, 9)], size=(64, 32))
    put(tmp_path / "p", GOOD | {"subfolderName": "video_1", "points": [{"x": 63, "y": 32}]},
        "aicm1/video_1/000000")  # fmt: skip
    expected = [("point-outside", "error", "/points/0"), ("frame-missing", "error", "")]
    assert found(validate(tmp_path / "p", tmp_path / "set")) == expected
    shutil.rmtree(tmp_path / "set/aicm1/video_1/point_labels")
    assert found(validate(tmp_path / "p", tmp_path / "set")) == expected
    (tmp_path / "set/aicm1/video_1/images/000001.png").write_bytes(b"no image")
    with pytest.raises(InputError, match=r"000001\.png: not readable as an image"):
        validate(tmp_path / "p", tmp_path / "set")
    with pytest.raises(InputError, match="no label files and no images"):
        validate(tmp_path / "p", tmp_path / "p" / "aicm1" / "video_1" / "..")


def test_a_label_without_a_size_has_that_of_its_image(tmp_path):
    label = write_frame(tmp_path / "set", "aicm1", "000000", [(9, 9)], size=(64, 32))
    label.write_text('{"points": []}')
    put(tmp_path / "p", GOOD | {"subfolderName": "video_1", "points": [{"x": 64, "y": 1}]},
        "aicm1/video_1/000000")  # fmt: skip
    assert found(validate(tmp_path / "p", tmp_path / "set")) == [
        ("point-outside", "error", "/points/0")
    ]


def sequence(root, points_of, frames=12):
    for i in range(frames):
        entries = [{"x": x, "y": y} for x, y in points_of(i)]
        size = {"imageWidth": 512, "imageHeight": 288}
        put(root, GOOD | size | {"imageFileName": f"{i:06d}.png", "points": entries},
            f"aicm1/VID000_0/{i:06d}")  # fmt: skip
    return root


def test_constant_predictions(tmp_path):
    report = validate(sequence(tmp_path / "a", lambda i: [(5, 5), (9 if i < 7 else i, 7)]))
    assert [f.message for f in report.findings] == ["8 of 12 frames have the same 2 points"]
    assert report.valid
    assert not validate(sequence(tmp_path / "b", lambda i: [(5, 5 + (i > 5) * i)])).findings
    few = validate(sequence(tmp_path / "c", lambda i: [(5, 5)], frames=4))
    assert not few.findings


def test_empty_predictions(tmp_path):
    assert found(validate(sequence(tmp_path / "a", lambda i: []))) == [("all-empty", "warning", "")]
    put(tmp_path / "a", "{", "aicm1/VID000_0/000003")
    assert "all-empty" not in validate(tmp_path / "a").counts
    assert not validate(sequence(tmp_path / "b", lambda i: [(i, 5)] if i == 3 else [])).findings


def test_implausible_counts(tmp_path):
    labels = sequence(tmp_path / "labels", lambda i: [(i, 5), (9, 9 + i)])
    for n, expected in ((8, []), (9, [("count-implausible", "warning", "")])):
        many = sequence(tmp_path / f"{n}", lambda i, n=n: [(50 * j + i, 100 + i) for j in range(n)])
        assert found(validate(many, labels)) == expected
    few = sequence(tmp_path / "few", lambda i: [(3, 3)] if i == 3 else [])
    assert [f.message for f in validate(few, labels).findings] == [
        "0.0833 points a frame on average, where the reference has 2"
    ]


def test_mistakes_are_named_though_points_are_outside(tmp_path):
    report = validate(sequence(tmp_path, lambda i: [(3 * j + i, 500 - 31 * j) for j in range(9)]))
    assert {"looks-swapped", "point-outside"} == set(report.counts)


def test_archives_say_the_same_as_folders(tmp_path):
    root = sequence(tmp_path / "team", lambda i: [(500 + 3 * i, 5), (i, 5)])
    put(root, "{", "aicm1/VID000_0/000007")
    plain = validate(root)
    assert not plain.valid
    for kind in ("zip", "tar", "gztar"):
        packed = shutil.make_archive(str(tmp_path / "packed"), kind, tmp_path, "team")
        report = validate(Path(packed))
        same = [f for f in report.findings if f.code != "archive-prefix"]
        assert (report.frames, report.points, tuple(same)) == (
            plain.frames, plain.points, plain.findings,
        )  # fmt: skip


def test_command(tmp_path):
    put(tmp_path, GOOD)
    expected = {"valid": True, "frames": 1, "points": 3, "counts": {}, "findings": []}
    assert invoke_json("validate", tmp_path) == expected
    for i in range(30):
        put(tmp_path, "{", f"aicm1/VID000_0/{i + 1:06d}")
    findings = invoke_json("validate", tmp_path, code=1)["findings"]
    assert len(findings) == 30
    assert set(findings[0]) == {
        "code", "severity", "file", "pointer", "message", "hint",
        "line", "column", "found", "expected", "count",
    }  # fmt: skip
    text, _ = invoke("validate", tmp_path, code=1)
    assert "10 more json-syntax" in text
    assert "not valid: 31 frames, 3 points, 30 errors, 0 warnings" in text
    invoke("validate", tmp_path / "nowhere", code=2)
