"""A finished fold is kept only while everything that its result depends on is the same."""

from __future__ import annotations

import json
import os
import shutil
import sys
from functools import partial

import pytest
from commands import invoke
from finished_runs import SURGERIES, put_fold
from frame_files import put_points, write_frame
from method_files import METHOD, put_method, run_mine

from adaptor_bench.data.check import load_frames
from adaptor_bench.data.frames import index_dataset
from adaptor_bench.harness.resume import differences
from adaptor_bench.results.load import load_results


@pytest.fixture
def bench(tmp_path):
    surgeries = ("aicm1", "aicm2", "aicm11", "aicm12", "aicm13")
    return partial(run_mine, tmp_path, surgeries=surgeries)


def f1(shown):
    rows = [row for row in json.loads(shown) if row["source"] == "measured"]
    return {(row["method"], row["domain"]): row["f1"]["mean"] for row in rows}


def test_an_edited_method_is_not_taken_for_the_one_that_ran(bench, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    mine = put_method(tmp_path / "mine", ("X = 100.0", "X = 300.0"))
    os.utime(mine / "point.py", (10**9, 10**9))
    shown, _ = bench("--domain", "intraop", "--format", "json")
    assert f1(shown) == {("point", "intraop"): 0.0}
    put_method(mine)
    os.utime(mine / "point.py", (10**9, 10**9))  # as an edit within the same second
    shown, told = bench("--domain", "intraop", code=1)
    assert shown == ""
    assert told.count("code changed: point\n") == 3, "all folds at once"
    assert "--restart" in told
    shown, _ = bench("--domain", "intraop", "--format", "json", "--restart")
    assert f1(shown) == {("point", "intraop"): 100.0}


@pytest.mark.parametrize(
    ("damaged", "says"),
    [
        ("score.json", "score.json is missing or damaged"),
        ("predictions", "predictions of 0 of its 1 frames"),
    ],
)
def test_a_finished_fold_that_was_damaged_is_not_kept(bench, tmp_path, damaged, says):
    put_method(tmp_path / "mine")
    bench()
    fold = next((tmp_path / "runs").rglob("fold_1"))
    if damaged == "predictions":
        shutil.rmtree(fold / damaged)
    else:
        (fold / damaged).write_text("")
    _, told = bench(code=1)
    assert f"fold_1: {says}" in told and "--restart" in told
    bench("--restart")
    bench()


def test_a_remark_changes_nothing(bench, tmp_path):
    mine = put_method(tmp_path / "mine")
    bench("--domain", "intraop")
    (mine / "point.py").write_text('"""New words."""\n' + METHOD.replace("X = ", "\n# why\nX = "))
    _, told = bench("--domain", "intraop")
    assert told.count("already finished, kept") == 3


def test_a_module_beside_the_method_counts(bench, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path / "mine")
    mine = put_method(tmp_path / "mine", ("X = 100.0", "from where_to_look import X"))
    (mine / "where_to_look.py").write_text("X = 300.0")
    (mine / "_stranger.py").write_text("X = 1")
    bench("--domain", "intraop", "--fold", 1)
    (mine / "_stranger.py").write_text("X = 2")
    assert "kept" in bench("--domain", "intraop", "--fold", 1)[1]
    (mine / "where_to_look.py").write_text("X = 100.0")
    assert "code changed: where_to_look" in bench("--domain", "intraop", "--fold", 1, code=1)[1]


def test_frames_of_another_domain_count_where_they_were_learnt_from(bench, tmp_path):
    put_method(tmp_path / "mine", ("return ()", 'return ("sim",) if domain == "intraop" else ()'))
    bench("--domain", "intraop")
    bench("--domain", "sim")
    label = next(tmp_path.glob("data/aicm1/*/point_labels/*.json"))
    label.write_text(json.dumps({"points": [{"x": 7, "y": 7}]}))
    _, told = bench("--domain", "intraop", "--fold", 2, code=1)
    assert "fold_2: frames of sim '" in told
    assert "fold_1" not in told and "dataset" not in told


def test_a_method_that_no_longer_asks_for_a_domain_is_another(bench, tmp_path):
    mine = put_method(
        tmp_path / "mine", ("return ()", 'return ("sim",) if domain != "sim" else ()')
    )
    bench("--domain", "intraop", "--fold", 1)
    put_method(mine)
    _, told = bench("--domain", "intraop", "--fold", 1, code=1)
    assert "now not recorded" in told and "code changed: point" in told


RECORD = {
    "method": "m",
    "domain": "sim",
    "seed": 0,
    "profile": "quick",
    "device": "cpu",
    "threads": 2,
    "selection": ["a"],
    "fold_plan": {"name": "p", "sha256": "ab" * 32},
    "dataset": {"name": "d", "kind": "k", "fingerprint": "cd" * 32},
    "others": {"sim": "ef" * 32},
    "matching": {"rule": "hungarian", "radius": 6.0, "inclusive": True, "missing": "empty"},
    "parameters": {"size": [1, 2], "crop": None},
    "code": {"sha256": "00", "modules": {"m": "11", "adaptor_bench.train.fit": "22"}},
    "versions": {"adaptor_bench": "1", "torch": "2", "commit": "x", "machine": "y", "python": "3"},
}


@pytest.fixture
def kept(tmp_path):
    (tmp_path / "run.json").write_text(json.dumps(RECORD))
    return tmp_path


@pytest.mark.parametrize(
    ("place", "value", "says"),
    [
        ("seed", 1, "seed 0, now 1"),
        ("profile", "paper", "profile 'quick', now 'paper'"),
        ("device", "cuda", "device 'cpu', now 'cuda'"),
        ("threads", 1, "threads 2, now 1"),
        ("selection", [], "selection ['a'], now []"),
        ("fold_plan/sha256", "0" * 64, "fold plan 'abababababab', now '000000000000'"),
        ("dataset/fingerprint", "0" * 64, "dataset 'cdcdcdcdcdcd', now '000000000000'"),
        ("others/sim", "0" * 64, "frames of sim 'efefefefefef', now '000000000000'"),
        ("matching/radius", 9.0, "matching radius 6.0, now 9.0"),
        ("parameters/size", (1, 3), "size [1, 2], now [1, 3]"),
        ("parameters/crop", 0, "crop None, now 0"),
        ("parameters/new", None, "new not recorded, now None"),
        ("code/modules/m", "12", "code changed: m"),
        ("code/modules/extra", "12", "code changed: extra"),
        ("versions/torch", "2.1", "torch '2', now '2.1'"),
        ("versions/adaptor_bench", "2", "adaptor_bench '1', now '2'"),
        ("versions/scipy", "1", "scipy not recorded, now '1'"),
    ],
)  # fmt: skip
def test_each_thing_a_result_depends_on_is_compared(kept, place, value, says):
    now = json.loads(json.dumps(RECORD))
    *folders, key = place.split("/")
    inner = now
    for folder in folders:
        inner = inner[folder]
    inner[key] = value
    assert differences(kept, now) == [says]


@pytest.mark.parametrize("place", ["commit", "machine", "python"])
def test_where_it_ran_is_for_readers(kept, place):
    now = RECORD | {"versions": RECORD["versions"] | {place: "another"}}
    assert differences(kept, now) == []


def test_tuples_and_lists_are_the_same_and_nothing_differs_from_itself(kept):
    assert differences(kept, RECORD | {"parameters": {"size": (1, 2), "crop": None}}) == []


def test_a_fold_from_before_the_code_was_recorded_is_not_trusted(kept):
    old = {k: v for k, v in RECORD.items() if k != "code"}
    (kept / "run.json").write_text(json.dumps(old))
    assert differences(kept, RECORD) == ["code not recorded"]


@pytest.mark.parametrize("text", ["", "[]", "null", "{", '{"fold_plan": 3}', '{"versions": []}'])
def test_a_damaged_record_is_told(kept, text):
    (kept / "run.json").write_text(text)
    assert differences(kept, RECORD) == ["run.json is missing or damaged"]


# --- tables, boards ------------------------------------------------------------------------------


def test_folds_of_two_programs_do_not_make_one_row(tmp_path):
    for fold, sha in ((1, "aa"), (2, "aa"), (3, "bb"), (4, "bb")):
        put_fold(tmp_path, "m", fold, [("a/v/1", 1, 0, 0)], code={"sha256": sha * 32})
    assert len(load_results(tmp_path)) == 2
    rows = json.loads(invoke("leaderboard", tmp_path, "--format", "json")[0])
    rows = [row for row in rows if row["source"] == "measured"]
    assert [(r["method"], r["rank"], r["missing_folds"]) for r in rows] == [
        (f"m (code {'aa' * 6})", None, ["f3", "f4"]),
        (f"m (code {'bb' * 6})", None, ["f1", "f2"]),
    ]


def test_runs_from_before_the_code_was_recorded_still_rank(tmp_path):
    for fold in (1, 2, 3, 4):
        put_fold(tmp_path, "m", fold, [("a/v/1", 1, 0, 0)])
    rows = json.loads(invoke("leaderboard", tmp_path, "--format", "json")[0])
    assert [(r["method"], r["rank"]) for r in rows if r["source"] == "measured"] == [("m", 1)]


def test_an_entry_is_of_one_program(tmp_path):
    def runs(name, *codes):
        for fold, sha in zip((1, 2, 3, 4), codes, strict=True):
            code = {"code": {"sha256": sha * 32, "modules": {}}} if sha else {}
            surgery = SURGERIES[fold - 1]
            dataset = {"name": "data", "kind": "folder", "fingerprint": fingerprint}
            frames = [(f"{surgery}/video_1/1", 0, 0, 1)]
            where = put_fold(tmp_path / name, "m", fold, frames, dataset=dataset, **code)
            put_points(where / "predictions", f"{surgery}/video_1/1", [], inner="")
        return tmp_path / name

    data = tmp_path / "data"
    for surgery in SURGERIES:
        write_frame(data, surgery, "1", [(100, 100)])
    fingerprint = load_frames(index_dataset(data), ["intraop"])["intraop"].fingerprint
    board = tmp_path / "board"
    submit = ["submit", "--board", board, "--team", "t", "--create", "Title", "--data", data]
    one = runs("one", "aa", "aa", "aa", "aa")
    two = runs("two", "aa", "aa", "bb", "bb")
    _, told = invoke(*submit, two, code=1)
    assert "differ in code" in told
    assert not list(board.glob("*.json"))
    invoke(*submit, one)
    (entry,) = [p for p in board.glob("*.json") if p.name != "board.json"]
    assert json.loads(entry.read_text())["setup"]["code"] == {"sha256": "aa" * 32}
    invoke("leaderboard", "--board", board)
