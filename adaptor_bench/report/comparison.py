"""``bench compare``: two methods on the same frames, the difference and how certain it is."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from adaptor_bench.errors import InputError, UsageError, suggest
from adaptor_bench.evaluate.metrics import METRICS
from adaptor_bench.evaluate.uncertainty.study import Options, Study, study
from adaptor_bench.evaluate.uncertainty.tally import Tally
from adaptor_bench.report.card import INTERVALS, interval_text, prose
from adaptor_bench.report.render import render
from adaptor_bench.report.sentences import card_sentences, how_resampled
from adaptor_bench.report.studies import BoardStudy, lacking, study_results
from adaptor_bench.report.table import Column, Table, number
from adaptor_bench.results.board import differing_in, name_results, same_points
from adaptor_bench.results.notes import same_note
from adaptor_bench.results.result import Result
from adaptor_bench.results.runs import find_runs
from adaptor_bench.results.sources import results_of_runs

__all__ = ["Comparison", "compare", "render_comparisons"]


@dataclass(frozen=True)
class Comparison:
    """``a`` and ``b`` on one domain; ``study`` holds both, the better first."""

    a: str
    b: str
    board: BoardStudy
    same: bool = False

    @property
    def sentences(self) -> tuple[str, ...]:
        """As the ranking card's; first, whether the two are one competitor."""
        same = (same_note(self.b, self.a),) if self.same else ()
        return (*same, *card_sentences(self.board))

    @property
    def study(self) -> Study:
        """The statistics."""
        return self.board.study

    @property
    def title(self) -> str:
        """``a against b: dataset, domain``."""
        return f"{self.a} against {self.b}: {self.board.dataset}, {self.board.domain}"


def compare(
    a: str,
    b: str,
    known: Sequence[Result] = (),
    *,
    domain: str = "all",
    profile: str | None = None,
    options: Options | None = None,
) -> list[Comparison]:
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


def render_comparisons(found: Sequence[Comparison], format: str) -> str:
    """All comparisons in one of ``card.CARD_FORMATS``, ending in a newline. Raises UsageError."""
    if format == "json":
        return json.dumps([_json(c) for c in found], indent=1, allow_nan=False) + "\n"
    parts = []
    for one in found:
        parts.append(prose(one.title, one.sentences, format) + "\n" + render(_tables(one), format))
    return "\n".join(parts)


def _json(one: Comparison) -> dict[str, Any]:
    (pair,) = one.study.pairs.values()
    sign = 1 if pair.a == one.a else -1
    student, bootstrap = (
        interval if sign == 1 else interval.negated() for interval in (pair.student, pair.bootstrap)
    )
    return {
        "a": one.a,
        "b": one.b,
        "dataset": one.board.dataset,
        "domain": one.board.domain,
        "metric": pair.metric,
        "level": one.study.options.level,
        "difference": student.to_json(),
        "bootstrap": bootstrap.to_json() | {"undefined": bootstrap.undefined},
        "resamples": {"exact": one.study.exact, "number": one.study.resamples},
        "p": pair.p if pair.p == pair.p else None,
        "surgeries": {
            name: round(sign * d, 6) if d == d else None
            for name, d in zip(_labelled(one.study.tally), pair.by_surgery, strict=True)
        },
        "sentences": list(one.sentences),
        "tables": json.loads(render(_tables(one), "json")),
    }


def _labelled(found: Tally) -> list[str]:
    """The surgeries that can be compared."""
    return [s for s, has in zip(found.surgeries, found.labelled, strict=True) if has]


def _tables(one: Comparison) -> list[Table]:
    found = one.study
    level = f"{100 * found.options.level:g} %"
    columns = (
        Column("method", "Method", role="label"),
        *(
            Column(k, f"{m.title} [{level}]", "right", "metric", interval_text)
            for k, m in METRICS.items()
        ),
    )
    rows: list[dict[str, Any]] = [{"method": n} | found.student[n] for n in (one.a, one.b)]
    return [
        Table("Estimates (%)", columns, rows, (INTERVALS,)),
        _difference_table(one),
        _surgery_table(one),
    ]


def _difference_table(one: Comparison) -> Table:
    found = one.study
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
        pair = study(found.tally.select([one.a, one.b]), options).pairs
        (only,) = pair.values()
        flip = only.a != one.a
        rows.append(
            {
                "metric": metric.title,
                "student": only.student.negated() if flip else only.student,
                "bootstrap": only.bootstrap.negated() if flip else only.bootstrap,
                "undefined": 100 * only.bootstrap.undefined,
            }
        )
    note = f"Points of %. Bootstrap: percentiles of {how_resampled(found)}."
    return Table(f"{one.a} minus {one.b}", columns, rows, (note,))


def _surgery_table(one: Comparison) -> Table:
    found = one.study
    metric = found.options.metric
    pair = found.tally.select([one.a, one.b])
    values = 100 * pair.over_seeds(METRICS[metric].of_last_axis(pair.by_surgery))
    columns = (
        Column("surgery", "Surgery", role="label"),
        Column("frames", "Frames", "right"),
        Column("a", one.a, "right", "metric", number(2)),
        Column("b", one.b, "right", "metric", number(2)),
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
                f"{given}: {len(here)} sets of runs on {domain!r} differ in {differing_in(here)}",
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


def _compared(a: Result, b: Result, options: Options | None) -> Comparison:
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
    return Comparison(a.name, b.name, study_results([a, b], {}, options), same_points(a, b))
