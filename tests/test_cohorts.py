"""Cohorts: folds are made within each, and nothing of one is ever learnt from for another."""

from __future__ import annotations

import json
import shutil
import tomllib
from dataclasses import replace

import pytest
from commands import invoke
from finished_runs import put_fold, put_hits
from frame_files import write_frame
from method_files import put_method

from adaptor_bench.atomic import write_json
from adaptor_bench.data.folds import load_manifest, plan_folds
from adaptor_bench.data.frames import index_dataset
from adaptor_bench.entries.entry import read_board, read_entry
from adaptor_bench.entries.submit import board_from_runs
from adaptor_bench.errors import InputError, UsageError
from adaptor_bench.phantom import REPORT_SEEDS, dataset, write_phantom
from adaptor_bench.phantom.default import embedded_profile
from adaptor_bench.report.table import wrapped
from adaptor_bench.results.board import tally_of
from adaptor_bench.results.runs import find_runs
from adaptor_bench.results.sources import results_of_entries, results_of_runs
from adaptor_bench.scoring.uncertainty.study import study

SIM = load_manifest()["domains"]["sim"]["frames"]
SPY = (
    ("def other_domains(self, domain, available):\n        return ()",
     "def other_domains(self, domain, available):\n        return tuple(available)"),
    ('(directory / "x.txt").write_text(str(X))',
     '''(directory / "seen.json").write_text(json.dumps({
            "train": sorted({f.frame.surgery for f in self.task.train}),
            "selection": sorted({f.frame.surgery for f in self.task.selection}),
            "others": sorted({f.frame.surgery for o in self.task.others.values()
                              for f in o.frames}),
        }))'''),
)  # fmt: skip


def put_cohorts(root, cohorts=("north", "south"), surgeries="abc"):
    """One frame in each surgery of two domains, in each cohort."""
    lines = []
    for cohort in cohorts:
        for surgery in surgeries:
            for domain in ("sim", "intraop"):
                name = f"{surgery}{domain[0]}.{cohort}"
                write_frame(root / domain, name, "0", [(100, 100)])
                lines.append(f'"{name}" = "{cohort}"')
    (root / "dataset.toml").write_text("\n".join(["[cohorts]", *lines]))
    return root


# --- folds ---------------------------------------------------------------------------------------


def test_folds_follow_the_manifest_in_each_cohort_and_are_numbered_on():
    cohorts = {f"{name}.{cohort}": cohort for cohort in ("101", "102") for name in SIM}
    plan = plan_folds(dict.fromkeys(cohorts, 4), "sim", cohorts=cohorts)
    assert plan.name == "adaptor2021-v1 in each of 2 cohorts"
    assert [f.number for f in plan.folds] == list(range(1, 11))
    assert [f.cohort for f in plan.folds] == ["101"] * 5 + ["102"] * 5
    alone = plan_folds(SIM, "sim").folds
    for fold in plan.folds:
        like = alone[(fold.number - 1) % 5]
        for own, same in ((fold.train, like.train), (fold.validation, like.validation)):
            assert own == tuple(f"{name}.{fold.cohort}" for name in same)
    assert plan.sha256 != plan_folds(dict.fromkeys(cohorts, 4), "sim").sha256


def test_other_surgeries_are_left_out_one_by_one_or_in_groups():
    surgeries = {"a": 3, "b": 2, "x": 5, "y": 1, "z": 1}
    cohorts = {name: "one" if name in "ab" else "two" for name in surgeries}
    plan = plan_folds(surgeries, "intraop", cohorts=cohorts)
    assert plan.name == "leave-one-surgery-out in each of 2 cohorts"
    assert [f.validation for f in plan.folds] == [(s,) for s in surgeries]
    assert [f.train for f in plan.folds][2] == ("y", "z")
    assert len(plan_folds(surgeries, "intraop", 2, cohorts).folds) == 4
    with pytest.raises(UsageError, match="2 surgeries in cohort 'one'"):
        plan_folds(surgeries, "intraop", 3, cohorts)
    with pytest.raises(InputError, match="cohort 'one' of domain 'intraop' has 1 surgery"):
        plan_folds({"a": 3, "x": 1, "y": 1}, "intraop", cohorts=cohorts)


def test_one_cohort_is_none():
    one = plan_folds(SIM, "sim", cohorts=dict.fromkeys(SIM, "101"))
    assert (one.name, one.sha256) == ("adaptor2021-v1", plan_folds(SIM, "sim").sha256)


def test_cohorts_are_read_from_the_description(tmp_path):
    root = put_cohorts(tmp_path / "data")
    found = index_dataset(root)
    assert list(found.surgeries("sim")) == [f"{s}s.{c}" for c in ("north", "south") for s in "abc"]
    assert found.outside("north") == {f"{s}{d}.south" for s in "abc" for d in "si"}
    text = (root / "dataset.toml").read_text()
    for wrong, says in (
        (text.replace('"as.north"', '"as"'), "does not name these surgeries:\n  as.north"),
        ("cohorts = 1", "must be a table of surgery = cohort"),
        ('[cohorts]\na = "../x"', "the cohort of 'a' must be a plain word"),
    ):
        (root / "dataset.toml").write_text(wrong)
        with pytest.raises(InputError, match=says):
            index_dataset(root)


# --- what a fold may see -------------------------------------------------------------------------


def test_nothing_of_another_cohort_is_handed_to_a_method(tmp_path):
    data = put_cohorts(tmp_path / "data")
    put_method(tmp_path / "mine", *SPY)
    invoke("run", "--method", "point", "--methods-from", tmp_path / "mine", "--data", data,
           "--profile", "smoke")  # fmt: skip
    folds = sorted((tmp_path / "runs").glob("**/seen.json"))
    assert len(folds) == 12
    for path in folds:
        run = json.loads((path.parent / "run.json").read_text())
        seen = json.loads(path.read_text())
        (judged,), cohort = run["validation"], run["cohort"]
        assert judged.endswith(f".{cohort}")
        own, other = (f".{cohort}", "i" if run["domain"] == "sim" else "s")
        assert len(seen["train"] + seen["selection"]) == 2 and judged not in seen["train"]
        assert all(name.endswith(own) for part in seen.values() for name in part)
        assert seen["others"] == [f"{s}{other}{own}" for s in "abc"]
    table, _ = invoke("paper", "table1", "--data", data)
    assert "validated on (leave-one-surgery-out in each of 2 cohorts)" in " ".join(table.split())


def test_a_picture_in_two_cohorts_is_no_leak(tmp_path):
    data = put_cohorts(tmp_path / "data")

    def copied(source, target):
        for image in (data / source).rglob("*.png"):
            shutil.copy(image, data / target / "video_1" / "images" / image.name)

    copied("sim/as.north", "sim/bs.south")
    copied("sim/cs.north", "intraop/ci.south")
    shown, _ = invoke("data", "check", data)
    assert shown.count("warning: 1 of 1 frames") == 2 and "error" not in shown
    copied("sim/as.north", "intraop/bi.north")
    shown, _ = invoke("data", "check", data, code=1)
    assert "a method that learns from both domains is judged on what it saw" in shown


# --- the phantom's -------------------------------------------------------------------------------


def test_several_drawings_are_cohorts_of_one_dataset(tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(dataset, "draw_frames", lambda *job: drawn.append(job[2:]) or 0)
    board = write_phantom(tmp_path / "board", "board", workers=1)
    assert {(seed, name) for seed, _, surgery, name, *_ in drawn} == {
        (seed, f"aicm{k}.{seed}") for seed in REPORT_SEEDS for k in range(1, 15)
    }
    said = tomllib.loads((board / "dataset.toml").read_text())
    assert (said["name"], said["seeds"]) == ("phantom-board", list(REPORT_SEEDS))
    assert embedded_profile("phantom-board", "phantom") == "board"
    own = write_phantom(tmp_path / "own", "board", seeds=(1, 2), workers=1)
    said = tomllib.loads((own / "dataset.toml").read_text())
    assert said["name"] == "phantom-board-seeds1-2"
    assert len(said["cohorts"]) == 28 and said["cohorts"]["aicm3.2"] == "2"
    with pytest.raises(UsageError, match="the same seed twice"):
        write_phantom(tmp_path / "twice", "tiny", seeds=(1, 1))
    invoke("data", "phantom", tmp_path / "x", "--seeds", "1 2", code=2)


def test_a_drawing_is_the_same_in_a_cohort_and_alone(tmp_path):
    options = dataset.STANDARD
    for name in ("aicm3", "aicm3.5"):
        dataset.draw_frames(tmp_path, "tiny", 5, options, "aicm3", name, 0, 2)
    (tmp_path / "dataset.toml").write_text('[cohorts]\naicm3 = "x"\n"aicm3.5" = "5"')
    found = index_dataset(tmp_path)
    assert list(found.frames) == ["sim"]
    one, other = (
        [f for f in found.domain("sim") if f.surgery == name] for name in ("aicm3", "aicm3.5")
    )
    assert len(one) == len(other) == 2
    for a, b in zip(one, other, strict=True):
        assert a.image.read_bytes() == b.image.read_bytes()
        assert a.label.read_text().replace("aicm3", "aicm3.5") == b.label.read_text()


# --- what results say ----------------------------------------------------------------------------


def test_a_board_keeps_the_cohorts_that_its_runs_name(tmp_path):
    """Folds of different cohorts share nothing, so intervals are narrower; entries say the same."""
    hits = ([9, 8, 9, 8], [7, 7, 6, 7])
    for method, of in zip(("good", "poor"), hits, strict=True):
        put_hits(tmp_path / "one", method, of)
        for fold, tp in enumerate(of, start=1):
            put_fold(tmp_path / "two", method, fold, [(f"aicm{15 - fold}/V/0", tp, 0, 10 - tp)],
                     cohort="north" if fold < 3 else "south")  # fmt: skip
    one, two = (results_of_runs(find_runs([tmp_path / name])) for name in ("one", "two"))
    assert two[0].cohorts == {1: "north", 2: "north", 3: "south", 4: "south"}
    narrow, wide = (
        study(tally_of([replace(r, name=r.method) for r in results])).intervals["good"]["f1"]
        for results in (two, one)
    )
    assert narrow.low > wide.low
    board = board_from_runs([tmp_path / "two"], tmp_path / "small", "Small")
    write_json(tmp_path / "small" / "board.json", board.to_json())
    assert read_board(tmp_path / "small").cohorts == {"intraop": two[0].cohorts}


# --- many folds ----------------------------------------------------------------------------------


def test_folds_that_do_not_fit_go_into_further_tables():
    assert [list(part) for part in wrapped(range(1, 16))] == [
        list(range(1, 9)), list(range(9, 16))
    ]  # fmt: skip
    assert [len(part) for part in wrapped(range(12))] == [6, 6]
    assert list(map(list, wrapped((1, 2, 3)))) == [[1, 2, 3]]
    assert list(map(list, wrapped(()))) == [[]]


def test_tables_boards_and_site_cope_with_many_folds(tmp_path):
    data = put_cohorts(tmp_path / "data", cohorts=("n", "o", "s"), surgeries="abcd")
    put_method(tmp_path / "mine")
    put_method(tmp_path / "mine", ("X = 100.0", "X = 120.0"), name="other")
    shown, _ = invoke("run", "--method", "point", "--method", "other", "--methods-from",
                      tmp_path / "mine", "--data", data, "--profile", "smoke", "--domain", "sim",
                      "--format", "markdown")  # fmt: skip
    headings = [line.replace(" ", "") for line in shown.splitlines() if line.startswith("| Method")]
    assert "|Method|f1|f2|f3|f4|f5|f6|" in headings and "|Method|f7|f8|f9|f10|f11|f12|" in headings
    assert "n = 12 folds" in shown
    board = tmp_path / "board"
    for method, more in (("point", ["--create", "Cohorts"]), ("other", [])):
        invoke("submit", "runs", "--board", board, "--team", "us", "--method", method, "--data",
               data, *more)  # fmt: skip
    kept = read_board(board)
    assert kept.cohorts == {"sim": {k: "nos"[(k - 1) // 4] for k in range(1, 13)}}
    (path,) = board.glob("*point.json")
    (result,) = results_of_entries(kept, [read_entry(path, kept)])
    assert result.cohorts == kept.cohorts["sim"]
    invoke("verify", board, "--data", data)
    invoke("card", "--board", board)
    shown, _ = invoke("leaderboard", "--board", board, "--format", "csv")
    assert "f1_f12" in shown.splitlines()[0]
    shown, _ = invoke("paper", "table2", "runs")
    assert "single folds are in the formats csv and json" in " ".join(shown.split())
    shown, _ = invoke("paper", "table1", "--data", data)
    assert shown.count("Number of frames in each fold") == 2
    invoke("report", "runs", "--data", data, "--out", tmp_path / "site")
