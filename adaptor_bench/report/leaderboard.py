"""The leaderboard: blocks of rows as tables, with a footer that says how they came about."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from adaptor_bench.data.layout import DOMAINS
from adaptor_bench.errors import InputError, UsageError, suggest
from adaptor_bench.evaluate.metrics import METRICS
from adaptor_bench.evaluate.scorefile import FoldScore
from adaptor_bench.failures import Failure, find_failures
from adaptor_bench.report.footers import (
    PHANTOM,
    change_notes,
    matching_notes,
    unlabelled_keys,
    unlabelled_notes,
)
from adaptor_bench.report.render import render
from adaptor_bench.report.table import Column, Spread, Table, number, spread
from adaptor_bench.results.board import PRIMARY, Block, Row, blocks
from adaptor_bench.results.published import PROTOCOLS, load_published
from adaptor_bench.results.runs import Run, find_runs

__all__ = ["FORMATS", "render_leaderboard", "rows_as_json"]

FORMATS = ("text", "markdown", "latex", "html", "json", "csv")
_DIGITS = 2  # the precision of the published tables


def render_leaderboard(
    roots: Sequence[Path],
    domain: str = "all",
    format: str = "text",
    *,
    per_fold: bool = False,
    all_published: bool = False,
    ddof: int = 0,
    score_of: Callable[[Run], FoldScore] = Run.score,
) -> str:
    """The leaderboard of all runs below ``roots``, ending in a newline.

    ``domain`` is ``sim``, ``intraop`` or ``all``; ``per_fold`` shows the folds of every metric
    and not of F1 alone; ``all_published`` adds results under other protocols, unranked. Without
    ``roots`` only published rows appear. ``score_of`` gives the score of a run. Raises UsageError
    for an unknown domain or format, InputError when a root holds no run, is malformed, or its runs
    cannot be compared.
    """
    if format not in FORMATS:
        raise UsageError(f"there is no format {format!r}", hint=suggest(format, FORMATS))
    runs = find_runs(roots)
    known = {*DOMAINS, "all", *(run.domain for run in runs)}
    if domain not in known:
        raise UsageError(f"there is no domain {domain!r}", hint=suggest(domain, known))
    failures = [f for f in find_failures(roots) if domain in ("all", f.domain)]
    if roots and not runs:
        raise InputError.collect(
            f"{', '.join(str(root) for root in roots)}: no finished run found",
            [_failure(failure) for failure in failures],
            hint="`bench run` leaves <out>/<dataset>/<method>/<domain>/fold_<k>/run.json.",
        )
    chosen = blocks(
        [run for run in runs if domain in ("all", run.domain)],
        [entry for entry in load_published() if domain in ("all", entry.domain)],
        ddof=ddof,
        all_published=all_published,
        score_of=score_of,
        failures=failures,
    )
    if format == "json":
        return json.dumps(rows_as_json(chosen), indent=1, allow_nan=False) + "\n"
    if format == "csv":
        return render([_flat(chosen)], "csv")
    shown = tuple(METRICS) if per_fold else (PRIMARY,)
    tables = []
    measured = [block for block in chosen if block.examples]
    for block in chosen:
        tables += _tables(block, shown, ddof)
        if measured and block is measured[-1]:
            notes = (*tables[-1].notes, *_closing_notes(measured))
            tables[-1] = replace(tables[-1], notes=notes)
    return render(tables, format)


def rows_as_json(chosen: Sequence[Block]) -> list[dict[str, Any]]:
    """All rows, in the order of the tables; percent, null for what does not exist."""
    rows = []
    for block, row in [(b, r) for b in chosen for r in b.rows]:
        entry: dict[str, Any] = {
            "method": row.method,
            "domain": row.domain,
            "dataset": row.dataset,
            "source": row.source,
            "rank": row.rank,
        }
        for key, numbers in row.numbers.items():
            folds = None
            if numbers.folds is not None:
                # NaN is not JSON: a ratio 0/0 is null.
                folds = {k: _rounded(v) if v == v else None for k, v in numbers.folds.items()}
            entry[key] = {
                "mean": _rounded(numbers.mean),
                "std": _rounded(numbers.std),
                "folds": folds,
                "seed_std": _rounded(numbers.seed_std),
            }
        rows.append(
            entry
            | {
                "title": row.title,
                "n": row.n,
                "missing_folds": list(row.missing),
                **unlabelled_keys(row.unlabelled),
                "failed_folds": list(row.failed),
                "seeds": list(row.seeds),
                "profile": row.profile,
                "printed_in": row.place,
                "protocol": row.protocol,
                "matching": block.settings.to_json() if row.source == "measured" else None,
            }
        )
    return rows


def _tables(block: Block, shown: Sequence[str], ddof: int) -> list[Table]:
    """The summary, then the folds of the metrics in ``shown``; notes below the last."""
    tables = [Table(_title(block), _summary_columns(block), [_cells(r) for r in block.rows])]
    with_folds = [row for row in block.rows if row.numbers[PRIMARY].folds or row.missing]
    names = _fold_names(with_folds)
    for key in shown if names else ():
        columns = (
            Column("method", "Method", role="label"),
            *(Column(n, n, "right", "metric", number(_DIGITS)) for n in names),
        )
        rows = [{"method": r.method} | (r.numbers[key].folds or {}) for r in with_folds]
        tables.append(Table(f"{METRICS[key].title} per fold, {block.domain} (%)", columns, rows))
    last = tables.pop()
    return [*tables, Table(last.title, last.columns, last.rows, _notes(block, ddof))]


def _title(block: Block) -> str:
    if block.kind != "published":
        return f"{block.domain}: measured on {block.dataset} (%)"
    if not block.ranked:
        return f"{block.domain}: published under other protocols, not ranked (%)"
    return f"{block.domain}: published on AdaptOR 2021, not comparable with other data (%)"


def _summary_columns(block: Block) -> tuple[Column, ...]:
    columns = [Column("rank", "Rank", "right", "rank")] if block.ranked else []
    columns.append(Column("method", "Method", role="label"))
    if len({row.source for row in block.rows}) > 1:
        columns.append(Column("source", "Source"))
    if len({row.profile for row in block.rows if row.profile}) > 1:
        columns.append(Column("profile", "Profile"))
    if not block.ranked:
        columns.append(Column("protocol", "Protocol"))
    columns += [
        Column(key, metric.title, role="metric", show=spread(_DIGITS))
        for key, metric in METRICS.items()
    ]
    columns.append(Column("folds", "Folds", "right"))
    if any(len(row.seeds) > 1 for row in block.rows):
        columns.append(Column("seeds", "Seeds", "right"))
        columns.append(Column("seed_std", "Seed std", "right", show=number(_DIGITS)))
    return tuple(columns)


def _cells(row: Row) -> dict[str, Any]:
    numbers = row.numbers
    cells: dict[str, Any] = {key: Spread(n.mean, n.std) for key, n in numbers.items()}
    return cells | {
        "rank": row.rank,
        "method": row.method,
        "source": row.source,
        "profile": row.profile,
        "protocol": row.protocol,
        "folds": row.of_folds,
        "seeds": len(row.seeds) or None,
        "seed_std": numbers[PRIMARY].seed_std,
    }


def _flat(chosen: Sequence[Block]) -> Table:
    """One row a line, one number a column."""
    rows = [row for block in chosen for row in block.rows]
    names = _fold_names(rows)
    columns = [Column(key, key) for key in ("method", "domain", "dataset", "source", "rank")]
    for key in METRICS:
        columns += [Column(f"{key}_{part}", key) for part in ("mean", "std", *names)]
    columns += [Column(key, key) for key in ("missing_folds", "seeds", "profile", "protocol")]
    flat = []
    for row in rows:
        cells: dict[str, Any] = {
            "method": row.method,
            "domain": row.domain,
            "dataset": row.dataset,
            "source": row.source,
            "rank": row.rank,
            "missing_folds": " ".join(row.missing),
            "seeds": " ".join(str(seed) for seed in row.seeds),
            "profile": row.profile,
            "protocol": row.protocol,
        }
        for key, numbers in row.numbers.items():
            values = {"mean": numbers.mean, "std": numbers.std} | (numbers.folds or {})
            cells |= {f"{key}_{part}": _rounded(value) for part, value in values.items()}
        flat.append(cells)
    return Table("", tuple(columns), flat)


def _notes(block: Block, ddof: int) -> tuple[str, ...]:
    notes = []
    for row in block.rows:
        if row.missing:
            several = len(row.missing) > 1
            notes.append(
                f"{row.method}: fold{'s' * several} {', '.join(row.missing)} missing, "
                "hence no mean and no rank."
            )
        for key, numbers in row.numbers.items():
            undefined = [name for name, value in (numbers.folds or {}).items() if value != value]
            if undefined:
                title = METRICS[key].title
                notes.append(f"{row.method}: {title} is 0/0 in {', '.join(undefined)}.")
    notes += unlabelled_notes((row.method, row.unlabelled) for row in block.rows)
    notes += [_failure(failure) for failure in block.failures]
    if block.examples:
        notes += _measured_notes(block, ddof)
    for entry in block.published:
        source = f"{entry.source['document']}, {entry.source['place']}"
        notes.append(f"{entry.method}: {source}; {PROTOCOLS[entry.protocol]}.")
        notes += [f"{entry.method}: {d.describe()}." for d in entry.discrepancies]
    if block.published:
        notes.append("Published rows: numbers and spreads as printed; matching as in their paper.")
    return tuple(notes)


def _failure(failure: Failure) -> str:
    """A failed fold in one sentence."""
    return f"{failure.method}, {failure.domain}: fold f{failure.fold} failed ({failure.reason})."


def _measured_notes(block: Block, ddof: int) -> list[str]:
    runs = [run for cell in block.examples for run, _ in cell.pairs()]
    run, score = block.examples[0].pairs()[0]
    spread_name = {0: "population", 1: "sample"}.get(ddof, "")
    profiles = sorted({r.profile for r in runs})
    seeds = sorted({r.seed for r in runs})
    missing = sum(len(s.missing) for cell in block.examples for _, s in cell.pairs())
    unlabelled = {fold for row in block.rows for fold in row.unlabelled}
    notes = [
        f"Dataset: {run.dataset['name']} ({run.dataset['kind']}), "
        f"fingerprint {run.dataset['fingerprint'][:12]}; folds: {run.fold_plan['name']} "
        f"({run.fold_plan['sha256'][:12]}).",
        *matching_notes(score.settings, runs),
        f"Profile: {', '.join(profiles)}; seed{'s' * (len(seeds) > 1)}: "
        f"{', '.join(str(seed) for seed in seeds)}.",
        f"Counts are pooled within a fold; mean ± {spread_name} standard deviation over "
        f"n = {len(run.folds) - len(unlabelled)} folds (ddof {ddof}).",
    ]
    if any(len(cell.scores) > 1 for cell in block.examples):
        notes.append(
            "With several seeds a fold's value is the mean over seeds; Seed std: of mean F1."
        )
    if missing:
        notes.append(f"{missing} frames had no prediction file.")
    said = {(r.method, note): None for r in runs for note in r.notes}
    return notes + [f"{method}: {note}" for method, note in said]


def _closing_notes(chosen: Sequence[Block]) -> tuple[str, ...]:
    """What concerns all measured blocks, to be said once."""
    runs = [run for block in chosen for cell in block.examples for run, _ in cell.pairs()]
    notes = change_notes((r.method, r.profile, r.profile_changes) for r in runs)
    return (*notes, *([PHANTOM] if any(block.kind == "phantom" for block in chosen) else []))


def _fold_names(rows: Sequence[Row]) -> list[str]:
    names = {
        name
        for row in rows
        for name in (*(row.numbers[PRIMARY].folds or {}), *row.missing, *row.unlabelled)
    }
    return sorted(names, key=lambda name: int(name[1:]))


def _rounded(value: float | None) -> float | None:
    """Free of the noise of the last bits, far finer than anything printed."""
    return None if value is None else round(value, 6)
