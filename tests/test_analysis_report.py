"""The tables of an analysis: what they say, that nothing is wider than a terminal, and dashes."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest
from in_memory import batches

from adaptor_bench.matching.settings import MatchSettings
from adaptor_bench.report.analysis import analysis_tables
from adaptor_bench.report.render import RENDERERS, render
from adaptor_bench.scoring.analysis.analyse import analyse
from adaptor_bench.scoring.analysis.taxonomy import CLASSES

pytestmark = pytest.mark.quick

WIDTH = 100


def world(frames=40, scores=True, videos=2):
    """Two surgeries; labels found within a few pixels, some missed, some invented."""
    rng = np.random.default_rng(1)
    labels = [rng.uniform((10, 10), (500, 280), (f % 18, 2)).round(1) for f in range(frames)]
    predictions = [
        np.concatenate([q[: max(0, len(q) - 2)] + rng.normal(0, 3, (max(0, len(q) - 2), 2)),
                        rng.uniform((0, 0), (511, 287), (2, 2))])
        for q in labels
    ]  # fmt: skip
    flat = rng.random(sum(map(len, predictions)))
    keys = [f"aicm{11 + f % 2}/VID00{f % 2}_{f // 2 % videos}/{f:06d}" for f in range(frames)]
    return batches(
        list(zip(predictions, labels, strict=True)), keys, None, flat if scores else None
    )


def text(world, rule="hungarian", **options):
    tables = analysis_tables(analyse(world, MatchSettings(rule, **options), draws=3))
    return render(tables, "text")


def table_of(world, title, **options):
    tables = analysis_tables(analyse(world, MatchSettings(**options), draws=3))
    (found,) = [t for t in tables if t.title.startswith(title)]
    return found


@pytest.mark.parametrize("rule", ["hungarian", "official", "nearest"])
@pytest.mark.parametrize("scores", [True, False])
def test_it_fits_a_terminal(rule, scores):
    for line in text(world(scores=scores), rule).splitlines():
        assert len(line) <= WIDTH, line


def test_the_tables_say_what_the_document_says():
    found = analyse(world(), MatchSettings(), draws=3)
    document = found.to_json()
    tables = {t.title.split(",")[0]: t for t in analysis_tables(found)}
    errors = {row["error"]: row for row in tables["Errors by kind"].rows}
    for entry in document["errors"]["classes"]:
        name = {"near_miss": "near miss", "crowded": "crowded miss", "missed": "other miss"}.get(
            entry["name"], entry["name"]
        )
        if name == "left_apart":
            assert name not in errors
            continue
        assert errors[name]["fp"] == entry["fp"]
        assert errors[name]["cost"] == 100 * entry["cost"]
    for row, group in zip(tables["By surgery"].rows, document["surgeries"], strict=True):
        assert row["surgery"] == group["surgery"]
        assert row["f1"] == 100 * group["metrics"]["f1"]
        assert (row["tp"], row["distance"]) == (group["counts"]["tp"], group["mean_distance"])
    for row, entry in zip(
        tables["By matching radius"].rows, document["radius"]["curve"], strict=True
    ):
        assert (row["radius"], row["f1"]) == (entry["radius"], 100 * entry["f1"])
    for row, name in zip(tables["Against chance"].rows, ("uniform", "prior"), strict=True):
        assert row["skill"] == 100 * document["chance"][name]["skill"]
    assert tables["Confidence"].rows[0]["value"] == 100 * document["confidence"]["ap"]
    px = {row["measure"]: row["value"] for row in tables["Localisation of matched pairs"].rows}
    assert px == {k: v for k, v in document["localisation"].items() if k != "pairs"}
    labels = tables["By number of labels in the frame"]
    assert [r["labels"] for r in labels.rows] == ["0", "1-5", "6-10", "11-15", "16+"]
    assert f"of the {document['counting']['empty_frames']} frames" in labels.notes[1]


def test_every_class_has_its_row():
    shown = table_of(world(), "Errors", rule="nearest").rows
    assert {r["what"] for r in shown} >= set(CLASSES.values()) - {CLASSES["left_apart"]}
    lost = batches([([(100, 100), (104, 100)], [(102.5, 100), (97, 100)])])
    assert table_of(lost, "Errors", rule="nearest").rows[0]["error"] == "left apart"


def test_videos_only_where_a_surgery_has_several():
    assert "Videos with the lowest F1, 4 of 4" in text(world(videos=2))
    assert "Videos" not in text(world(videos=1))


def test_the_worst_videos_are_listed_worst_first():
    found = analyse(world(videos=10), MatchSettings(), draws=3)
    lowest = sorted(found.videos.f1.tolist())[:5]
    rows = table_of(world(videos=10), "Videos with the lowest F1, 5 of 20").rows
    assert [row["f1"] for row in rows] == pytest.approx([100 * value for value in lowest])
    assert lowest[0] < max(found.videos.f1)


def test_without_scores_the_reason_is_printed():
    shown = text(world(scores=False))
    assert "No average precision, FROC or best threshold: the predicted points carry no" in shown
    assert "best threshold: 0." not in shown.lower()


def test_without_predictions_ap_is_zero_and_nothing_else_is_listed():
    found = table_of(batches([([], [(5, 5)])]), "Confidence")
    assert [(row["measure"], row["value"]) for row in found.rows] == [("AP", 0)]
    assert found.notes == ("Nothing was predicted.",)


@pytest.mark.parametrize("format", RENDERERS)
@pytest.mark.parametrize("points", [([], []), ([(5, 5)], []), ([], [(5, 5)])])
def test_nothing_to_divide_is_a_dash(format, points):
    shown = render(
        analysis_tables(analyse(batches([points[::-1]]), MatchSettings(), draws=2)), format
    )
    assert "nan" not in shown.lower()
    if format == "json":
        assert json.loads(shown)[1]["rows"][0]["value"] is None
    if format == "csv":
        assert ["mean", "", "mean distance"] in list(csv.reader(io.StringIO(shown)))
    if format == "text":
        assert "Specificity: -, no frame is without labels." in shown or not points[0]


def test_the_same_input_prints_the_same():
    assert text(world()) == text(world())
