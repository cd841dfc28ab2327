"""Files of strangers: pipes, devices, sizes, nesting and numbers end in one plain line."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

import pytest
from commands import invoke
from frame_files import write_frame

from adaptor_bench import bounded
from adaptor_bench.bounded import read_file, read_json, read_up_to
from adaptor_bench.data.labels import read_points
from adaptor_bench.errors import InputError
from adaptor_bench.results.runs import Run
from adaptor_bench.scoring.scorefile import FoldScore

pytestmark = pytest.mark.quick


def test_up_to_the_limit_and_not_beyond(tmp_path, monkeypatch):
    path = tmp_path / "file"
    for size in (0, 1, 1023, 1024, 1025, 5000):
        path.write_bytes(b"x" * size)
        assert len(read_up_to(path, 1024)) == min(size, 1025)
        if size > 1024:
            with pytest.raises(InputError, match=r"file: larger than 1 KiB, which is not read"):
                read_file(path, 1024)
        else:
            assert read_file(path, 1024) == b"x" * size
    # A file system may hand out less than was asked for, and a size of 0 (as /proc does).
    read = os.read
    monkeypatch.setattr(bounded.os, "read", lambda file, size: read(file, min(size, 100)))
    assert read_up_to(path, 8192) == b"x" * 5000
    assert len(read_up_to(path, 1024)) == 1025
    if Path("/proc/self/status").exists():
        assert b"VmRSS" in read_file("/proc/self/status")


@pytest.fixture
def unreadable(tmp_path):
    """What a name can lead to that is no file, by what the message says."""
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "device.json").symlink_to("/dev/zero")
    (tmp_path / "loop.json").symlink_to("loop.json")
    return {
        "a pipe, not a regular file": tmp_path / "pipe.json",
        "a folder, not a regular file": tmp_path / "folder.json",
        "a device, not a regular file": tmp_path / "device.json",
        "Too many levels of symbolic links": tmp_path / "loop.json",
        "no such file": tmp_path / "absent.json",
    }


def test_only_regular_files_are_read(unreadable):
    for reason, path in unreadable.items():
        for read in (read_json, read_points, FoldScore.load):
            with pytest.raises(InputError) as error:
                read(path)
            assert error.value.message.startswith(f"{path}: ") and reason in error.value.message


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc")
def test_no_descriptor_stays_open(unreadable):
    before = len(list(Path("/proc/self/fd").iterdir()))
    for path in unreadable.values():
        with pytest.raises(InputError):
            read_json(path)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_socket_is_no_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # the path of a socket has to be short
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("s.json")
        with pytest.raises(InputError, match=r"s\.json: cannot be read"):
            read_json("s.json")


DEEP = "[" * 900 + "]" * 900
NUMBER = "1" + "0" * 400
FAULTS = {
    f'{{"points": [], "more": {DEEP}}}': "nested more than 64 levels deep",
    f'{{"points": [{{"x": {NUMBER}, "y": 1}}]}}': "/points/0/x is not finite",
    f'{{"points": [{{"x": 1, "y": 1, "score": {NUMBER}}}]}}': "/points/0/score is not finite",
    f'{{"points": [], "imageWidth": {NUMBER}, "imageHeight": 9}}': "positive whole numbers",
    f'{{"points": [{{"x": 1{"0" * 5000}, "y": 1}}]}}': "a number of thousands of digits",
    '{"points": [{"x": NaN, "y": 1}]}': "NaN is not a JSON number",
}


@pytest.mark.parametrize(("text", "reason"), FAULTS.items(), ids=FAULTS.values())
def test_faulty_content_is_a_plain_line_in_every_command(tmp_path, text, reason):
    label = write_frame(tmp_path / "data", "case_1", "000000", [(10, 10)])
    good = write_frame(tmp_path / "good", "case_1", "000000", [(10, 10)])
    assert good.exists()
    label.write_text(text)
    with pytest.raises(InputError) as error:
        read_points(label)
    assert reason in error.value.message and str(label) in error.value.message
    data, other = str(tmp_path / "data"), str(tmp_path / "good")
    for command in (
        ("evaluate", data, other),
        ("evaluate", other, data),
        ("audit", data, other),
        ("data", "check", data),
        ("data", "info", data),
        ("validate", other, "--reference", data),
    ):
        said = "".join(invoke(*command, code=1))
        assert "internal error" not in said and reason in said, command
    invoke("validate", data, code=1)


def test_a_document_that_is_deep_or_long_is_no_run(tmp_path):
    (tmp_path / "run.json").write_text(f'{{"parameters": {DEEP}}}')
    with pytest.raises(InputError, match="nested more than 64 levels deep"):
        Run.load(tmp_path)
    (tmp_path / "run.json").write_text(json.dumps({"notes": "x" * (17 << 20)}))
    with pytest.raises(InputError, match="larger than 16 MiB"):
        Run.load(tmp_path)


def test_a_deep_document_is_refused_wherever_in_it_the_depth_is(tmp_path):
    path = tmp_path / "a.json"
    for text in (f'[1, {{"a": {DEEP}}}]', '{"a": ' * 70 + "1" + "}" * 70):
        path.write_text(text)
        with pytest.raises(InputError, match="64 levels"):
            read_json(path)
    inside = "[" * 64 + "]" * 64
    path.write_text(inside)
    assert json.dumps(read_json(path)) == inside


@pytest.mark.parametrize(
    ("size", "read"),
    [
        ((512.0, 288.0), (512, 288)),
        ((512, 288.0), (512, 288)),
        ((512.5, 288), None),
        ((True, 288), None),
        ((0, 288), None),
        ((-512.0, 288), None),
        (("512", 288), None),
        ((None, 288), None),
        ((1 << 25, 288), None),
    ],
)
def test_a_whole_number_may_have_a_decimal_point(tmp_path, size, read):
    path = tmp_path / "000000.json"
    names = {"folderName": "a", "subfolderName": "v", "imageFileName": "000000.png"}
    sizes = {"imageWidth": size[0], "imageHeight": size[1]}
    path.write_text(json.dumps(names | {"points": [{"x": 1, "y": 2}]} | sizes))
    if read is None:
        with pytest.raises(InputError, match="positive whole numbers"):
            read_points(path)
    else:
        assert read_points(path).size == read
    invoke("validate", path, code=1 if read is None else 0)
