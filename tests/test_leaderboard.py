"""Published results, run directories, and the leaderboard made of both."""

from __future__ import annotations

import csv
import io
import json

import pytest
from commands import invoke, invoke_json
from finished_runs import put_fold, put_hits

from adaptor_bench.errors import InputError, UsageError
from adaptor_bench.report import columns
from adaptor_bench.report.columns import ResultColumn
from adaptor_bench.report.leaderboard import render_leaderboard
from adaptor_bench.report.render import render
from adaptor_bench.report.table import Column, Spread, Table, number, spread
from adaptor_bench.resources import bundled
from adaptor_bench.results.load import load_results
from adaptor_bench.results.published import PublishedResult, load_published, recompute
from adaptor_bench.results.runs import Run, find_runs

pytestmark = pytest.mark.quick

PUBLISHED = sorted((bundled("leaderboards") / "published").glob("*.json"))


def put_run(out, method="stern", fold=1, hits=8, **changes):
    """One finished fold: ``hits`` of 10 labels found, no false positive."""
    return put_fold(out, method, fold, [("aicm11/V/0", hits, 0, 10 - hits)], **changes)


def rows(roots, **options):
    return json.loads(render_leaderboard(roots, format="json", **options))


def measured(roots, **options):
    return {r["method"]: r for r in rows(roots, **options) if r["source"] == "measured"}


# -- published results -----------------------------------------------------------------------------


@pytest.mark.parametrize("path", PUBLISHED, ids=lambda p: p.stem)
def test_published_file(path):
    """Valid, and everything that does not recompute (ddof 0) is listed in the file."""
    result = PublishedResult.from_json(json.loads(path.read_text("utf-8")), path.name)
    assert result.id == path.stem
    assert result.doi or result.arxiv
    assert recompute(result) == result.discrepancies


def test_the_papers_tables_are_there():
    by_id = {entry.id: entry for entry in load_published()}
    expected = {
        "yao2021-sim": (73.62, 75.64, 74.31),
        "yao2021-intraop": (62.76, 50.23, 55.79),
        "stern2021-sim": (81.50, 61.60, 69.78),
        "stern2021-intraop": (66.68, 24.45, 35.78),
    }
    for name, means in expected.items():
        entry = by_id[name]
        assert tuple(m.mean for m in entry.metrics.values()) == means
        assert entry.in_default_table
    assert {n for n, e in by_id.items() if e.in_default_table} == set(expected)
    discrepancies = sum(len(entry.discrepancies) for entry in by_id.values())
    assert discrepancies == 4


def test_malformed_published_files_are_all_named(tmp_path):
    good = json.loads(PUBLISHED[0].read_text("utf-8"))
    (tmp_path / "a.json").write_text(json.dumps(good | {"id": "a", "unit": "fraction"}))
    (tmp_path / "b.json").write_text(json.dumps(good | {"id": "b", "surplus": 1}))
    (tmp_path / "c.json").write_text(json.dumps(good | {"id": "c", "protocol": "best"}))
    (tmp_path / "d.json").write_text("{")
    (tmp_path / "e.json").write_text(json.dumps(good | {"id": "other"}))
    with pytest.raises(InputError) as caught:
        load_published(tmp_path)
    for name in "abcde":
        assert f"{name}.json" in caught.value.message


# -- run directories -------------------------------------------------------------------------------


def test_runs_are_found_at_any_depth(tmp_path):
    where = put_run(tmp_path, "improved_heatmap/no_cutting", 2)
    put_run(tmp_path, "stern", 1)
    store = tmp_path / "phantom-x" / "artefacts" / "network-0123456789abcdef"
    for ignored in (store / "fold_1", "phantom-x/stern/intraop/.partial-fold_2-x"):
        (tmp_path / ignored).mkdir(parents=True)
        (tmp_path / ignored / "run.json").write_text("{}")
    (store / "key.json").write_text("{}")
    assert [run.method for run in find_runs([tmp_path])] == ["improved_heatmap/no_cutting", "stern"]
    for root in (where, where.parent, where.parents[1], where.parents[2]):
        assert [run.fold for run in find_runs([root])] == [2]
    assert len(find_runs([tmp_path, where])) == 2  # nothing twice
    (run,) = find_runs([where])
    assert run.predictions == where / "predictions"
    assert run.score().counts.tp == 8


def test_malformed_runs_are_all_named(tmp_path):
    broken = [put_run(tmp_path, name) for name in ("a", "b", "c", "d", "e")]
    good = json.loads((broken[0] / "run.json").read_text())
    (broken[0] / "run.json").write_text("{")
    (broken[1] / "run.json").write_text(json.dumps(good | {"fold": True, "folds": "all"}))
    (broken[2] / "run.json").write_text(json.dumps(good | {"dataset": {"name": "x"}}))
    (broken[3] / "run.json").write_text(json.dumps(good | {"fold": 9}))
    inner = {"validation": [1], "notes": [{}], "profile_changes": {"lr": 5, "steps": [1]}}
    (broken[4] / "run.json").write_text(json.dumps(good | inner))
    with pytest.raises(InputError) as caught:
        find_runs([tmp_path, tmp_path / "nowhere"])
    message = caught.value.message
    assert all(str(path) in message for path in broken)
    assert "/fold: must be integer, is true" in message
    assert "/dataset: key 'fingerprint' is missing" in message
    assert "nowhere: no such folder" in message
    for pointer in ("validation/0", "notes/0", "profile_changes/lr", "profile_changes/steps"):
        assert f"/{pointer}: " in message


def test_results_of_runs(tmp_path):
    put_hits(tmp_path / "s0", "stern", [8, 8], seed=0)
    put_hits(tmp_path / "s1", "stern", [6, 6], seed=1)
    put_run(tmp_path / "s2", "stern", parameters={"lr": 0.1})
    results = load_results(tmp_path)
    assert [{s: sorted(f) for s, f in r.counts.items()} for r in results] == [
        {0: [1, 2], 1: [1, 2]},
        {0: [1]},
    ]
    put_run(tmp_path / "again", "stern")
    with pytest.raises(InputError, match="both are seed 0, fold 1"):
        load_results(tmp_path)


def test_a_run_without_its_score(tmp_path):
    (put_run(tmp_path, "a") / "score.json").unlink()
    (put_run(tmp_path, "b") / "score.json").write_text('{"schema": 1')
    with pytest.raises(InputError) as caught:
        render_leaderboard([tmp_path])
    assert caught.value.message.count("score.json") == 2


def test_run_json_must_be_an_object(tmp_path):
    (tmp_path / "fold_1").mkdir()
    (tmp_path / "fold_1" / "run.json").write_text("[]")
    with pytest.raises(InputError, match="must be object"):
        Run.load(tmp_path / "fold_1")


# -- ranking ---------------------------------------------------------------------------------------


def test_rows_and_ranks(tmp_path):
    put_hits(tmp_path, "good", [9, 7, 9, 7])
    put_hits(tmp_path, "same", [7, 9, 7, 9])
    put_hits(tmp_path, "bad", [2, 2, 2, 2])
    table = measured([tmp_path])
    assert {m: r["rank"] for m, r in table.items()} == {"good": 1, "same": 1, "bad": 3}
    good = table["good"]
    assert good["sensitivity"]["mean"] == 80
    assert good["sensitivity"]["std"] == 10
    assert good["sensitivity"]["folds"] == {"f1": 90, "f2": 70, "f3": 90, "f4": 70}
    assert good["precision"]["mean"] == 100
    assert (good["dataset"], good["domain"], good["n"]) == ("phantom-x", "intraop", 4)
    assert measured([tmp_path], ddof=1)["good"]["sensitivity"]["std"] == pytest.approx(11.547005)


def test_a_partial_run_cannot_outrank_a_full_one(tmp_path):
    put_hits(tmp_path, "partial", [10, 10, 10])
    put_hits(tmp_path, "full", [1, 1, 1, 1])
    table = measured([tmp_path])
    assert table["full"]["rank"] == 1
    partial = table["partial"]
    assert (partial["rank"], partial["missing_folds"]) == (None, ["f4"])
    assert partial["f1"]["mean"] is None
    assert partial["f1"]["std"] is None
    assert partial["f1"]["folds"] == {"f1": 100, "f2": 100, "f3": 100}
    text = render_leaderboard([tmp_path])
    assert "partial: fold f4 missing, hence no mean and no rank." in text
    assert "3/4" in text


def test_an_undefined_ratio_is_null_and_a_dash(tmp_path):
    put_hits(tmp_path, "silent", [0, 5, 5, 5])
    row = measured([tmp_path])["silent"]
    assert row["precision"]["folds"]["f1"] is None
    assert row["precision"]["mean"] is None
    assert row["f1"]["folds"]["f1"] == 0
    assert row["rank"] == 1
    assert "silent: Precision is 0/0 in f1." in render_leaderboard([tmp_path])


def test_seeds(tmp_path):
    put_hits(tmp_path / "s0", "stern", [8] * 4, seed=0)
    put_hits(tmp_path / "s1", "stern", [6] * 4, seed=1)
    row = measured([tmp_path])["stern"]
    assert (row["seeds"], row["sensitivity"]["mean"]) == ([0, 1], 70)
    assert row["sensitivity"]["std"] == 0
    assert row["sensitivity"]["seed_std"] == pytest.approx(200**0.5)
    text = " ".join(render_leaderboard([tmp_path]).split())
    assert "Seed std: of one fold's F1 from seed to seed" in text and "(4 folds x 2 seeds)" in text


def test_tiers_stand_beside_ranks(tmp_path):
    for method, found in (
        ("good", [9, 8, 9, 8]),
        ("as_good", [8, 9, 9, 8]),
        ("poor", [3, 2, 2, 3]),
    ):
        put_hits(tmp_path, method, found)
    tiers = {name: row["tier"] for name, row in measured([tmp_path]).items()}
    assert tiers == {"good": 1, "as_good": 1, "poor": 2}
    for format_ in ("text", "markdown", "latex", "html", "csv"):
        assert "tier" in render_leaderboard([tmp_path], format=format_).lower()
    put_hits(tmp_path / "alone", "one", [9, 8, 9, 8])
    assert measured([tmp_path / "alone"])["one"]["tier"] is None


def test_rows_of_one_method_are_told_apart(tmp_path):
    put_hits(tmp_path / "a", "stern", [8] * 4)
    put_hits(tmp_path / "b", "stern", [6] * 4, parameters={"lr": 0.1})
    assert set(measured([tmp_path])) == {"stern (lr=0.001)", "stern (lr=0.1)"}
    put_hits(tmp_path / "c", "other", [6] * 4, profile="smoke")
    assert "Profile" in render_leaderboard([tmp_path])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"fold_plan": {"name": "4-balanced", "sha256": "ff" * 32}}, "fold plan"),
        ({"dataset": {"name": "phantom-x", "kind": "phantom", "fingerprint": "0" * 64}}, "finger"),
        ({"matching": {"rule": "official"}}, "matching"),
        ({"matching": {"inclusive": False}}, "matching"),
    ],
)
def test_what_cannot_be_compared_is_refused(tmp_path, change, message):
    put_hits(tmp_path, "a", [8] * 4)
    put_hits(tmp_path, "b", [8] * 4, **change)
    with pytest.raises(InputError, match=message) as caught:
        render_leaderboard([tmp_path])
    assert f"{tmp_path}/phantom-x/a" in caught.value.message
    assert f"{tmp_path}/phantom-x/b" in caught.value.message


# -- published beside measured ---------------------------------------------------------------------


def test_the_phantom_is_not_ranked_with_published_rows(tmp_path):
    put_hits(tmp_path, "perfect", [10] * 4)
    found = [(r["method"], r["dataset"], r["rank"]) for r in rows([tmp_path], domain="intraop")]
    assert found == [
        ("perfect", "phantom-x", 1),
        ("Improved heatmap (Yao et al. 2021)", "adaptor2021", 1),
        ("Heatmap baseline (Stern et al. 2021)", "adaptor2021", 2),
    ]
    text = render_leaderboard([tmp_path], "intraop")
    assert "published on AdaptOR 2021, not comparable with other data" in text
    assert "Numbers on the phantom are numbers about the phantom, not AdaptOR results." in text


def test_the_real_data_share_a_ranking_with_published_rows(tmp_path):
    real = {"name": "adaptor2021", "kind": "adaptor2021", "fingerprint": "12" * 32}
    put_hits(tmp_path, "middling", [3] * 4, dataset=real)  # F1 46.15
    found = [(r["method"], r["source"], r["rank"]) for r in rows([tmp_path], domain="intraop")]
    assert found == [
        ("Improved heatmap (Yao et al. 2021)", "published", 1),
        ("middling", "measured", 2),
        ("Heatmap baseline (Stern et al. 2021)", "published", 3),
    ]
    assert "phantom" not in render_leaderboard([tmp_path], "intraop")


def test_other_folds_of_the_real_data_do_not(tmp_path):
    real = {"name": "adaptor2021", "kind": "adaptor2021", "fingerprint": "12" * 32}
    plan = {"name": "2-balanced", "sha256": "ff" * 32}
    put_hits(tmp_path, "x", [3, 3], dataset=real, fold_plan=plan, folds=[1, 2])
    assert [r["rank"] for r in rows([tmp_path], domain="intraop")] == [1, 1, 2]


def test_published_only():
    found = rows([])
    assert [(r["domain"], r["rank"]) for r in found] == [
        ("sim", 1),
        ("sim", 2),
        ("intraop", 1),
        ("intraop", 2),
    ]
    ours = found[0]
    assert ours["f1"]["folds"] == {"f1": 81.94, "f2": 62.33, "f3": 72.51, "f4": 77.07, "f5": 77.69}
    assert (ours["f1"]["mean"], ours["f1"]["std"]) == (74.31, 6.69)
    assert found[1]["f1"] == {
        "mean": 69.78,
        "std": None,
        "folds": None,
        "seed_std": None,
        "seed_error": None,
    }
    everything = rows([], all_published=True)
    others = [r for r in everything if r["protocol"] in ("hidden-test", "single-split")]
    assert len(others) == 6
    assert {r["rank"] for r in others} == {None}


# -- output ----------------------------------------------------------------------------------------


def test_csv(tmp_path):
    put_hits(tmp_path, "stern", [0, 5, 5])
    found = list(csv.DictReader(io.StringIO(render_leaderboard([tmp_path], format="csv"))))
    row = next(r for r in found if r["method"] == "stern")
    assert (row["f1_mean"], row["precision_f1"], row["missing_folds"]) == ("", "", "f4")
    assert float(row["sensitivity_f2"]) == 50
    assert "stern: fold f4 missing, hence no mean and no rank." in row["notes"]
    printed = [r["notes"] for r in found if r["source"] == "published" and r["domain"] == "intraop"]
    assert "recomputes to 3.75" in printed[0] and "recomputes to 3.75" not in printed[1]


@pytest.mark.parametrize("format", ["text", "markdown", "json", "csv"])
def test_output_is_stable_and_names_everything(tmp_path, format):
    put_hits(tmp_path, "b|c", [8] * 4)
    put_hits(tmp_path, "a", [8] * 4)
    first = render_leaderboard([tmp_path], format=format, per_fold=True)
    assert first == render_leaderboard([tmp_path], format=format, per_fold=True)
    assert first.endswith("\n")
    assert not first.endswith("\n\n")
    if format in ("text", "markdown"):
        for said in ("hungarian", "<= 6 px", "adaptor2021-v1", "abababababab", "cdcdcdcdcdcd"):
            assert said in first
        assert "ddof 0" in first
        assert "Sensitivity per fold" in first
    if format == "markdown":
        assert "b\\|c" in first
    if format == "text":
        assert max(len(line) for line in first.splitlines()) <= 120


def test_each_renderer_on_one_table():
    columns = (
        Column("name", "Name"),
        Column("n", "N", "right"),
        Column("value", "Value", show=spread(2)),
        Column("x", "X", "right", show=number(1)),
    )
    content = [
        {"name": "a", "n": 12, "value": Spread(100.0, 10.25), "x": 1.0},
        {"name": "b", "n": 3, "value": Spread(7.5), "x": float("nan")},
        {"name": "c", "value": Spread(None), "x": None},
    ]
    table = Table("T", columns, content, ("Note.",))
    assert render([table], "text") == (
        "T\n\n"
        "Name      N  Value             X\n"
        "------  ---  --------------  ---\n"
        "a        12  100.00 ± 10.25  1.0\n"
        "b         3    7.50            -\n"
        "c         -    -               -\n"
        "\nNote.\n"
    )
    assert render([table], "markdown") == (
        "### T\n\n"
        "| Name   |   N | Value          |   X |\n"
        "|:-------|----:|:---------------|----:|\n"
        "| a      |  12 | 100.00 ± 10.25 | 1.0 |\n"
        "| b      |   3 | 7.50           |   - |\n"
        "| c      |   - | -              |   - |\n"
        "\n- Note.\n"
    )
    assert json.loads(render([table], "json"))[0]["rows"][1:] == [
        {"name": "b", "n": 3, "value": {"mean": 7.5, "std": None}, "x": None},
        {"name": "c", "n": None, "value": None, "x": None} | {"value": {"mean": None, "std": None}},
    ]
    plain_table = Table("", columns[:2], content)
    assert render([plain_table], "csv") == "name,n\na,12\nb,3\nc,\n"
    with pytest.raises(UsageError, match="pdf"):
        render([table], "pdf")


def test_command(tmp_path):
    alone = invoke_json("leaderboard")
    assert {row["source"] for row in alone} == {"published"}
    put_hits(tmp_path / "runs", "stern", [8] * 4)
    assert invoke_json("leaderboard", "--domain", "intraop")[0]["method"] == "stern"
    assert "stern" in invoke("leaderboard", "runs/phantom-x", "--per-fold")[0]
    invoke("leaderboard", "nowhere", code=2)
    invoke("leaderboard", "--domain", "other", code=2)


def test_a_third_domain(tmp_path):
    put_run(tmp_path, "here", folds=[1], domain="endoscopy")
    put_run(tmp_path, "there", folds=[1])
    shown, _ = invoke("leaderboard", tmp_path, "--domain", "endoscopy", "--format", "json")
    assert [r["method"] for r in json.loads(shown)] == ["here"]
    assert "there is no domain 'ct'" in invoke("leaderboard", tmp_path, "--domain", "ct", code=2)[1]


def test_a_column_is_added_in_one_place(tmp_path, monkeypatch):
    """And stands in every format, of runs and of entries, and on the site."""
    put_hits(tmp_path / "runs", "stern", [8] * 4)
    points = ResultColumn("points", "Points", predicted, align="right", about="Predicted points.")
    monkeypatch.setattr(columns, "TRAILING", [*columns.TRAILING, points])
    for format in ("text", "markdown", "latex", "html"):
        shown, _ = invoke("leaderboard", tmp_path / "runs", "--format", format)
        assert "Points" in shown and "32" in shown
        assert "Points" in invoke("leaderboard", "--board", "mbm", "--format", format)[0]
    assert measured([tmp_path / "runs"])["stern"]["points"] == 32
    shown, _ = invoke("leaderboard", tmp_path / "runs", "--format", "csv")
    assert next(csv.DictReader(io.StringIO(shown)))["points"] == "32"
    invoke("report", tmp_path / "runs", "--out", tmp_path / "site")
    page = (tmp_path / "site" / "index.html").read_text("utf-8")
    assert 'title="Predicted points.">Points</th>' in page and ">32</td>" in page


def predicted(result):
    return sum(part.counts.tp + part.counts.fp for part in result.fold_results) or None


def test_wrong_usage(tmp_path):
    with pytest.raises(UsageError, match="domain 'x'"):
        render_leaderboard([], "x")
    with pytest.raises(UsageError, match="format 'x'"):
        render_leaderboard([], format="x")
    with pytest.raises(InputError, match="no finished run"):
        render_leaderboard([tmp_path])


def test_a_note_of_one_run_names_its_fold_and_of_several_seeds_its_own(tmp_path):
    repeated = "The first training found nothing and was repeated with another seed."
    for seed in (0, 1):
        for k in (1, 2):
            notes = [repeated] if (seed, k) == (1, 2) else []
            put_run(tmp_path / f"seed{seed}", "net", k, 5, seed=seed, notes=notes)
    shown, _ = invoke("leaderboard", tmp_path)
    assert f"net: f2 of seed 1: {repeated}" in " ".join(shown.split())
    shown, _ = invoke("leaderboard", tmp_path / "seed1")
    assert f"net: f2: {repeated}" in " ".join(shown.split())
