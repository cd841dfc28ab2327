"""The conformance suite: proved by brute force, passed by our matcher, failed by wrong ones."""

from __future__ import annotations

import json
import math
import re
from functools import partial

import pytest
from commands import invoke, invoke_json
from frame_files import put_points
from oracles.conformance import all_faults, faults_of_frame, faults_of_set, suite_as_text

from adaptor_bench.audit.conformance import judge, load_answers, load_suite, suite_path
from adaptor_bench.audit.emulator import cardio_counts, script_counts
from adaptor_bench.errors import InputError, UsageError
from adaptor_bench.matching.batch import PointBatch
from adaptor_bench.matching.match import match, match_frames
from adaptor_bench.matching.rules import all_rules, ranked_rules
from adaptor_bench.matching.settings import MatchSettings
from adaptor_bench.scoring.metrics import metrics_of
from adaptor_bench.scoring.score import score

pytestmark = pytest.mark.quick

SUITE = load_suite()
CASES = {case["id"]: case for case in SUITE["cases"]}
SETS = {case["id"]: case for case in SUITE["sets"]}
FRAMES = [
    pytest.param(case, inclusive, id=f"{case['id']}-{'<=' if inclusive else '<'}")
    for case in SUITE["cases"]
    for inclusive in (True, False)
    if case["inclusive"] in (None, inclusive)
]


def as_json(counts):
    return {"tp": counts.tp, "fp": counts.fp, "fn": counts.fn}


def boundary(case):
    return case["inclusive"] is not False


def answers_of(count, sets=True):
    """Answers of a matcher ``count(predictions, labels, radius, inclusive) -> {tp, fp, fn}``."""
    answers = {
        id: count(case["predictions"], case["labels"], case["radius"], boundary(case))
        for id, case in CASES.items()
    }
    for id, case in SETS.items() if sets else ():
        total = {"tp": 0, "fp": 0, "fn": 0}
        for entry in case["frames"]:
            absent = entry["predictions"] is None
            if entry["labels"] is None or (absent and case["missing"] == "skip"):
                continue
            one = count(entry["predictions"] or [], entry["labels"], case["radius"], True)
            total = {key: total[key] + one[key] for key in total}
        answers[id] = total
    return answers


def matcher(rule):
    return lambda p, q, radius, inclusive: as_json(match(p, q, radius, rule, inclusive))


def any_within(predictions, labels, radius, inclusive):
    """Wrong on purpose: not one to one."""
    tp = sum(any(math.dist(p, q) <= radius for q in labels) for p in predictions)
    return {"tp": tp, "fp": len(predictions) - tp, "fn": max(0, len(labels) - tp)}


# --- the suite itself -------------------------------------------------------------------------


def test_what_was_typed_is_proved_by_brute_force():
    assert all_faults(SUITE) == []
    assert suite_path().read_text("utf-8") == suite_as_text(SUITE)


def faults_of(case, **change):
    wrong = {k: case[k] | v if isinstance(v, dict) else v for k, v in change.items()}
    return " ".join((faults_of_set if "frames" in case else faults_of_frame)(case | wrong))


def typed(tp, fp, fn):
    return {"tp": tp, "fp": fp, "fn": fn}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"expected": {"hungarian": typed(1, 1, 1)}}, "hungarian: typed [1], brute force [2]"),
        ({"expected": {"official": typed(2, 0, 0)}}, "official: typed [2], brute force [1]"),
        ({"expected": {"ungated": typed(2, 0, 1)}}, "ungated does not add up"),
        ({"inclusive": True}, "`inclusive` must be given exactly"),
        ({"rounding": True}, "`rounding` must be given exactly"),
        (
            {"tie_dependent": {"official": [typed(1, 1, 1), typed(2, 0, 0)]}},
            "official: typed [1, 2], brute force [1]",
        ),
    ],
)
def test_a_wrong_case_would_be_refused(change, says):
    assert says in faults_of(CASES["C"], **change)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"missing": "skip"}, "frames: typed 2, counted 1"),
        ({"expected": {"tp": 1}}, "tp: typed 1, counted 2"),
        ({"expected": {"f1": 0.5}}, "f1: typed 0.5, counted 0.444"),
    ],
)
def test_a_wrong_set_would_be_refused(change, says):
    assert says in faults_of(SETS["set_missing_empty"], **change)


def test_the_suite_is_complete():
    golden = {*"ABCDEFGHIJ", "I_reversed"}
    assert golden <= CASES.keys()
    assert len(CASES.keys() - golden) >= 40
    assert not CASES.keys() & SETS.keys()
    for case in CASES.values():
        assert case["proof"]
        assert case["shows"]
        assert set(case["expected"]) == set(all_rules()) == set(SUITE["conventions"]["rules"])
        assert case["same_frame_as"] in {None, *CASES}


# --- our matcher ------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", all_rules())
@pytest.mark.parametrize(("case", "inclusive"), FRAMES)
def test_our_matcher_passes_every_frame(case, inclusive, rule):
    found = match(case["predictions"], case["labels"], case["radius"], rule, inclusive)
    assert as_json(found) == case["expected"][rule]
    if rule == "hungarian":
        total = case["hungarian_summed_distance"]
        assert found.distances.sum() == pytest.approx(total, abs=1e-8)


@pytest.mark.parametrize("rule", all_rules())
@pytest.mark.parametrize("inclusive", [True, False])
def test_our_matcher_passes_all_frames_at_once(rule, inclusive):
    """The frames in one batch, repeated in reverse: none influences another."""
    chosen = [c for c in CASES.values() if c["inclusive"] in (None, inclusive) and c["radius"] == 6]
    chosen += chosen[::-1]
    found = match_frames(
        PointBatch.from_frames([c["predictions"] for c in chosen]),
        PointBatch.from_frames([c["labels"] for c in chosen]),
        6.0,
        rule,
        inclusive,
    )
    counts = zip(found.tp, found.fp, found.fn, strict=True)
    for case, (tp, fp, fn) in zip(chosen, counts, strict=True):
        assert {"tp": tp, "fp": fp, "fn": fn} == case["expected"][rule], case["id"]


@pytest.mark.parametrize("rule", ranked_rules())
@pytest.mark.parametrize("case", SETS.values(), ids=SETS)
def test_our_scorer_passes_every_set(case, rule, tmp_path):
    """Through files: which frames count is decided when they are read."""
    for side in ("predictions", "labels"):
        (tmp_path / side).mkdir()
        for entry in case["frames"]:
            if entry[side] is not None:
                put_points(tmp_path / side, entry["frame"], entry[side])
    settings = MatchSettings(rule, case["radius"], missing=case["missing"])
    found = score(tmp_path / "predictions", tmp_path / "labels", settings)
    metrics = metrics_of(found.counts)
    assert {
        "frames": len(found.scored),
        **as_json(found.counts),
        **{k: None if math.isnan(v) else pytest.approx(v) for k, v in metrics.items()},
    } == case["expected"]


def test_what_is_said_about_the_original_programs():
    """Their emulations, at their own boundary, where the suite says that they differ and nowhere
    else."""
    for id, case in CASES.items():
        points = case["predictions"], case["labels"], case["radius"]
        for rule, emulated in (("official", script_counts), ("nearest", cardio_counts)):
            expected = case["original_programs_differ"].get(rule, case["expected"][rule])
            assert as_json(emulated(*points)) == expected, (id, rule)
            if rule in case["original_programs_differ"]:
                assert expected != case["expected"][rule], (id, rule)


# --- judging ----------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", all_rules())
def test_our_answers_conform(rule):
    judgement = judge(SUITE, answers_of(matcher(rule)), rule, exact_ties=True)
    assert judgement.conforms
    assert judgement.agreed == judgement.cases == len(CASES) + len(SETS)
    assert judgement.ties == judgement.unanswered == judgement.unknown == ()


@pytest.mark.parametrize("rule", all_rules())
def test_a_wrong_matcher_is_found_out(rule):
    judgement = judge(SUITE, answers_of(any_within), rule)
    assert not judgement.conforms
    found = {d.case for d in judgement.disagreements}
    assert {"G", "J", "ring_of_four", "fifty_on_one"} <= found
    assert judgement.agreed + len(found) == judgement.cases


@pytest.mark.parametrize("rule", all_rules())
@pytest.mark.parametrize("other", all_rules())
def test_every_rule_is_told_from_every_other(rule, other):
    judgement = judge(SUITE, answers_of(matcher(other)), rule)
    assert judgement.conforms == (rule == other)


def test_other_tie_breaks_are_accepted_but_must_not_depend_on_the_order():
    def script(p, q, radius, inclusive):
        strict = radius if inclusive else math.nextafter(radius, 0)
        return as_json(script_counts(p, q, strict))

    judgement = judge(SUITE, answers_of(script), "official")
    (fault,) = judgement.disagreements
    assert fault.case == "I_reversed"
    assert "has the same points" in fault.problem
    assert set(judgement.ties) == {"I", "I_mirrored"}
    exact = judge(SUITE, answers_of(script), "official", exact_ties=True)
    assert {d.case for d in exact.disagreements} == {"I", "I_mirrored", "I_reversed"}


def test_cases_without_an_answer():
    answers = answers_of(matcher("official"), sets=False) | {"no_such_case": as_json(match([], []))}
    judgement = judge(SUITE, answers, "official")
    assert {d.case for d in judgement.disagreements} == set(judgement.unanswered) == set(SETS)
    assert {d.problem for d in judgement.disagreements} == {"no answer"}
    judgement = judge(SUITE, answers, "official", partial=True)
    assert judgement.conforms
    assert judgement.unknown == ("no_such_case",)


def test_ratios_are_compared_where_they_are_given():
    answers = answers_of(matcher("hungarian"))
    full = {id: dict(case["expected"]) for id, case in SETS.items()}
    assert judge(SUITE, answers | full, "hungarian").conforms
    for id, name, value in (
        ("set_nothing_at_all", "precision", 0),
        ("set_missing_empty", "sensitivity", 0.5),
        ("set_no_hit", "f1", None),
        ("set_pooled_not_averaged", "precision", True),
    ):
        wrong = full | {id: full[id] | {name: value}}
        (fault,) = judge(SUITE, answers | wrong, "hungarian").disagreements
        assert fault.case == id
        assert name in fault.problem


def test_unknown_rule():
    with pytest.raises(UsageError, match="offical"):
        judge(SUITE, {}, "offical")


# --- the command ------------------------------------------------------------------------------


run = partial(invoke, "conformance")


def test_the_suite_is_printed_and_written(tmp_path):
    shown, _ = run()
    assert json.loads(shown) == SUITE
    assert run("--out", tmp_path / "sub" / "suite.json")[0] == ""
    assert (tmp_path / "sub" / "suite.json").read_text("utf-8") == shown


def test_answers_are_judged(tmp_path):
    path = tmp_path / "answers.json"
    path.write_text(json.dumps(answers_of(matcher("official"))))
    right, _ = run("--answers", path, "--rule", "official")
    n = len(CASES) + len(SETS)
    assert right == f"official: conforms; {n} of {n} cases agree, 0 disagree, 0 unanswered.\n"
    wrong, _ = run("--answers", path, "--rule", "hungarian", code=1)
    assert (
        "C: other counts\n  expected tp 2, fp 0, fn 0, found tp 1, fp 1, fn 1; shows: a chain: "
        "taking the closest pair first costs a pair\n"
    ) in wrong
    document = invoke_json("conformance", "--answers", path, "--rule", "hungarian", code=1)
    assert document["conforms"] is False
    assert len(document["disagreements"]) == wrong.count("expected")


def test_part_of_the_answers(tmp_path):
    path = tmp_path / "answers.json"
    path.write_text('{"A": {"tp": 1, "fp": 0, "fn": 0}}')
    run("--answers", path, "--rule", "official", code=1)
    run("--answers", path, "--rule", "official", "--partial")


def test_wrong_usage(tmp_path):
    path = tmp_path / "answers.json"
    path.write_text("{}")
    for arguments in (
        ["--answers", path],
        ["--rule", "official"],
        ["--partial"],
        ["--answers", path, "--rule", "best"],
        ["--answers", path, "--rule", "official", "--out", tmp_path / "x"],
        ["--answers", tmp_path / "nowhere", "--rule", "official"],
    ):
        run(*arguments, code=2)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "not readable as JSON"),
        ("[]", "not an object"),
        ('{"A": {"tp": 1, "fp": 0}, "B": 3, "C": {"tp": true, "fp": 0, "fn": 0}}', "3 answers"),
    ],
)
def test_answers_of_another_form(tmp_path, text, says):
    path = tmp_path / "answers.json"
    path.write_text(text)
    with pytest.raises(InputError, match=says):
        load_answers(path)


def test_the_program_in_the_readme_runs():
    """As given, with our matcher for ``my_scorer``, its answers conform but for the sets."""
    run("--out", "matching.json")
    readme = (suite_path().parent / "README.md").read_text("utf-8")
    (program,) = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)

    def my_scorer(predictions, labels, radius, inclusive):
        found = match(predictions, labels, radius, "nearest", inclusive)
        return found.tp, found.fp, found.fn

    exec(program, {"my_scorer": my_scorer})
    run("--answers", "answers.json", "--rule", "nearest", code=1)
    run("--answers", "answers.json", "--rule", "nearest", "--partial")
    assert f"holds {len(CASES)} frames" in readme
    assert f"{len(SETS)} sets of frames" in readme
