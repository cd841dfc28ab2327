"""A ranking card from anybody's table of values: read carefully, ranked as everything else is."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
from commands import invoke, invoke_json, outcome
from scipy import stats

from adaptor_bench.scoring.uncertainty.intervals import fold_interval
from adaptor_bench.scoring.uncertainty.significance import sign_flip_p, smallest_p
from adaptor_bench.scoring.uncertainty.stability import rank_distribution
from adaptor_bench.scoring.uncertainty.values import study_values

pytestmark = pytest.mark.quick

HEADER = ("task", "case", "algorithm", "value")


@pytest.fixture
def values():
    """Three algorithms, of which b is a little and c much worse than a, on 30 cases."""
    rng = np.random.default_rng(3)
    hard = rng.normal(0.8, 0.1, 30)
    return {
        a: hard + rng.normal(gap, 0.03, 30) for a, gap in (("a", 0), ("b", -0.005), ("c", -0.1))
    }


def put(path, rows, header=HEADER, separator=","):
    with path.open("w", newline="") as stream:
        csv.writer(stream, delimiter=separator).writerows([header, *rows])
    return path


def rows_of(values, task="t"):
    return [(task, f"case{n}", a, repr(float(v))) for a, of in values.items() for n, v in
            enumerate(of)]  # fmt: skip


@pytest.fixture
def table(tmp_path, values):
    return put(tmp_path / "table.csv", rows_of(values))


def refused(table, *more, code=1):
    found, shown, told = outcome("card", "--challenger", table, *more)
    assert (found, shown) == (code, ""), shown
    return told


def test_the_card_agrees_with_the_paired_t_test_of_scipy(table, values):
    (card,) = invoke_json("card", "--challenger", table)
    assert [card["intervals"][a]["estimate"] for a in "abc"] == pytest.approx(
        [of.mean() for of in values.values()], abs=1e-6
    )
    low, high = stats.t.interval(0.95, 29, values["a"].mean(), stats.sem(values["a"]))
    found = card["intervals"]["a"]
    assert (found["low"], found["high"]) == pytest.approx((low, high), abs=1e-6)
    (pairs,) = (t for t in card["tables"] if t["title"] == "Every pair")
    for row in pairs["rows"]:
        expected = stats.ttest_rel(values[row["a"]], values[row["b"]]).pvalue
        assert row["p"] == pytest.approx(expected, rel=1e-6)
    assert [p["verdict"] for p in card["pairs"]] == ["undecided", "yes", "yes"]
    tiers = {row["method"]: row["tier"] for row in card["tables"][0]["rows"]}
    assert tiers == {"a": 1, "b": 1, "c": 2}


def test_smaller_may_be_better(tmp_path, values):
    table = put(tmp_path / "d.csv", rows_of({a: -of for a, of in values.items()}))
    (card,) = invoke_json("card", "--challenger", table, "--smaller-better")
    assert card["better"] == "smaller"
    assert [row["method"] for row in card["tables"][0]["rows"]] == ["a", "b", "c"]
    by = {(p["a"], p["b"]): p["difference"] for p in card["pairs"]}["a", "c"]
    assert by["low"] < by["high"] < 0, "as the table has it: a's distance is smaller"
    assert "smaller is better" in card["sentences"][0]


def test_the_unit_is_what_belongs_together(tmp_path, values):
    """Frames that repeat their patient tell no more than the patient does."""
    rows = [
        (f"{case}-{n}", case, a, value) for _, case, a, value in rows_of(values) for n in range(5)
    ]
    named = ("image", "patient", "algorithm", "value")
    table = put(tmp_path / "frames.csv", rows, named, ";")
    columns = ("--column", "case=image", "--column", "unit=patient")
    (card,) = invoke_json("card", "--challenger", table, *columns)
    (plain,) = invoke_json("card", "--challenger", put(tmp_path / "p.csv", rows_of(values)))
    assert card["intervals"] == plain["intervals"]
    assert (card["units"], card["cases"], card["unit"]) == (30, 150, "patient")
    (narrow,) = invoke_json("card", "--challenger", table, "--column", "case=image")
    width = {k: c["intervals"]["a"]["high"] - c["intervals"]["a"]["low"]
             for k, c in (("unit", card), ("case", narrow))}  # fmt: skip
    assert width["case"] < width["unit"] / 2
    rows[0] = (rows[0][0], "another", *rows[0][2:])
    told = refused(put(tmp_path / "two.csv", rows, named), *columns)
    assert "is of 'case0' and of 'another'" in told


def test_every_task_has_a_card(tmp_path, values):
    rows = rows_of(values, "liver") + rows_of(dict(zip("abc", [*values.values()][::-1])), "spleen")  # noqa: B905
    cards = invoke_json("card", "--challenger", put(tmp_path / "two.csv", rows))
    assert [(c["task"], c["tables"][0]["rows"][0]["method"]) for c in cards] == [
        ("liver", "a"), ("spleen", "c"),
    ]  # fmt: skip


def test_what_is_missing_is_an_error_until_it_is_said_what_to_do(tmp_path, values):
    rows = rows_of(values)
    rows[3] = (*rows[3][:3], "NA")
    del rows[40]  # b has no row for case10
    table = put(tmp_path / "gaps.csv", rows)
    told = refused(table)
    assert "'a' has none in case 'case3'" in told and "'b' has none in case 'case10'" in told
    (dropped,) = invoke_json("card", "--challenger", table, "--na", "drop")
    kept = np.delete(values["c"], [3, 10])
    assert dropped["dropped"] == ["case3", "case10"]
    assert dropped["intervals"]["c"]["estimate"] == pytest.approx(kept.mean(), abs=1e-6)
    (filled,) = invoke_json("card", "--challenger", table, "--na", 0)
    expected = np.where(np.arange(30) == 3, 0, values["a"]).mean()
    assert filled["intervals"]["a"]["estimate"] == pytest.approx(expected, abs=1e-6)
    assert filled["missing"] == {"a": 1, "b": 1, "c": 0}
    assert any("count as 0" in sentence for sentence in filled["sentences"])


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([("t", "1", "a", "1"), ("t", "1", "a", "2"), ("t", "1", "b", "x")], ["line 3", "line 4"]),
        ([("t", "1", "a", "1"), ("t", "2", "a", "2")], ["only 'a' is in it"]),
        ([("t", "1", "a", "inf"), ("t", "1", "b", "1")], ["'inf' is not a finite number"]),
        ([("t", "1", "a", "1,5"), ("t", "1", "b", "1")], ["have a decimal point: 0.5, not 0,5"]),
        ([("t", "1", "a"), ("t", "1", "b", "1")], ["3 cells under 4 headings"]),
        ([("t", "1", "", "1"), ("t", "1", "b", "1")], ["algorithm is blank"]),
        ([("t", "1", "a\x1b[2J", "1"), ("t", "1", "b", "1")], ["cannot be seen"]),
        ([], ["no values"]),
    ],
)
def test_a_table_that_cannot_be_used_says_why(tmp_path, rows, says):
    told = refused(put(tmp_path / "bad.csv", rows))
    assert all(part in told for part in says)
    assert "\x1b" not in told


def test_columns_are_found_or_asked_for(tmp_path, table):
    other = put(tmp_path / "o.csv", [("1", "a", "1"), ("1", "b", "2")], ("case", "team", "dice"))
    told = refused(other)
    assert "'algorithm', 'value'" in told and "--column" in told
    shown, _ = invoke("card", "--challenger", other, "--column", "algorithm=team", "--column",
                      "value=dice")  # fmt: skip
    assert "b leads with a mean of 2 over 1 case" in shown
    assert "undecided" in shown
    refused(table, "--column", "team=x", code=2)
    refused(table, "--na", "worst", code=2)
    refused(table, "runs", code=2)
    refused(tmp_path / "o.csv", "--board", "all", code=2)
    assert outcome("card", "--na", "drop")[0] == 2


def test_the_table_that_the_adapter_writes_can_be_read_again(tmp_path):
    rows = [("frame-f1", "s/v/0", "a", "1.0"), ("frame-f1", "s/v/0", "b", "0.5"),
            ("frame-f1", "s/v/1", "a", "NA"), ("frame-f1", "s/v/1", "b", "0.0"),
            ("surgery-f1", "s", "a", "1.0"), ("surgery-f1", "s", "b", "0.4")]  # fmt: skip
    table = put(tmp_path / "t.csv", rows)
    cards = invoke_json("card", "--challenger", table, "--na", "drop")
    assert [card["units"] for card in cards] == [1, 1]


@pytest.mark.parametrize("format_", ["text", "markdown", "html", "latex"])
def test_every_format_is_written(table, format_):
    shown, _ = invoke("card", "--challenger", table, "--format", format_)
    assert "A table of values has no counts" in " ".join(shown.split())


def test_many_cases_are_ranked_in_seconds_and_as_few_are(beside):
    """With many units other numbers are drawn for the same distribution."""
    rng = np.random.default_rng(0)
    values = rng.normal(0, 1, (3, 60)) + np.array([[0.2], [0.0], [0.1]])
    exact = rank_distribution(values, np.arange(60), draws=200_000)
    beside(rank_distribution, "_MANY", 2)
    assert rank_distribution(values, np.arange(60), draws=200_000) == pytest.approx(exact, abs=0.01)
    differences = rng.normal(0.1, 1, 4000)
    p = sign_flip_p(differences)
    assert p == pytest.approx(stats.ttest_1samp(differences, 0).pvalue, abs=0.02)
    assert smallest_p(4000) == 1 / 1001
    many = study_values({a: rng.normal(0, 1, 5_000) for a in "abcdef"})
    assert len(many.pairs) == 15 and many.rank_probability.shape == (6, 6)
    assert many.intervals["a"] == fold_interval(
        many.of_units[many.methods.index("a")], np.arange(5_000)
    )


def test_the_card_is_json_without_nan(table):
    shown, _ = invoke("card", "--challenger", table, "--format", "json")
    json.loads(shown, parse_constant=pytest.fail)
