"""Leaderboards as data: schema and reader, submit, re-rendering, verify, tampering."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import shutil
import zipfile

import jsonschema
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_board import (
    finished,
    invoke,
    predict,
    put_board,
    put_data,
    rows,
    submit,
    submit_runs,
)  # fmt: skip

from adaptor_bench.entries.entry import (
    boards,
    read_board,
    read_entries,
    read_entry,
    write_board,
    write_entry,
)
from adaptor_bench.entries.packed import digest, pack, unpack
from adaptor_bench.entries.submit import with_labels
from adaptor_bench.errors import InputError
from adaptor_bench.method import NOTHING_LEARNT
from adaptor_bench.phantom import GENERATOR_VERSION
from adaptor_bench.phantom.default import cached_phantom
from adaptor_bench.report.leaderboard import render_entries
from adaptor_bench.resources import bundled
from adaptor_bench.schemas import problems, schema

HOME = bundled("leaderboards")
PHANTOM = HOME / "phantom-mini"
NAMES = sorted(boards())


# --- the committed leaderboards -------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_rendering_again_gives_the_committed_bytes(name, tmp_path):
    copied = tmp_path / name
    shutil.copytree(HOME / name, copied)
    for table in ("table.md", "table.json"):
        (copied / table).unlink()
    invoke("leaderboard", "--board", copied, "--write")
    for table in ("table.md", "table.json"):
        assert (copied / table).read_bytes() == (HOME / name / table).read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_files_are_small_and_written_as_they_would_be_again(name, tmp_path):
    board = read_board(HOME / name)
    (tmp_path / name).mkdir()
    other = read_board(HOME / name)
    object.__setattr__(other, "folder", tmp_path / name)
    for entry in read_entries(board):
        path = HOME / name / f"{entry.id}.json"
        assert path.stat().st_size < 16_000
        assert write_entry(entry, other).read_bytes() == path.read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_stored_hashes_are_those_of_the_stored_predictions(name):
    for entry in read_entries(read_board(HOME / name)):
        packed = unpack(HOME / name / entry.predictions)
        for domain, seeds in entry.measured.items():
            for seed, counted in seeds.items():
                assert digest(packed[domain, seed]) == counted.sha256
                assert len(packed[domain, seed]) == counted.frames - counted.missing


# --- schema and reader ----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["board", "entry"])
def test_the_schemas_are_valid(kind):
    jsonschema.Draft202012Validator.check_schema(schema(kind))


def test_problems_say_where_what_and_what_is_expected():
    board = json.loads((PHANTOM / "board.json").read_text("utf-8"))
    assert problems(board, schema("board")) == []
    board["titel"] = board.pop("title")
    board["matching"] |= {"rule": "near", "radius": 0, "missing": None, "a/b~": 1}
    board["domains"]["sim"]["folds"] = {"x": [], "1": [7]}
    board["notes"] = "none"
    assert set(problems(board, schema("board"))) == {
        "/: key 'title' is missing",
        "/titel: there is no such key; did you mean 'title'?",
        '/matching/rule: must be one of "hungarian", "official", "nearest", is "near"',
        "/matching/radius: must be greater than 0, is 0",
        '/matching/missing: must be one of "empty", "skip", "error", is null',
        "/matching/a~1b~0: there is no such key",
        '/domains/sim/folds/x: "x" does not match ^[1-9][0-9]{0,3}$',
        "/domains/sim/folds/x: needs at least 1 items, has 0",
        "/domains/sim/folds/1/0: must be string, is 7",
        '/notes: must be array, is "none"',
    }
    assert problems([], schema("entry")) == ["/: must be object, is a list of 0"]


def test_a_document_without_end_is_not_listed_without_end():
    notes = {"notes": [7] * 100_000, **{f"key{n}": n for n in range(100_000)}}
    told = problems(notes, schema("board"))
    assert 1000 < len(told) < 2100
    assert "more than 1,000 problems" in told[-1]


def test_everything_wrong_with_an_entry_is_said_at_once(tmp_path):
    copied = tmp_path / "phantom-mini"
    shutil.copytree(PHANTOM, copied)
    document = json.loads((copied / "stern.json").read_text("utf-8"))
    document["id"] = "other"
    document["measured"]["sim"]["0"]["surgeries"]["aicm99"] = {"tp": 1, "fp": 1, "fn": 1}
    document["measured"]["sim"]["0"]["missing"] = 10_000
    document["measured"]["moon"] = document["measured"]["sim"]
    document["claim"] = {"mars": {"f1": 1}}
    (copied / "stern.json").write_text(json.dumps(document))
    with pytest.raises(InputError) as error:
        read_entry(copied / "stern.json", read_board(copied))
    for words in ("/id: is 'other'", "aicm99: the leaderboard has no such surgery",
                  "/missing: more than frames", "/measured/moon", "/claim/mars"):  # fmt: skip
        assert words in str(error.value)
    del document["team"], document["method"]
    (copied / "stern.json").write_text(json.dumps(document))
    told = invoke("leaderboard", "--board", copied, code=1)
    assert "'team' is missing" in told
    assert "'method' is missing" in told


def test_a_file_that_says_two_things_is_refused(tmp_path):
    copied = tmp_path / "phantom-mini"
    shutil.copytree(PHANTOM, copied)
    path = copied / "stern.json"
    text = path.read_text("utf-8")
    path.write_text(text.replace('"tp": ', '"tp": 238, "tp": ', 1))
    assert "key 'tp' occurs twice" in invoke("leaderboard", "--board", copied, code=1)
    document = json.loads(text)
    document["measured"]["sim"]["00"] = document["measured"]["sim"]["0"]
    path.write_text(json.dumps(document))
    assert "/measured/sim/00" in invoke("leaderboard", "--board", copied, code=1)


# --- packed predictions ---------------------------------------------------------------------------

point = st.tuples(st.floats(-5, 600), st.floats(-5, 300))
frames = st.dictionaries(
    st.sampled_from([f"s{i}/v/{k}" for i in range(3) for k in range(3)]),
    st.lists(point, max_size=4).map(lambda p: np.array(p).reshape(-1, 2)),
    min_size=1,
)


@given(frames)
@settings(deadline=None)
def test_packing_keeps_the_points_and_the_hash(tmp_path_factory, points):
    path = tmp_path_factory.mktemp("packed") / "e.ndjson.gz"
    pack(path, {("sim", 0): points})
    back = unpack(path)["sim", 0]
    assert back.keys() == points.keys()
    for key, value in points.items():
        np.testing.assert_allclose(back[key], value, atol=5e-4)
    assert digest(back) == digest(points)
    first = path.read_bytes()
    pack(path, {("sim", 0): dict(reversed(points.items()))})
    assert path.read_bytes() == first


def test_the_hash_sees_a_moved_point_but_not_the_order():
    points = {"s/v/0": np.array([[1.0, 2.0], [3.0, 4.0]]), "s/v/1": np.zeros((0, 2))}
    turned = {"s/v/1": np.zeros((0, 2)), "s/v/0": np.array([[3.0, 4.0], [1.0, 2.0]])}
    moved = {"s/v/0": np.array([[1.001, 2.0], [3.0, 4.0]]), "s/v/1": np.zeros((0, 2))}
    assert digest(points) == digest(turned) != digest(moved)
    assert digest(points) != digest({"s/v/0": points["s/v/0"]}), (
        "an empty frame is not a missing one"
    )


@pytest.mark.parametrize(
    "line",
    [b"{", b"[]", b'{"domain":"sim","seed":0,"frame":"a/b/c","points":[[1,NaN]]}',
     b'{"domain":"sim","seed":0,"frame":"a/b/c","points":[[1,2,3]]}',
     b'{"domain":"sim","seed":true,"frame":"a/b/c","points":[]}',
     b'{"domain":"sim","seed":0,"frame":"../x","points":[]}'],
)  # fmt: skip
def test_strange_packed_files_are_refused_by_line(tmp_path, line):
    path = tmp_path / "e.ndjson.gz"
    good = b'{"domain":"sim","seed":0,"frame":"a/b/d","points":[[1,2]]}\n'
    path.write_bytes(gzip.compress(good + line))
    with pytest.raises(InputError, match="line 2"):
        unpack(path)
    path.write_bytes(b"not gzip")
    with pytest.raises(InputError, match="cannot be unpacked"):
        unpack(path)


def test_a_bomb_is_not_unpacked(tmp_path, beside):
    beside(unpack, "LIMIT", 1000)
    line = b'{"domain":"sim","seed":0,"frame":"a/b/%d","points":[]}\n'
    path = tmp_path / "e.ndjson.gz"
    path.write_bytes(gzip.compress(b"".join(line % i for i in range(100))))
    with pytest.raises(InputError, match="unpacks to more than"):
        unpack(path)


# --- submit and verify on a small board of its own ------------------------------------------------


@pytest.fixture
def data(tmp_path):
    return put_data(tmp_path / "data")


@pytest.fixture
def board(tmp_path, data):
    return put_board(tmp_path / "small", data)


def test_predictions_become_an_entry_that_verifies(tmp_path, data, board):
    predict(tmp_path / "good", data, 2)
    submit(tmp_path / "good", board, data, "--claim", "intraop:f1=100", "--date", "2026-01-02")
    document = json.loads((board / "team-mine.json").read_text("utf-8"))
    assert document["measured"]["intraop"]["0"]["surgeries"]["case_1"] == {
        "tp": 6, "fp": 0, "fn": 0,
    }  # fmt: skip
    assert document["date"] == "2026-01-02"
    shown = invoke("verify", board, "--data", data)
    assert "team-mine: verified, 6 frames scored again" in shown
    table = invoke("leaderboard", "--board", board)
    assert "100.00" in table
    assert "A note of the organiser." in table


def test_archives_are_submitted_like_folders(tmp_path, data, board):
    predict(tmp_path / "good", data, 2)
    shutil.make_archive(str(tmp_path / "team"), "zip", tmp_path / "good")
    submit(tmp_path / "team.zip", board, data)
    submit(tmp_path / "good", board, data, method="again")
    one, two = read_entries(read_board(board))
    assert one.measured == two.measured


def test_what_was_submitted_verifies_an_entry_that_does_not_publish_it(tmp_path, data, board):
    predict(tmp_path / "sent", data, 2)
    shutil.make_archive(str(tmp_path / "team"), "zip", tmp_path / "sent")
    submit(tmp_path / "team.zip", board, data, "--without-predictions")
    verify = ("verify", board, "team-mine", "--data", data, "--predictions")
    for kept in ("sent", "team.zip"):
        assert "verified, 6 frames scored again" in invoke(*verify, tmp_path / kept)
    other = predict(tmp_path / "other", data, 9)
    assert "predictions are not those measured" in invoke(*verify, other, code=1)
    everything = ("verify", board, "--data", data, "--predictions", tmp_path / "team.zip")
    assert "which entry" in invoke(*everything, code=2)


def test_ties_share_a_rank_and_incomplete_entries_have_none(tmp_path, data, board):
    for name, shift, extra in (("a", 1, ()), ("b", 2, ()), ("c", 0, ((300, 200),))):
        submit(predict(tmp_path / name, data, shift, extra=extra), board, data, method=name)
    document = json.loads((board / "team-c.json").read_text("utf-8"))
    document |= {"id": "part", "method": "part"}
    del document["measured"]["intraop"]["0"]["surgeries"]["case_2"]
    (board / "part.json").write_text(json.dumps(document))
    found = rows(board)
    assert {m: r["rank"] for m, r in found.items()} == {"a": 1, "b": 1, "c": 3, "part": None}
    assert found["part"]["f1"]["mean"] is None
    assert found["part"]["missing_folds"] == ["f2"]
    shown = " ".join(invoke("leaderboard", "--board", board).split())
    assert "part: fold f2 missing, hence no mean and no rank." in shown
    assert "2/3" in shown


def test_entries_of_one_method_are_told_apart(tmp_path, data, board):
    for team, shift in (("Red", 0), ("Blue", 9)):
        invoke("submit", predict(tmp_path / team, data, shift), "--board", board, "--team", team,
               "--method", "net", "--data", data, "--claim", "intraop:f1=100")  # fmt: skip
    shown = invoke("leaderboard", "--board", board)
    folds = shown.split("F1 per fold")[1]
    assert re.search(r"net \(Red\) +100\.00", folds)
    assert re.search(r"net \(Blue\) +0\.00", folds)
    assert "net (Blue) (!): the claim is not what was measured." in shown
    assert "net (Red) (!)" not in shown
    predictions = predict(tmp_path / "again", data, 0)
    invoke("submit", predictions, "--board", board, "--team", "Red", "--method", "net", "--data",
           data, "--id", "second")  # fmt: skip
    assert "net (Red) [second]" in invoke("leaderboard", "--board", board)


def test_a_missing_frame_counts_as_missed(tmp_path, data, board):
    predict(tmp_path / "few", data, 0, surgeries=("case_1", "case_2"))
    told = submit(tmp_path / "few", board, data, code=1)
    assert "intraop, seed 0: 2 of 6 frames have no prediction" in told
    assert "--incomplete" in told
    assert not list(board.glob("team-*"))
    told = submit(tmp_path / "few", board, data, "--incomplete")
    assert told.startswith("warning: intraop, seed 0: 2 of 6 frames have no prediction (counted by")
    counted = read_entries(read_board(board))[0].measured["intraop"][0]
    assert (counted.frames, counted.missing) == (6, 2)
    assert rows(board)["mine"]["f1"]["folds"] == {"f1": 100, "f2": 100, "f3": 0}
    assert "2 labelled frames had no prediction" in invoke("leaderboard", "--board", board)
    assert "verified" in invoke("verify", board, "--data", data)


def test_a_false_claim_stands_beside_what_was_measured(tmp_path, data, board):
    predict(tmp_path / "p", data, 0, extra=((300, 200),))
    submit(tmp_path / "p", board, data, "--claim", "intraop:f1=99.9",
           "--claim", "intraop:sensitivity=100")  # fmt: skip
    shown = invoke("leaderboard", "--board", board)
    assert "99.90 (!)" in shown
    assert rows(board)["mine"]["f1"]["claimed"] == 99.9
    shown = invoke("verify", board, "--data", data)
    assert "claim: intraop: f1 99.90 claimed, 85.71 measured" in shown
    assert "sensitivity" not in shown


def test_claims_of_every_metric_stand_beside_their_metric(tmp_path, data, board):
    predict(tmp_path / "p", data, 0, extra=((300, 200),))
    submit(tmp_path / "p", board, data, "--claim", "intraop:precision=99", "--claim",
           "intraop:sensitivity=100")  # fmt: skip
    submit(predict(tmp_path / "q", data, 0), board, data, method="other")
    text = invoke("leaderboard", "--board", board, "--format", "csv")
    found = {row["method"]: row for row in csv.DictReader(io.StringIO(text))}
    claims = ("precision_claimed", "sensitivity_claimed", "f1_claimed")
    assert [found["mine"][key] for key in claims] == ["99.0", "100.0", ""]
    assert [found["other"][key] for key in claims] == ["", "", ""]
    shown = invoke("leaderboard", "--board", board)
    heads = re.split(r"  +", shown.splitlines()[2].strip())
    assert heads[heads.index("Precision") + 1] == "Precision claimed"
    assert heads[heads.index("Sensitivity") + 1] == "Sensitivity claimed"
    assert "F1 claimed" not in heads
    assert "99.00 (!)" in shown and "100.00 (!)" not in shown
    assert "mine (!): the claim is not what was measured." in shown


@pytest.mark.parametrize("what", ["count", "frames", "hash", "points", "gone", "unpublished"])
def test_tampering_is_found(tmp_path, data, board, what):
    submit(predict(tmp_path / "p", data, 0), board, data)
    path = board / "team-mine.json"
    document = json.loads(path.read_text("utf-8"))
    packed = board / document["predictions"]
    counted = document["measured"]["intraop"]["0"]
    expected = {
        "count": "case_2: TP/FP/FN 6/1/0 stored, 6/0/0 scored again",
        "frames": "frames: 7 stored, 6 scored again",
        "hash": "predictions are not those measured",
        "points": "case_1: TP/FP/FN 6/0/0 stored, 5/1/1 scored again",
        "gone": "not verified: ",
        "unpublished": "not verified: its predictions were not published",
    }[what]
    if what == "count":
        counted["surgeries"]["case_2"]["fp"] = 1
    elif what == "frames":
        counted["frames"] = 7
    elif what == "hash":
        counted["sha256"] = "0" * 64
    elif what == "points":
        content = unpack(packed)
        content["intraop", 0]["case_1/v/0"][0, 0] += 50
        pack(packed, content)
    elif what == "gone":
        packed.unlink()
    else:
        document["predictions"] = None
    path.write_text(json.dumps(document))
    shown = invoke("verify", board, "--data", data, code=1)
    assert expected in shown
    assert "0 of 1 entry verified" in shown
    machine = invoke("verify", board, "--data", data, "--format", "json", code=1)
    assert json.loads(machine)[0]["verified"] is False


def test_other_data_verify_nothing(tmp_path, data, board):
    submit(predict(tmp_path / "p", data, 0), board, data)
    path = data / "case_1" / "v" / "point_labels" / "0.json"
    path.write_text(path.read_text().replace("50", "51"))
    told = invoke("verify", board, "--data", data, code=1)
    assert "not the data of the leaderboard 'small'" in told
    assert "cannot be drawn" in invoke("verify", board, code=2)


def knowing_labels(board, data):
    """The board with the hash of its labels, as ``bench submit --create`` writes it."""
    write_board(with_labels(read_board(board), data))
    return board


def repaint(data):
    from PIL import Image

    path = data / "case_1" / "v" / "images" / "0.png"
    Image.fromarray(np.full((288, 512, 3), 1, np.uint8)).save(path)


def test_other_pixels_do_not_keep_from_verifying(tmp_path, data, board):
    knowing_labels(board, data)
    submit(predict(tmp_path / "p", data, 2), board, data)
    repaint(data)
    told = invoke("verify", board, "--data", data)
    assert "team-mine: verified, 6 frames scored again" in told
    label = data / "case_1" / "v" / "point_labels" / "0.json"
    label.write_text(label.read_text().replace("50", "51"))
    told = invoke("verify", board, "--data", data, code=1)
    assert "not the data of the leaderboard 'small'" in told


def test_a_board_that_does_not_know_its_labels_wants_the_same_pixels(tmp_path, data, board):
    submit(predict(tmp_path / "p", data, 2), board, data)
    repaint(data)
    assert "not the data" in invoke("verify", board, "--data", data, code=1)


def test_predictions_are_scored_on_the_labels_of_the_board_alone(tmp_path, data, board):
    predictions = predict(tmp_path / "p", data, 7)
    for path in data.glob("*/v/point_labels/*.json"):
        document = json.loads(path.read_text("utf-8"))
        document["points"] = [{"x": p["x"] + 7, "y": p["y"]} for p in document["points"]]
        path.write_text(json.dumps(document))
    told = submit(predictions, board, data, code=1)
    assert "not the data of the leaderboard 'small'" in told
    assert not list(board.glob("team-*"))


def test_runs_on_other_pixels_are_scored_again(tmp_path, data, board):
    knowing_labels(board, data)
    runs = finished(tmp_path / "runs", data, board, "0" * 64)
    told = submit_runs(runs, board, code=2)
    assert told.startswith("error: the data of the leaderboard 'small' cannot be drawn")
    submit_runs(runs, board, "--data", data)
    (entry,) = read_entries(read_board(board))
    assert entry.measured["intraop"][0].surgeries["case_2"].tp == 6
    assert "intraop: trained and predicted on frames of fingerprint 000000000000" in entry.notes[0]
    assert len(entry.notes) == 1
    assert "verified" in invoke("verify", board, "--data", data)


def test_a_training_that_learnt_nothing_is_told_below_every_table(tmp_path, data, board):
    """Its F1 is averaged with the others', so a reader must know."""
    runs = finished(tmp_path / "runs", data, board, read_board(board).fingerprints["intraop"])
    note = f"The first training {NOTHING_LEARNT} and was repeated with another seed."
    for fold, notes in ((1, ["Something else."]), (2, [note])):
        (path,) = runs.rglob(f"fold_{fold}/run.json")
        path.write_text(json.dumps(json.loads(path.read_text()) | {"notes": notes}))
    shown = invoke("leaderboard", runs)
    assert f"net: f2: {note}" in " ".join(shown.split())
    submit_runs(runs, board, "--data", data)
    (entry,) = read_entries(read_board(board))
    assert entry.notes == (f"intraop f2, seed 0: {note}",)


def test_a_new_board_knows_its_labels_where_its_data_are_at_hand(tmp_path, data, board, beside):
    fingerprint = read_board(board).fingerprints["intraop"]
    runs = finished(tmp_path / "runs", data, board, fingerprint)
    submit_runs(runs, tmp_path / "with", "--data", data, "--create", "New")
    assert "intraop" in read_board(tmp_path / "with").labels
    submit_runs(runs, tmp_path / "without", "--create", "New", code=2)
    assert not (tmp_path / "without").exists()
    assert "verified" in invoke("verify", tmp_path / "with", "--data", data)
    repaint(data)
    told = submit_runs(runs, tmp_path / "other", "--data", data, "--create", "New", code=1)
    assert "not the intraop frames these runs were scored on" in told
    assert not (tmp_path / "other").exists()
    # Runs on a phantom that another processor drew: nothing is there to hash.
    for path in runs.glob("**/run.json"):
        document = json.loads(path.read_text("utf-8"))
        document["dataset"] |= {"name": "phantom-tiny", "kind": "phantom"}
        path.write_text(json.dumps(document))
    beside(cached_phantom, "cached_phantom", lambda *_: data)
    told = submit_runs(runs, tmp_path / "drawn", "--create", "New")
    assert "keeps no hash of its labels" in told
    drawn = read_board(tmp_path / "drawn")
    assert (drawn.labels, drawn.version) == ({}, GENERATOR_VERSION)


def test_a_phantom_of_another_version_is_not_drawn(tmp_path, data, board):
    document = json.loads((board / "board.json").read_text("utf-8"))
    document["dataset"] = {
        "name": "phantom-tiny", "kind": "phantom", "embedded": "tiny",
        "version": GENERATOR_VERSION + 1,
    }  # fmt: skip
    submit(predict(tmp_path / "p", data, 0), board, data)
    (board / "board.json").write_text(json.dumps(document))
    for words in (["verify", board], ["report", "--board", board, "--out", tmp_path / "site"]):
        told = invoke(*words, code=1)
        assert f"made with version {GENERATOR_VERSION + 1} of the phantom" in told
        assert f"draws version {GENERATOR_VERSION}" in told


def test_runs_on_other_labels_are_refused(tmp_path, data, board):
    knowing_labels(board, data)
    other = tmp_path / "other"
    shutil.copytree(data, other)
    for path in other.glob("*/v/point_labels/*.json"):
        path.write_text(path.read_text().replace("200", "230"))
    runs = finished(tmp_path / "runs", other, board, "0" * 64)
    told = submit_runs(runs, board, "--data", data, code=1)
    assert told.count("5/1/1 in its score.json, 6/0/0 on the leaderboard's labels") == 3
    assert not list(board.glob("team-*"))


def test_a_score_file_counts_for_nothing(tmp_path, data, board):
    """Runs are scored again from their predictions, also on the very frames of the board."""
    fingerprint = read_board(board).fingerprints["intraop"]
    runs = finished(tmp_path / "runs", data, board, fingerprint, shift=9)
    submit_runs(runs, board, code=2)  # without data nothing can be scored
    path = next(runs.glob("**/fold_2/score.json"))
    honest = path.read_text("utf-8")
    document = json.loads(honest)
    for frame in document["frames"]:
        frame["pairs"] = [[0, 0, 0.5], [1, 1, 0.5], [2, 2, 0.5]]
    path.write_text(json.dumps(document))
    told = submit_runs(runs, board, "--data", data, code=1)
    assert "case_2: TP/FP/FN 6/0/0 in its score.json, 0/6/6 on the leaderboard's labels" in told
    assert not list(board.glob("team-*"))
    path.write_text(honest)
    submit_runs(runs, board, "--data", data)
    (entry,) = read_entries(read_board(board))
    assert entry.measured["intraop"][0].surgeries["case_2"].tp == 0
    assert entry.notes == ()


def test_what_submit_refuses(tmp_path, data, board):
    predictions = predict(tmp_path / "p", data, 0)
    submit(predictions, board, data)
    assert "already has an entry 'team-mine'" in submit(predictions, board, data, code=2)
    submit(predictions, board, data, "--replace")
    told = submit(predictions, board, data, "--claim", "intraop:f1", method="b", code=2)
    assert "is not DOMAIN:METRIC=PERCENT" in told
    for percent in ("nan", "inf", "-1", "100.5", "1=2"):
        told = submit(
            predictions, board, data, "--claim", f"intraop:f1={percent}", method="b", code=2
        )
        assert "is not DOMAIN:METRIC=PERCENT, 0 to 100" in told
    told = submit(predictions, board, data, "--date", "2026-13-45", method="b", code=2)
    assert "does not match the format" in told
    told = submit(predictions, board, data, "--claim", "sim:f1=3", method="b", code=2)
    assert "where nothing was measured" in told
    told = submit(predictions, board, data, "--url", "javascript:x", method="b", code=1)
    assert "/url" in told
    assert not list(board.glob("**/team-b*")), "neither the entry nor its predictions"
    for name in ("board", "table"):
        assert "is not the id of an entry" in submit(
            predictions, board, data, "--id", name, "--replace", method="b", code=2
        )
    told = submit(predictions, board, data, "--id", "../../x", method="b")
    assert {p.name for p in board.glob("*.json")} == {"board.json", "team-mine.json", "x.json"}
    broken = predictions / "case_1" / "v" / "point_labels" / "0.json"
    broken.write_text(broken.read_text().replace("[", '[{"x": 9999, "y": 1},', 1))
    told = submit(predictions, board, data, method="c", code=1)
    assert "not valid" in told
    assert "outside" in told
    assert "no leaderboard 'smal'" in submit(predictions, "smal", data, code=2)


def test_hostile_archives_are_refused(tmp_path, data, board):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("../../evil/v/0.json", "{}")
    (tmp_path / "evil.zip").write_bytes(stream.getvalue())
    told = submit(tmp_path / "evil.zip", board, data, code=1)
    assert "not valid" in told
    assert not list(tmp_path.glob("**/evil/v"))


def test_the_order_of_files_does_not_matter(tmp_path, data, board):
    for name in ("b", "a"):
        submit(predict(tmp_path / name, data, 0), board, data, method=name)
    found = read_board(board)
    entries = read_entries(found)
    assert render_entries(found, entries, "markdown") == render_entries(
        found, entries[::-1], "markdown"
    )


@pytest.mark.parametrize("format", ["text", "markdown", "latex", "html", "csv", "json"])
def test_every_format(format):
    shown = invoke("leaderboard", "--board", "phantom-mini", "--format", format)
    best = json.loads((PHANTOM / "table.json").read_text())[0]["f1"]["mean"]
    assert f"{best:.2f}" in shown or f"{best:.3f}" in shown
    assert not re.search(r"\bnan\b", shown.lower())
    if format != "json":
        return
    for row in json.loads(shown):
        assert {"method", "domain", "dataset", "source", "rank", "f1", "team"} <= row.keys()
