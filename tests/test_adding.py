"""A matching rule, or a metric, that is registered in one place is everywhere."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import commands
import numpy as np
import pytest
from finished_runs import put_method
from frame_files import put_points
from small_board import predict, put_board, put_data, submit

from adaptor_bench.errors import UsageError
from adaptor_bench.matching.batch import PointBatch
from adaptor_bench.matching.rule import RULES, distances, rule
from adaptor_bench.matching.rules import ranked_rules
from adaptor_bench.schemas import schema
from adaptor_bench.scoring.analysis.radius import RADII, radius_curve
from adaptor_bench.scoring.metrics import METRICS, Counts, metric, metrics_of, ratio

ROOT = Path(__file__).parent.parent
POINTS = {"predictions": [(10, 10), (13, 10), (50, 50)], "labels": [(10, 10), (50, 55), (90, 90)]}


def invoke(*arguments, code=0):
    return " ".join("".join(commands.invoke(*arguments, code=code)).split())


@pytest.fixture
def sides(tmp_path):
    for side, points in POINTS.items():
        put_points(tmp_path / side, "aicm1/V/000000", points)
    return tmp_path / "predictions", tmp_path / "labels"


@pytest.fixture
def ring():
    """A rule whose pairs at a small radius are none of those at a large one."""

    @rule("ring", "the only label between r - 5 and r pixels away")
    def ring(predictions, labels, radius, inclusive):
        distance = distances(predictions, labels)
        free = np.argwhere((distance <= radius) & (distance > radius - 5))
        return [(i, j) for i, j in free if sum(j == free[:, 1]) == sum(i == free[:, 0]) == 1]

    yield ring
    del RULES["ring"]


@pytest.fixture
def jaccard():
    @metric("Jaccard", "Jacc", "TP / (TP + FP + FN)")
    def jaccard(tp, fp, fn):
        return ratio(tp, tp + fp + fn)

    yield jaccard
    del METRICS["jaccard"]


def test_a_rule_scores_is_audited_and_has_a_curve(sides, ring, tmp_path):
    kept = tmp_path / "score.json"
    document = json.loads(
        invoke("evaluate", *sides, "--matching", "ring", "--analysis", "--draws", 2,
               "--format", "json", "--output", kept)
    )  # fmt: skip
    # At 6 px: (13, 10) with (10, 10), 3 px away, and (50, 50) with (50, 55). Not (10, 10) itself.
    assert document["matching"] == {
        "rule": "ring", "radius": 6.0, "inclusive": True, "missing": "empty"
    }  # fmt: skip
    assert document["counts"] == {"tp": 2, "fp": 1, "fn": 1}
    assert [pair[:2] for pair in json.loads(kept.read_text())["frames"][0]["pairs"]] == [
        [1, 0], [2, 1]
    ]  # fmt: skip
    expected = [1, 1, 0, 0, 2, 2, 2, 1, 1, 0, 0, 0, 0, 0, 0]
    batches = [PointBatch.from_frames([POINTS[side]]) for side in ("predictions", "labels")]
    tp = radius_curve(*batches, "ring").tp.tolist()
    assert len(tp) == len(RADII)
    assert [step["tp"] for step in document["analysis"]["radius"]["curve"]] == tp == expected
    assert "ring: the only label between" in invoke("evaluate", "--help")
    audit = invoke("audit", *sides)
    assert "ring: the only label between r - 5 and r pixels away." in audit
    assert "hungarian, official, nearest and ring" in audit
    # The conformance suite is published: what it has no answers of it cannot judge.
    (tmp_path / "answers.json").write_text("{}")
    refused = invoke("conformance", "--answers", tmp_path / "answers.json", "--rule", "ring",
                     code=2)  # fmt: skip
    assert "'ring' is not one of 'hungarian', 'official', 'nearest', 'ungated'" in refused


@pytest.mark.parametrize("broken", [False, True])
def test_an_installed_package_brings_a_rule(sides, tmp_path, broken):
    """The rule that the documentation shows, as a module with an entry point."""
    page = (ROOT / "docs" / "audit.md").read_text("utf-8")
    (program,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    (tmp_path / "lonely.py").write_text("import nothing_of_that_name\n" if broken else program)
    about = tmp_path / "lonely-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: lonely\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[adaptor_bench.rules]\nlonely = lonely\n")
    ran = subprocess.run(
        [sys.executable, "-m", "adaptor_bench", "evaluate", *sides, "--matching", "alone"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(tmp_path), str(ROOT)))},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == (2 if broken else 0), ran.stderr
    assert ("rules of lonely cannot be loaded" in ran.stderr) == broken
    assert ("Matching: alone" in ran.stdout) != broken


def test_a_name_is_given_once():
    with pytest.raises(UsageError, match="rule 'nearest' already"):
        rule("nearest", "another one")(lambda *_: [])
    with pytest.raises(UsageError, match="metric 'f1' already"):

        @metric("F1", "F1", "another one")
        def f1(tp, fp, fn):
            return tp


def test_boards_take_new_rules_and_claims_of_new_metrics(ring, jaccard, tmp_path):
    data = put_data(tmp_path / "data")
    board = put_board(tmp_path / "small", data)
    definition = (board / "board.json").read_text()
    (board / "board.json").write_text(definition.replace('"hungarian"', '"ring"'))
    predictions = predict(tmp_path / "predictions", data, shift=3)
    submit(predictions, board, data, "--claim", "intraop:jaccard=100")
    assert invoke("verify", board, "--data", data)
    assert "Jaccard" in invoke("leaderboard", "--board", board)


def test_the_published_schemas_name_what_comes_with_the_package():
    rules = schema("board")["properties"]["matching"]["properties"]["rule"]["enum"]
    claimed = schema("entry")["properties"]["claim"]["additionalProperties"]["properties"]
    assert (tuple(rules), [*claimed]) == (ranked_rules(), [*METRICS])


def test_what_a_rule_returns_is_checked(sides):
    @rule("greedy", "everything")
    def greedy(predictions, labels, radius, inclusive):
        return [(0, 0), (1, 0)]

    try:
        told = invoke("evaluate", *sides, "--matching", "greedy", code=2)
    finally:
        del RULES["greedy"]
    assert "the matching rule 'greedy' pairs a point twice" in told


def test_a_metric_has_its_place_in_every_command(sides, jaccard, tmp_path):
    shown = invoke("evaluate", *sides, "--analysis", "--draws", 2)
    assert "Jaccard %" in shown and shown.count("Jacc %") == 2  # by surgery, by radius
    command = "evaluate", *sides, "--analysis", "--draws", 2, "--format", "json"
    document = json.loads(invoke(*command))
    assert document["metrics"]["jaccard"] == document["surgeries"][0]["metrics"]["jaccard"] == 2 / 4
    assert document["analysis"]["radius"]["curve"][-1]["jaccard"] == 2 / 4
    assert "Jaccard %" in invoke("audit", *sides)

    for name, skill in (("good", 0.9), ("poor", 0.4)):
        put_method(tmp_path / "runs", name, skill)
    for kind in ("text", "markdown", "latex", "html", "csv", "json"):
        table = invoke("leaderboard", tmp_path / "runs", "--format", kind)
        assert ("jaccard" if kind in ("csv", "json") else "Jaccard") in table, kind
    for kind in ("text", "markdown", "html", "latex", "json"):
        for command in (("compare", "good", "poor", "--runs"), ("card",)):
            shown = invoke(*command, tmp_path / "runs", "--format", kind)
            assert "Jaccard" in shown, (command, kind)
    chosen = invoke("compare", "good", "poor", "--runs", tmp_path / "runs", "--metric", "jaccard")
    assert "good leads with Jaccard" in chosen
    invoke("report", tmp_path / "runs", "--frames", 0, "--out", tmp_path / "site")
    for page in ("index", "method-good"):
        assert "Jaccard" in (tmp_path / "site" / f"{page}.html").read_text("utf-8")


def test_a_metric_is_the_same_for_one_and_for_many(jaccard):
    counts = np.array([[1, 2, 3], [0, 0, 0], [4, 0, 4]])
    assert jaccard.of_last_axis(counts)[[0, 2]].tolist() == [1 / 6, 1 / 2]
    assert metrics_of(Counts(1, 2, 3))["jaccard"] == 1 / 6
    assert np.isnan(jaccard.of_last_axis(counts)[1]) and np.isnan(jaccard(Counts()))
