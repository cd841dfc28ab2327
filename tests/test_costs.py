"""What a method costs: measured honestly, kept by entries, beside what it reaches."""

from __future__ import annotations

import json
import shutil

import pytest
from finished_runs import put_hits
from small_board import finished, invoke, predict, put_board, put_data, rows, submit, submit_runs

from adaptor_bench.entries.entry import read_board, read_entries
from adaptor_bench.figures.boards import complete_boards
from adaptor_bench.figures.costs import explained, front_corners, marks_of
from adaptor_bench.figures.labels import place_names
from adaptor_bench.figures.pareto import pareto_plot
from adaptor_bench.memory import Peak
from adaptor_bench.results.cost import Cost, mean_cost

SECONDS = {"network": 10.0, "translator": 5.0}


@pytest.fixture
def data(tmp_path):
    return put_data(tmp_path / "data")


@pytest.fixture
def board(tmp_path, data):
    return put_board(tmp_path / "small", data)


@pytest.fixture
def runs(tmp_path, data, board):
    """Three folds of one method; what they cost differs."""
    out = finished(tmp_path / "runs", data, board, read_board(board).fingerprints["intraop"])
    for fold in (1, 2, 3):
        tell(out, fold, cpu_seconds=SECONDS | {"network": 10.0 * fold},
             peak_memory={"network": 700 + fold})  # fmt: skip
    return out


def tell(out, fold, **changes):
    (path,) = out.rglob(f"fold_{fold}/run.json")
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def put_costly(out, method, hits, seconds, **changes):
    put_hits(out, method, [hits] * 4, cpu_seconds=seconds, **changes)


def test_a_peak_is_that_of_what_is_measured():
    if Peak().mib is None:
        pytest.skip("this system cannot count anew")
    first = Peak()
    large = bytearray(200 << 20)
    assert len(large) and (high := first.mib)
    del large
    assert Peak().mib < high - 150


def test_a_mean_needs_every_fold():
    one, two = Cost({"network": 2.0}, {"network": 5}), Cost({"network": 4.0, "translator": 2.0})
    both = mean_cost([one, two])
    assert both == Cost({"network": 3.0, "translator": 1.0}, {"network": 5})
    assert (both.total, both.training, both.translation, both.peak) == (4.0, 3.0, 1.0, 5)
    assert mean_cost([one, None]) is None
    assert mean_cost([]) is None


def test_an_entry_keeps_what_its_runs_cost(runs, board, data):
    submit_runs(runs, board, "--data", data)
    (entry,) = read_entries(read_board(board))
    assert entry.setup["cost"] == {"intraop": {"0": {
        "cpu_seconds": {"network": {"1": 10.0, "2": 20.0, "3": 30.0},
                        "translator": {"1": 5.0, "2": 5.0, "3": 5.0}},
        "peak_memory": {"network": {"1": 701, "2": 702, "3": 703}},
    }}}  # fmt: skip
    row = rows(board)["net"]
    assert row["cpu_seconds"] == {"total": 25.0, "network": 20.0, "translator": 5.0}
    assert row["peak_memory"] == 703
    assert "cost" not in invoke("verify", board, "--data", data)


def test_tables_show_it_where_it_is_known(runs, board, data, tmp_path):
    submit(predict(tmp_path / "team", data, 2), board, data)
    before = invoke("leaderboard", "--board", board)
    assert "CPU s" not in before
    assert "cpu_seconds" not in invoke("leaderboard", "--board", board, "--format", "csv")
    submit_runs(runs, board, "--data", data)
    shown = invoke("leaderboard", "--board", board, "--format", "markdown")
    head, _, *found = (
        [cell.strip() for cell in line.split("|")] for line in shown.splitlines() if "|" in line
    )
    place = head.index("CPU s a fold")
    assert head[place + 1] == "Translator CPU s"
    methods = {row[head.index("Method")].split()[0]: row[place : place + 2] for row in found[:2]}
    assert methods == {"mine": ["-", "-"], "net": ["25.0", "5.0"]}
    assert ",25.0,20.0,5.0," in invoke("leaderboard", "--board", board, "--format", "csv")


@pytest.mark.parametrize(
    ("told", "wrong"),
    [
        ({"elsewhere": {}}, "/setup/cost/elsewhere: nothing was measured there"),
        ({"intraop": {"0": {"cpu_seconds": {"network": {"1": -1}}}}}, "must be at least 0"),
        ({"intraop": {"0": {"cpu_seconds": {"network": {"one": 1}}}}}, "one"),
        ({"intraop": {"0": {}}}, "cpu_seconds"),
    ],
)
def test_what_is_no_cost_is_refused(runs, board, data, told, wrong):
    submit_runs(runs, board, "--data", data)
    path = board / "net.json" if (board / "net.json").is_file() else board / "team-net.json"
    document = json.loads(path.read_text())
    document["setup"]["cost"] = told
    path.write_text(json.dumps(document))
    assert wrong in invoke("leaderboard", "--board", board, code=1)


# --- measured once more, on one machine -----------------------------------------------------------


@pytest.fixture
def again(tmp_path, data, board, runs):
    """The entry of ``runs``, and two folds of its method trained once more."""
    submit_runs(runs, board, "--data", data)
    out = finished(tmp_path / "again", data, board, read_board(board).fingerprints["intraop"])
    shutil.rmtree(next(out.rglob("fold_3")))
    for fold in (1, 2):
        tell(out, fold, cpu_seconds={"network": 40.0 + fold}, peak_memory={"network": 900},
             versions={"machine": "M", "torch": "2"}, threads=1)  # fmt: skip
    return out


def test_entries_get_the_costs_of_one_machine(again, runs, board, data, tmp_path):
    submit(predict(tmp_path / "team", data, 2), board, data)
    before = {path: path.read_bytes() for path in board.glob("*") if path.is_file()}
    told = invoke("board", "costs", board, again)
    assert "1 entry with the costs" in told and "as it was: team-mine: no run of it" in told
    row = rows(board)["net"]
    assert row["cpu_seconds"] == {"total": 41.5, "network": 41.5} and row["peak_memory"] == 900
    assert row["cost_measured"]["folds"] == ["f1", "f2"]
    assert row["cost_measured"]["machine"] == "M" and "cost_measured" not in rows(board)["mine"]
    changed = [path.name for path, was in before.items() if path.read_bytes() != was]
    assert changed == ["team-net.json"]
    shown = " ".join(invoke("leaderboard", "--board", board).split())
    told = "mean over f1 and f2, trained once more on one kind of machine (M, cpu, threads 1"
    assert told in shown
    assert "verified" in invoke("verify", board, "--data", data)
    submit_runs(runs, board, "--data", data, "--replace")
    assert rows(board)["net"]["cpu_seconds"]["total"] == 25.0
    assert "once more" not in invoke("leaderboard", "--board", board)


def test_who_has_costs_of_their_own_is_named(again, board, data, tmp_path):
    other = finished(tmp_path / "other", data, board, read_board(board).fingerprints["intraop"],
                     shift=2, method="other")  # fmt: skip
    for fold in (1, 2, 3):
        tell(other, fold, cpu_seconds={"network": 7.0})
    submit_runs(other, board, "--data", data)
    invoke("board", "costs", board, again)
    assert rows(board)["other"]["cpu_seconds"]["total"] == 7.0
    named = "of other: mean over folds and seeds, on the machine that trained."
    assert named in " ".join(invoke("leaderboard", "--board", board).split())
    pytest.importorskip("matplotlib")
    invoke("paper", "pareto", board, "--out", tmp_path / "p.svg")
    (view,) = complete_boards([board], "all", entries=True)
    assert named in explained([view])


@pytest.mark.parametrize(
    ("fold", "changes", "wrong"),
    [
        (
            2,
            {"versions": {"machine": "N\nO", "torch": "2"}},
            r"1 run on N\nO, cpu, threads 1, torch",
        ),
        (2, {"threads": 2}, "threads 2"),
        (2, {"devices": 4}, "4 x cpu"),
        (None, {"versions": {}}, "2 runs without a machine and its threads: "),
        (2, {"cpu_seconds": {}}, "tells no cost"),
        (2, {"validation": ["case_1"]}, "1 run on intraop of other folds than the leaderboard's: "),
        (2, {"fold_plan": {"name": "other", "sha256": "ab" * 32}}, "of other folds than the lead"),
        (None, {"domain": "sim"}, "2 runs on sim of other folds than the leaderboard's: "),
        (None, {"parameters": {"lr": 0.5}}, "team-net: lr is 0.001, 0.5 in the run"),
        (None, {"parameters": {"lr": [1.5] * 999}}, "team-net: lr is 0.001, 1.5 to 1.5 to"),
        (None, {"profile": "paper"}, "team-net: profile is quick, paper in the run"),
        (None, {"method": "other"}, "other: no entry of this method"),
    ],
)
def test_costs_that_cannot_be_compared_are_refused(again, board, fold, changes, wrong):
    for here in (1, 2) if fold is None else (fold,):
        tell(again, here, **changes)
    before = (board / "team-net.json").read_bytes()
    told = invoke("board", "costs", board, again, code=1)
    assert wrong in told and len(told) < 1500
    assert (board / "team-net.json").read_bytes() == before


def test_all_entries_are_measured_on_the_same_folds(again, board, data, tmp_path):
    other = finished(tmp_path / "other", data, board, read_board(board).fingerprints["intraop"],
                     shift=2, method="other")  # fmt: skip
    for fold in (1, 2, 3):
        tell(other, fold, cpu_seconds={"network": 7.0}, threads=1,
             versions={"machine": "M", "torch": "2"})  # fmt: skip
    submit_runs(other, board, "--data", data)
    told = invoke("board", "costs", board, again, other, code=1)
    assert "team-net, intraop: f1, f2" in told and "team-other, intraop: f1, f2, f3" in told
    told = invoke("board", "costs", board, again, tmp_path / "runs", code=1)
    assert "2 runs on M, cpu" in told and "3 runs without a machine" in told
    shutil.copytree(again, tmp_path / "twice")
    told = invoke("board", "costs", board, again, tmp_path / "twice", code=1)
    assert "several runs of one fold" in told


def test_an_entry_that_nobody_can_train_is_in_no_way(again, board, data, tmp_path):
    for team, shift in (("A", 2), ("B", 3)):
        folder = predict(tmp_path / team, data, shift)
        invoke("submit", folder, "--board", board, "--team", team, "--method", "net",
               "--data", data, "--id", team.lower())  # fmt: skip
    assert "1 entry with the costs" in invoke("board", "costs", board, again)
    document = json.loads((board / "team-net.json").read_text())
    document |= {"id": "twin", "team": "C", "method": "net"}
    document["setup"]["parameters"] = {"lr": 2}
    (board / "twin.json").write_text(json.dumps(document))
    told = invoke("board", "costs", board, again)
    assert "1 entry with the costs" in told
    assert "as it was: twin: lr is 2, 0.001 in the run" in told


def test_nothing_is_written_unless_all_can_be(again, board, data, tmp_path, monkeypatch):
    other = finished(tmp_path / "other", data, board, read_board(board).fingerprints["intraop"],
                     shift=2, method="other")  # fmt: skip
    submit_runs(other, board, "--data", data)
    shutil.rmtree(next(other.rglob("fold_3")))
    for fold in (1, 2):
        tell(other, fold, cpu_seconds={"network": 1}, threads=1,
             versions={"machine": "M" * 300, "torch": "2"})  # fmt: skip
        tell(again, fold, versions={"machine": "M" * 300, "torch": "2"})
    before = {path: path.read_bytes() for path in board.glob("*.json")}
    assert "would not be an entry" in invoke("board", "costs", board, again, other, code=1)
    assert before == {path: path.read_bytes() for path in board.glob("*.json")}


@pytest.mark.parametrize("seconds", [{"": 1}, {"p" * 65: 1}, {"fit": 10**400}, {"fit": 1e308}])
def test_what_no_run_can_cost_is_refused(again, board, seconds):
    tell(again, 2, cpu_seconds=seconds)
    told = invoke("board", "costs", board, again, code=1)
    assert "run.json" in told and "cpu_seconds" in told
    assert "cpu_seconds" in invoke("leaderboard", again, code=1)


# --- the figure -----------------------------------------------------------------------------------


@pytest.fixture
def costly(tmp_path):
    """Four methods: a cheap one, a better one, a dear one that is no better, one without cost."""
    out = tmp_path / "costly"
    put_costly(out, "cheap", 5, {"network": 1.0})
    put_costly(out, "better", 8, {"network": 20.0, "translator": 30.0})
    put_costly(out, "dear", 6, {"network": 400.0})
    put_costly(out, "free", 2, {"fit": 0.0}, role="floor")
    put_hits(out, "unknown", [9] * 4)
    return out


def test_the_front_is_what_nothing_beats_for_less(costly):
    (view,) = complete_boards([costly], "all")
    marks = {mark.name: mark for mark in marks_of(view)}
    assert list(marks) == ["better", "dear", "cheap"]
    assert [name for name, mark in marks.items() if mark.front] == ["better", "cheap"]
    low, high = marks["cheap"].f1, marks["better"].f1
    assert front_corners([*marks.values()]) == [(1.0, low), (50.0, low), (50.0, high)]


def test_the_figure_is_drawn_of_runs_and_of_leaderboards(costly, runs, board, data, tmp_path):
    pytest.importorskip("matplotlib")
    svg = tmp_path / "p.svg"
    invoke("paper", "pareto", costly, "--out", svg)
    text = svg.read_text("utf-8")
    for words in ("cheap", "better", "best floor: free", "the Pareto front", "translator"):
        assert words in text, words
    assert text.count("unknown") == 1 and "Not drawn, for" in text  # in the caption
    submit_runs(runs, board, "--data", data)
    invoke("paper", "pareto", board, "--out", svg)
    assert "net" in svg.read_text("utf-8")
    told = invoke("paper", "pareto", "phantom-mimi", "--out", svg, code=2)
    assert "neither a folder nor the name of a leaderboard" in told and "phantom-mini" in told
    put_hits(tmp_path / "old", "old", [5] * 4)
    told = invoke("paper", "pareto", tmp_path / "old", "--out", svg, code=1)
    assert "whose cost is known" in told and "`bench submit`" in told


def test_the_site_draws_it_below_the_board(costly, tmp_path):
    invoke("report", costly, "--frames", 0, "--out", tmp_path / "site")
    page = (tmp_path / "site" / "index.html").read_text("utf-8")
    assert "F1 by cost of training" in page and "best floor: free" in page
    assert 'class="on-front">better</text>' in page and 'class="">dear</text>' in page


def test_a_plot_of_one_second_and_less_has_an_axis(tmp_path):
    mark = marks_of(complete_boards([put_one(tmp_path)], "all")[0])
    drawn = pareto_plot(mark, title="t")
    assert "nan" not in drawn and "inf" not in drawn and ">0.1</text>" in drawn


def put_one(out):
    put_costly(out, "alone", 5, {"fit": 0.0})
    return out


def test_names_cover_neither_marks_nor_each_other():
    marks = [(100.0 + 3 * k, 100.0 + 2 * k) for k in range(6)]
    widths = [80.0] * len(marks)
    within = (0.0, 0.0, 400.0, 300.0)
    boxes = [
        (left, middle - 7.5, left + 80, middle + 7.5)
        for left, middle in place_names(marks, widths, 15.0, within)
    ]
    for k, a in enumerate(boxes):
        assert within[0] <= a[0] and a[2] <= within[2] and within[1] <= a[1] and a[3] <= within[3]
        for x, y in marks:
            assert not (a[0] < x < a[2] and a[1] < y < a[3])
        for b in boxes[:k]:
            assert min(a[2], b[2]) <= max(a[0], b[0]) or min(a[3], b[3]) <= max(a[1], b[1])
    assert place_names(marks[:1], [900.0], 15.0, within)  # no room: still somewhere
