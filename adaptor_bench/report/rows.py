"""Leaderboards for programs: a row a result, as JSON nests it, and flat, as CSV has it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from adaptor_bench.report.columns import columns
from adaptor_bench.report.table import Column, Table, row_notes
from adaptor_bench.results.board import Board
from adaptor_bench.results.notes import board_notes, closing_notes


def plain_rows(boards: Sequence[Board]) -> list[dict[str, Any]]:
    """All results in the order of the tables, as JSON has them: percent, None for what is not."""
    rows, known = [], columns()
    for result in (r for board in boards for r in board.results):
        values = {c.key: c.value(result) for c in known if c.data}
        left_out = {c.key for c in known if c.optional and not values.get(c.key)}
        rows.append({key: value for key, value in values.items() if key not in left_out})
    return rows


def flat_table(boards: Sequence[Board]) -> Table:
    """One row a result, one value a column: ``f1_mean``, ``f1_std``, ``f1_f3``, ..; all that is
    said of a result in ``notes``."""
    plain = plain_rows(boards)
    keys: dict[str, dict[str, None]] = {c.key: {} for c in columns()}
    for row in plain:
        for key, value in row.items():
            keys[key] |= dict.fromkeys(k for k, _ in _flat(key, value))
    for key, parts in keys.items():
        if len(parts) > 1:  # the value as a whole is where there is none
            parts.pop(key, None)
    rows = [{k: v for key, value in row.items() for k, v in _flat(key, value)} for row in plain]
    told = []
    for board in boards:
        notes = (*board_notes(board), *closing_notes([board]))
        told += row_notes(notes, [r.name for r in board.results])
    rows = [row | {"notes": note} for row, note in zip(rows, told, strict=True)]
    flat = [Column(k, k) for parts in keys.values() for k in parts]
    return Table("", (*flat, Column("notes", "notes")), rows)


def _flat(key: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for inner, item in value.items():
            if inner == "folds":  # stand beside their mean
                yield from _flat(key, item or {})
            else:
                yield from _flat(f"{key}_{inner}", item)
    else:
        yield key, " ".join(map(str, value)) if isinstance(value, list) else value
