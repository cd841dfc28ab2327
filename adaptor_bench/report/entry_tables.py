"""The tables of a leaderboard, from its entries alone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from adaptor_bench.atomic import write_text
from adaptor_bench.entries.entry import Entry, Leaderboard
from adaptor_bench.entries.naming import twins
from adaptor_bench.entries.verify import ROUNDING
from adaptor_bench.evaluate.aggregate import Aggregate
from adaptor_bench.evaluate.metrics import METRICS
from adaptor_bench.evaluate.ranking import ranks
from adaptor_bench.report.footers import PHANTOM, change_notes, unlabelled_keys, unlabelled_notes
from adaptor_bench.report.render import render
from adaptor_bench.report.table import Column, Spread, Table, number, spread

__all__ = ["board_rows", "board_tables", "render_board", "write_tables"]

PRIMARY = "f1"


def render_board(
    board: Leaderboard, entries: Sequence[Entry], format: str, *, domain: str = "all", ddof: int = 0
) -> str:
    """The whole leaderboard in any format of ``table.render``, or ``json``. Raises UsageError."""
    domains = [d for d in board.folds if domain in ("all", d)]
    if format == "json":
        rows = [row for d in domains for row in board_rows(board, entries, d, ddof)]
        return json.dumps(rows, indent=1, allow_nan=False) + "\n"
    tables = [t for d in domains for t in board_tables(board, entries, d, ddof)]
    closing = _closing_notes(board, [e for e in entries if any(d in e.measured for d in domains)])
    return render([*tables[:-1], replace(tables[-1], notes=(*tables[-1].notes, *closing))], format)


def write_tables(board: Leaderboard, entries: Sequence[Entry]) -> list[Path]:
    """Write ``table.md`` and ``table.json`` beside the entries: same entries, same bytes."""
    written = []
    for name, format in (("table.md", "markdown"), ("table.json", "json")):
        write_text(board.folder / name, render_board(board, entries, format))
        written.append(board.folder / name)
    return written


def board_rows(
    board: Leaderboard, entries: Sequence[Entry], domain: str, ddof: int = 0
) -> list[dict[str, Any]]:
    """Rows as in ``bench leaderboard --format json``, with team and claim; best first."""
    rows = []
    for entry, found, rank in _ranked(board, entries, domain, ddof):
        row: dict[str, Any] = {
            "method": entry.method,
            "domain": domain,
            "dataset": board.dataset,
            "source": "measured",
            "rank": rank,
        }
        for key, a in found.items():
            row[key] = {
                "mean": _percent(a.mean),
                "std": _percent(a.std),
                "folds": {f"f{k}": _percent(v) for k, v in sorted(a.folds.items())},
                "seed_std": _percent(a.seed_std),
                "claimed": entry.claim.get(domain, {}).get(key),
            }
        rows.append(
            row
            | {
                "title": entry.title,
                "team": entry.team,
                "entry": entry.id,
                "n": found[PRIMARY].n,
                "missing_folds": [f"f{k}" for k in found[PRIMARY].missing],
                **unlabelled_keys({f"f{k}": n for k, n in found[PRIMARY].unlabelled.items()}),
                "seeds": sorted(entry.measured[domain]),
                "profile": None if entry.setup is None else entry.setup["profile"],
            }
        )
    return rows


def board_tables(
    board: Leaderboard, entries: Sequence[Entry], domain: str, ddof: int = 0
) -> list[Table]:
    """The ranking of one domain, and F1 per fold; what is incomplete comes last.

    What :func:`render_board` says once of all domains is not among the notes.
    """
    ranked = _ranked(board, entries, domain, ddof)
    claimed = {key for entry, _, _ in ranked for key in entry.claim.get(domain, {})}
    seeds = any(len(entry.measured[domain]) > 1 for entry, _, _ in ranked)
    columns = [Column("rank", "Rank", "right", "rank"), Column("method", "Method", role="label")]
    columns += [Column("team", "Team"), Column("profile", "Profile")]
    for key, metric in METRICS.items():
        columns.append(Column(key, metric.title, role="metric", show=spread(2)))
        if key in claimed:
            columns.append(Column(f"claim_{key}", f"{metric.title} claimed", "right"))
    columns.append(Column("folds", "Folds", "right"))
    if seeds:
        columns += [
            Column("seeds", "Seeds", "right"),
            Column("seed_std", "Seed std", "right", show=number(2)),
        ]
    rows = [_cells(board, entry, domain, found, rank) for entry, found, rank in ranked]
    names = _names([entry for entry, _, _ in ranked])
    numbers = [f"f{k}" for k in sorted(board.folds[domain])]
    folds = Table(
        f"F1 per fold, {domain} (%)",
        (
            Column("method", "Method", role="label"),
            *(Column(n, n, "right", "metric", number(2)) for n in numbers),
        ),
        [
            {"method": names[entry.id], "team": entry.team}
            | {f"f{k}": _percent(v) for k, v in found[PRIMARY].folds.items()}
            for entry, found, _ in ranked
        ],
        tuple(_notes(board, domain, ranked, ddof)),
    )
    summary = Table(f"{board.title}: {domain} (%)", tuple(columns), rows)
    return [summary, folds] if rows else [replace(summary, notes=("No entry yet.",))]


def _names(entries: Sequence[Entry]) -> dict[str, str]:
    """Id to method, with the team where several entries are of one method, else the id."""
    methods = [entry.method for entry in entries]
    names = {
        e.id: e.method if methods.count(e.method) == 1 else f"{e.method} ({e.team})"
        for e in entries
    }
    shown = list(names.values())
    return {id_: n if shown.count(n) == 1 else f"{n}, {id_}" for id_, n in names.items()}


def _ranked(
    board: Leaderboard, entries: Sequence[Entry], domain: str, ddof: int
) -> list[tuple[Entry, dict[str, Aggregate], int | None]]:
    here = [entry for entry in entries if domain in entry.measured]
    found = [e.aggregates(board, domain, ddof) for e in here]
    placed = ranks([a[PRIMARY].mean for a in found])
    rows = list(zip(here, found, placed, strict=True))
    return sorted(rows, key=lambda r: (r[2] is None, r[2] or 0, r[0].id))


def _cells(
    board: Leaderboard, entry: Entry, domain: str, found: dict[str, Aggregate], rank: int | None
) -> dict[str, Any]:
    first = found[PRIMARY]
    total = len(board.folds[domain])
    cells: dict[str, Any] = {}
    for key, a in found.items():
        cells[key] = Spread(_percent(a.mean), _percent(a.std))
        cells[f"claim_{key}"] = _claim(entry.claim.get(domain, {}).get(key), a.mean)
    return cells | {
        "rank": rank,
        "method": entry.method,
        "team": entry.team,
        "profile": None if entry.setup is None else entry.setup["profile"],
        "folds": str(total) if first.n == total else f"{first.n}/{total}",
        "seeds": len(entry.measured[domain]),
        "seed_std": _percent(first.seed_std),
    }


def _claim(claimed: float | None, mean: float | None) -> str | None:
    if claimed is None:
        return None
    borne_out = mean is not None and abs(100 * mean - claimed) <= ROUNDING
    return f"{claimed:.2f}{'' if borne_out else ' (!)'}"


def _notes(
    board: Leaderboard,
    domain: str,
    ranked: Sequence[tuple[Entry, dict[str, Aggregate], int | None]],
    ddof: int,
) -> list[str]:
    notes = []
    names = _names([entry for entry, _, _ in ranked])
    for entry, found, _ in ranked:
        name = names[entry.id]
        missing = found[PRIMARY].missing
        if missing:
            several = "s" * (len(missing) > 1)
            lacking = ", ".join(f"f{k}" for k in missing)
            notes.append(
                f"{entry.method} ({entry.team}): fold{several} {lacking} missing, hence no mean "
                "and no rank."
            )
        for key, a in found.items():
            undefined = [f"f{k}" for k, v in sorted(a.folds.items()) if v != v]
            if undefined:
                notes.append(f"{name}: {METRICS[key].title} is 0/0 in {', '.join(undefined)}.")
        absent = sum(counted.missing for counted in entry.measured[domain].values())
        if absent:
            several = "s" * (absent > 1)
            notes.append(f"{name}: {absent} frame{several} had no prediction.")
        claims = entry.claim.get(domain, {})
        if any("(!)" in (_claim(claims.get(key), a.mean) or "") for key, a in found.items()):
            notes.append(f"{name} (!): the claim is not what was measured.")
        notes += [
            f"{name}: the same predictions as {names[other.id]}."
            for other, _, _ in ranked
            if domain in twins(entry, other)
        ]
        notes += [f"{name}: {note}" for note in entry.notes]
        notes += [f"{name}: {n}" for n in (entry.setup or {}).get("notes", ())]
    notes += unlabelled_notes(
        (names[entry.id], {f"f{k}": false for k, false in found[PRIMARY].unlabelled.items()})
        for entry, found, _ in ranked
    )
    empty = {k for _, found, _ in ranked for k in found[PRIMARY].unlabelled}
    plan, sha = board.plans[domain]
    spread_name = {0: "population", 1: "sample"}[ddof]
    seeds = sorted({s for entry, _, _ in ranked for s in entry.measured[domain]})
    notes += [
        f"Dataset: {board.dataset} ({board.kind}), fingerprint "
        f"{board.fingerprints[domain][:12]}; folds: {plan} ({sha[:12]}).",
        board.settings.describe(),
        f"Counts are pooled within a fold; mean ± {spread_name} standard deviation over "
        f"n = {len(board.folds[domain]) - len(empty)} folds (ddof {ddof}).",
    ]
    if len(seeds) > 1:
        listed = ", ".join(map(str, seeds))
        notes.append(
            f"Seeds {listed}: a fold's value is the mean over seeds; Seed std: of mean F1."
        )
    return list(dict.fromkeys(notes))


def _closing_notes(board: Leaderboard, entries: Sequence[Entry]) -> list[str]:
    """What concerns all domains, to be said once."""
    names = _names(entries)
    notes = change_notes(
        (names[e.id], e.setup["profile"], e.setup["profile_changes"]) for e in entries if e.setup
    )
    return [*notes, *board.notes, *([PHANTOM] if board.kind == "phantom" else [])]


def _percent(value: float | None) -> float | None:
    return None if value is None or value != value else round(100 * value, 6)
