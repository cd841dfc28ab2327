"""How a report reads: text, JSON, SARIF, JUnit; nothing of a stranger reaches the terminal."""

from __future__ import annotations

import ast
import json
import re
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import pytest
from commands import invoke, invoke_json
from jsonschema import Draft202012Validator

from adaptor_bench.names import printable
from adaptor_bench.progress import Progress
from adaptor_bench.submission.codes import CODES, finding
from adaptor_bench.submission.explain import explained_markdown
from adaptor_bench.submission.findings import Report
from adaptor_bench.submission.junit import to_junit
from adaptor_bench.submission.sarif import to_sarif
from adaptor_bench.submission.text import to_text
from adaptor_bench.submission.validate import validate

pytestmark = pytest.mark.quick

REPOSITORY = Path(__file__).parent.parent
SUBMISSION = REPOSITORY / "adaptor_bench" / "submission"
GOOD = '{"folderName": "a", "subfolderName": "v", "imageFileName": "0.png", "points": []}'
LABEL = '{"imageWidth": 512, "imageHeight": 288, "points": []}'
# A terminal escape, a bell, a line break, a text direction override, bytes that are not text, and
# what XML and Markdown care about.
NASTY = "\x1b[31m\x07\n\u202e\ud800<&]]>\"'\ufffe\x00"

TEXT = """\
a/v/1.json
  error       1:80  coordinate-missing  coordinate 'y' is missing  (/points/0)
                    hint: Write {"x": .., "y": ..}.
  error       1:90  point-outside  (9999, 1) is outside [0, 511] x [0, 287]  (/points/1)
                    hint: Coordinates are pixels of the 512x288 frame, x to the right, \
y down.

b/w w/9.json
  error             frame-missing  no prediction for this frame
                    hint: Write a file for every frame; a frame without landmarks has an empty \
list of points.

b/w w/ü:2.json
  warning    1:102  point-duplicate  same place as /points/0  (/points/1)
                    hint: Write each point once.

not valid: 3 frames, 4 points, 3 errors, 1 warning
"""


run = partial(invoke, "validate")


@pytest.fixture
def team(tmp_path):
    """One file in order, one with errors, one with a warning, one that is missing."""
    wrong, twice = '[{"x": 1}, {"x": 9999, "y": 1}]', '[{"x": 1, "y": 1}, {"x": 1, "y": 1}]'
    other = GOOD.replace('"a"', '"b"').replace('"v"', '"w w"').replace("0.png", "ü:2.png")
    for folder, name, text in (
        ("a/v", "0", GOOD),
        ("a/v", "1", GOOD.replace("0.png", "1.png").replace("[]", wrong)),
        ("b/w w", "ü:2", other.replace("[]", twice)),
    ):
        for root in ("p", "r"):
            path = tmp_path / root / folder / f"{name}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text if root == "p" else LABEL, "utf-8")
    (tmp_path / "r/b/w w/9.json").write_text(LABEL)
    return tmp_path / "p", tmp_path / "r"


def test_text(team):
    assert to_text(validate(*team)) == TEXT


def test_text_is_wrapped_and_nothing_is_lost(team):
    report = validate(*team)
    plain, narrow = to_text(report), to_text(report, width=70)
    assert plain.split() == narrow.split()
    assert max(map(len, narrow.splitlines())) <= 70 < max(map(len, plain.splitlines()))


def test_text_stops_at_the_limit_and_says_so(tmp_path):
    for i in range(30):
        (tmp_path / "a/v").mkdir(parents=True, exist_ok=True)
        (tmp_path / f"a/v/{i:02d}.json").write_text("[" * 70 if i % 3 else "{")
    report = validate(tmp_path)
    text = to_text(report, limit=4)
    assert text.count("json-too-deep  ") == text.count("json-syntax  ") == 4
    assert text.count("hint:") == 2
    assert "and 6 more json-syntax, 16 more json-too-deep (--limit 0 shows more)" in text
    assert to_text(report, limit=0).count("json-too-deep  ") == 20


def test_sarif(team):
    report = validate(*team)
    sarif = to_sarif(report)
    (made,) = sarif["runs"]
    assert (sarif["version"], made["columnKind"]) == ("2.1.0", "unicodeCodePoints")
    rules = made["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == list(CODES)
    assert made["invocations"] == [{"executionSuccessful": True, "exitCode": 1}]
    assert len(made["results"]) == len(report.findings)
    for result, found in zip(made["results"], report.findings, strict=True):
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == found.code
        assert (
            result["level"]
            == {"error": "error", "warning": "warning", "info": "note"}[found.severity]
        )
        assert rules[result["ruleIndex"]]["defaultConfiguration"]["level"] == result["level"]
        (location,) = result["locations"]
        uri = location["physicalLocation"]["artifactLocation"]["uri"]
        assert re.fullmatch(r"(?:[A-Za-z0-9._~/-]|%[0-9A-F]{2})+", uri)
        assert unquote(uri) == found.file
        region = location["physicalLocation"].get("region")
        assert region == (
            None if found.line is None else {"startLine": found.line, "startColumn": found.column}
        )
        assert result["message"]["text"] == found.message
    assert {found.code for found in report.findings} >= {"point-outside", "frame-missing"}


def closed(required, **properties):
    """An object of SARIF 2.1.0: these properties, no others."""
    return {"type": "object", "required": required, "additionalProperties": False,
            "properties": {"properties": {"type": "object"}, **properties}}  # fmt: skip


TEXT_OBJECT = closed(["text"], text={"type": "string", "minLength": 1})
LEVEL = {"enum": ["none", "note", "warning", "error"]}
COUNT = {"type": "integer", "minimum": 1}
SARIF = closed(
    ["version", "runs", "$schema"],
    **{"$schema": {"type": "string"}, "version": {"const": "2.1.0"}},
    runs={"type": "array", "items": closed(
        ["tool", "results"],
        columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
        invocations={"type": "array", "items": closed(
            ["executionSuccessful"],
            executionSuccessful={"type": "boolean"}, exitCode={"type": "integer"})},
        tool=closed(["driver"], driver=closed(
            ["name"],
            name={"type": "string"}, semanticVersion={"type": "string"},
            rules={"type": "array", "uniqueItems": True, "items": closed(
                ["id"],
                id={"type": "string"}, shortDescription=TEXT_OBJECT, fullDescription=TEXT_OBJECT,
                help=TEXT_OBJECT, defaultConfiguration=closed([], level=LEVEL))})),
        results={"type": "array", "items": closed(
            ["message"],
            ruleId={"type": "string"}, ruleIndex={"type": "integer", "minimum": -1}, level=LEVEL,
            message=TEXT_OBJECT, occurrenceCount=COUNT,
            locations={"type": "array", "items": closed(
                [],
                physicalLocation=closed(
                    ["artifactLocation"],
                    artifactLocation=closed([], uri={"type": "string"}),
                    region=closed([], startLine=COUNT, startColumn=COUNT)),
                logicalLocations={"type": "array", "uniqueItems": True, "items": closed(
                    [], fullyQualifiedName={"type": "string"})})})})})  # fmt: skip


@pytest.mark.parametrize("case", sorted((REPOSITORY / "submissions/gallery").glob("*/submission*")),
                         ids=lambda p: p.parent.name)  # fmt: skip
def test_sarif_has_only_what_the_standard_knows(case):
    judge = Draft202012Validator(SARIF)
    judge.validate(json.loads(json.dumps(to_sarif(validate(case)), allow_nan=False)))


def test_progress_counts_the_files(tmp_path):
    (tmp_path / "a/v").mkdir(parents=True)
    for i in range(130):
        (tmp_path / f"a/v/{i}.json").write_text("{")
    seen = []

    class Recorder(Progress):
        @contextmanager
        def bar(self, title):
            yield lambda done, total, note="": seen.append((done, total))

    validate(tmp_path, progress=Recorder(live=True))
    assert seen == [(64, 130), (128, 130)]


def test_junit(team):
    report = validate(*team)
    root = ET.fromstring(to_junit(report))
    assert root.attrib == {
        "name": "bench validate", "tests": "4", "failures": "2", "errors": "0", "skipped": "0",
    }  # fmt: skip
    suites = {suite.get("name"): suite for suite in root}
    assert {name: (s.get("tests"), s.get("failures")) for name, s in suites.items()} == {
        "a/v": ("2", "1"),
        "b/w w": ("2", "1"),
    }
    cases = {case.get("name"): case for case in root.iter("testcase")}
    assert list(cases["a/v/0.json"]) == []
    (failure,) = cases["a/v/1.json"]
    assert failure.get("type") == "coordinate-missing"
    assert failure.get("message") == "2 errors, the first: coordinate 'y' is missing"
    assert "point-outside: (9999, 1)" in failure.text
    (out,) = cases["b/w w/ü:2.json"]
    assert out.tag == "system-out"
    assert "point-duplicate" in out.text


@pytest.mark.parametrize("kind", ["text", "json", "sarif", "junit"])
def test_what_strangers_write_can_be_printed(tmp_path, kind):
    folder = tmp_path / "a/\x1b[31mv"
    folder.mkdir(parents=True)
    document = {"folderName": NASTY, "subfolderName": [NASTY], NASTY: 1, "points": [{"x": NASTY}]}
    (folder / "0.json").write_text(json.dumps(document))
    (tmp_path / b"a/\xff\xfe".decode("utf-8", "surrogateescape")).mkdir()
    (tmp_path / b"a/\xff\xfe/1.json".decode("utf-8", "surrogateescape")).write_text("{")
    (tmp_path / "a/v").mkdir()
    (tmp_path / "a/v/2.json").write_text(f"[{NASTY[:5]}".encode("utf-8", "replace").decode())
    shown, _ = run(tmp_path, "--format", kind, code=1)
    assert shown.replace("\n", "").isprintable()
    if kind == "junit":
        ET.fromstring(shown)
    elif kind != "text":
        json.loads(shown)


def test_a_finding_cannot_carry_control_characters():
    made = finding(
        "json-syntax", NASTY, NASTY, pointer=NASTY, found=NASTY, expected=NASTY, hint=NASTY
    )
    for text in (made.file, made.message, made.pointer, made.found, made.expected, made.hint):
        assert text.isprintable()
        assert text == printable(text)
    assert len(finding("json-syntax", ".", "x" * 10_000).message) == 600


def test_hostile_names_pass_the_renderers():
    made = [finding(code, f"{NASTY}/x", NASTY, pointer=NASTY) for code in CODES]
    report = Report(1, 0, tuple(made), dict.fromkeys(CODES, 1), {}, (NASTY,))
    root = ET.fromstring(to_junit(report))
    assert int(root.get("failures")) == 1
    json.loads(json.dumps(to_sarif(report), allow_nan=False))


def test_exit_codes(team, tmp_path):
    good = tmp_path / "good/a/v"
    good.mkdir(parents=True)
    (good / "0.json").write_text(GOOD)
    run(tmp_path / "good")
    run(*team[:1], "--reference", team[1], code=1)
    run(tmp_path / "nowhere", code=2)
    run(tmp_path / "good", "--format", "yaml", code=2)
    (tmp_path / "x.docx").write_bytes(b"text")
    run(tmp_path / "x.docx", code=2)


def test_every_code_that_is_used_is_in_the_catalogue():
    """And every code of the catalogue is used: no text about what cannot happen."""
    used = set()
    for path in SUBMISSION.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and node.value in CODES:
                used.add(node.value)
            called = isinstance(node, ast.Call) and (
                getattr(node.func, "id", "") or getattr(node.func, "attr", "")
            )
            if called in ("finding", "SourceError", "note") and node.args:
                code = node.args[0]
                if isinstance(code, ast.Constant) and path.name != "codes.py":
                    assert code.value in CODES, f"{path}:{node.lineno}"
    assert used == set(CODES)


def test_explain():
    listed, _ = invoke("explain")
    assert [line.split()[0] for line in listed.splitlines()] == list(CODES)
    for code, entry in CODES.items():
        text = " ".join(invoke("explain", code)[0].split())
        for part in (code, entry.severity, entry.title, entry.cause, entry.remedy):
            assert " ".join(part.split()) in text
        assert re.fullmatch("[a-z0-9-]+", code)
        assert entry.cause.endswith(".")
        assert entry.remedy.endswith((".", ")"))
        assert not entry.title.endswith(".")
    assert invoke_json("explain", "json-nan") == {
        "code": "json-nan",
        "severity": "error",
        "title": CODES["json-nan"].title,
        "cause": CODES["json-nan"].cause,
        "remedy": CODES["json-nan"].remedy,
    }
    assert len(invoke_json("explain")) == len(CODES)
    assert "json-nan" in invoke("explain", "json-nann", code=2)[1].replace("json-nann", "")


def test_the_page_of_codes_is_current():
    page = REPOSITORY / "submissions" / "CODES.md"
    assert page.read_text("utf-8") == explained_markdown(), (
        "run: bench explain --format markdown > submissions/CODES.md"
    )
