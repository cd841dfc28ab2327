"""Whatever is handed in, the validator answers with a report or a plain error.

The long runs are ``python tests/fuzz/fuzz_validate.py``.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from random import Random

import pytest
from fuzz.corpus import HEAVY, make
from fuzz.fuzz_validate import Watch
from fuzz.probe import probe
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

SOON = settings(
    deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
NAMES = ("folderName", "subfolderName", "imageFileName", "points", "x", "y", "score")
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["aicm1", "VID000_0", "000000.png", -1, 511, 288]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=4), inner, max_size=7)
    ),
    max_leaves=12,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("fuzz")


@given(st.binary(max_size=300), st.sampled_from([".json", ".zip", ".tar", ".tgz", ""]))
@settings(SOON, max_examples=250)
def test_any_bytes(folder, data, suffix):
    path = folder / f"a{suffix}"
    path.write_bytes(data)
    probe(path)


@given(VALUES)
@settings(SOON, max_examples=250)
def test_any_json(folder, value):
    path = folder / "000000.json"
    path.write_text(json.dumps(value), "utf-8")
    probe(path)


@given(st.integers(0, 2**64))
@settings(SOON, max_examples=250)
def test_mutated_submissions(folder, seed):
    """Files, folders, zips and tars that were valid once."""
    place = folder / "mutated"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    probe(make(place, Random(seed)))


@pytest.mark.parametrize("name", ["deep lists", "deep objects", "quotes", "one long number"])
def test_files_made_to_be_slow(tmp_path, name):
    path = tmp_path / "000000.json"
    path.write_bytes(HEAVY[name]())
    assert probe(path)["not valid"] == 1


def test_names_with_numbers_no_integer_is_made_of(tmp_path):
    """Python refuses to convert more than 4300 digits; found by fuzzing."""
    names = dict.fromkeys(NAMES[:3], "9" * 5003)
    path = tmp_path / "000000.json"
    path.write_text(json.dumps({**names, "points": []}), "utf-8")
    reference = tmp_path / "labels/aicm1/V/1.json"
    reference.parent.mkdir(parents=True)
    reference.write_text(json.dumps({"points": []}), "utf-8")
    assert probe(path, tmp_path / "labels")["frame-unexpected"] == 1


def test_a_valid_submission_is_among_the_mutated(tmp_path):
    """Otherwise the corpus would only ever reach the first check."""
    seen = {}
    for seed in range(150):
        place = tmp_path / str(seed)
        place.mkdir()
        seen |= probe(make(place, Random(seed)))
    wanted = {"valid", "unpacked", "json-syntax", "key-type", "archive-path", "archive-compression"}
    assert wanted <= seen.keys()


def test_the_watch_sees_what_is_written_elsewhere():
    watch = Watch(Path("/box/tmp"))
    watch.on = True
    read, write, make_new = 0o0, 0o1, 0o101
    for event, arguments in (
        ("open", ("/etc/passwd", "r", read)),
        ("open", ("/box/tmp/a/x.json", "x", make_new)),
        ("os.mkdir", ("/box/tmp/a", 0o777, -1)),
        ("os.rename", ("/box/tmp/a", "/box/tmp/b", -1, -1)),
        ("os.remove", ("x.json", 7)),
        ("os.listdir", ("/",)),
    ):
        watch(event, arguments)
        assert watch.seen == [], event
    for event, arguments in (
        ("open", ("/box/x", "w", make_new)),
        ("open", ("x", None, write)),
        ("open", ("/box/tmp/../x", "a", write)),
        ("open", ("/box/tmpx", "r+", read)),
        ("os.mkdir", ("/elsewhere", 0o777, -1)),
        ("os.rename", ("/box/tmp/a", "/box/b", -1, -1)),
        ("os.symlink", ("/etc", "/box/tmp/a", -1)),
        ("os.remove", ("/box/x", -1)),
        ("os.remove", ("../x", 7)),
        ("os.system", (b"ls",)),
        ("socket.connect", (None, ("host", 1))),
        ("pickle.find_class", ("os", "system")),
    ):
        watch.seen = []
        watch(event, arguments)
        assert len(watch.seen) == 1, (event, arguments)
