"""The place of a value in a JSON text, and documents whose points are plain."""

from __future__ import annotations

import json
from functools import reduce

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adaptor_bench.submission.document import Document
from adaptor_bench.submission.filecheck import FileCheck
from adaptor_bench.submission.findings import pointer_part
from adaptor_bench.submission.locate import positions, survey, too_deep
from adaptor_bench.submission.rules import DOCUMENT_RULES, PLAIN_RULES
from adaptor_bench.submission.strictjson import decode

pytestmark = pytest.mark.quick

SCALARS = st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8)
KEYS = st.sampled_from(["", "x", "~", "/", "a/b", '"', "\\", "é", "{", ",", "0"]) | st.text(
    max_size=3
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)


def every_value(value, parts=()):
    yield parts, value
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(
        value, list
    ) else ()  # fmt: skip
    for key, child in children:
        yield from every_value(child, (*parts, key))


def pointer(parts):
    return "".join(pointer_part(str(part)) for part in parts)


def same(a, b):
    return json.dumps(a) == json.dumps(b)


@given(VALUES, st.sampled_from([None, 0, 3]), st.booleans())
def test_every_value_is_found_where_it_stands(value, indent, plain):
    text = json.dumps(value, indent=indent, ensure_ascii=plain)
    content = json.loads(text)
    wanted = {pointer(parts): (parts, v) for parts, v in every_value(content)}
    found = survey(text, wanted)
    assert found.values.keys() == wanted.keys()
    decoder = json.JSONDecoder()
    for where, (start, end) in found.values.items():
        parts, expected = wanted[where]
        there, stop = decoder.raw_decode(text, start)
        assert same(there, expected)
        assert end == (0 if isinstance(there, dict | list) else stop)
        if parts and isinstance(reduce(lambda v, k: v[k], parts[:-1], content), dict):
            key, after = json.decoder.scanstring(text, found.keys[where] + 1)
            assert key == parts[-1]
            assert text[after:start].strip() == ":"


@given(VALUES)
def test_constants_are_all_found(value):
    text = json.dumps(value)
    wrong = {
        pointer(parts): json.dumps(v)
        for parts, v in every_value(value)
        if isinstance(v, float) and not abs(v) < float("inf")
    }
    found = survey(text, faults=True)
    assert {f.pointer: f.text for f in found.constants} == wrong
    assert all(text.startswith(f.text, f.offset) for f in found.constants)
    assert len(found.constants) == len(wrong)


def test_the_second_of_two_keys_is_the_fault():
    text = '{"a": {"x": 1}, "a": {"x": 1, "b": 2, "\\u0062": 3, "x": 4}}'
    found = survey(text, faults=True)
    assert [(f.pointer, f.offset) for f in found.repeated] == [
        ("/a", text.index('"a"', 5)),
        ("/a/b", text.index('"\\u')),
        ("/a/x", text.rindex('"x"')),
    ]


def test_deep_nesting_breaks_nothing():
    text = "[" * 200_000 + "NaN" + "]" * 200_000
    assert survey(text, ["/0/0/0"]).values["/0/0/0"] == (3, 0)
    assert len(survey(text, faults=True).constants) == 1
    assert too_deep(text, 64) == 64
    assert too_deep('"[[[[", [[{"}": "[[["}]]', 3) is None
    assert too_deep('"[[[[", [[{"}": "[[["}]]', 2) == 10


@pytest.mark.parametrize("bomb", ['"' + '\\"' * 400_000, '"\\' * 400_000, "[" + '"' * 800_001])
def test_quotes_without_end_take_no_quadratic_time(bomb):
    too_deep("[" * 65 + bomb, 65)
    assert [f.code for f in decode(bomb.encode(), "f").findings] == ["json-syntax"]


def test_positions():
    assert positions("ab\ncé\n\nd", [0, 2, 3, 4, 7, 7]) == {
        0: (1, 1), 2: (1, 3), 3: (2, 1), 4: (2, 2), 7: (4, 1),
    }  # fmt: skip


@given(st.binary(max_size=300) | st.text(max_size=100).map(str.encode))
@example(b"\xff\xfe")
@example(b"\xef\xbb\xbf")
@example(b"\xef\xbb\xbf\xff")
@example(b"\0\0\0{")
@example(b'{"a": "\xed\xa0\x80"}')
def test_any_bytes_are_decoded_or_refused_with_a_finding(data):
    decoded = decode(data, "f")
    assert decoded.complete or decoded.findings
    for finding in decoded.findings:
        assert finding.line is None or (finding.line >= 1 and finding.column >= 1)
    FileCheck().check(data, "f", ("a", "b", "c"), (512, 288))


PLACE = ("aicm1", "VID000_0", "000000")
NAMES = {"folderName": "aicm1", "subfolderName": "VID000_0", "imageFileName": "000000.png"}
NUMBERS = (
    st.sampled_from([0, 0.5, 1, 287, 288, 511, 511.5, -1, 1e999, "1", True, None, 10**400])
    | st.floats(0, 287)
    | st.integers(0, 287)
)
POINT = st.fixed_dictionaries({"x": NUMBERS, "y": NUMBERS}, optional={"score": NUMBERS}) | st.just(
    {"x": 1, "y": 2}
)


@given(st.lists(POINT, max_size=5) | st.lists(VALUES, max_size=3))
@example([{"x": 1, "y": 2.5, "score": 0.5}, {"x": 511, "y": 287}])
@example([{"x": 1e308, "y": 1e308}])
def test_plain_points_need_no_rule_about_numbers(points):
    document = Document("f", {**NAMES, "points": points}, (512, 288), PLACE)
    if document.plain:
        others = [rule for rule in DOCUMENT_RULES if rule not in PLAIN_RULES]
        assert len(others) == 3 and not [f for rule in others for f in rule(document)]
        assert document.coordinates == [(i, p["x"], p["y"]) for i, p in enumerate(points)]
        assert document.scores == sum("score" in point for point in points)


def test_usual_points_are_plain():
    points = [{"x": 1, "y": 2.5, "score": 0.5}, {"x": 511, "y": 287}]
    assert Document("f", {"points": points}).plain
    for entry in ({"x": 1}, {"x": 1, "y": "2"}, {"x": 1, "y": 2, "z": 3}, {"x": 1, "y": True}, [1]):
        assert not Document("f", {"points": [*points, entry]}).plain
