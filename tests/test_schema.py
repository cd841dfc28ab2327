"""The published JSON Schema and the validator agree."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest
from commands import invoke
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from adaptor_bench.data.formats.challenge import NAMES
from adaptor_bench.data.sizes import FRAME_SIZE
from adaptor_bench.submission.document import NAME_PATTERN, POINTS_LIMIT
from adaptor_bench.submission.filecheck import FileCheck

pytestmark = pytest.mark.quick

REPOSITORY = Path(__file__).parent.parent
SCHEMA = json.loads((REPOSITORY / "submissions/prediction.schema.json").read_text("utf-8"))
JUDGE = Draft202012Validator(SCHEMA)
PLACE = ("aicm1", "VID000_0", "000000")
GOOD = {
    "folderName": "aicm1",
    "subfolderName": "VID000_0",
    "imageFileName": "000000.png",
    "points": [{"x": 1, "y": 2.5}, {"x": 511, "y": 287, "score": 0.5}],
}
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-600, 600)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(
        ["", ".", "..", "..\n", "a/b", "a\\b", "\0", "C:x", "1", "aicm1", 10**400, 1e308]
    )
    | st.text(max_size=3)
)
KEYS = st.sampled_from(
    [*NAMES, "points", "x", "y", "score", "imageWidth", "imageHeight"]
) | st.text(max_size=2)
ANYTHING = st.recursive(
    SCALARS, lambda v: st.lists(v, max_size=3) | st.dictionaries(KEYS, v, max_size=4), max_leaves=12
)
POINTS = st.lists(
    st.fixed_dictionaries(
        {"x": st.floats(0, 511), "y": st.integers(0, 287)}, optional={"score": st.floats(0, 1)}
    ),
    max_size=4,
)


def rejected(document):
    """By the validator, on its own and with the path it states."""
    data = json.dumps(document).encode()
    severities = {
        tuple(f.severity for f in FileCheck().check(data, "f", place, FRAME_SIZE).findings)
        for place in (None, PLACE)
    }
    return [("error" in found) for found in severities]


def walk(value, path=()):
    yield path
    for key, child in (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list)
        else ()
    ):  # fmt: skip
        yield from walk(child, (*path, key))


@st.composite
def mutated(draw):
    """A good document with one to three places changed, removed or added to."""
    document = copy.deepcopy(GOOD) | {"points": draw(POINTS)}
    for _ in range(draw(st.integers(1, 3))):
        *above, last = draw(st.sampled_from([p for p in walk(document) if p] or [("points",)]))
        parent = document
        for key in above:
            parent = parent[key]
        action = draw(st.sampled_from(["change", "remove", "add"]))
        if action == "remove":
            parent.pop(last, None) if isinstance(parent, dict) else parent.pop(last)
        elif action == "add" and isinstance(parent, dict):
            parent[draw(KEYS)] = draw(ANYTHING)
        else:
            parent[last] = draw(ANYTHING)
    return document


def test_the_schema_is_one():
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"].endswith("2020-12/schema")
    assert json.loads(invoke("schema")[0]) == SCHEMA


def test_the_constants_are_the_validators():
    assert SCHEMA["$defs"]["name"]["pattern"] == NAME_PATTERN
    assert SCHEMA["properties"]["points"]["maxItems"] == POINTS_LIMIT
    point = SCHEMA["$defs"]["point"]["properties"]
    assert (point["x"]["maximum"] + 1, point["y"]["maximum"] + 1) == FRAME_SIZE


@settings(max_examples=400, deadline=None)
@given(mutated() | ANYTHING)
@example(GOOD | {"folderName": "..\n"})
@example(GOOD | {"points": [{"x": 1, "y": 2}] * 1001})
@example(GOOD | {"points": [{"x": 1.0, "y": 10**400}]})
@example(GOOD | {"imageWidth": 512})
@example(GOOD | {"imageWidth": 0.5, "imageHeight": 1})
@example([])
def test_what_the_schema_rejects_the_validator_rejects(document):
    if not JUDGE.is_valid(document):
        assert all(rejected(document)), list(JUDGE.iter_errors(document))


@given(POINTS, st.dictionaries(st.text(max_size=3), ANYTHING, max_size=2))
def test_good_documents_pass_both(points, extra):
    document = extra | GOOD | {"points": points}
    extra_size = {"imageWidth", "imageHeight"} & extra.keys()
    if not extra_size:
        assert JUDGE.is_valid(document)
        assert not any(rejected(document))


@pytest.mark.parametrize("case", sorted((REPOSITORY / "submissions/gallery").glob("*/submission")),
                         ids=lambda p: p.parent.name)  # fmt: skip
def test_the_gallery(case):
    """Cases the schema cannot see are known by name; all others it rejects as well."""
    unseen = {
        "no-frames", "frame-missing", "frame-unexpected", "frame-duplicate", "file-misplaced",
        "file-ignored", "predictions-constant", "count-implausible", "all-empty", "key-unknown",
        "size-mismatch", "size-unknown", "point-duplicate", "score-present", "score-partial",
        "encoding-bom",
        "encoding-utf16", "encoding-invalid", "json-nan", "json-duplicate-key", "file-empty",
        "json-syntax", "name-mismatch", "number-not-finite", "looks-normalised", "looks-shifted",
        "looks-mirrored", "looks-one-based", "looks-renumbered",
    }  # fmt: skip
    if case.parent.name in unseen:
        return
    documents = [json.loads(path.read_bytes()) for path in case.rglob("*.json")]
    assert not all(map(JUDGE.is_valid, documents))
