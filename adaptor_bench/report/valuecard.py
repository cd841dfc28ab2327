"""The ranking card of a table of values: its order, and how certain it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from adaptor_bench.errors import plural
from adaptor_bench.report.card import Card, rank_table
from adaptor_bench.report.sentences import p_value
from adaptor_bench.report.table import Column, Table, absent
from adaptor_bench.results.valuetable import Gaps, ValueTask
from adaptor_bench.scoring.uncertainty.intervals import Interval
from adaptor_bench.scoring.uncertainty.significance import Comparison, smallest_p
from adaptor_bench.scoring.uncertainty.values import SCHEMES, ValueStudy, study_values

NOT_THERE = (
    "A table of values has no counts: there is no precision, no sensitivity and no pooled metric, "
    "and nothing is known of trained networks. Intervals are about other {units} like these."
)


def value_cards(
    tasks: Sequence[ValueTask], *, smaller: bool = False, level: float = 0.95, gaps: Gaps
) -> list[Card]:
    """A card for every task; ``smaller``: smaller values are better."""
    return [
        _card(task, study_values(task.values, smaller=smaller, level=level), gaps) for task in tasks
    ]


def _card(task: ValueTask, found: ValueStudy, gaps: Gaps) -> Card:
    intervals, ranks, tiers = found.intervals, found.ranks, found.tiers
    rows = [
        {
            "rank": ranks[name],
            "tier": tiers[name],
            "method": name,
            "mean": intervals[name],
            "missing": task.missing.get(name, 0),
        }
        for name in found.methods
    ]
    level = f"{100 * found.options.level:g} %"
    columns = (
        Column("rank", "Rank", "right", "rank"),
        Column("tier", "Tier", "right"),
        Column("method", "Algorithm", role="label"),
        Column("mean", f"Mean [{level}]", "right", "metric", _interval),
        Column("missing", "Missing", "right"),
    )
    note = f"Intervals: Student's t over {plural(len(task.units), *_unit(task))}."
    pairs = list(found.pairs.values())
    facts: dict[str, Any] = {
        "task": task.name,
        "better": "smaller" if found.smaller else "larger",
        "unit": task.unit or "case",
        "units": len(task.units),
        "cases": task.cases,
        "dropped": list(task.dropped),
        "missing": {name: task.missing.get(name, 0) for name in found.methods},
        "intervals": {name: intervals[name].to_json() for name in found.methods},
        "pairs": [
            {
                "a": pair.difference.a,
                "b": pair.difference.b,
                "verdict": pair.verdict,
                "difference": _shown(pair.corrected, found).to_json(),
            }
            for pair in pairs
        ],
    }
    tables = (
        Table("Means with intervals", columns, rows, (note,)),
        rank_table(found, f"{_units(task)}"),
        _pairs(task, found, pairs),
        _schemes(task, found),
    )
    title = "Ranking card" + (f": {task.name}" if task.name else "")
    return Card(title, _sentences(task, found, gaps), tables, facts)


def _sentences(task: ValueTask, found: ValueStudy, gaps: Gaps) -> tuple[str, ...]:
    first, *others = found.methods
    better = "smaller" if found.smaller else "larger"
    means = found.intervals
    told = [
        f"{first} leads with a mean of {_interval(means[first])} over "
        f"{plural(len(task.units), *_unit(task))}; {better} is better."
    ]
    told += [
        f"Is {first} better than {other}? {_verdict(found.pairs[first, other], found)}."
        for other in others
    ]
    chance = found.rank_probability[0, 0]
    if chance == chance:
        told.append(f"{first} has rank 1 with a probability of {100 * chance:.0f} %.")
    tiers: dict[int | None, list[str]] = {}
    for name, tier in found.tiers.items():
        tiers.setdefault(tier, []).append(name)
    listed = "; ".join(f"{tier}: {', '.join(names)}" for tier, names in tiers.items())
    told.append(f"Tiers: {listed}.")
    missing = {name: n for name, n in task.missing.items() if n}
    if missing:
        of = ", ".join(f"{name} {n}" for name, n in missing.items())
        done = (
            f"{plural(len(task.dropped), 'case')} left out for all"
            if gaps.drop
            else f"they count as {gaps.value:g}"
        )
        told.append(f"Missing values: {of}; {done}.")
    if task.unit:
        told.append(
            f"The unit is {task.unit}: a value is the mean over its cases, {task.cases} in all."
        )
    else:
        told.append(
            "Cases are taken to be independent. Where several are of one patient or video, name "
            "that column (--column unit=NAME): else intervals are too narrow."
        )
    return (*told, NOT_THERE.format(units=_units(task)))


def _pairs(task: ValueTask, found: ValueStudy, pairs: Sequence[Comparison]) -> Table:
    level = f"{100 * found.options.level:g} %"
    columns = (
        Column("a", "Algorithm", role="label"),
        Column("b", "against", role="label"),
        Column("difference", f"Difference [{level}]", "right", "metric", _interval),
        Column("verdict", "Better"),
        Column("p", "p", "right", show=p_value),
        Column("holm", "p, Holm", "right", show=p_value),
        Column("flips", "p, sign-flip", "right", show=p_value),
    )
    rows = [
        {
            "a": pair.difference.a,
            "b": pair.difference.b,
            "difference": _shown(pair.corrected, found),
            "verdict": pair.verdict,
            "p": pair.p,
            "holm": pair.p_holm,
            "flips": pair.sign_flip,
        }
        for pair in pairs
    ]
    n = len(task.units)
    notes = (
        "Better: yes or undecided by the paired t interval of the mean difference alone, with "
        "Holm's correction for all pairs of this task.",
        f"Secondary: the sign-flip test, uncorrected; with {plural(n, *_unit(task))} it cannot "
        f"give less than {smallest_p(n):.3g}.",
    )
    return Table("Every pair", columns, rows, notes)


def _schemes(task: ValueTask, found: ValueStudy) -> Table:
    columns = (
        Column("method", "Algorithm", role="label"),
        *(Column(k, title, "right", "rank") for k, title in SCHEMES.items()),
    )
    schemes = found.schemes
    rows = [
        {"method": name} | {key: ranks[name] for key, ranks in schemes.items()}
        for name in found.methods
    ]
    notes = (f"The card ranks by the mean. Equal values share a rank. Units: {_units(task)}.",)
    return Table("Rank under each scheme", columns, rows, notes)


def _unit(task: ValueTask) -> tuple[str, str]:
    """The unit's name and its plural."""
    return (f"unit ({task.unit})", f"units ({task.unit})") if task.unit else ("case", "cases")


def _units(task: ValueTask) -> str:
    return _unit(task)[1]


def _shown(interval: Interval, found: ValueStudy) -> Interval:
    """A difference as the table has it, not turned so that larger is better."""
    return interval.negated() if found.smaller else interval


def _verdict(pair: Comparison, found: ValueStudy) -> str:
    shown = f"{pair.verdict}: by {_interval(_shown(pair.corrected, found))}"
    return f"{shown}, corrected for {pair.family} comparisons" if pair.family > 1 else shown


def _interval(value: Interval) -> str:
    """``0.8123 [0.79, 0.834]``: four digits that count."""
    if absent(value.estimate):
        return "-"
    if absent(value.low):
        return f"{value.estimate:.4g}"
    return f"{value.estimate:.4g} [{value.low:.4g}, {value.high:.4g}]"
