"""From finished runs to studies: which methods can be compared, and what stops the others.

A board is what a leaderboard ranks together: one dataset and domain, whatever the profiles. The
ranking card of the command line, the site's and the figures all rest on the studies made here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, count

from adaptor_bench.errors import InputError
from adaptor_bench.evaluate.uncertainty.study import Options, Study, study
from adaptor_bench.evaluate.uncertainty.tally import tally
from adaptor_bench.report.footers import matching_notes
from adaptor_bench.results.blocks import Block, Row, blocks, distinct_names
from adaptor_bench.results.runs import Cell, Run

__all__ = ["BoardStudy", "Measured", "missing_folds", "named_rows", "studies_of", "study_board"]


@dataclass(frozen=True)
class BoardStudy:
    """One dataset and domain: the study of its complete methods, and who is left out.

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
        return _listed(self.profiles)


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


def studies_of(cells: Sequence[Cell], options: Options | None = None) -> list[BoardStudy]:
    """One board per dataset and domain with at least one complete method.

    Methods with a fold missing in any seed are left out. Raises InputError when runs of one board
    cannot be paired: other data, folds or matching.
    """
    found = blocks([run for cell in cells for run, _ in cell.pairs()], [])
    studied = [
        study_board(block, {m.name: m.cell for m in measured}, options)
        for block, measured in zip(found, named_rows(found), strict=True)
    ]
    return [board for board in studied if board is not None]


def study_board(
    block: Block, cells: Mapping[str, Cell], options: Options | None = None
) -> BoardStudy | None:
    """The study of ``cells``, by name, of one block; None without a complete method.

    Raises InputError as :func:`studies_of`.
    """
    profiles = tuple(sorted({cell.example.profile for cell in cells.values()}))
    missing = {name: missing_folds(cell) for name, cell in cells.items()}
    complete = {name: cell.scores for name, cell in cells.items() if not missing[name]}
    if not complete:
        return None
    try:
        paired = tally(complete)
    except InputError as error:
        where = f"{block.dataset}, {block.domain}, profile {_listed(profiles)}"
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
        tuple(matching_notes(block.settings, runs)),
    )


def missing_folds(cell: Cell) -> str:
    """``folds 2, 4`` that some seed of the cell lacks; empty when it is complete."""
    missing = sorted(
        fold
        for fold in cell.example.folds
        if any(fold not in folds for folds in cell.scores.values())
    )
    return f"fold{'s' * (len(missing) > 1)} {', '.join(map(str, missing))}" if missing else ""


def _listed(words: Sequence[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def _identity(run: Run) -> str:
    return json.dumps([run.method, run.profile, run.parameters, run.program], sort_keys=True)
