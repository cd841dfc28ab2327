"""Tables 2 and 3: results by fold on one domain, published and measured."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from adaptor_bench.errors import InputError
from adaptor_bench.report.paper.footnotes import measured_notes, published_notes
from adaptor_bench.report.paper.lines import (
    DOMAIN_TITLES,
    Line,
    measured_lines,
    published_line,
    results_table,
)
from adaptor_bench.report.table import Table
from adaptor_bench.results.blocks import Block, blocks
from adaptor_bench.results.published import load_published
from adaptor_bench.results.runs import Run, find_runs

__all__ = ["measured_title", "result_tables", "runs_below"]

_BOLD = "Best mean of each metric stands out; the paper prints in bold only where its method leads."


def result_tables(domain: str, roots: Sequence[Path] = (), *, ddof: int = 0) -> list[Table]:
    """The published rows of ``domain``, then one table per dataset measured below ``roots``.

    Measured rows share a table with published ones, and are compared with them, only on the real
    AdaptOR frames and their published folds. ``ddof`` is that of the measured spreads. Raises
    InputError when ``roots`` hold no run on ``domain``, or runs that cannot be compared.
    """
    runs = [run for run in runs_below(roots) if run.domain == domain]
    if roots and not runs:
        raise InputError(
            f"{', '.join(map(str, roots))}: no finished run on {domain!r}",
            hint="Give folders with runs on this domain, or none for the published rows alone.",
        )
    entries = [e for e in load_published() if e.domain == domain and e.in_default_table]
    found = blocks(runs, entries, ddof=ddof)
    return [_table(block, ddof) for block in sorted(found, key=lambda b: not b.published)]


def runs_below(roots: Sequence[Path]) -> list[Run]:
    """All finished runs. Raises InputError when there are ``roots`` but no run below them."""
    runs = find_runs(roots)
    if roots and not runs:
        raise InputError(
            f"{', '.join(map(str, roots))}: no finished run found",
            hint="`bench run` leaves <out>/<dataset>/<method>/<domain>/fold_<k>/run.json.",
        )
    return runs


def measured_title(lines: Sequence[Line]) -> str:
    """Dataset, its kind, profiles and seeds of measured lines."""
    cells = [line.cell for line in lines if line.cell]
    dataset = cells[0].example.dataset
    kind = f" ({dataset['kind']})" if dataset["kind"] != dataset["name"] else ""
    profiles = sorted({line.profile for line in lines if line.profile})
    seeds = sorted({seed for line in lines for seed in line.seeds})
    return (
        f"measured on {dataset['name']}{kind}, profile {', '.join(profiles)}, "
        f"seed{'s' * (len(seeds) > 1)} {', '.join(map(str, seeds))}"
    )


def _table(block: Block, ddof: int) -> Table:
    entries = sorted(block.published, key=lambda entry: entry.id)
    printed = [published_line(entry) for entry in entries]
    measured = measured_lines(block.examples, ddof)
    about = ["published on AdaptOR 2021"] if printed else []
    notes = [_BOLD] if printed else []
    if measured:
        about.append(measured_title(measured))
        notes += measured_notes(measured, ddof)
    notes += published_notes(entries)
    name = DOMAIN_TITLES.get(block.domain, block.domain)
    title = f"Cross-validation on {name}, {'; '.join(about)} (%)"
    return results_table(title, [*printed, *measured], notes)
