"""``bench evaluate`` end to end on small folders."""

from __future__ import annotations

import json
import shutil
import zipfile
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from commands import invoke, invoke_json
from frame_files import put_points, write_frame

from adaptor_bench.scoring.scorefile import FoldScore
from adaptor_bench.submission.validate import validate

pytestmark = pytest.mark.quick

LABELS = [(10, 10), (50, 50), (90, 90), (130, 130)]


def put(root, surgery, stem, points):
    put_points(root, f"{surgery}/V/{stem}", points)


@pytest.fixture
def folders(tmp_path):
    """aicm1: two of four found and one invented, and a frame nobody predicted; aicm11: a pair at
    exactly 6 px."""
    labels, predictions = tmp_path / "labels", tmp_path / "predictions"
    put(labels, "aicm1", "000000", LABELS)
    put(labels, "aicm1", "000001", LABELS[:3])
    put(labels, "aicm11", "000000", LABELS[:1])
    put(predictions, "aicm1", "000000", [*LABELS[:2], (300, 200)])
    put(predictions, "aicm11", "000000", [(10, 16)])
    return str(predictions), str(labels)


run = partial(invoke, "evaluate")
document_of = partial(invoke_json, "evaluate")


def test_json(folders):
    shown, told = run(*folders, "--format", "json")
    assert told == ""
    found = json.loads(shown)
    assert found.keys() - {"intervals", "domains"} == {
        "matching", "frames", "counts", "metrics", "missing", "unknown", "surgeries",
    }  # fmt: skip
    assert {key: found[key] for key in found.keys() - {"intervals", "domains"}} == {
        "matching": {"rule": "hungarian", "radius": 6.0, "inclusive": True, "missing": "empty"},
        "frames": 3,
        "counts": {"tp": 3, "fp": 1, "fn": 5},
        "metrics": {"precision": 3 / 4, "sensitivity": 3 / 8, "f1": 6 / 12},
        "missing": 1,
        "unknown": 0,
        "surgeries": [
            {
                "surgery": "aicm1",
                "counts": {"tp": 2, "fp": 1, "fn": 5},
                "metrics": {"precision": 2 / 3, "sensitivity": 2 / 7, "f1": 4 / 10},
            },
            {
                "surgery": "aicm11",
                "counts": {"tp": 1, "fp": 0, "fn": 0},
                "metrics": {"precision": 1.0, "sensitivity": 1.0, "f1": 1.0},
            },
        ],
    }


@pytest.mark.parametrize(
    ("options", "inclusive", "counts"),
    [
        (["--strict"], False, (2, 2, 6)),
        (["--matching", "nearest"], False, (2, 2, 6)),
        (["--matching", "official"], True, (3, 1, 5)),
        (["--radius", "5.9"], True, (2, 2, 6)),
        (["--missing", "skip"], True, (3, 1, 2)),
    ],
)
def test_options(folders, options, inclusive, counts):
    document = document_of(*folders, *options)
    assert document["matching"]["inclusive"] is inclusive
    assert tuple(document["counts"].values()) == counts
    assert document["frames"] == (2 if "skip" in options else 3)


def test_text(folders):
    assert run(*folders)[0].startswith(
        "Surgery        Frames    Labels    Predictions    TP    FP    FN    Precision %    "
        "Sensitivity %    F1 %\n"
        "-----------  --------  --------  -------------  ----  ----  ----  -------------  "
        "---------------  ------\n"
        "aicm1               2         7              3     2     1     5          66.67    "
        "        28.57   40.00\n"
        "aicm11              1         1              1     1     0     0         100.00    "
        "       100.00  100.00\n"
        "all, pooled         3         8              4     3     1     5          75.00    "
        "        37.50   50.00\n"
        "\n"
        "Matching: hungarian, distance <= 6 px of the frame as stored; frames without a prediction "
        "file count\n  as empty (all labels FN).\n"
        "1 of 3 labelled frames had no prediction file.\n"
    )


def board_of_three(root):
    """Surgeries in natural order with 3, 2 and 1 of four labels found; and the F1 of each."""
    labels, predictions = root / "labels", root / "predictions"
    for n, surgery in enumerate(("case2", "case10", "case11")):
        put(labels, surgery, "0", LABELS)
        put(predictions, surgery, "0", LABELS[: 3 - n])
    return predictions, labels, [6 / 7, 4 / 6, 2 / 5]


def test_the_mean_over_folds_is_what_a_leaderboard_of_these_labels_ranks_by(tmp_path):
    predictions, labels, values = board_of_three(tmp_path)
    [domain] = document_of(predictions, labels)["domains"]
    assert [fold["surgeries"] for fold in domain["folds"]] == [["case2"], ["case10"], ["case11"]]
    assert [fold["metrics"]["f1"] for fold in domain["folds"]] == pytest.approx(values)
    invoke("board", "create", "--labels", labels, "--title", "T", "--out", tmp_path / "b")
    board = json.loads((tmp_path / "b" / "board.json").read_text())["domains"]["intraop"]
    assert board["fold_plan"] == domain["fold_plan"]
    invoke("submit", predictions, "--board", tmp_path / "b", "--data", labels, "--team", "t",
           "--method", "m")  # fmt: skip
    [row] = invoke_json("leaderboard", "--board", tmp_path / "b")
    assert row["f1"]["mean"] == pytest.approx(100 * domain["mean"]["f1"]["estimate"], abs=1e-3)
    assert row["f1"]["std"] == pytest.approx(100 * domain["mean"]["f1"]["std"], abs=1e-3)


def test_intervals_by_hand(tmp_path):
    predictions, labels, values = board_of_three(tmp_path)
    document = document_of(predictions, labels)
    mean, error = np.mean(values), np.std(values, ddof=1) / np.sqrt(3)
    # Student's t of two degrees of freedom; inflated by (2 n - 1) / (n - 1).
    reach = 4.302653 * error * np.sqrt(5 / 2)
    found = document["domains"][0]["mean"]["f1"]
    assert (found["low"], found["high"]) == pytest.approx((mean - reach, mean + reach), abs=1e-5)
    without = np.array([2 * 3 / (3 + 8), 2 * 4 / (4 + 8), 2 * 5 / (5 + 8)])
    error = np.sqrt(2 / 3 * np.square(without - without.mean()).sum())
    pooled = document["intervals"]["f1"]
    assert pooled["estimate"] == pytest.approx(12 / 18, abs=1e-5)
    assert pooled["high"] - pooled["estimate"] == pytest.approx(4.302653 * error, abs=1e-5)
    shown = run(predictions, labels)[0]
    assert f"{100 * mean:.2f} [{100 * (mean - reach):.2f}, {100 * (mean + reach):.2f}]" in shown
    assert "ranks by the mean over folds" in shown


def test_one_surgery_has_no_interval_and_nothing_labelled_no_mean(tmp_path):
    put(tmp_path / "l", "only", "0", LABELS)
    put(tmp_path / "p", "only", "0", LABELS)
    document = document_of(tmp_path / "p", tmp_path / "l")
    assert document["domains"][0]["mean"]["f1"] == {
        "estimate": 1.0, "low": None, "high": None, "std": 0.0,
    }  # fmt: skip
    assert document["intervals"]["f1"]["low"] is None
    put(tmp_path / "l", "only", "0", [])
    mean = document_of(tmp_path / "p", tmp_path / "l")["domains"][0]["mean"]["f1"]
    assert set(mean.values()) == {None}


def test_domains_and_cohorts_have_folds_of_their_own(tmp_path):
    for domain, surgery in (("sim", "a1"), ("sim", "a2"), ("intraop", "b1")):
        for side in ("l", "p"):
            put_points(tmp_path / side / domain, f"{surgery}/v/0", LABELS)
    found = {d["domain"]: d for d in document_of(tmp_path / "p", tmp_path / "l")["domains"]}
    assert {d: len(x["folds"]) for d, x in found.items()} == {"sim": 2, "intraop": 1}
    assert found["intraop"]["fold_plan"]["name"] == "one-surgery-each"


def test_nothing_to_divide_is_null_and_a_dash(tmp_path):
    put(tmp_path / "l", "aicm1", "0", [])
    put(tmp_path / "p", "aicm1", "0", [])
    document = document_of(tmp_path / "p", tmp_path / "l")
    assert document["metrics"] == {"precision": None, "sensitivity": None, "f1": None}
    assert run(tmp_path / "p", tmp_path / "l")[0].splitlines()[2].split()[-3:] == ["-"] * 3


def test_unknown_predictions_are_a_warning_on_stderr(folders, tmp_path):
    put(tmp_path / "predictions", "aicm9", "000000", LABELS)
    shown, told = run(*folders, "--format", "json")
    assert json.loads(shown)["unknown"] == 1
    assert "aicm9/V/point_labels/000000.json" in told


def test_a_folder_of_something_else_gets_no_number(folders, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    shown, told = run(other, folders[1], code=1)
    assert not shown and "no prediction found for any of 3 labelled frames" in told
    put(other, "op1", "000000", LABELS)
    told = run(other, folders[1], code=1)[1]
    assert "there is op1/V/point_labels/000000.json" in told
    assert "Labelled is aicm1/V/000000" in told
    for surgery, stem in (("aicm1", "000000"), ("aicm1", "000001"), ("aicm11", "000000")):
        put(tmp_path / "nothing", surgery, stem, [])  # a detector that finds nothing
    shown = run(tmp_path / "nothing", folders[1], "--format", "json")[0]
    assert json.loads(shown)["counts"] == {"tp": 0, "fp": 0, "fn": 8}


def test_output(folders, tmp_path):
    run(*folders, "--output", tmp_path / "out" / "score.json")
    score = FoldScore.load(tmp_path / "out" / "score.json")
    assert (score.counts.tp, score.missing) == (3, ("aicm1/V/000001",))


def test_faults(folders, tmp_path):
    run(tmp_path / "nowhere", folders[1], code=2)
    run(*folders, "--matching", "best", code=2)
    assert "radius" in run(*folders, "--radius", "-1", code=2)[1]
    assert "1 of 3 labelled frames" in run(*folders, "--missing", "error", code=1)[1]
    (tmp_path / "predictions/aicm1/V/point_labels/000000.json").write_text("{")
    assert "000000" in run(*folders, code=1)[1]


@pytest.mark.parametrize("option", ["--draws", "--seed"])
def test_options_of_the_analysis_need_it(folders, option):
    assert "are for --analysis" in run(*folders, option, 5, code=2)[1]
    run(*folders, option, 5, "--analysis")


def test_analysis_agrees_with_the_score(folders):
    document = document_of(*folders, "--analysis", "--draws", 5)
    details = document["analysis"]
    at_six = next(r for r in details["radius"]["curve"] if r["radius"] == 6)
    assert at_six["f1"] == document["metrics"]["f1"]
    assert details["draws"] == 5 and details["matching"] == document["matching"]
    assert "analysis" not in document_of(*folders)
    text, _ = run(*folders, "--analysis", "--draws", 5)
    assert text.startswith(run(*folders)[0].rstrip("\n"))
    assert "chance" in text.lower()


@pytest.mark.parametrize("stated", [True, False])
def test_points_off_the_frame_are_said_before_the_numbers(tmp_path, stated):
    """Where somebody says how large the frame is: nothing is judged by a guess."""
    labels, predictions = tmp_path / "labels", tmp_path / "predictions"
    put(labels, "a", "000000", LABELS)
    if stated:
        path = labels / "a" / "V" / "point_labels" / "000000.json"
        size = {"imageWidth": 512, "imageHeight": 288}
        path.write_text(json.dumps(json.loads(path.read_text()) | size))
    put(predictions, "a", "000000", [*LABELS, (511.4, 287), (512, 20)])
    _, told = run(predictions, labels)
    assert ("1 of 6 predicted points lie outside their frame [point-outside]" in told) == stated


@pytest.mark.parametrize("prefix", ["", "team/"])
def test_an_archive_scores_like_its_folder(folders, tmp_path, prefix):
    archive = tmp_path / "team.zip"
    with zipfile.ZipFile(archive, "w") as bundle:
        for path in sorted(Path(folders[0]).rglob("*.json")):
            bundle.write(path, prefix + path.relative_to(folders[0]).as_posix())
    assert run(archive, folders[1])[0] == run(*folders)[0]
    labels = shutil.make_archive(str(tmp_path / "labels"), "zip", folders[1])
    assert run(folders[0], labels)[0] == run(*folders)[0]


def test_one_folder_around_everything_is_taken_off(folders, tmp_path):
    """As `bench validate` and archives do: what is valid must not score 0 for it."""
    shutil.copytree(folders[0], tmp_path / "wrapped" / "team")
    plain, wrapped = (document_of(p, folders[1]) for p in (folders[0], tmp_path / "wrapped"))
    assert validate(tmp_path / "wrapped").valid
    assert plain == wrapped and plain["counts"]["tp"] > 0


def test_an_unsafe_archive_is_refused(folders, tmp_path):
    archive = tmp_path / "team.zip"
    with zipfile.ZipFile(archive, "w") as bundle:
        bundle.writestr("../../outside.json", "{}")
    assert "not safe" in run(archive, folders[1], code=1)[1]
    (tmp_path / "notes.txt").write_text("no archive")
    assert "nor an archive" in run(tmp_path / "notes.txt", folders[1], code=2)[1]


def test_a_broken_file_is_not_asked_for_again(tmp_path):
    write_frame(tmp_path / "data", "a", "000000", [(100, 100)])
    (tmp_path / "broken.json").write_text("{")
    _, told = invoke("evaluate", tmp_path / "broken.json", tmp_path / "data", code=2)
    assert "neither a folder nor an archive" in told
    assert "Pass a folder, or an archive" in told and ".json file" not in told
