"""The validator: one test per rule, everything in one pass, exit codes."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from adaptor_bench.cli.validate import command
from adaptor_bench.errors import InputError, UsageError
from adaptor_bench.submission.validate import validate

GOOD = {
    "folderName": "aicm1",
    "subfolderName": "VID000_0",
    "imageFileName": "000000.png",
    "points": [{"x": 1, "y": 2.5}, {"x": 511, "y": 287, "score": 0.5}, {"x": 0, "y": 0}],
}


def put(root, document, key="aicm1/VID000_0/point_labels/000000"):
    path = root / f"{key}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(document if isinstance(document, str) else json.dumps(document), "utf-8")
    return path


def found(report):
    """Code, severity and pointer of all findings."""
    return [(f.code, f.severity, f.pointer) for f in report.findings]


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
        ("", ("json-syntax", "error", "")),
        ("[" * 100_000, ("json-syntax", "error", "")),
        ('{"points": [{"x": NaN, "y": 1}]}', ("json-nan", "error", "")),
        ('{"points": [{"x": -Infinity, "y": 1}]}', ("json-nan", "error", "")),
        ([], ("root-type", "error", "")),
        (None, ("root-type", "error", "")),
        (
            json.dumps(GOOD).replace('"y": 2.5', '"y": 2.5, "y": 3'),
            ("json-duplicate-key", "error", "/points/0"),
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


def test_not_unicode(tmp_path):
    put(tmp_path, GOOD).write_bytes(b'{"points": "\xff"}')
    assert found(validate(tmp_path)) == [("json-syntax", "error", "")]


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
    with pytest.raises(UsageError, match="--reference"):
        validate(path, tmp_path)
    (tmp_path / "a.zip").write_bytes(b"PK")
    with pytest.raises(UsageError, match="neither"):
        validate(tmp_path / "a.zip")


def test_command(tmp_path):
    put(tmp_path, GOOD)
    runner = CliRunner()
    good = runner.invoke(command, [str(tmp_path), "--format", "json"])
    assert good.exit_code == 0
    expected = {"valid": True, "frames": 1, "points": 3, "findings": []}
    assert json.loads(good.stdout) == expected
    for i in range(30):
        put(tmp_path, "{", f"aicm1/VID000_0/{i + 1:06d}")
    bad = runner.invoke(command, [str(tmp_path), "--format", "json"])
    assert bad.exit_code == 1
    findings = json.loads(bad.stdout)["findings"]
    assert len(findings) == 30
    assert set(findings[0]) == {"code", "severity", "file", "pointer", "message", "hint"}
    text = runner.invoke(command, [str(tmp_path)])
    assert text.exit_code == 1
    assert "10 more json-syntax" in text.stdout
    assert "not valid: 31 frames, 3 points, 30 errors, 0 warnings" in text.stdout
    assert runner.invoke(command, [str(tmp_path / "nowhere")]).exit_code == 2


def test_what_strangers_write_can_be_printed(tmp_path):
    put(tmp_path, '{"folderName": "\\ud800\\u001b[31m", "\\ud800": 1}', "aicm1/V/\x1b[31mx")
    text = CliRunner().invoke(command, [str(tmp_path)])
    assert text.exit_code == 1
    assert "\x1b" not in text.stdout
