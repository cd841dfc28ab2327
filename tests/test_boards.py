"""Who may write what on a leaderboard, and what is left when the writing is cut short."""

from __future__ import annotations

import errno
import gzip
import itertools
import json
import os
import re
import resource
import shutil
import signal
import sys

import commands
import pytest
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

from adaptor_bench.entries import publish as publishing
from adaptor_bench.entries.documents import tidy
from adaptor_bench.entries.entry import read_board, read_entries
from adaptor_bench.entries.naming import entry_id
from adaptor_bench.entries.packed import digest, unpack
from adaptor_bench.entries.publish import publish
from adaptor_bench.entries.submit import About, entry_from_predictions
from adaptor_bench.errors import InputError
from adaptor_bench.results.board import boards_of
from adaptor_bench.results.load import load_results

ESC = "\x1b[2J\x1b]0;pwned\x07"


@pytest.fixture
def data(tmp_path):
    return put_data(tmp_path / "data")


@pytest.fixture
def board(tmp_path, data):
    return put_board(tmp_path / "small", data)


@pytest.fixture
def points(tmp_path, data):
    return predict(tmp_path / "points", data, 1)


def ids(board):
    return [entry.id for entry in read_entries(read_board(board))]


def enter(points, board, data, team, method, *more, code=0):
    return invoke("submit", points, "--board", board, "--team", team, "--method", method,
                  "--data", data, *more, code=code)  # fmt: skip


def verified(board, data):
    told = invoke("verify", board, "--data", data)
    n = len(ids(board))
    return f"{n} of {n} {'entry' if n == 1 else 'entries'} verified" in told


# --- names and ids --------------------------------------------------------------------------------


@pytest.mark.parametrize("option", ["team", "method", "title", "note", "reference", "url"])
def test_names_that_cannot_be_shown_are_refused(points, data, board, option):
    for name in (f"{ESC}A", "A\nB", "A\u202eB", "A\u200bB", "  ", "\u3164", "x" * 2001):
        told = invoke("submit", points, "--board", board, "--team", "T", "--method", "m", "--data",
                      data, f"--{option}", name, code=2)  # fmt: skip
        assert f"the {option} " in told
        assert told.replace("\n", "").isprintable()
    assert ids(board) == []


def test_all_bad_names_are_told_at_once(points, data, board):
    told = enter(points, board, data, ESC, " ", code=2)
    assert "the team has characters" in told
    assert "the method is blank" in told


def test_names_of_runs_are_looked_at_too(tmp_path, data, board):
    runs = finished(tmp_path / "runs", data, board, read_board(board).fingerprints["intraop"])
    for path in runs.glob("**/run.json"):
        document = json.loads(path.read_text("utf-8"))
        path.write_text(json.dumps(document | {"title": f"{ESC}Net"}))
    told = submit_runs(runs, board, "--data", data, code=2)
    assert "the title has characters that cannot be seen (U+0007, U+001B)" in told
    submit_runs(runs, board, "--data", data, "--title", "Net")


def test_no_team_replaces_the_entry_of_another(tmp_path, points, data, board):
    """``A B`` and ``a-b`` lead to one id; so do names that are cut where they are alike."""
    other = predict(tmp_path / "other", data, 3)
    enter(points, board, data, "Team A", "net")
    before = (board / "team-a-net.json").read_bytes()
    for more in ((), ("--replace",)):
        told = enter(other, board, data, "Team", "A net", *more, code=2)
        assert "'team-a-net' (net by Team A)" in told
    assert "is not an entry of 'Team' and is not replaced" in told
    enter(other, board, data, "Mallory", "x", "--id", "team-a-net", "--replace", code=2)
    assert (board / "team-a-net.json").read_bytes() == before
    enter(other, board, data, "Team A", "net", "--replace")
    assert (board / "team-a-net.json").read_bytes() != before
    assert ids(board) == ["team-a-net"]
    assert len(list((board / "predictions").iterdir())) == 1, "the old ones are gone"
    assert verified(board, data)


def test_replacing_another_method_of_the_team_wants_the_id(tmp_path, points, data, board):
    enter(points, board, data, "Team", "net-1")
    told = enter(points, board, data, "Team", "net+1", "--replace", code=2)
    assert "is an entry of another method than 'net+1'" in told
    enter(points, board, data, "Team", "net+1", "--replace", "--id", "team-net-1")
    assert [e.method for e in read_entries(read_board(board))] == ["net+1"]


def test_names_that_look_like_another_s_are_refused(tmp_path, points, data, board):
    other = predict(tmp_path / "other", data, 3)
    enter(points, board, data, "Müller Lab", "net")
    for team in ("muller lab", "MÜLLER LAB", "Ｍüller Lab", "Mu\u0308ller-Lab"):
        told = enter(other, board, data, team, "other", code=2)
        assert "reads like 'Müller Lab' of the entry 'muller-lab-net'" in told
    told = enter(other, board, data, "Müller Lab", "N.E.T", code=2)
    assert "reads like 'net'" in told
    enter(other, board, data, "muller lab", "other", "--id", "second")
    assert ids(board) == ["muller-lab-net", "second"]


def test_ids():
    assert entry_id("adaptor_bench", "improved_heatmap/no_cutting") == "improved_heatmap-no_cutting"
    assert entry_id("Zürich  Lab", "OP²") == "zurich-lab-op2"
    assert entry_id("T", "m", "../../x") == "x"
    assert len(entry_id("t" * 200, "m")) == 64


def test_a_name_that_leaves_nothing_wants_an_id(points, data, board):
    """Else a team could take the id of a method alone, which is how ours are called."""
    told = enter(points, board, data, "队伍", "stern", code=2)
    assert "'队伍' has no letter a-z or digit" in told
    enter(points, board, data, "队伍", "stern", "--id", "duiwu")
    assert "队伍" in invoke("leaderboard", "--board", board)


def test_what_a_reviewer_would_not_see_is_written_as_its_code():
    value = {"a": "Zürich", "b\u202e": ["\x9b", "\ud800"], "c": "x" * 100}
    text = tidy(value)
    assert json.loads(text) == value
    assert "Zürich" in text
    assert all(c == "\n" or c.isprintable() for c in text)


# --- the same predictions -------------------------------------------------------------------------


def test_the_predictions_of_another_team_are_not_entered_silently(points, data, board):
    enter(points, board, data, "First", "net")
    told = enter(points, board, data, "Second", "better", code=1)
    assert "first-net (net by First): intraop" in told
    assert ids(board) == ["first-net"]
    told = enter(points, board, data, "Second", "better", "--identical-to", "first-ent", code=2)
    assert "no entry 'first-ent'" in told and "'first-net'" in told
    enter(points, board, data, "Second", "better", "--identical-to", "first-net")
    shown = invoke("leaderboard", "--board", board)
    assert "net (First) is the same as better (Second): their predictions agree" in shown
    assert [rows(board)[m]["rank"] for m in ("better", "net")] == [1, None]
    assert rows(board)["net"]["same_as"] == "better (Second)"
    told = enter(points, board, data, "Third", "x", "--identical-to", "first-net", code=1)
    needed = "--identical-to first-net --identical-to second-better"
    assert f"Use {needed} to submit them anyway (the option may be repeated)" in " ".join(
        told.split()
    )
    enter(points, board, data, "Third", "x", *needed.split())


def test_who_stands_for_the_same_predictions_does_not_depend_on_the_order(points, data, board):
    """The shortest ablation, then the first by name; the others stand below it, by name."""
    for method in ("b/x", "a/x/y", "a/x"):
        enter(points, board, data, "Team", method)
    stands = [("a/x", None), ("a/x/y", "a/x"), ("b/x", "a/x")]
    assert [(name, row.get("same_as")) for name, row in rows(board).items()] == stands
    for results in itertools.permutations(load_results([board])):
        (shown,) = boards_of(results)
        assert [(r.name, r.same_as) for r in shown.results] == stands


def test_a_team_may_enter_methods_that_do_not_differ(tmp_path, points, data, board):
    """They are one competitor: the parent has the rank, and the next best the one after it."""
    for method in ("net/no_cyclegan", "net"):
        enter(points, board, data, "Team", method)
    enter(predict(tmp_path / "worse", data, 9), board, data, "Team", "worse")
    found = rows(board)
    assert {m: r["rank"] for m, r in found.items()} == {
        "net": 1,
        "net/no_cyclegan": None,
        "worse": 2,
    }
    assert found["net/no_cyclegan"]["same_as"] == "net" and "same_as" not in found["net"]
    shown = invoke("leaderboard", "--board", board)
    assert re.search(r"\n +- +- +net/no_cyclegan, same as net  ", shown)
    nothing = tmp_path / "nothing"
    shutil.copytree(points, nothing)
    for path in nothing.glob("**/*.json"):
        path.write_text(json.dumps(json.loads(path.read_text()) | {"points": []}))
    for team in ("One", "Two"):  # nobody's
        enter(nothing, board, data, team, "silent")
    assert invoke("leaderboard", "--board", board).count("same as") == 2  # as above


# --- several at once, and cut short ---------------------------------------------------------------


def test_what_is_half_written_is_no_entry(points, data, board):
    submit(points, board, data)
    (board / ".partial-1-x.json").write_text("{")
    (board / "._team-mine.json").write_bytes(b"\0\5\26\7")
    submit(points, board, data, method="second")
    assert ids(board) == ["team-mine", "team-second"]
    assert verified(board, data)


def test_of_two_submissions_of_one_id_one_is_refused(tmp_path, points, data, board, monkeypatch):
    """The second begins and ends while the first has packed and not written its entry."""
    slow = predict(tmp_path / "slow", data, 9)
    pack = publishing.pack

    def packing(path, content):
        pack(path, content)
        monkeypatch.setattr(publishing, "pack", pack)
        submit(points, board, data)

    monkeypatch.setattr(publishing, "pack", packing)
    told = submit(slow, board, data, code=2)
    assert "already has an entry 'team-mine'" in told
    (entry,) = read_entries(read_board(board))
    assert entry.measured["intraop"][0].surgeries["case_1"].tp == 6
    assert [p.name for p in (board / "predictions").iterdir()] == [entry.predictions.split("/")[1]]
    assert verified(board, data)


@pytest.mark.parametrize("replacing", [False, True])
def test_a_kill_at_any_moment_leaves_a_board_that_reads(tmp_path, points, data, board, replacing):
    about = About("Team", "mine")
    old = entry_from_predictions(predict(tmp_path / "old", data, 9), read_board(board), about, data)
    new = entry_from_predictions(points, read_board(board), about, data)
    for moment in range(100):
        folder = tmp_path / str(moment) / "small"
        shutil.copytree(board, folder)
        definition = read_board(folder)
        if replacing:
            publish(*old, definition)
        child = os.fork()
        if child == 0:
            _kill_before(moment, folder)
            publish(*new, definition, overwrite=replacing)
            os._exit(0)
        ended = os.waitpid(child, 0)[1] == 0
        found = _consistent(definition)
        assert found == 1 or not (replacing or ended)
        publish(*new, definition, overwrite=bool(found))
        assert _consistent(definition) == 1
        if ended:
            break
    assert 4 < moment < 99, "every moment was tried"


def _consistent(board):
    """How many entries there are, each with the very predictions that it was scored on."""
    entries = read_entries(board)
    for entry in entries:
        packed = unpack(board.folder / entry.predictions)
        assert digest(packed["intraop", 0]) == entry.measured["intraop"][0].sha256
    return len(entries)


def _kill_before(moment, folder):
    """Let this process be killed before it changes ``folder`` for the nth time."""
    changes = itertools.count()
    writing = os.O_WRONLY | os.O_RDWR | os.O_CREAT

    def look(event, arguments):
        changing = event in ("os.link", "os.rename", "os.remove", "os.mkdir", "os.chmod")
        if event == "open" and isinstance(arguments[2], int):
            changing = bool(arguments[2] & writing)
        if changing and str(folder) in str(arguments[0]) and next(changes) == moment:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(look)


@pytest.mark.parametrize("what", ["pack", "write_entry", "write_board"])
def test_a_full_disk_leaves_no_half_board(tmp_path, data, board, monkeypatch, what):
    runs = finished(tmp_path / "runs", data, board, read_board(board).fingerprints["intraop"])
    new = tmp_path / "new"

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device", str(new))

    with monkeypatch.context() as patched:
        patched.setattr(publishing, what, full)
        told = submit_runs(runs, new, "--data", data, "--create", "New", code=1)
    assert "disk is full" in told
    assert not list(new.glob("**/*.*"))
    submit_runs(runs, new, "--data", data, "--create", "New")
    assert ids(new) == ["team-net"]
    told = submit_runs(runs, new, "--data", data, "--create", "New", code=2)
    assert "a leaderboard is already there" in told


# --- files of strangers ---------------------------------------------------------------------------


def _packed(board):
    (entry,) = read_entries(read_board(board))
    return board / entry.predictions


def test_an_endless_line_takes_no_memory(tmp_path):
    path = tmp_path / "e.ndjson.gz"
    with gzip.open(path, "wb", 1) as stream:
        for _ in range(150):
            stream.write(b" " * (1 << 20))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(InputError, match="has a line of more than 1 MiB"):
        unpack(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60_000  # KiB


@pytest.mark.parametrize("what", ["broken", "cut", "pipe", "device", "digits", "surrogate", "deep"])
def test_packed_predictions_of_strangers(points, data, board, what):
    submit(points, board, data)
    path = _packed(board)
    content = path.read_bytes()
    path.unlink()
    frame = '{"domain":"intraop","seed":0,"frame":"%s","points":[[1,%s]]}'
    if what == "broken":
        path.write_bytes(content[:20] + b"\xff" * 40 + content[60:])
    elif what == "cut":
        path.write_bytes(content[:-9])
    elif what == "pipe":
        os.mkfifo(path)
    elif what == "device":
        path.symlink_to("/dev/zero")
    elif what == "digits":
        path.write_bytes(gzip.compress((frame % ("a/b/c", "9" * 400)).encode()))
    elif what == "surrogate":
        path.write_bytes(gzip.compress((frame % ("a/b/\\ud800", "1")).encode()))
    else:
        path.write_bytes(gzip.compress((frame % ("a/b/c", "[" * 900 + "]" * 900)).encode()))
    told = invoke("verify", board, "--data", data, code=1)
    assert "team-mine: not verified: " in told
    assert "0 of 1 entry verified" in told
    told = invoke("report", "--board", board, "--data", data, "--out", board / "site", code=1)
    assert "internal error" not in told


@pytest.mark.parametrize("what", ["deep", "note", "notes", "large"])
def test_entries_of_strangers(points, data, board, what):
    submit(points, board, data)
    path = board / "team-mine.json"
    document = json.loads(path.read_text("utf-8"))
    if what == "note":
        document["notes"] = ["x" * 2001]
    elif what == "notes":
        document["notes"] = ["x"] * 101
    elif what == "large":
        document["notes"] = ["x" * (5 << 20)]
    text = json.dumps(document)
    if what == "deep":
        setup = '{"profile": "p", "parameters": {"a": %s}, "profile_changes": {}, "device": "",'
        setup += ' "versions": {}, "notes": []}'
        text = text.replace('"setup": null', f'"setup": {setup % ("[" * 900 + "]" * 900)}')
    path.write_text(text)
    told = invoke("leaderboard", "--board", board, code=1)
    assert {
        "deep": "nested",
        "note": "/notes/0: longer than 2000 characters",
        "notes": "/notes: more than 100 items",
        "large": "larger than 4 MiB",
    }[what] in told
    assert len(told) < 500


# --- likely mistakes are told first ---------------------------------------------------------------


def mistaken(root, data, change):
    """Enough points a frame to tell, each the label put through ``change``."""
    places = [(60 + 40 * (7 * k % 11), 40 + 23 * (5 * k % 9)) for k in range(9)]
    for path in sorted(data.glob("*/v/point_labels/*.json")):
        document = json.loads(path.read_text("utf-8"))
        document["points"] = [{"x": x, "y": y} for x, y in places]
        path.write_text(json.dumps(document))
        points = [dict(zip("xy", change(x, y), strict=True)) for x, y in places]
        names = {"folderName": path.parts[-4], "subfolderName": "v",
                 "imageFileName": f"{path.stem}.png"}  # fmt: skip
        target = root / path.relative_to(data)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(names | {"points": points}))
    return root


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("looks-swapped", lambda x, y: (y, x)),
        ("looks-normalised", lambda x, y: (x / 512, y / 288)),
        ("looks-one-based", lambda x, y: (x + 1, y + 1)),
        ("looks-mirrored", lambda x, y: (511 - x, y)),
        ("looks-unscaled", lambda x, y: (x * 3.75, y * 3.75)),
    ],
)
def test_a_likely_mistake_is_told_first_and_refuses(tmp_path, data, code, change):
    wrong = mistaken(tmp_path / "wrong", data, change)
    board = put_board(tmp_path / "small", data)
    told = invoke("validate", wrong, "--reference", data, code=1)
    first = next(line for line in told.splitlines() if line.startswith("  "))
    assert f"  {code}  " in first
    assert "not valid" in told
    told = submit(wrong, board, data, code=1)
    assert told.splitlines()[1].startswith("  .: looks ")
    assert ids(board) == []
    shown, told = commands.invoke("evaluate", wrong, data)
    assert told.startswith("error: looks ")
    assert f"[{code}]" in told.splitlines()[0]
    assert "F1" in shown


def test_a_small_shift_is_a_warning(tmp_path, data):
    biased = mistaken(tmp_path / "biased", data, lambda x, y: (x + 0.5, y + 0.5))
    board = put_board(tmp_path / "small", data)
    assert submit(biased, board, data).startswith("warning: looks shifted by half a pixel")
    assert ids(board) == ["team-mine"]


def test_errors_name_the_archive_not_a_folder_that_is_gone(tmp_path, data, points):
    path = next(points.glob("case_2/v/point_labels/0.json"))
    path.write_text('{"points": [')
    shutil.make_archive(str(tmp_path / "team"), "zip", points)
    told = invoke("evaluate", tmp_path / "team.zip", data, code=1)
    assert f"{tmp_path / 'team.zip'}: case_2/v/point_labels/0.json: not readable" in told
    assert "bench-" not in told.replace(str(tmp_path), "")
