"""The audit: all rules side by side, and the frames and pairs on which they differ."""

from __future__ import annotations

import json
import re
import shutil
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from commands import invoke, invoke_json
from frame_files import put_points
from hypothesis import example, given, settings
from hypothesis import strategies as st
from in_memory import batches

from adaptor_bench.audit.audit import audit
from adaptor_bench.audit.audit_table import audit_as_json, audit_tables, conclusion
from adaptor_bench.matching.match import match
from adaptor_bench.matching.rules import all_rules, ranked_rules
from adaptor_bench.scoring.metrics import Counts, f1

pytestmark = pytest.mark.quick

DOCUMENT = Path(__file__).parent.parent / "docs" / "audit.md"

# stem: (predictions or None for no file, labels)
EXAMPLE = {
    # A chain: two pairs 5 px apart, or the closest one of 2 px.
    "000000": ([(95, 100), (102, 100)], [(100, 100), (107, 100)]),
    "000001": ([(14, 6)], [(14, 0)]),  # exactly at the radius
    # Without a gate nothing is found here.
    "000002": ([(1, 4), (5, 7)], [(8, 4), (16, 5)]),
    # Two predictions equally far from a label.
    "000003": ([(97, 50), (103, 50)], [(100, 50), (108, 50)]),
    "000004": (None, [(10, 10), (50, 50)]),  # no prediction file
    "000005": ([(10, 10), (50, 50), (90, 90), (300, 200)], [(10, 10), (50, 50), (90, 90)]),
}


def write_folders(root, frames):
    for side in (0, 1):
        for stem, points in frames.items():
            if points[side] is not None:
                put_points(
                    root / ("predictions", "labels")[side], f"aicm11/VID000_0/{stem}", points[side]
                )


@pytest.fixture
def folders(tmp_path):
    write_folders(tmp_path, EXAMPLE)
    return tmp_path / "predictions", tmp_path / "labels"


run = partial(invoke, "audit")


@pytest.fixture
def document(folders):
    return invoke_json("audit", *folders)


# --- the example ------------------------------------------------------------------------------


def test_every_rule_boundary_and_policy(document):
    found = {
        (row["rule"], row["inclusive"], row["missing"]): tuple(row["counts"].values())
        for row in document["rules"]
    }
    tp = {"hungarian": 9, "official": 8, "nearest": 7, "ungated": 8}
    assert found == {
        (rule, inclusive, missing): (n, 11 - n, (12 if missing == "empty" else 10) - n)
        for missing in ("empty", "skip")
        for inclusive in (True, False)
        for rule, n in ((rule, tp[rule] - (not inclusive)) for rule in all_rules())
    }
    first = document["rules"][0]
    assert (first["rule"], first["inclusive"], first["missing"]) == ("hungarian", True, "empty")
    assert (first["dtp"], first["df1"]) == (0, 0)
    assert first["metrics"] == {"precision": 9 / 11, "sensitivity": 9 / 12, "f1": 18 / 23}
    for row in document["rules"]:
        assert row["dtp"] == row["counts"]["tp"] - 9
        assert row["df1"] == pytest.approx(f1(Counts(**row["counts"])) - 18 / 23)


def test_frames_that_differ(document):
    frames = {entry["frame"]: entry["true_positives"] for entry in document["frames_differ"]}
    assert list(frames) == [f"aicm11/VID000_0/{n:06d}" for n in (0, 1, 3, 2)]
    chain = frames["aicm11/VID000_0/000000"]
    assert [chain[f"{rule} <="] for rule in all_rules()] == [2, 1, 1, 2]
    assert frames["aicm11/VID000_0/000001"]["official <"] == 0
    assert frames["aicm11/VID000_0/000002"]["ungated <="] == 0
    assert document["totals"]["frames"] == {
        "pairs_differ": 2,
        "counts_differ": 2,
        "boundary_differs": 1,
        "ungated_differs": 1,
    }


def test_fragile_pairs(document):
    pairs = [
        (p["frame"][-1], p["prediction"], p["label"], p["distance"], *p["why"])
        for p in document["fragile_pairs"]
    ]
    assert pairs == [
        ("0", 0, 0, 5, "rule"),
        ("0", 1, 0, 2, "rule"),
        ("0", 1, 1, 5, "rule"),
        ("1", 0, 0, 6, "boundary", "radius"),
        ("3", 1, 1, 5, "rule"),
    ]
    partners = [tuple(p["paired_with"].values()) for p in document["fragile_pairs"]]
    assert partners == [(0, None, None, 0), (1, 0, 0, 1), (1, 0, 0, 1), (0,) * 4, (1, 1, None, 1)]
    assert document["totals"]["pairs"] == {
        "all": 10,
        "near_radius": 1,
        "by_rule": 4,
        "by_boundary": 1,
        "fragile": 5,
        "near_radius_true_positives": 1,
        "by_rule_true_positives": 3,
        "by_boundary_true_positives": 1,
        "fragile_true_positives": 4,
    }
    assert [entry["tp"] for entry in document["true_positives_at_radius"]] == [8, 9, 9]


def test_text_and_the_documentation_show_the_same(folders):
    """docs/audit.md quotes this output; write it anew when the output changes."""
    shown, told = run(*folders, "--emulate", "official-2021")
    assert told == ""
    quoted = re.search(r"```text\n(.*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL)
    assert quoted is not None
    assert quoted.group(1) == shown


def test_lists_are_capped_and_totals_are_not(folders):
    text, _ = run(*folders, "--limit", "2")
    assert "4 frames, the first 2 listed." in text
    assert "5 fragile pairs, the first 2 listed." in text
    assert text.count("aicm11/VID000_0/00000") == 4
    assert "5 of 10 pairs are fragile and carry 4 of 9 true positives" in " ".join(text.split())
    everything, _ = run(*folders, "--limit", "0")
    assert "listed" not in everything
    assert everything.count("aicm11/VID000_0/00000") == 9


def test_markdown(folders):
    text, _ = run(*folders, "--format", "markdown", "--emulate", "cardio-ai")
    assert "| hungarian" in text
    assert "### Fragile pairs" in text
    assert "### Cardio-AI's routine" in text


def test_emulations_in_json(folders):
    options = ["--emulate", "official-2021", "--emulate", "cardio-ai"]
    official, cardio = invoke_json("audit", *folders, *options)["emulated"]
    documented, exchanged = official["runs"]
    assert documented["arguments"] == ["PREDICTIONS", "LABELS"]
    assert documented["counts"] == {"tp": 7, "fp": 3, "fn": 4}
    assert documented["skipped"] == ["aicm11/VID000_0/point_labels/000004.json"]
    assert (documented["total_files"], exchanged["total_files"]) == (6, 5)
    assert official["steps"][0]["counts"] == {"tp": 9, "fp": 2, "fn": 3}
    assert [entry["counts"]["tp"] for entry in cardio["counts"]] == [6, 6]
    assert "emulated" not in invoke_json("audit", *folders)


def test_an_archive_is_audited_like_its_folder(folders, tmp_path):
    archive = shutil.make_archive(tmp_path / "team", "zip", folders[0].parent, "predictions")
    options = ["--format", "json", "--emulate", "official-2021"]
    assert run(archive, folders[1], *options)[0] == run(*folders, *options)[0]


def test_a_script_that_crashes_is_shown(folders):
    for path in folders[0].rglob("*.json"):
        path.write_text('{"points": []}')
    emulated = ("audit", *folders, "--emulate", "official-2021")
    assert "ZeroDivisionError" in invoke(*emulated)[0]
    (official,) = invoke_json(*emulated)["emulated"]
    assert official["runs"][0]["f1"] is None


# --- special cases ----------------------------------------------------------------------------


def test_without_missing_frames_the_policies_collapse(folders, tmp_path):
    write_folders(tmp_path / "full", {k: v for k, v in EXAMPLE.items() if v[0] is not None})
    arguments = tmp_path / "full" / "predictions", tmp_path / "full" / "labels"
    document = invoke_json("audit", *arguments)
    assert document["missing_policies"] == ["empty"]
    assert len(document["rules"]) == 8
    text, _ = run(*arguments)
    assert "Every labelled frame has a prediction file" in text
    assert "Missing" not in text.splitlines()[0]


def test_when_nothing_differs_it_says_so():
    found = audit(batches([([(1, 1)], [(1, 1)]), ([], [])]))
    assert conclusion(found) == (
        "All rules and both boundaries give the same counts, and no pair is fragile."
    )
    assert len(audit_tables(found)) == 1
    assert audit_as_json(found)["fragile_pairs"] == []


def test_nothing_predicted_nothing_labelled_nothing_there():
    for frames in ([([], [])], [(None, [])], [(None, [(1, 1)])], [([(1, 1)], [])], []):
        found = audit(batches(frames))
        json.dumps(audit_as_json(found), allow_nan=False)
        assert "nan" not in conclusion(found)
        assert audit_tables(found)
    assert "leaves nothing to score" in conclusion(audit(batches([(None, [(1, 1)])])))


def test_a_pair_just_beyond_the_radius_is_fragile_too():
    found = audit(batches([([(10, 6.4)], [(10, 0)]), ([(10, 6.6)], [(10, 0)])]))
    (pair,) = audit_as_json(found)["fragile_pairs"]
    assert (pair["frame"], pair["distance"], pair["why"]) == ("s0/v0/000", 6.4, ["radius"])
    assert set(pair["paired_with"].values()) == {None}
    assert audit_as_json(found)["totals"]["pairs"]["fragile_true_positives"] == 0
    assert "1 of 1 pair are fragile and carry 0 of 0 true positives" in conclusion(found)


def test_a_small_radius():
    found = audit(batches([([(1, 1)], [(1, 1)])]), 0.3)
    assert found.tp_at == {0.3: 1, 0.8: 1}


def test_faults(folders, tmp_path):
    run(tmp_path / "nowhere", folders[1], code=2)
    run(*folders, "--emulate", "evaluation.py", code=2)
    assert "radius" in run(*folders, "--radius", "0", code=2)[1]
    (folders[0] / "aicm11/VID000_0/point_labels/000000.json").write_text("{")
    assert "000000" in run(*folders, code=1)[1]


# --- properties -------------------------------------------------------------------------------

coarse = st.tuples(st.integers(0, 14), st.integers(0, 14))
side = st.lists(coarse, max_size=7)
several = st.lists(st.tuples(st.none() | side, side), min_size=1, max_size=4)


@given(several, st.sampled_from([6.0, 2.5, 5.0]))
@example([([(0, 0), (0, 4)], [(0, 0), (0, 6), (2, 4)])], 6.0)  # (0, 0)-(0, 6) decides a tie
@settings(max_examples=80, deadline=None)
def test_the_audit_is_every_rule_by_itself(frames, radius):
    """Counts, unions and flags, from one call of ``match`` per frame, rule and boundary."""
    found = audit(batches(frames), radius)
    pairs, counts = {}, {}
    for rule in all_rules():
        for inclusive in (True, False):
            matched = [match(p or [], q, radius, rule, inclusive) for p, q in frames]
            counts[rule, inclusive] = [m.tp for m in matched]
            pairs[rule, inclusive] = {
                (f, i, j): d
                for f, m in enumerate(matched)
                for (i, j), d in zip(m.pairs.tolist(), m.distances.tolist(), strict=True)
            }
    assert {key: tp.tolist() for key, tp in found.tp.items()} == counts
    ranked = {key: value for key, value in pairs.items() if key[0] in ranked_rules()}
    distance = {pair: d for some in ranked.values() for pair, d in some.items()}
    for rule in ranked_rules():
        for f, (p, q) in enumerate(frames):
            wider = match(p or [], q, radius + 0.5, rule, False)
            for (i, j), d in zip(wider.pairs.tolist(), wider.distances.tolist(), strict=True):
                if d > radius:
                    distance[f, i, j] = d
    columns = (found.pairs.frame, found.pairs.prediction, found.pairs.label)
    assert list(zip(*(c.tolist() for c in columns), strict=True)) == sorted(distance)
    for k, pair in enumerate(sorted(distance)):
        makers = [[pair in ranked[rule, b] for rule in ranked_rules()] for b in (True, False)]
        assert found.pairs.distance[k] == distance[pair]
        assert found.pairs.by_rule[k] == (len(set(makers[0])) == 2)
        assert found.pairs.by_boundary[k] == (makers[0] != makers[1])
        assert found.pairs.near_radius[k] == (abs(distance[pair] - radius) < 0.5)
        assert found.pairs.primary[k] == makers[0][0]
    differ = {
        f for f in range(len(frames)) if len({counts[r, True][f] for r in ranked_rules()}) > 1
    }
    assert set(np.flatnonzero(found.counts_differ)) == differ
    assert differ <= set(np.flatnonzero(found.pairs_differ))
    for row in found.rows:
        kept = [f for f, (p, _) in enumerate(frames) if p is not None or row.missing == "empty"]
        tp = sum(counts[row.rule, row.inclusive][f] for f in kept)
        fp = sum(len(frames[f][0] or []) for f in kept) - tp
        assert row.counts == Counts(tp, fp, sum(len(frames[f][1]) for f in kept) - tp)
    json.dumps(audit_as_json(found), allow_nan=False)
    audit_tables(found)


@given(side, side, st.booleans())
@settings(max_examples=200, deadline=None)
def test_ranks_between_the_rules(predictions, labels, inclusive):
    """nearest <= official <= hungarian, and ungated <= hungarian.

    Every one-to-one pairing within the radius has at most as many pairs as ``hungarian``. And every
    label that is asked for under ``nearest`` is matched under ``official``: its closest asker
    either gets it there, or finds it taken; that the asker itself is taken first, by a label not
    nearer, is excluded by the distance, or for equal distances by the tie-break, which both rules
    share (the label further left first).
    """
    tp = {rule: match(predictions, labels, 6.0, rule, inclusive).tp for rule in all_rules()}
    assert tp["nearest"] <= tp["official"] <= tp["hungarian"]
    assert tp["ungated"] <= tp["hungarian"]


@given(st.lists(coarse, unique=True, max_size=12))
@settings(max_examples=100, deadline=None)
def test_labels_against_themselves(points):
    found = audit(batches([(points, points)]))
    assert {row.counts for row in found.rows} == {Counts(len(points), 0, 0)}


@given(side, side, st.randoms(use_true_random=False), st.integers(-200, 200), st.integers(0, 90))
@settings(max_examples=80, deadline=None)
def test_order_and_place_do_not_matter(predictions, labels, random, dx, dy):
    moved = [[(x + dx, y + dy) for x, y in points] for points in (predictions, labels)]
    for points in moved:
        random.shuffle(points)
    before, after = (audit(batches([f])) for f in ((predictions, labels), tuple(moved)))
    assert [row.counts for row in before.rows] == [row.counts for row in after.rows]
    for flags in ("near_radius", "by_rule", "by_boundary", "fragile"):
        assert getattr(before.pairs, flags).sum() == getattr(after.pairs, flags).sum()
