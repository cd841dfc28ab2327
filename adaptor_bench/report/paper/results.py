"""Tables 2 and 3: results by fold on one domain, published and measured, in the paper's shape.

That is the shape of Tables 2 and 3 of Yao et al. 2021: rows by metric and within a metric by
method; a column a fold, then mean and spread over the folds. All numbers are percent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from adaptor_bench.errors import InputError, UsageError
from adaptor_bench.report.columns import (
    DIGITS,
    TIERS,
    ceiling_of,
    method_label,
    percent,
    spread_of,
)
from adaptor_bench.report.table import MOST_FOLDS, Column, Spread, Table, number, spread
from adaptor_bench.results.board import Board, boards_of
from adaptor_bench.results.notes import (
    PHANTOM,
    change_notes,
    floor_notes,
    incomplete_notes,
    measured_notes,
    published_notes,
)
from adaptor_bench.results.published import load_published
from adaptor_bench.results.result import Result, fold_names
from adaptor_bench.results.runs import runs_below
from adaptor_bench.results.sources import published_results, results_of_runs
from adaptor_bench.scoring.metrics import METRICS, PRIMARY

DOMAIN_TITLES = {"sim": "simulator frames", "intraop": "intraoperative frames"}
_BOLD = "Best mean of each metric stands out; the paper prints in bold only where its method leads."


def result_tables(
    domain: str, roots: Sequence[Path] = (), *, ddof: int = 0, rows: str = "all"
) -> list[Table]:
    """The published rows of ``domain``, then one table per dataset measured below ``roots``;
    ``rows`` is ``all``, ``measured`` or ``published``.

    Measured rows share a table with published ones, and are compared with them, only on the real
    AdaptOR frames and their published folds. ``ddof`` is that of the measured spreads. Raises
    InputError when ``roots`` hold no run on ``domain``, or runs that cannot be compared, and
    UsageError for measured rows of no runs.
    """
    if rows == "measured" and not roots:
        raise UsageError("without runs there are no measured rows", hint="Name folders with runs.")
    runs = [run for run in runs_below(roots) if run.domain == domain]
    if roots and not runs:
        raise InputError(
            f"{', '.join(map(str, roots))}: no finished run on {domain!r}",
            hint="Name folders with runs on this domain, or none for the published rows alone.",
        )
    printed = [e for e in load_published() if e.domain == domain and e.in_default_table]
    measured = [] if rows == "published" else results_of_runs(runs, ddof=ddof)
    boards = boards_of([*measured, *([] if rows == "measured" else published_results(printed))])
    return [_table(board) for board in sorted(boards, key=lambda b: not b.published)]


def measured_title(results: Sequence[Result]) -> str:
    """Dataset, its kind, profiles and seeds of measured results."""
    dataset, kind = results[0].dataset, results[0].kind
    profiles = sorted({r.profile for r in results if r.profile})
    seeds = sorted({seed for r in results for seed in r.seeds})
    return (
        f"measured on {dataset}{f' ({kind})' * (kind != dataset)}, profile {', '.join(profiles)}, "
        f"seed{'s' * (len(seeds) > 1)} {', '.join(map(str, seeds))}"
    )


def paper_notes(board: Board) -> list[str]:
    """What is to be said of the measured results of a table without ranks."""
    return [
        *([PHANTOM] if board.kind == "phantom" else []),
        *floor_notes(board),
        *measured_notes(board),
        *incomplete_notes(board.measured, ranked=False),
        *change_notes(board.measured),
    ]


def _table(board: Board) -> Table:
    results = sorted(board.published, key=lambda r: r.printed.id if r.printed else "")
    about = ["published on AdaptOR 2021"] if results else []
    notes = [_BOLD] if results else []
    if board.measured:
        about.append(measured_title(board.measured))
        notes += paper_notes(board)
    notes += published_notes([r.printed for r in results if r.printed], thorough=True)
    results += sorted(board.measured, key=lambda r: (r.role, r.name))
    name = DOMAIN_TITLES.get(board.domain, board.domain)
    title = f"Cross-validation on {name}, {'; '.join(about)} (%)"
    which = board.dataset if board.measured else "published"
    return results_table(title, results, notes, label=f"{board.domain} {which}")


def results_table(
    title: str,
    results: Sequence[Result],
    notes: Sequence[str],
    *,
    label: str = "",
    difference: str = "",
    differences: Mapping[str, Mapping[str, Spread]] | None = None,
    verdicts: Mapping[str, str] | None = None,
) -> Table:
    """``results`` in the paper's shape. ``difference`` is the heading of a column of
    ``differences``, by name and metric in percentage points, if one is wanted; ``verdicts`` by
    name stand beside the F1 they are about, as tiers do. What is the same as another, a floor or a
    ceiling says so in its label, and is not the best of anything."""
    rows: list[dict[str, Any]] = []
    best: set[tuple[int, str]] = set()
    for key, metric in METRICS.items():
        means = [None if r.same_as or r.role else percent(r.metrics[key].mean) for r in results]
        best |= {(len(rows) + i, "folds") for i in _best(means)}
        for result in results:
            found = result.metrics[key]
            rows.append(
                {
                    "metric": metric.title,
                    "source": result.source,
                    "method": result.name or result.method,
                    "title": _titled(result),
                    "same_as": result.same_as,
                    "folds": spread_of(found),
                    "ceiling": ceiling_of(result, key),
                    "difference": (differences or {}).get(result.name, {}).get(key, Spread(None)),
                    "tier": result.tier if key == PRIMARY else None,
                    "verdict": (verdicts or {}).get(result.name) if key == PRIMARY else None,
                    "dataset": result.dataset,
                    "domain": result.domain,
                    "profile": result.profile,
                    "seeds": " ".join(map(str, result.seeds)) or None,
                    "missing": " ".join(fold_names(result.missing)) or None,
                }
                | {f"f{fold}": percent(value) for fold, value in found.folds.items()}
            )
    columns = _columns(results, difference, bool(verdicts))
    if any(column.role == "metric" and column.data for column in columns):
        notes = (*notes, "The values of the single folds are in the formats csv and json.")
    return Table(title, columns, rows, (*notes, *_tier_note(results)), frozenset(best), label)


def with_titles(table: Table) -> Table:
    """Measured methods by their titles, as papers call theirs; a note has the names, which other
    notes use."""
    called = {row["method"]: row["title"] for row in table.rows if row.get("title")}
    columns = tuple(
        replace(c, show=lambda name: called.get(name, name)) if c.key == "method" else c
        for c in table.columns
    )
    names = "; ".join(f"{title}: {name}" for name, title in called.items() if title != name)
    notes = (*table.notes, f"Names of methods: {names}.") if names else table.notes
    return replace(table, columns=columns, notes=notes)


def _titled(result: Result) -> str:
    """Title, ablation, and what tells the name from others; as :func:`method_label` has it."""
    if result.printed or not result.name.startswith(result.method):
        return method_label(result)
    ablation = result.method.partition("/")[2].replace("_", " ")
    title = f"{result.title}, {ablation}" if ablation else result.title
    name = title + result.name.removeprefix(result.method)
    return f"{name}, same as {result.same_as}" if result.same_as else name


def _tier_note(results: Sequence[Result]) -> list[str]:
    return [TIERS] if any(r.tier is not None for r in results) else []


def _columns(results: Sequence[Result], difference: str, judged: bool) -> tuple[Column, ...]:
    several = len({r.source for r in results}) > 1
    folds = {f for r in results for f in (*r.missing, *r.main.unlabelled)}
    folds |= {f for r in results for a in r.metrics.values() for f in a.folds}
    labels = {r.name: method_label(r) for r in results if r.same_as or r.role}
    one_split = not folds and all(r.printed for r in results)
    columns = [
        Column("metric", "Metric", role="label", group=True),
        Column("source", "Source", data=not several),
        Column("method", "Method", role="label", show=lambda name: labels.get(name, name)),
        *([Column("same_as", "Same as", data=True)] if any(r.same_as for r in results) else []),
        *(
            Column(n, n, "right", "metric", number(DIGITS), data=len(folds) > MOST_FOLDS)
            for n in fold_names(folds)
        ),
        Column(
            "folds",
            "single split" if one_split else "mean ± std",
            role="metric",
            show=spread(DIGITS),
        ),
    ]
    if any(r.ceilings for r in results):
        columns.append(Column("ceiling", "ceiling", "right", "metric", number(DIGITS)))
    if difference:
        show = spread(DIGITS, sign=True)
        columns.append(Column("difference", difference, role="metric", show=show))
    if judged:
        columns.append(Column("verdict", "parent better"))
    if any(r.tier is not None for r in results):
        columns.append(Column("tier", "tier", "right"))
    columns += [
        Column(key, key, data=True) for key in ("dataset", "domain", "profile", "seeds", "missing")
    ]
    return tuple(columns)


def _best(means: Sequence[float | None]) -> list[int]:
    """Positions of the highest value as printed, ties included; none with fewer than two."""
    shown = [None if mean is None else round(mean, DIGITS) for mean in means]
    present = [value for value in shown if value is not None]
    if len(present) < 2:
        return []
    return [i for i, value in enumerate(shown) if value == max(present)]
