"""The examples under submissions/: the good team is valid, every bad one has what it shows."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

from adaptor_bench.submission.codes import CODES
from adaptor_bench.submission.validate import validate

pytestmark = pytest.mark.quick

SUBMISSIONS = Path(__file__).parent.parent / "submissions"
CASES = sorted(p.parent for p in SUBMISSIONS.glob("gallery/*/expected.json"))
# What no small file can show: it takes megabytes, or a disk that refuses to be read.
NOT_SHOWN = {
    "checking-stopped",
    "file-unreadable",
    "file-too-large",
    "archive-members",
    "archive-size",
    "archive-ratio",
}


@pytest.fixture(scope="module")
def script():
    place = importlib.util.spec_from_file_location("make", SUBMISSIONS / "gallery" / "make.py")
    module = importlib.util.module_from_spec(place)
    place.loader.exec_module(module)
    return module


@pytest.mark.parametrize("case", CASES, ids=lambda p: p.name)
def test_case(script, case):
    expected = json.loads((case / "expected.json").read_text("utf-8"))
    assert script.expectation(case) == expected
    codes = {finding["code"] for finding in expected["findings"]}
    assert case.name in codes
    errors = any(finding["severity"] == "error" for finding in expected["findings"])
    assert expected["valid"] == (not errors)


def test_every_code_that_a_file_can_show_has_a_case(script):
    assert {case.name for case in CASES} == set(script.CASES) == set(CODES) - NOT_SHOWN


def test_what_is_there_is_what_the_script_writes(script, tmp_path):
    """Content for content; archives by what is found in them, for zlib may pack otherwise."""
    for name, files in script.CASES.items():
        folder = SUBMISSIONS / "gallery" / name
        if (folder / "submission").exists():
            script.write(tmp_path / name, files)
            there = {
                p.relative_to(folder / "submission").as_posix(): p.read_bytes()
                for p in (folder / "submission").rglob("*") if p.is_file()
            }  # fmt: skip
            made = {k: v.encode() if isinstance(v, str) else v for k, v in files.items()}
            assert there == made, name


def test_the_example_team_is_valid():
    report = validate(SUBMISSIONS / "example")
    assert (report.valid, report.frames, report.points) == (True, 4, 6)
    assert set(report.counts) == {"score-present"}


def test_it_stays_small():
    sizes = [p.stat().st_size for p in SUBMISSIONS.glob("gallery/**/*") if p.is_file()]
    assert sum(sizes) < 200_000
