"""Methods beside their ablations: what each part is worth on the same frames, folds and seeds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from adaptor_bench.errors import InputError
from adaptor_bench.report.paper.footnotes import measured_notes, published_notes
from adaptor_bench.report.paper.lines import (
    DOMAIN_TITLES,
    Line,
    measured_lines,
    published_line,
    results_table,
)
from adaptor_bench.report.paper.results import measured_title, runs_below
from adaptor_bench.report.table import Spread, Table
from adaptor_bench.results.blocks import blocks
from adaptor_bench.results.published import PublishedResult, load_published

__all__ = ["ablation_tables"]

_REFERENCE = "-bce-"  # the authors' first loss; the other was tried against it
_NO_ABLATION = (
    "Yao et al. 2021 print no ablation: these rows are from the authors' repository, one split."
)


def ablation_tables(roots: Sequence[Path] = (), *, ddof: int = 0) -> list[Table]:
    """Published single-split rows by domain, then each dataset and domain measured.

    An ablation ``<parent>/<name>`` stands below its parent, with its difference to the parent:
    mean and standard deviation over the folds of the differences within a fold. There is none
    unless both have all folds, the same profile and the same seeds. Raises InputError when runs
    are given and none is an ablation, or when they cannot be compared.
    """
    runs = runs_below(roots)
    families = {run.method.partition("/")[0] for run in runs if "/" in run.method}
    if roots and not families:
        raise InputError(
            f"{', '.join(map(str, roots))}: no run of an ablation",
            hint="Ablations are named <method>/<what is left out>, see `bench methods`.",
        )
    chosen = [run for run in runs if run.method.partition("/")[0] in families]
    entries = [e for e in load_published() if e.protocol == "single-split"]
    tables = []
    for domain in DOMAIN_TITLES:
        here = [entry for entry in entries if entry.domain == domain]
        tables += [_published(here)] if here else []
    for block in blocks(chosen, [], ddof=ddof):
        if any("/" in cell.example.method for cell in block.examples):
            tables.append(_measured(measured_lines(block.examples, ddof), ddof))
    return tables


def _published(entries: Sequence[PublishedResult]) -> Table:
    lines = [published_line(entry) for entry in entries]
    base = next((line for line in lines if line.entry and _REFERENCE in line.entry.id), None)
    if base:
        lines = [line if line is base else _with_published_difference(line, base) for line in lines]
    title = (
        f"Loss on {DOMAIN_TITLES[entries[0].domain]}, published on AdaptOR 2021, single split (%)"
    )
    notes = [_NO_ABLATION, *published_notes(entries)]
    return results_table(title, lines, notes, difference="difference")


def _with_published_difference(line: Line, base: Line) -> Line:
    return replace(
        line,
        differences={
            key: Spread(numbers.mean - other.mean)
            for key, numbers in line.numbers.items()
            if (other := base.numbers.get(key))
            and numbers.mean is not None
            and other.mean is not None
        },
    )


def _measured(lines: Sequence[Line], ddof: int) -> Table:
    shown, notes = [], []
    for line in lines:
        compared, note = _beside_parent(line, lines, ddof)
        shown.append(compared)
        notes += [note] if note else []
    domain = DOMAIN_TITLES.get(lines[0].domain, lines[0].domain)
    title = f"Ablations on {domain}, {measured_title(lines)} (%)"
    notes.append(
        "Difference: ablation minus parent in percentage points; mean ± standard deviation over "
        f"the folds of the differences within a fold (ddof {ddof})."
    )
    first, *rest = measured_notes(lines, ddof)
    return results_table(title, shown, [first, *notes, *rest], difference="difference to parent")


def _beside_parent(line: Line, lines: Sequence[Line], ddof: int) -> tuple[Line, str]:
    """The line with its differences, or as it was; and what is to be said about it."""
    assert line.cell
    method = line.cell.example.method
    parent_name = method.rpartition("/")[0]
    if not parent_name:
        return line, ""
    parents = [
        other
        for other in lines
        if other.cell and other.cell.example.method == parent_name and other.profile == line.profile
    ]
    if not parents:
        return line, f"{line.method}: no run of {parent_name} in this table, hence no difference."
    changes = [_changes(line, parent) for parent in parents]
    fewest = min(len(c) for c in changes)
    nearest = [p for p, c in zip(parents, changes, strict=True) if len(c) == fewest]
    if len(nearest) > 1:
        names = ", ".join(parent.method for parent in nearest)
        return line, f"{line.method}: several parents ({names}), hence no difference."
    parent = nearest[0]
    changed = f"{line.method}: {', '.join(_changes(line, parent)) or 'no parameter changed'}"
    if line.seeds != parent.seeds:
        return line, f"{changed}; other seeds than {parent.method}, hence no difference."
    if line.missing or parent.missing:
        return line, f"{changed}; not all folds are there, hence no difference."
    differences = {key: _difference(line, parent, key, ddof) for key in line.numbers}
    same = all((d.mean, d.std or 0) == (0, 0) for d in differences.values())
    equal = ", and no fold differs" if same else ""
    return replace(line, differences=differences), f"{changed}; parent {parent.method}{equal}."


def _difference(line: Line, parent: Line, key: str, ddof: int) -> Spread:
    here, there = line.numbers[key].folds or {}, parent.numbers[key].folds or {}
    values = np.array([here[name] - there[name] for name in here])
    if len(values) <= ddof:
        return Spread(float(values.mean()))
    return Spread(float(values.mean()), float(values.std(ddof=ddof)))


def _changes(line: Line, parent: Line) -> list[str]:
    assert line.cell
    assert parent.cell
    mine, its = line.cell.example.parameters, parent.cell.example.parameters
    return [
        f"{key} {json.dumps(its.get(key))} -> {json.dumps(mine.get(key))}"
        for key in sorted({*mine, *its})
        if mine.get(key) != its.get(key)
    ]
