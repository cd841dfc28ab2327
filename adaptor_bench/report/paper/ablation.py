"""Methods beside their ablations: what each part is worth on the same frames, folds and seeds."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from adaptor_bench.errors import InputError
from adaptor_bench.parameters import changed
from adaptor_bench.report.columns import percent
from adaptor_bench.report.paper.results import (
    DOMAIN_TITLES,
    measured_title,
    paper_notes,
    results_table,
)
from adaptor_bench.report.sentences import verdict_text
from adaptor_bench.report.table import Spread, Table
from adaptor_bench.results.board import Board, boards_of, same_points, tally_of
from adaptor_bench.results.notes import published_notes
from adaptor_bench.results.published import load_published
from adaptor_bench.results.result import Result
from adaptor_bench.results.runs import runs_below
from adaptor_bench.results.sources import published_results, results_of_runs
from adaptor_bench.scoring.metrics import METRICS
from adaptor_bench.scoring.uncertainty.significance import Comparison, compare_family
from adaptor_bench.scoring.uncertainty.study import study

_LEVEL = 0.95
_REFERENCE = "-bce-"  # the authors' first loss; the other was tried against it
_NO_ABLATION = (
    "Yao et al. 2021 print no ablation: these rows are from the authors' repository, one split."
)


def ablation_tables(roots: Sequence[Path] = (), *, ddof: int = 0) -> list[Table]:
    """Published single-split rows by domain, then each dataset and domain measured.

    An ablation ``<parent>/<name>`` stands below its parent, with its difference to the parent:
    mean and standard deviation over the folds of the differences within a fold; and with the
    verdict of the primary analysis on whether the parent has the better F1, for all ablations of
    a dataset together. There is none unless both have all folds, the same profile and the same
    seeds. Raises InputError when runs are given and none is an ablation, or when they cannot be
    compared.
    """
    runs = runs_below(roots)
    families = {run.method.partition("/")[0] for run in runs if "/" in run.method}
    if roots and not families:
        raise InputError(
            f"{', '.join(map(str, roots))}: no run of an ablation",
            hint="Ablations are named <method>/<what is left out>, see `bench methods`.",
        )
    chosen = [run for run in runs if run.method.partition("/")[0] in families]
    printed = [e for e in load_published() if e.protocol == "single-split"]
    tables = []
    for domain in DOMAIN_TITLES:
        here = published_results(e for e in printed if e.domain == domain)
        tables += [_published(here)] if here else []
    measured = [
        board
        for board in boards_of(results_of_runs(chosen, ddof=ddof))
        if any("/" in r.method for r in board.measured)
    ]
    for dataset in dict.fromkeys(board.dataset for board in measured):
        tables += _measured([board for board in measured if board.dataset == dataset])
    return tables


def _published(results: Sequence[Result]) -> Table:
    results = [replace(r, name=r.method) for r in results]
    printed = [r.printed for r in results if r.printed]
    base = next((r for r in results if r.printed and _REFERENCE in r.printed.id), None)
    differences = {
        result.name: {key: Spread(_points(result, base, key)) for key in METRICS}
        for result in results
        if base and result is not base
    }
    title = (
        f"Loss on {DOMAIN_TITLES[results[0].domain]}, published on AdaptOR 2021, single split (%)"
    )
    notes = [_NO_ABLATION, *published_notes(printed, thorough=True)]
    return results_table(
        title,
        results,
        notes,
        label=f"losses {results[0].domain} published",
        difference="difference",
        differences=differences,
    )


def _points(result: Result, base: Result, key: str) -> float | None:
    here, there = result.metrics[key].mean, base.metrics[key].mean
    return None if here is None or there is None else percent(here - there)


def _measured(boards: Sequence[Board]) -> list[Table]:
    """The tables of one dataset: its ablations are one family, whatever their domain."""
    beside = {
        (board.domain, r.name): _parent_of(r, board.measured)
        for board in boards
        for r in sorted(board.measured, key=lambda r: r.name)
    }
    pairs = [
        (board.domain, result, parent)
        for board in boards
        for result in board.measured
        if (parent := beside[board.domain, result.name][0]) and not same_points(result, parent)
    ]
    asked = [
        study(tally_of([parent, result])).difference(parent.name, result.name, where=domain)
        for domain, result, parent in pairs
    ]
    asked = [difference for difference in asked if difference.by_fold.any()]
    found = {(c.difference.where, c.difference.b): c for c in compare_family(asked)}
    return [
        _table(
            board,
            {name: told for (domain, name), told in beside.items() if domain == board.domain},
            {name: c for (domain, name), c in found.items() if domain == board.domain},
        )
        for board in boards
    ]


def _table(
    board: Board,
    beside: Mapping[str, tuple[Result | None, str]],
    compared: Mapping[str, Comparison],
) -> Table:
    results = sorted(board.measured, key=lambda r: (r.role, r.name))
    differences: dict[str, dict[str, Spread]] = {}
    notes = []
    for result in results:
        parent, said = beside[result.name]
        if parent is not None:
            of = {key: _difference(result, parent, key) for key in METRICS}
            differences[result.name] = of
            same = all((d.mean, d.std or 0) == (0, 0) for d in of.values())
            said += f"; parent {parent.name}" + ", and no fold differs" * same
        if verdict := compared.get(result.name):
            told = verdict_text(verdict, _LEVEL)
            said += f"; {verdict.difference.a} better: {told}"
        notes += [f"{said}."] if said else []
    domain = DOMAIN_TITLES.get(board.domain, board.domain)
    title = f"Ablations on {domain}, {measured_title(results)} (%)"
    notes.append(
        "Difference: ablation minus parent in percentage points; mean ± standard deviation over "
        f"the folds of the differences within a fold (ddof {board.ddof})."
    )
    if compared:
        notes.append(
            "Parent better: yes, no or undecided by the primary analysis, the corrected paired t "
            "interval of F1 over folds, with Holm's correction for all ablations of the dataset."
        )
    first, *rest = paper_notes(board)
    return results_table(
        title,
        results,
        [first, *notes, *rest],
        label=f"ablations {board.domain} {board.dataset}",
        difference="difference to parent",
        differences=differences,
        verdicts={name: c.verdict for name, c in compared.items()},
    )


def _parent_of(result: Result, results: Sequence[Result]) -> tuple[Result | None, str]:
    """The parent, if the two can be compared; and what is to be said, without a full stop."""
    parent_name = result.method.rpartition("/")[0]
    if not parent_name:
        return None, ""
    parents = [r for r in results if r.method == parent_name and r.profile == result.profile]
    if not parents:
        return None, f"{result.name}: no run of {parent_name} in this table, hence no difference"
    changes = [_changes(result, parent) for parent in parents]
    fewest = min(len(c) for c in changes)
    nearest = [p for p, c in zip(parents, changes, strict=True) if len(c) == fewest]
    if len(nearest) > 1:
        names = ", ".join(parent.name for parent in nearest)
        return None, f"{result.name}: several parents ({names}), hence no difference"
    parent = nearest[0]
    said = f"{result.name}: {', '.join(_changes(result, parent)) or 'no parameter changed'}"
    if result.seeds != parent.seeds:
        return None, f"{said}; other seeds than {parent.name}, hence no difference"
    if result.missing or parent.missing:
        return None, f"{said}; not all folds are there, hence no difference"
    return parent, said


def _difference(result: Result, parent: Result, key: str) -> Spread:
    here, there = result.metrics[key].folds, parent.metrics[key].folds
    values = np.array([here[fold] - there[fold] for fold in here])
    std = float(values.std(ddof=result.ddof)) if len(values) > result.ddof else None
    return Spread(percent(float(values.mean())), percent(std))


def _changes(result: Result, parent: Result) -> list[str]:
    mine, its = result.parameters, parent.parameters
    return [
        f"{key} {json.dumps(before)} -> {json.dumps(after)}"
        for key, (before, after) in sorted(changed(its, mine).items())
    ]
