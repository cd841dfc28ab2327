"""Which runs a figure is of, and the frames they were scored on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from adaptor_bench.data.frames import Dataset, index_dataset
from adaptor_bench.errors import InputError, UsageError, suggest
from adaptor_bench.phantom.default import cached_phantom, embedded_profile
from adaptor_bench.progress import Progress
from adaptor_bench.report.studies import BoardStudy, named_rows, study_board
from adaptor_bench.results.blocks import blocks
from adaptor_bench.results.runs import Cell, Run, find_runs

__all__ = ["Selection", "complete_methods", "dataset_of", "one_run", "runs_of_method"]


@dataclass(frozen=True)
class Selection:
    """Complete methods of one dataset: the study of every domain, sim first, and
    ``cells[domain][method]`` in the order of the ranking."""

    boards: tuple[BoardStudy, ...]
    cells: dict[str, dict[str, Cell]]

    @property
    def runs(self) -> list[Run]:
        """All runs of these methods."""
        return [run for here in self.cells.values() for c in here.values() for run, _ in c.pairs()]


def runs_of_method(roots: Sequence[Path], method: str | None, domain: str) -> list[Run]:
    """Finished runs of one method: the one named, else improved_heatmap, else the first.

    ``domain`` is a domain's name or ``all``. Raises InputError when nothing is finished below
    ``roots``, UsageError when nothing of this method or domain is.
    """
    found = find_runs(roots)
    if not found:
        raise InputError(f"{', '.join(map(str, roots))}: no finished run found")
    methods = sorted({run.method for run in found})
    wanted = method or ("improved_heatmap" if "improved_heatmap" in methods else methods[0])
    here = [r for r in found if r.method == wanted and domain in ("all", r.domain)]
    if not here:
        known = [run.domain for run in found] if wanted in methods else methods
        word = domain if wanted in methods else wanted
        raise UsageError(f"no finished run of {word!r}", hint=suggest(word, set(known)))
    return here


def one_run(found: Sequence[Run], fold: int | None, frame: str | None = None) -> Run:
    """The run of the lowest seed, of this fold or the first; intraop before sim.

    Without a fold, one that was validated on the surgery of ``frame`` (surgery/video/stem) if any
    was. Raises UsageError.
    """
    if frame is not None and fold is None:
        found = [r for r in found if frame.split("/", 1)[0] in r.validation] or found
    here = [run for run in found if fold in (None, run.fold)]
    if not here:
        raise UsageError(f"no finished run of fold {fold}")
    return min(here, key=lambda r: (r.domain != "intraop", r.seed, r.fold))


def dataset_of(found: Sequence[Run], data: Path | None) -> Dataset:
    """The frames of these runs: below ``data``, or the phantom they name. Raises UsageError."""
    named = {(run.dataset["name"], run.dataset["kind"]) for run in found}
    if len(named) > 1:
        raise UsageError("these runs are of several datasets", hint="Give runs of one of them.")
    ((name, kind),) = named
    if data is None:
        profile = embedded_profile(name, kind)
        if profile is None:
            raise UsageError(f"the frames of {name!r} are needed", hint="Give --data DIR.")
        data = cached_phantom(profile, Progress())
    return index_dataset(data)


def complete_methods(roots: Sequence[Path], domain: str) -> Selection:
    """The methods with all their folds, of one domain or ``all``.

    Raises InputError when there is none, UsageError when they are of several datasets.
    """
    found = blocks([run for run in find_runs(roots) if domain in ("all", run.domain)], [])
    boards: list[BoardStudy] = []
    chosen: dict[str, dict[str, Cell]] = {}
    for block, rows in zip(found, named_rows(found), strict=True):
        cells = {row.name: row.cell for row in rows}
        if board := study_board(block, cells):
            boards.append(board)
            chosen[board.domain] = {method: cells[method] for method in board.study.methods}
    if not boards:
        raise InputError(
            "no method with all its folds", hint="`bench leaderboard` says what lacks."
        )
    if len({board.dataset for board in boards}) > 1:
        raise UsageError("these runs are of several datasets", hint="Give runs of one of them.")
    return Selection(tuple(boards), chosen)
