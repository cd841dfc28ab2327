"""``bench compare`` and ``bench card`` from run directories to text."""

from __future__ import annotations

import json
import re
import shutil
from html.parser import HTMLParser

import commands
import pytest
from commands import typeset
from finished_runs import put_fold, put_hits, put_method
from small_board import finished, predict, put_board, put_data

from adaptor_bench.entries.entry import read_board
from adaptor_bench.report.card import ranking_cards
from adaptor_bench.results.board import boards_of
from adaptor_bench.results.load import load_results

pytestmark = pytest.mark.quick


def invoke(*arguments, code=0):
    shown, told = commands.invoke(*arguments, code=code)
    return told if code else shown


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    """Three methods, four surgeries: good beats poor everywhere; twin has good's counts."""
    out = tmp_path_factory.mktemp("runs")
    put_method(out, "good", 0.9, rng=1)
    put_method(out, "twin", 0.9, rng=1)
    put_method(out, "poor", 0.4, rng=2)
    return out


def test_a_comparison_in_words(out):
    shown = " ".join(invoke("compare", "good", "poor", "--runs", out).split())
    for words in (
        "good against poor: phantom-x, intraop",
        "good leads with F1",
        "good is", "points of F1 ahead of poor",
        "and ahead in 4 of 4 folds; better: yes.",
        "by the primary analysis alone",
        "Holm's correction for this one comparison",
        "with 4 folds it cannot give less than 0.125",
        "Surgeries of one fold share a network",
        "not AdaptOR results",
    ):  # fmt: skip
        assert words in shown


def test_the_sign_of_a_difference_follows_the_arguments(out):
    forth, back = (
        json.loads(invoke("compare", *pair, "--runs", out, "--format", "json"))[0]
        for pair in (("good", "poor"), ("poor", "good"))
    )
    assert forth["difference"]["estimate"] == -back["difference"]["estimate"] > 0
    assert forth["difference"]["low"] == -back["difference"]["high"]
    assert forth["p"] == back["p"] < 0.05 and forth["p_sign_flip"] == 0.125
    assert (forth["answer"], back["answer"], forth["comparisons"]) == ("yes", "no", 1)
    assert forth["folds"] == {f: -d for f, d in back["folds"].items()}
    titles = [table["title"] for table in back["tables"]]
    assert titles[1] == "poor minus good"
    gaps = [row["difference"] for row in back["tables"][2]["rows"]]
    assert all(gap < 0 for gap in gaps)


def test_folders_can_be_compared_even_under_one_name(out, tmp_path):
    put_method(tmp_path, "good", 0.5, rng=3, parameters={"lr": 0.1})
    (only,) = json.loads(
        invoke("compare", out / "phantom-x" / "good", tmp_path, "--format", "json")
    )
    assert (only["a"], only["b"]) == ("good (A)", "good (B)")
    assert "are the same" in invoke("compare", tmp_path, tmp_path, code=2)


def test_the_same_counts_are_level(out):
    shown = invoke("compare", "good", "twin", "--runs", out)
    assert "good and twin have the same F1 in every fold." in shown
    assert "good and twin share the first rank" in " ".join(shown.split())


def test_other_metrics_levels_and_draws(out):
    wide, narrow = (
        json.loads(
            invoke("compare", "good", "poor", "--runs", out, "--level", level, "--metric",
                   "precision", "--format", "json")
        )[0]
        for level in (0.99, 0.8)
    )  # fmt: skip
    assert wide["metric"] == "precision"
    assert wide["difference"]["low"] < narrow["difference"]["low"]


def test_domains_are_corrected_together(tmp_path):
    """A claim about two domains takes two chances."""
    for method, hits in (("good", [9, 8, 9, 7]), ("poor", [5, 5, 4, 4])):
        put_hits(tmp_path, method, hits)
        put_hits(tmp_path, method, [*hits, hits[0]], domain="sim")
    ask = ("compare", "good", "poor", "--runs", tmp_path, "--format", "json")
    both, (alone,) = (json.loads(invoke(*ask, *more)) for more in ((), ("--domain", "intraop")))
    assert [card["domain"] for card in both] == ["intraop", "sim"]
    assert {card["comparisons"] for card in both} == {2} and alone["comparisons"] == 1
    assert both[0]["p"] == alone["p"] == alone["p_corrected"]
    small, large = sorted(both, key=lambda card: card["p"])
    assert small["p_corrected"] == pytest.approx(2 * small["p"], abs=1e-5)
    assert large["p_corrected"] == max(small["p_corrected"], large["p"])
    assert "corrected for 2 comparisons" in " ".join(both[0]["sentences"])


def test_what_cannot_be_compared_is_said(out, tmp_path):
    assert "Did you mean 'good'" in invoke("compare", "goud", "poor", "--runs", out, code=2)
    assert "--runs DIR" in invoke("compare", "good", "poor", code=2)
    put_method(tmp_path / "a", "other", 0.5, dataset={"name": "x", "kind": "phantom",
                                                    "fingerprint": "00" * 32})  # fmt: skip
    told = invoke("compare", out / "phantom-x" / "good", tmp_path / "a", code=1)
    assert "dataset fingerprint: cdcdcdcdcdcd and 000000000000" in told
    put_method(tmp_path / "b", "part", 0.5, folds=(1, 3))
    told = invoke("compare", out / "phantom-x" / "good", tmp_path / "b", code=1)
    assert "part: folds 2, 4 missing" in told
    put_method(tmp_path / "c", "sim", 0.5, domain="sim")
    told = invoke("compare", out / "phantom-x" / "good", tmp_path / "c", code=1)
    assert "no domain in common" in told
    assert "expected runs of one method" in invoke("compare", out, tmp_path / "c", code=2)


def test_a_card_names_who_is_left_out(out, tmp_path):
    put_method(tmp_path, "good", 0.9, rng=1)
    put_method(tmp_path, "poor", 0.4, rng=2)
    put_method(tmp_path, "part", 0.5, folds=(1, 3))
    (card,) = ranking_cards(boards_of(load_results(tmp_path)))
    assert "part is left out: folds 2, 4 missing." in card.sentences
    assert set(card.facts["intervals"]) == {"good", "poor"}
    estimate, low, high = card.facts["intervals"]["good"]["f1"]
    assert 0 < low < estimate < high


def test_a_card_corrects_for_all_pairs(out):
    shown = " ".join(invoke("card", out).split())
    assert "corrected for 3 comparisons" in shown
    assert "1: good, twin; 2: poor" in shown
    assert "All 4 ranking schemes give this order." in shown
    document = json.loads(invoke("card", out, "--format", "json"))
    assert [len(card["tables"]) for card in document] == [4]
    assert invoke("card", out, "--format", "json") == invoke("card", out, "--format", "json")


def test_a_fold_that_decides_is_named(tmp_path):
    for method, hits in {"steady": (5, 5, 5, 5), "lucky": (9, 4, 4, 4)}.items():
        for fold, tp in enumerate(hits, start=1):
            surgery = f"aicm{15 - fold}"
            put_fold(tmp_path, method, fold, [(f"{surgery}/v/0", tp, 2, 10 - tp)])
    shown = " ".join(invoke("card", tmp_path).split())
    assert "lucky leads" in shown
    assert "The order depends on single folds: without f1 steady passes lucky." in shown
    assert "The order depends on the scheme" in shown


@pytest.mark.parametrize("format", ["markdown", "html", "latex"])
def test_a_card_in_other_formats(out, format):
    shown = invoke("card", out, "--format", format)
    assert "nan" not in shown.lower().replace("twin and", "")
    if format == "html":
        seen = []
        parser = HTMLParser()
        parser.handle_starttag = lambda tag, attrs: seen.append(tag)
        parser.feed(shown)
        assert seen.count("table") == 4
        assert "h2" in seen
    if format == "latex":
        assert shown.count(r"\begin{itemize}") == shown.count(r"\end{itemize}") == 1
        assert r"\item good is" in shown or r"\item good" in shown


def test_pdflatex_keeps_a_card_within_the_margins(tmp_path):
    for method, skill in (("improved_heatmap/no_cyclegan", 0.9), ("improved_heatmap/no_cut", 0.4)):
        put_method(tmp_path / "runs", method, skill, rng=1)
    packages = r"\usepackage[T1]{fontenc}\usepackage{booktabs,graphicx}"
    shown = invoke("card", tmp_path / "runs", "--format", "latex")
    text = rf"\documentclass{{article}}{packages}\begin{{document}}{shown}\end{{document}}"
    assert "Overfull" not in typeset(text, tmp_path)


def test_the_same_predictions_are_one_competitor(tmp_path):
    """Known by the points of all folds, in whatever order; the same counts are not enough."""
    data = put_data(tmp_path / "data")
    board = put_board(tmp_path / "small", data)
    fingerprint = read_board(board).fingerprints["intraop"]
    for method, shift in (("net/idle", 1), ("net", 1), ("other", 2), ("worse", 9)):
        finished(tmp_path / "runs", data, board, fingerprint, shift, method)
    path = next((tmp_path / "runs").rglob("net/idle/**/predictions/**/*.json"))
    document = json.loads(path.read_text())
    path.write_text(json.dumps(document | {"points": document["points"][::-1]}))
    shown = invoke("leaderboard", tmp_path / "runs", "--format", "json", "--domain", "intraop")
    found = {r["method"]: r for r in json.loads(shown) if r["source"] == "measured"}
    assert {m: r["rank"] for m, r in found.items()} == {
        "net": 1, "net/idle": None, "other": 1, "worse": 3
    }  # fmt: skip
    assert [found[m].get("same_as") for m in ("net", "net/idle", "other")] == [None, "net", None]
    card = " ".join(invoke("card", tmp_path / "runs").split())
    assert "net/idle is left out: same as net." in card
    assert "corrected for 3 comparisons" in card
    shown = " ".join(invoke("compare", "net", "net/idle", "--runs", tmp_path / "runs").split())
    assert "net/idle is the same as net: their predictions agree point for point." in shown
    assert not re.search("rank|tier| p |interval|%", shown.lower())
    both = ("compare", "net", "net/idle", "--runs", tmp_path / "runs")
    (card,) = json.loads(invoke(*both, "--format", "json"))
    assert card["same"] is True and card["tables"] == [] and "p" not in card
    for format_ in ("markdown", "latex"):
        assert "is the same as" in invoke(*both, "--format", format_)
    for table in (["table3"], ["ablation"]):
        shown = invoke("paper", *table, tmp_path / "runs", "--format", "text")
        marked = [line for line in shown.splitlines() if re.search("net/idle, same as net  ", line)]
        assert len(marked) == 3 and not any("*" in line for line in marked)
        found = json.loads(invoke("paper", *table, tmp_path / "runs", "--format", "json"))
        assert '"same_as": "net"' in json.dumps(found)


def test_one_method_makes_no_card(tmp_path):
    put_method(tmp_path, "alone", 0.5)
    assert "no board with two complete methods" in invoke("card", tmp_path, code=1)


# --- predictions and labels alone -----------------------------------------------------------------


@pytest.fixture(scope="module")
def sent(tmp_path_factory):
    """Labels, and two submissions as archives: b has an invented point in every frame."""
    root = tmp_path_factory.mktemp("sent")
    data = put_data(root / "data")
    for name, extra in (("a", ()), ("b", [(400, 200)])):
        predict(root / name, data, 1, extra=extra)
        shutil.make_archive(str(root / name), "zip", root / name)
    return root


def test_two_archives_are_compared_on_labels(sent):
    a, b, labels = sent / "a.zip", sent / "b.zip", ("--labels", sent / "data")
    shown = " ".join(invoke("compare", a, b, *labels).split())
    assert "a against b: data, intraop" in shown and "a is 14.29 points of F1 ahead of b" in shown
    [card] = json.loads(invoke("compare", b, sent / "a", *labels, "--format", "json"))
    assert (card["a"], card["b"]) == ("b", "a")
    assert card["difference"]["estimate"] == pytest.approx(6 / 7 - 1, abs=1e-6)
    assert card["folds"].keys() == {"f1", "f2", "f3"}
    # Nothing is further than 1 px from its label.
    [strict] = json.loads(
        invoke("compare", b, a, *labels, "--radius", "0.5", "--missing", "skip", "--format", "json")
    )
    assert strict["difference"]["estimate"] == 0


def test_archives_of_one_name_are_told_apart_and_equal_ones_are_one(sent, tmp_path):
    shutil.copy(sent / "a.zip", tmp_path / "a.zip")
    shown = invoke("compare", sent / "a.zip", tmp_path / "a.zip", "--labels", sent / "data")
    assert "a (B) is the same as a (A)" in shown


def test_what_compare_needs_for_files_is_said(sent):
    a, b = sent / "a.zip", sent / "b.zip"
    assert "give --labels" in invoke("compare", a, b, code=2)
    labels = ("--labels", sent / "data")
    assert "--runs" in invoke("compare", a, b, *labels, "--runs", sent, code=2)
    assert "no such file" in invoke("compare", a, sent / "c.zip", *labels, code=2)
    (sent / "nothing").mkdir(exist_ok=True)
    assert "no prediction found" in commands.outcome("compare", a, sent / "nothing", *labels)[2]
    assert "are for --labels" in invoke("compare", "x", "y", "--radius", "3", code=2)
    assert "the same" in invoke("compare", a, a, *labels, code=2)
