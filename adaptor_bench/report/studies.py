"""From boards to studies: which results can be compared, and what stops the others.

The ranking card of the command line, the site's and the figures all rest on the studies made here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from adaptor_bench.errors import InputError
from adaptor_bench.report.claims import Answer, answers
from adaptor_bench.results.board import Board, tally_of
from adaptor_bench.results.notes import ceiling_note, floor_notes, matching_notes
from adaptor_bench.results.result import Result
from adaptor_bench.scoring.uncertainty.study import Options, Study, study

UNKNOWN_PROFILE = "submitted"
"""The profile of predictions that came without a word on how they were made."""


@dataclass(frozen=True)
class BoardStudy:
    """The study of a board's complete competitors, and who is left out.

    ``profiles`` are those of all its methods; ``left_out`` maps a method to the reason;
    ``matching`` says how all were scored; ``unlabelled`` maps a method to its false points in
    folds without labels; ``answers`` are those to the claims about its domain; ``bounds`` says
    what the best floor and the ceilings are.
    """

    dataset: str
    kind: str
    domain: str
    profiles: tuple[str, ...]
    study: Study
    left_out: dict[str, str]
    matching: tuple[str, ...] = ()
    unlabelled: Mapping[str, Mapping[int, float]] = field(default_factory=dict)
    answers: tuple[Answer, ...] = ()
    bounds: tuple[str, ...] = ()

    @property
    def profile(self) -> str:
        """The profiles in words."""
        *first, last = self.profiles
        return f"{', '.join(first)} and {last}" if first else last


def answered(studies: Sequence[BoardStudy]) -> list[BoardStudy]:
    """The same with the answers to claims, those of one dataset corrected together."""
    found = []
    for board in studies:
        of_dataset = {b.domain: b.study for b in studies if b.dataset == board.dataset}
        told = answers(of_dataset, level=board.study.options.level)
        here = tuple(a for a in told if a.domain == board.domain)
        found.append(replace(board, answers=here))
    return found


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
        found = study_results(complete, left_out, options, board.measured)
        return replace(found, bounds=(*floor_notes(board), *filter(None, [ceiling_note(board)])))
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
    they cannot be paired surgery by surgery."""
    first, shown = results[0], beside or results
    assert first.settings is not None
    return BoardStudy(
        first.dataset,
        first.kind,
        first.domain,
        tuple(sorted({profile_of(r) for r in shown})),
        study(tally_of(results), options),
        left_out,
        tuple(matching_notes(first.settings, shown)),
        {r.name: r.main.unlabelled for r in results},
    )


def profile_of(result: Result) -> str:
    """The profile in words."""
    return result.profile or UNKNOWN_PROFILE


def lacking(result: Result) -> str:
    """``folds 2, 4`` that some seed of the result lacks; empty when it is complete."""
    missing = result.missing
    return f"fold{'s' * (len(missing) > 1)} {', '.join(map(str, missing))}" if missing else ""
