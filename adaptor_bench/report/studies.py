"""From boards to studies: which results can be compared, and what stops the others.

The ranking card of the command line, the site's and the figures all rest on the studies made here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, count

from adaptor_bench.errors import InputError
from adaptor_bench.evaluate.uncertainty.study import Options, Study, study
from adaptor_bench.evaluate.uncertainty.tally import tally
from adaptor_bench.report.footers import matching_notes as old_notes
from adaptor_bench.results.blocks import Block, Row, distinct_names
from adaptor_bench.results.board import Board
from adaptor_bench.results.notes import matching_notes
from adaptor_bench.results.result import Result
from adaptor_bench.results.runs import Cell, Run

__all__ = [
    "UNKNOWN_PROFILE",
    "BoardStudy",
    "Measured",
    "lacking",
    "named_rows",
    "profile_of",
    "study_board",
    "study_of",
    "study_results",
]

UNKNOWN_PROFILE = "submitted"
"""The profile of predictions that came without a word on how they were made."""


@dataclass(frozen=True)
class BoardStudy:
    """The study of a board's complete competitors, and who is left out.

    ``profiles`` are those of all its methods; ``left_out`` maps a method to the reason;
    ``matching`` says how all were scored.
    """

    dataset: str
    kind: str
    domain: str
    profiles: tuple[str, ...]
    study: Study
    left_out: dict[str, str]
    matching: tuple[str, ...] = ()

    @property
    def profile(self) -> str:
        """The profiles in words."""
        *first, last = self.profiles
        return f"{', '.join(first)} and {last}" if first else last


def study_of(board: Board, options: Options | None = None) -> BoardStudy | None:
    """The study of a board's measured results; None without a complete one.

    Left out are results with a fold missing in any seed, and those that are the same as another:
    they are one competitor. Raises InputError when frames or labels differ.
    """
    left_out = {r.name: f"same as {r.same_as}" for r in board.measured if r.same_as}
    left_out |= {r.name: f"{folds} missing" for r in board.competitors if (folds := lacking(r))}
    complete = [r for r in board.competitors if r.name not in left_out]
    if not complete:
        return None
    try:
        return study_results(complete, left_out, options, board.measured)
    except InputError as error:
        profiles = ", ".join(sorted({profile_of(r) for r in board.measured}))
        where = f"{board.dataset}, {board.domain}, profile {profiles}"
        raise InputError(f"{where}: {error.message}", hint=error.hint) from error


def study_results(
    results: Sequence[Result],
    left_out: dict[str, str],
    options: Options | None = None,
    beside: Sequence[Result] = (),
) -> BoardStudy:
    """The study of ``results`` by name; ``beside`` are all of their table. Raises InputError when
    they cannot be paired frame by frame."""
    first, shown = results[0], beside or results
    assert first.settings is not None
    return BoardStudy(
        first.dataset,
        first.kind,
        first.domain,
        tuple(sorted({profile_of(r) for r in shown})),
        study(tally({r.name: r.scores for r in results}), options),
        left_out,
        tuple(matching_notes(first.settings, shown)),
    )


def profile_of(result: Result) -> str:
    """The profile in words."""
    return result.profile or UNKNOWN_PROFILE


def lacking(result: Result) -> str:
    """``folds 2, 4`` that some seed of the result lacks; empty when it is complete."""
    missing = result.missing
    return f"fold{'s' * (len(missing) > 1)} {', '.join(map(str, missing))}" if missing else ""


# --- until the site and the figures are drawn from boards of results


@dataclass(frozen=True)
class Measured:
    """A measured row, the runs behind it, and what it is called."""

    name: str
    row: Row
    cell: Cell


def named_rows(boards: Sequence[Block]) -> list[list[Measured]]:
    """The measured rows of every block, in order.

    A method under the same profile, parameters and code has one name on all blocks, and no two
    share one: where methods of one name are told apart by their profile alone, it is added.
    """
    examples: dict[str, Run] = {}
    rows = [[(row, row.cell) for row in block.rows if row.cell] for block in boards]
    for _, cell in (pair for of_block in rows for pair in of_block):
        examples.setdefault(_identity(cell.example), cell.example)
    listed = distinct_names(list(examples.values()))
    names: dict[str, str] = {}
    for (identity, run), name in zip(examples.items(), listed, strict=True):
        if listed.count(name) > 1:
            name = f"{name} [{run.profile}]"
        unused = chain([name], (f"{name} {number}" for number in count(2)))
        names[identity] = next(n for n in unused if n not in names.values())
    return [
        [Measured(names[_identity(cell.example)], row, cell) for row, cell in of_block]
        for of_block in rows
    ]


def study_board(
    block: Block, cells: Mapping[str, Cell], options: Options | None = None
) -> BoardStudy | None:
    """The study of ``cells``, by name, of one block; None without a complete method.

    Raises InputError when they cannot be paired.
    """
    profiles = tuple(sorted({cell.example.profile for cell in cells.values()}))
    missing = {name: _missing_folds(cell) for name, cell in cells.items()}
    complete = {name: cell.scores for name, cell in cells.items() if not missing[name]}
    if not complete:
        return None
    try:
        paired = tally(complete)
    except InputError as error:
        where = f"{block.dataset}, {block.domain}, profile {', '.join(profiles)}"
        raise InputError(f"{where}: {error.message}", hint=error.hint) from error
    left_out = {name: f"{folds} missing" for name, folds in missing.items() if folds}
    runs = [run for cell in cells.values() for run, _ in cell.pairs()]
    return BoardStudy(
        block.dataset,
        block.kind,
        block.domain,
        profiles,
        study(paired, options),
        left_out,
        tuple(old_notes(block.settings, runs)),
    )


def _missing_folds(cell: Cell) -> str:
    """``folds 2, 4`` that some seed of the cell lacks; empty when it is complete."""
    missing = sorted(
        fold
        for fold in cell.example.folds
        if any(fold not in folds for folds in cell.scores.values())
    )
    return f"fold{'s' * (len(missing) > 1)} {', '.join(map(str, missing))}" if missing else ""


def _identity(run: Run) -> str:
    return json.dumps([run.method, run.profile, run.parameters, run.program], sort_keys=True)
