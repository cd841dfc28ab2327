"""``bench compare``: two methods on the same frames, the difference and how certain it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from adaptor_bench.errors import InputError, UsageError, suggest
from adaptor_bench.report.card import Card, estimates, interval_text
from adaptor_bench.report.sentences import card_sentences, how_resampled
from adaptor_bench.report.studies import BoardStudy, lacking, study_results
from adaptor_bench.report.table import Column, Table, number
from adaptor_bench.results.board import same_points
from adaptor_bench.results.naming import differing_in, name_results
from adaptor_bench.results.notes import matching_notes
from adaptor_bench.results.result import Result
from adaptor_bench.results.runs import find_runs
from adaptor_bench.results.sources import results_of_runs
from adaptor_bench.scoring.metrics import METRICS
from adaptor_bench.scoring.uncertainty.intervals import Interval
from adaptor_bench.scoring.uncertainty.study import Options, Pair, Study, study


def compare(
    a: str,
    b: str,
    known: Sequence[Result] = (),
    *,
    domain: str = "all",
    profile: str | None = None,
    options: Options | None = None,
) -> list[Card]:
    """Compare ``a`` with ``b`` on every domain both have.

    Each is a folder that holds runs of one method, or what one of the ``known`` results is called
    (its method, or its name among all of them). Raises UsageError for a name that is not there,
    InputError for what cannot be paired: nothing in common, incomplete folds, other data, folds or
    matching.
    """
    sides = [_side(given, known, profile) for given in (a, b)]
    labels = _labels([results[0].name for results in sides], (a, b))
    by_domain = [{r.domain: r for r in results} for results in sides]
    shared = [d for d in by_domain[0] if d in by_domain[1] and domain in ("all", d)]
    if not shared:
        raise InputError(
            f"{labels[0]} and {labels[1]} have no domain in common"
            + ("" if domain == "all" else f" named {domain!r}"),
            hint=f"{labels[0]}: {', '.join(by_domain[0])}; {labels[1]}: {', '.join(by_domain[1])}.",
        )
    return [
        _compared(
            replace(by_domain[0][d], name=labels[0]),
            replace(by_domain[1][d], name=labels[1]),
            options,
        )
        for d in sorted(shared)
    ]


def _same(a: Result, b: Result) -> Card:
    """Of identical predictions there is nothing to estimate, to test or to rank."""
    facts = {"a": a.name, "b": b.name, "dataset": a.dataset, "domain": a.domain, "same": True}
    title = f"{a.name} against {b.name}: {a.dataset}, {a.domain}"
    sentence = f"{b.name} is the same as {a.name}: their predictions agree point for point."
    assert a.settings is not None
    return Card(title, (sentence, *matching_notes(a.settings, [a, b])), (), facts)


def _card(a: str, b: str, board: BoardStudy) -> Card:
    """``a`` minus ``b``."""
    found = board.study
    (pair,) = found.pairs.values()
    sign = 1 if pair.a == a else -1
    student, bootstrap = _minus(pair, a)
    labelled = [
        s for s, has in zip(found.tally.surgeries, found.tally.labelled, strict=True) if has
    ]
    facts = {
        "a": a,
        "b": b,
        "dataset": board.dataset,
        "domain": board.domain,
        "metric": pair.metric,
        "level": found.options.level,
        "difference": student.to_json(),
        "bootstrap": bootstrap.to_json() | {"undefined": bootstrap.undefined},
        "resamples": {"exact": found.exact, "number": found.resamples},
        "p": pair.p if pair.p == pair.p else None,
        "surgeries": {
            name: round(sign * d, 6) if d == d else None
            for name, d in zip(labelled, pair.by_surgery, strict=True)
        },
    }
    return Card(
        f"{a} against {b}: {board.dataset}, {board.domain}",
        card_sentences(board),
        (
            estimates("Estimates (%)", found, (a, b)),
            _difference_table(a, b, found),
            _surgery_table(a, b, found),
        ),
        facts,
    )


def _minus(pair: Pair, a: str) -> tuple[Interval, Interval]:
    """The intervals of the difference of ``a`` to the other."""
    both = pair.student, pair.bootstrap
    return both if pair.a == a else (both[0].negated(), both[1].negated())


def _difference_table(a: str, b: str, found: Study) -> Table:
    columns = (
        Column("metric", "Metric", role="label"),
        Column("student", "t interval", "right", "metric", interval_text),
        Column("bootstrap", "Bootstrap", "right", "metric", interval_text),
        Column("undefined", "Undefined %", "right", show=number(2)),
    )
    rows = []
    for key, metric in METRICS.items():
        # The study ranks by one metric; the others are the same frames under another formula.
        options = replace(found.options, metric=key)
        (pair,) = study(found.tally.select([a, b]), options).pairs.values()
        student, bootstrap = _minus(pair, a)
        share = 100 * bootstrap.undefined
        rows.append({"metric": metric.title, "student": student, "bootstrap": bootstrap,
                     "undefined": share})  # fmt: skip
    note = f"Points of %. Bootstrap: percentiles of {how_resampled(found)}."
    return Table(f"{a} minus {b}", columns, rows, (note,))


def _surgery_table(a: str, b: str, found: Study) -> Table:
    metric = found.options.metric
    pair = found.tally.select([a, b])
    values = 100 * pair.over_seeds(METRICS[metric].of_last_axis(pair.by_surgery))
    columns = (
        Column("surgery", "Surgery", role="label"),
        Column("frames", "Frames", "right"),
        Column("a", a, "right", "metric", number(2)),
        Column("b", b, "right", "metric", number(2)),
        Column("difference", "Difference", "right", "metric", number(2)),
    )
    rows = [
        {
            "surgery": name,
            "frames": int((pair.surgery == s).sum()),
            "a": float(values[0, s]),
            "b": float(values[1, s]),
            "difference": float(values[0, s] - values[1, s]),
        }
        for s, name in enumerate(pair.surgeries)
    ]
    return Table(f"{METRICS[metric].title} by surgery (%)", columns, rows)


def _side(given: str, known: Sequence[Result], profile: str | None) -> list[Result]:
    """Results of one method, one per domain, named by what it is called."""
    folder = Path(given).is_dir()
    results = results_of_runs(find_runs([Path(given)])) if folder else []
    results = [replace(r, name=r.method) for r in results]
    known = [r for r in known if profile in (None, r.profile)]
    names = name_results(known)
    if not results:
        named = [replace(r, name=name) for r, name in zip(known, names, strict=True)]
        results = [r for r in named if r.name == given] or [r for r in named if r.method == given]
    if not results:
        hint = "Pass folders of runs, or say where runs are with --runs DIR."
        if known:
            hint = suggest(given, set(names))
        if folder:
            raise InputError(f"{given}: no finished run found", hint=hint)
        raise UsageError(
            f"{given!r} is neither a folder nor a method with finished runs", hint=hint
        )
    results = [r for r in results if profile in (None, r.profile)]
    methods = sorted({r.method for r in results})
    if len(methods) != 1:
        listed = ", ".join(methods) or "none of this profile"
        raise UsageError(f"{given}: expected runs of one method, found {listed}")
    for domain in {r.domain for r in results}:
        here = [r for r in results if r.domain == domain]
        if len(here) > 1:
            raise UsageError(
                f"{given}: {len(here)} sets of runs on {domain!r} differ in "
                f"{', '.join(differing_in(here))}",
                hint="Pass the folder of one of them, its full name, or --profile.",
            )
    return results


def _labels(names: Sequence[str], given: Sequence[str]) -> tuple[str, str]:
    first, second = names
    if first != second:
        return first, second
    if Path(given[0]).resolve() == Path(given[1]).resolve():
        raise UsageError(f"{given[0]} and {given[1]} are the same runs")
    return f"{first} (A)", f"{second} (B)"


def _compared(a: Result, b: Result, options: Options | None) -> Card:
    problems = [
        f"{what}: {here} and {there}"
        for what, here, there in (
            ("dataset fingerprint", a.fingerprint[:12], b.fingerprint[:12]),
            ("fold plan", *(f"{r.plan[0]} {r.plan[1][:12]}" for r in (a, b))),
        )
        if here != there
    ]
    problems += [f"{r.name}: {folds} missing" for r in (a, b) if (folds := lacking(r))]
    if problems:
        raise InputError.collect(
            f"{a.name} and {b.name} on {a.domain} cannot be compared:", problems
        )
    if same_points(a, b):
        return _same(a, b)
    return _card(a.name, b.name, study_results([a, b], {}, options))
