"""Leaderboards from labels alone: made, entered, shown and withdrawn; private labels stay so."""

from __future__ import annotations

import gzip
import json
import re
import shutil

import numpy as np
import pytest
from frame_files import put_points, write_frame
from small_board import LABELS, SURGERIES, finished, invoke, put_data, rows, submit

from adaptor_bench.data.labels import read_points
from adaptor_bench.entries.entry import read_board, read_entries, write_board
from adaptor_bench.schemas import problems, schema

pytestmark = pytest.mark.quick

ABOUT = (
    "--description", "Find the needle's entry points.", "--rule", "No other data.",
    "--rule", "One entry a week.", "--opens", "2026-01-01", "--closes", "2026-03-31",
    "--contact", "https://example.org/contact", "--how-to-submit", "Send one zip.",
)  # fmt: skip


def alone(folder):
    """Labels without images, at places that stand in no other number of a page."""
    rng = np.random.default_rng(7)
    for surgery in SURGERIES:
        for k in range(2):
            points = rng.uniform((20, 20), (490, 270), (4, 2)).round(3)
            put_points(folder, f"{surgery}/v/{k}", points, size=(512, 288))
    return folder


def near(folder, labels, shift, keep=4):
    """Predictions: the first ``keep`` labels of every frame, moved by ``shift`` px."""
    for path in sorted(labels.rglob("*.json")):
        key = f"{path.parts[-4]}/{path.parts[-3]}/{path.stem}"
        points = read_points(path).points[:keep] + np.array([shift, -shift])
        put_points(folder, key, points.round(3))
    return folder


def create(labels, out, *more, code=0):
    return invoke("board", "create", "--labels", labels, "--title", "Needles 2026", "--out", out,
                  *more, code=code)  # fmt: skip


@pytest.fixture(scope="module")
def private(tmp_path_factory):
    """A board of private labels with two entries."""
    root = tmp_path_factory.mktemp("private")
    labels = alone(root / "labels")
    create(labels, root / "needles", *ABOUT, "--radius", "8", "--dataset", "needles")
    near(root / "a", labels, 1.5)
    near(root / "b", labels, 2.25, keep=3)
    for team in "ab":
        packed = shutil.make_archive(str(root / team), "zip", root / team)
        submit(packed, root / "needles", labels, "--title", f"Of {team}", method=team)
    return root


def test_a_board_needs_labels_only(private):
    document = json.loads((private / "needles" / "board.json").read_text())
    assert problems(document, schema("board")) == []
    assert document["about"]["rules"] == ["No other data.", "One entry a week."]
    assert document["dataset"] == {
        "name": "needles", "kind": "folder", "embedded": None, "private": True,
    }  # fmt: skip
    assert document["matching"]["radius"] == 8
    assert document["domains"]["intraop"]["folds"] == {"1": ["case_1"], "2": ["case_2"],
                                                       "3": ["case_3"]}  # fmt: skip
    again = read_board(private / "needles")
    text = (private / "needles" / "board.json").read_bytes()
    assert write_board(again).read_bytes() == text
    table = rows(private / "needles")
    assert table["a"]["f1"]["mean"] == 100
    assert table["b"]["f1"]["mean"] == pytest.approx(600 / 7)


def test_entries_are_verified_against_the_labels_alone(private, tmp_path):
    told = invoke("verify", private / "needles", "--data", private / "labels")
    assert "2 of 2 entries verified" in told and "note:" not in told
    other = alone(tmp_path / "labels")
    put_points(other, "case_2/v/0", [(1, 1)], size=(512, 288))
    told = invoke("verify", private / "needles", "--data", other, code=1)
    assert "not the data of the leaderboard" in told and "labels" in told
    assert "Use --data" in invoke("verify", private / "needles", code=2)


def numbers(folder):
    """All that the files below ``folder`` say, packed ones unpacked."""
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        yield path, content.decode()


def test_nothing_that_is_published_has_a_label(private, tmp_path):
    """Neither the board's folder nor the site, whatever is asked for; nor what commands print."""
    labels = private / "labels"
    coordinates = {
        f"{value:.{digits}f}"
        for path in labels.rglob("*.json")
        for value in read_points(path).points.ravel()
        for digits in (1, 2, 3)
    }
    board = ("--board", private / "needles")
    told = invoke("report", *board, "--data", labels, "--public", "--out", tmp_path / "open")
    assert "left out: frames of needles: labels are not public" in told
    invoke("report", *board, "--out", tmp_path / "closed")
    printed = [
        invoke("leaderboard", *board, "--format", "json"),
        invoke("card", *board, "--format", "json"),
        invoke("verify", private / "needles", "--data", labels),
    ]
    pages = [*numbers(private / "needles"), *numbers(tmp_path / "open"),
             *numbers(tmp_path / "closed"), *(("printed", text) for text in printed)]  # fmt: skip
    assert len(pages) > 12
    for path, text in pages:
        # Numbers as they stand, one or two digits behind the point alone could be chance.
        found = {n for n in re.findall(r"\d+\.\d+", text) if n in coordinates}
        assert not {n for n in found if len(n.partition(".")[2]) == 3}, path
        if "predictions" not in str(path):
            pairs = re.findall(r"(\d+\.\d+)[, \]\[\"xy:]{1,8}(\d+\.\d+)", text)
            assert not [p for p in pairs if p[0] in coordinates and p[1] in coordinates], path
    assert not list((tmp_path / "open").rglob("*.webp"))
    assert not (tmp_path / "open" / "gallery.html").exists()
    assert not [p for p, text in pages if "Worst frames" in text]


def test_this_test_would_notice(private, tmp_path):
    """With public labels the gallery does have them."""
    labels = private / "labels"
    create(labels, tmp_path / "open", "--public-labels", "--radius", "8", "--dataset", "needles")
    submit(private / "a.zip", tmp_path / "open", labels)
    invoke("report", "--board", tmp_path / "open", "--data", labels, "--public", "--out",
           tmp_path / "site")  # fmt: skip
    x = read_points(next(labels.rglob("*.json"))).points[0, 0]
    assert f"{x:.1f}" in (tmp_path / "site" / "gallery.html").read_text()


def test_private_labels_are_not_published_as_predictions(private, tmp_path):
    near(tmp_path / "oracle", private / "labels", 0)
    told = submit(tmp_path / "oracle", private / "needles", private / "labels", method="o", code=1)
    assert "own labels, which are private" in told
    assert {e.method for e in read_entries(read_board(private / "needles"))} == {"a", "b"}


def test_the_site_says_what_the_organiser_says(private, tmp_path):
    invoke("report", "--board", private / "needles", "--out", tmp_path / "site")
    page = (tmp_path / "site" / "index.html").read_text()
    assert "<title>Needles 2026</title>" in page and "Needles 2026: intraop" in page
    for text in ("Find the needle&#39;s entry points.", "One entry a week.", "2026-03-31",
                 "Send one zip.", 'href="https://example.org/contact"', "Team"):  # fmt: skip
        assert text in page.replace("&#x27;", "&#39;"), text
    assert "AdaptOR" not in page, "published rows of other data"
    below = invoke("leaderboard", "--board", private / "needles")
    assert "Rule: No other data." in below and "Closes: 2026-03-31" in below


def test_a_board_without_an_entry_is_announced(private, tmp_path):
    create(private / "labels", tmp_path / "new", *ABOUT, "--radius", "8")
    assert "No entry yet." in invoke("leaderboard", "--board", tmp_path / "new")
    invoke("report", "--board", tmp_path / "new", "--out", tmp_path / "site")
    page = (tmp_path / "site" / "index.html").read_text()
    assert "No entry yet." in page and "Send one zip." in page and "8 px" in page


def test_what_is_said_of_a_board_of_two_domains_stands_once(tmp_path):
    for domain in ("sim", "intraop"):
        alone(tmp_path / "labels" / domain)
        for surgery in SURGERIES:
            (tmp_path / "labels" / domain / surgery).rename(
                tmp_path / "labels" / domain / f"{domain}_{surgery}"
            )
    create(tmp_path / "labels", tmp_path / "board", *ABOUT)
    assert list(read_board(tmp_path / "board").folds) == ["sim", "intraop"]
    invoke("report", "--board", tmp_path / "board", "--out", tmp_path / "site")
    page = (tmp_path / "site" / "index.html").read_text()
    assert page.count("Send one zip.") == 1 and page.count("No entry yet.") == 2


def test_the_labels_are_known_again_in_another_folder(private, tmp_path):
    shutil.copytree(private / "labels", tmp_path / "kept")
    invoke("report", "--board", private / "needles", "--data", tmp_path / "kept", "--out",
           tmp_path / "site")  # fmt: skip
    assert "radius" in (tmp_path / "site" / "index.html").read_text()


def test_an_entry_is_withdrawn(private, tmp_path):
    shutil.copytree(private / "needles", tmp_path / "needles")
    board = tmp_path / "needles"
    told = invoke("board", "withdraw", board, "team-c", "--reason", "x", code=2)
    assert "team-a" in told
    invoke("board", "withdraw", board, "team-b", "--reason", "Trained on the test surgeries.",
           "--date", "2026-02-03")  # fmt: skip
    left = read_board(board)
    assert [e.id for e in read_entries(left)] == ["team-a"]
    assert len(list((board / "predictions").iterdir())) == 1
    line = "Withdrawn on 2026-02-03: b (Team), Trained on the test surgeries."
    assert line in invoke("leaderboard", "--board", board)
    invoke("report", "--board", board, "--out", tmp_path / "site")
    assert line in (tmp_path / "site" / "index.html").read_text()
    assert write_board(left).read_text() == (board / "board.json").read_text()
    submit(private / "b.zip", board, private / "labels", method="b")  # may come back


def test_where_images_lie_beside_the_labels_runs_fit(tmp_path):
    data = put_data(tmp_path / "data")
    create(data, tmp_path / "board", "--public-labels")
    board = read_board(tmp_path / "board")
    fingerprint = board.fingerprints["intraop"]
    assert fingerprint != board.labels["intraop"]
    runs = finished(tmp_path / "runs", data, tmp_path / "board", fingerprint)
    invoke("submit", runs, "--board", tmp_path / "board", "--team", "T", "--data", data)
    [entry] = read_entries(board)
    assert entry.notes == ()
    # The organiser may keep the labels alone.
    for images in data.rglob("images"):
        shutil.rmtree(images)
    told = invoke("verify", tmp_path / "board", "--data", data)
    assert "1 of 1 entry verified" in told


def test_one_surgery_makes_a_board_of_one_fold(tmp_path):
    write_frame(tmp_path / "data", "only", "0", LABELS)
    create(tmp_path / "data", tmp_path / "board")
    assert read_board(tmp_path / "board").folds == {"intraop": {1: ("only",)}}
    assert "at least two" in create(tmp_path / "data", tmp_path / "b", "--folds", "2", code=1)


@pytest.mark.parametrize(
    ("more", "code", "told"),
    [
        (("--opens", "2026-05-01", "--closes", "2026-04-01"), 2, "before it opens"),
        (("--description", "a\u202eb"), 2, "cannot be seen"),
        (("--primary", "dice"), 2, "dice"),
        (("--radius", "0"), 2, "radius"),
        (("--folds", "9"), 2, "--folds 9"),
    ],
)
def test_what_cannot_be_a_board_is_refused(private, tmp_path, more, code, told):
    assert told in create(private / "labels", tmp_path / "board", *more, code=code)
    assert not (tmp_path / "board").exists()


def test_labels_that_cannot_be_used_are_named(tmp_path):
    labels = alone(tmp_path / "labels")
    put_points(labels, "case_1/v/0", [(600, 10)], size=(512, 288))
    assert "outside the 512x288 frame" in create(labels, tmp_path / "b", code=1)
    (labels / "case_1/v/point_labels/0.json").write_text("{")
    assert "0.json" in create(labels, tmp_path / "b", code=1)
    for path in labels.rglob("*.json"):
        put_points(labels, f"{path.parts[-4]}/v/{path.stem}", [], size=(512, 288))
    assert "no labelled point" in create(labels, tmp_path / "b", code=1)


def test_a_board_takes_no_folder_that_is_in_use_and_leaves_out_no_label(tmp_path):
    labels = alone(tmp_path / "labels")
    (tmp_path / "used").mkdir()
    (tmp_path / "used" / "mine.json").write_text("{}")
    assert "used: mine.json is there already" in create(labels, tmp_path / "used", code=2)
    (path,) = [*labels.rglob("0.json")][:1]
    beside = labels / "z" / "v" / "0.json"  # no folder point_labels
    beside.parent.mkdir(parents=True)
    beside.write_bytes(path.read_bytes())
    told = create(labels, tmp_path / "new", code=1)
    assert "z/v/0.json" in told and "point_labels" in told
    assert not (tmp_path / "new").exists()


def test_the_labels_do_not_lie_in_the_folder_that_is_published(tmp_path):
    labels = alone(tmp_path / "board" / "labels")
    assert "is published" in create(labels, tmp_path / "board", code=2)
    create(labels, tmp_path / "board", "--public-labels")
    assert "already there" in create(labels, tmp_path / "board", "--public-labels", code=2)


# --- what submit says -----------------------------------------------------------------------------


def test_submit_says_what_validate_says(private, tmp_path):
    """Which frames are missing; what looks like a mistake; what is the same as another entry."""
    board, labels = tmp_path / "needles", private / "labels"
    shutil.copytree(private / "needles", board)
    part = near(tmp_path / "part", labels, 1.5)
    (part / "case_2" / "v" / "point_labels" / "1.json").unlink()
    told = submit(part, board, labels, method="part", code=1)
    assert "without a prediction: case_2/v/1" in told
    swapped = tmp_path / "swapped"
    for path in labels.rglob("*.json"):
        points = read_points(path).points[:, ::-1]
        put_points(swapped, f"{path.parts[-4]}/v/{path.stem}", points)
    told = submit(swapped, board, labels, method="swapped", code=1)
    assert "looks like x and y were swapped" in told.splitlines()[1]
    told = submit(private / "a.zip", board, labels, method="again")
    assert "point for point the same as team-a of this team" in told
    told = invoke("submit", private / "a.zip", "--board", board, "--team", "Rival", "--method", "r",
                  "--data", labels, code=1)  # fmt: skip
    assert "point for point those of another team" in told
    same = tmp_path / "same"
    for surgery in SURGERIES:
        for k in range(2):
            put_points(same, f"{surgery}/v/{k}", [(10, 10), (40, 40)])
    told = submit(same, board, labels, method="same")
    assert "6 of 6 frames have the same 2 points" in told and "bench explain" in told
