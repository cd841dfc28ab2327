"""From finished runs to studies: which methods can be compared, and what stops the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from adaptor_bench.errors import InputError
from adaptor_bench.evaluate.uncertainty.study import Options, Study, study
from adaptor_bench.evaluate.uncertainty.tally import tally
from adaptor_bench.report.board import Block, blocks, distinct_names
from adaptor_bench.runs import Cell

__all__ = ["Board", "studies_of", "study_board"]


@dataclass(frozen=True)
class Board:
    """One dataset, domain and profile: the study of its complete methods, and who is left out.

    ``left_out`` maps a method to the reason.
    """

    dataset: str
    kind: str
    domain: str
    profile: str
    study: Study
    left_out: dict[str, str]


def studies_of(cells: Sequence[Cell], options: Options | None = None) -> list[Board]:
    """One board per dataset, domain and profile with at least one complete method.

    Methods with a fold missing in any seed are left out. Raises InputError when runs of one board
    cannot be paired: other data, folds or matching.
    """
    runs = [run for cell in cells for run, _ in cell.pairs()]
    found = []
    for block in blocks(runs, []):
        for profile in sorted({row.profile or "" for row in block.rows}):
            of_profile = [cell for cell in block.examples if cell.example.profile == profile]
            names = distinct_names([cell.example for cell in of_profile])
            found.append(
                study_board(block, dict(zip(names, of_profile, strict=True)), profile, options)
            )
    return [board for board in found if board is not None]


def study_board(
    block: Block, cells: Mapping[str, Cell], profile: str, options: Options | None = None
) -> Board | None:
    """The study of ``cells``, by name, of one block; None without a complete method.

    ``profile`` is how the training of all of them is called. Raises InputError as
    :func:`studies_of`.
    """
    complete, left_out = {}, {}
    for name, cell in cells.items():
        missing = sorted(
            fold
            for fold in cell.example.folds
            if any(fold not in folds for folds in cell.scores.values())
        )
        if missing:
            several = "s" * (len(missing) > 1)
            left_out[name] = f"fold{several} {', '.join(map(str, missing))} missing"
        else:
            complete[name] = cell.scores
    if not complete:
        return None
    try:
        paired = tally(complete)
    except InputError as error:
        where = f"{block.dataset}, {block.domain}, profile {profile}"
        raise InputError(f"{where}: {error.message}", hint=error.hint) from error
    return Board(block.dataset, block.kind, block.domain, profile, study(paired, options), left_out)
