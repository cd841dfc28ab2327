"""``bench compare``: two methods on the same frames, with what the difference can carry."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from adaptor_bench.errors import InputError, UsageError, suggest
from adaptor_bench.evaluate.metrics import METRICS
from adaptor_bench.evaluate.uncertainty.study import Options, Study, study
from adaptor_bench.evaluate.uncertainty.tally import Tally, tally
from adaptor_bench.report.card import INTERVALS, interval_text, prose
from adaptor_bench.report.footers import matching_notes
from adaptor_bench.report.render import render
from adaptor_bench.report.sentences import card_sentences, how_resampled
from adaptor_bench.report.studies import BoardStudy, missing_folds
from adaptor_bench.report.table import Column, Table, number
from adaptor_bench.results.runs import Cell, Run, differing_in, find_runs, group_cells

__all__ = ["Comparison", "compare", "render_comparisons"]


@dataclass(frozen=True)
class Comparison:
    """``a`` and ``b`` on one domain; ``study`` holds both, the better first."""

    a: str
    b: str
    board: BoardStudy

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
    known: Sequence[Run] = (),
    *,
    domain: str = "all",
    profile: str | None = None,
    options: Options | None = None,
) -> list[Comparison]:
    """Compare ``a`` with ``b`` on every domain both have.

    Each is a folder that holds runs of one method, or the name of a method among ``known``
    runs. Raises UsageError for a name that is not there, InputError for what cannot be
    paired: nothing in common, incomplete folds, other data, folds or matching.
    """
    sides = [_side(given, known, profile) for given in (a, b)]
    labels = _labels([cells[0].example for cells in sides], (a, b))
    by_domain = [{cell.example.domain: cell for cell in cells} for cells in sides]
    shared = [d for d in by_domain[0] if d in by_domain[1] and domain in ("all", d)]
    if not shared:
        raise InputError(
            f"{labels[0]} and {labels[1]} have no domain in common"
            + ("" if domain == "all" else f" named {domain!r}"),
            hint=f"{labels[0]}: {', '.join(by_domain[0])}; {labels[1]}: {', '.join(by_domain[1])}.",
        )
    return [_compared(labels, (by_domain[0][d], by_domain[1][d]), options) for d in sorted(shared)]


def render_comparisons(found: Sequence[Comparison], format: str) -> str:
    """All comparisons in one of ``card.CARD_FORMATS``, ending in a newline. Raises UsageError."""
    if format == "json":
        return json.dumps([_json(c) for c in found], indent=1, allow_nan=False) + "\n"
    parts = []
    for one in found:
        sentences = card_sentences(one.board)
        parts.append(prose(one.title, sentences, format) + "\n" + render(_tables(one), format))
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
        "sentences": card_sentences(one.board),
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


def _side(given: str, known: Sequence[Run], profile: str | None) -> list[Cell]:
    """Cells of one method, one per domain."""
    folder = Path(given).is_dir()
    runs = find_runs([Path(given)]) if folder else []
    runs = runs or [run for run in known if run.method == given]
    if not runs:
        hint = "Give folders of runs, or name where runs are with --runs DIR."
        if known:
            hint = suggest(given, {run.method for run in known})
        if folder:
            raise InputError(f"{given}: no finished run found", hint=hint)
        raise UsageError(
            f"{given!r} is neither a folder nor a method with finished runs", hint=hint
        )
    runs = [run for run in runs if profile in (None, run.profile)]
    cells = group_cells(runs)
    methods = sorted({run.method for run in runs})
    if len(methods) != 1:
        listed = ", ".join(methods) or "none of this profile"
        raise UsageError(f"{given}: expected runs of one method, found {listed}")
    for domain in {cell.example.domain for cell in cells}:
        here = [cell for cell in cells if cell.example.domain == domain]
        if len(here) > 1:
            raise UsageError(
                f"{given}: {len(here)} sets of runs on {domain!r} differ in "
                f"{differing_in([cell.example for cell in here])}",
                hint="Give the folder of one of them, or --profile.",
            )
    return cells


def _labels(runs: Sequence[Run], given: Sequence[str]) -> tuple[str, str]:
    first, second = (run.method for run in runs)
    if first != second:
        return first, second
    if Path(given[0]).resolve() == Path(given[1]).resolve():
        raise UsageError(f"{given[0]} and {given[1]} are the same runs")
    return f"{first} (A)", f"{second} (B)"


def _compared(
    labels: tuple[str, str], cells: tuple[Cell, Cell], options: Options | None
) -> Comparison:
    runs = [cell.example for cell in cells]
    where = f"{labels[0]} and {labels[1]} on {runs[0].domain}"
    problems = []
    for what, values in {
        "dataset fingerprint": [run.dataset["fingerprint"][:12] for run in runs],
        "fold plan": [f"{r.fold_plan['name']} {r.fold_plan['sha256'][:12]}" for r in runs],
    }.items():
        if values[0] != values[1]:
            problems.append(f"{what}: {values[0]} and {values[1]}")
    for label, cell in zip(labels, cells, strict=True):
        if missing := missing_folds(cell):
            problems.append(f"{label}: {missing} missing")
    if problems:
        raise InputError.collect(f"{where} cannot be compared:", problems)
    paired = tally({label: cell.scores for label, cell in zip(labels, cells, strict=True)})
    board = BoardStudy(
        runs[0].dataset["name"],
        runs[0].dataset["kind"],
        runs[0].domain,
        tuple(sorted({run.profile for run in runs})),
        study(paired, options),
        {},
        tuple(
            matching_notes(
                cells[0].pairs()[0][1].settings, [r for c in cells for r, _ in c.pairs()]
            )
        ),
    )
    return Comparison(*labels, board)
