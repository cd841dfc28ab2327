"""Results from folders: finished runs, leaderboards, printed numbers; and as rows for analysis."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from adaptor_bench.data.frames import Dataset, index_dataset
from adaptor_bench.entries.entry import (
    BOARD,
    Leaderboard,
    boards,
    find_board,
    read_board,
    read_entries,
)
from adaptor_bench.entries.verify import frames_of_board
from adaptor_bench.errors import InputError, UsageError, suggest
from adaptor_bench.phantom.default import cached_phantom, embedded_profile
from adaptor_bench.progress import Progress
from adaptor_bench.results.board import Board, printed_beside
from adaptor_bench.results.naming import name_results
from adaptor_bench.results.published import load_published
from adaptor_bench.results.result import Result
from adaptor_bench.results.runs import find_runs, runs_below
from adaptor_bench.results.sources import (
    published_results,
    results_of_entries,
    results_of_runs,
    scored_entries,
)
from adaptor_bench.scoring.metrics import metrics_of

PUBLISHED = "published"
"""Stands for the numbers that papers print."""


@dataclass(frozen=True)
class Loaded:
    """``datasets`` by name; ``left_out``: what of entries of leaderboards is not there, and why;
    ``private``: the datasets of leaderboards whose labels are not shown unless that is asked for,
    ``secret`` those that are never shown; ``printed``: what papers print about the data of the
    ``leaderboards``."""

    results: tuple[Result, ...]
    datasets: dict[str, Dataset]
    left_out: tuple[str, ...] = ()
    private: frozenset[str] = frozenset()
    printed: tuple[Board, ...] = ()
    secret: frozenset[str] = frozenset()
    leaderboards: tuple[Leaderboard, ...] = ()


def load_results(
    paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]], *, ddof: int = 0
) -> list[Result]:
    """All results of ``paths``: folders of runs, leaderboards (a folder or a name of one that comes
    with the package), or ``"published"``. No data are needed, and no image is read.

    ``ddof`` is that of the spreads over folds. Raises InputError for a folder without results or
    with malformed ones, UsageError for what is neither a folder nor a leaderboard.
    """
    given = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    results: list[Result] = []
    roots: list[Path] = []
    for path in map(Path, given):
        if str(path) == PUBLISHED:
            results += published_results(load_published())
        elif (path / BOARD).is_file() or (not path.is_dir() and str(path) in boards()):
            board = read_board(find_board(str(path)))
            results += results_of_entries(board, read_entries(board), ddof)
        elif path.is_dir():
            roots.append(path)
        else:
            raise UsageError(
                f"{path}: neither a folder nor the name of a leaderboard",
                hint=suggest(str(path), [*boards(), PUBLISHED]),
            )
    return [*results_of_runs(runs_below(roots), ddof=ddof), *results]


def load_scored(
    roots: Sequence[Path],
    leaderboards: Sequence[Path],
    data: Sequence[Path],
    progress: Progress,
    *,
    ddof: int = 0,
) -> Loaded:
    """Runs below ``roots`` and the entries of leaderboard folders, with frames and points.

    ``data`` are dataset folders; embedded phantoms need none, and leaderboards of private labels
    may do without: then counts are all there is. Raises InputError when there is
    nothing, or it cannot be read or does not fit its data; UsageError for a dataset nobody needs,
    or a leaderboard whose data must be given.
    """
    runs = find_runs(roots) if leaderboards else runs_below(roots)
    definitions = [read_board(folder) for folder in leaderboards]
    kinds = {run.dataset["name"]: run.dataset["kind"] for run in runs}
    kinds |= {board.dataset: board.kind for board in definitions}
    versions = {board.dataset: board.version for board in definitions}
    datasets = _datasets(kinds, versions, data, progress, definitions)
    results = results_of_runs(runs, ddof=ddof)
    left_out: list[str] = []
    for board in definitions:
        if board.private and board.dataset not in datasets:
            results += results_of_entries(board, read_entries(board), ddof)
            continue
        if board.dataset not in datasets:
            raise UsageError(
                f"the leaderboard {board.id!r} needs its data {board.dataset!r}",
                hint="Give --data.",
            )
        of_board, unpublished = scored_entries(
            board, read_entries(board), datasets[board.dataset], progress, ddof
        )
        results += of_board
        left_out += [
            f"curves and frames of {entry} of {board.id}: {why}"
            for entry, why in unpublished.items()
        ]
    if not results and not any(board.private for board in definitions):
        raise InputError("these leaderboards have no entry")
    private = frozenset(board.dataset for board in definitions if board.embedded is None)
    printed = tuple(board for each in definitions for board in printed_beside(each))
    secret = frozenset(board.dataset for board in definitions if board.private)
    return Loaded(
        tuple(results), datasets, tuple(left_out), private, printed, secret, tuple(definitions)
    )


def tidy_rows(
    results: Iterable[Result], by: Literal["fold", "surgery"] = "fold"
) -> list[dict[str, Any]]:
    """One row per method, domain, seed and fold, or surgery: counts, and every metric in 0..1
    (NaN for 0/0). ``name`` is the method, told apart from namesakes under other settings; ``rule``,
    ``radius``, ``inclusive`` and ``missing`` say how it was matched.

    Printed numbers have no counts: a row per printed fold, or one of their mean where no folds are
    printed, and none by surgery.
    """
    rows = []
    results = list(results)
    for result, name in zip(results, name_results(results), strict=True):
        about = {
            "method": result.method,
            "name": name,
            "team": result.team,
            "domain": result.domain,
            "dataset": result.dataset,
            "source": result.source,
            "profile": result.profile,
            **(result.settings.to_json() if result.settings else {}),
        }
        for part in result.fold_results:
            groups = part.surgeries if by == "surgery" else {None: part.counts}
            for surgery, counts in groups.items():
                rows.append(
                    about
                    | {"seed": part.seed, "fold": part.fold}
                    | ({"surgery": surgery} if surgery else {})
                    | counts.to_json()
                    | metrics_of(counts)
                )
        if result.printed and by == "fold":
            nothing = dict.fromkeys(("tp", "fp", "fn"))
            for fold in result.main.folds or [None]:
                values = {
                    key: found.mean if fold is None else found.folds.get(fold)
                    for key, found in result.metrics.items()
                }
                rows.append(about | {"seed": None, "fold": fold} | nothing | values)
    return rows


def _datasets(
    kinds: dict[str, str],
    versions: dict[str, int | None],
    data: Sequence[Path],
    progress: Progress,
    leaderboards: Sequence[Leaderboard],
) -> dict[str, Dataset]:
    """Those in ``data`` and the embedded phantoms, by name, as far as ``kinds`` names them. Labels
    of one of the ``leaderboards`` are known again whatever their folder is called.

    ``versions`` are those of the generator that the embedded ones must have, where it is known.
    """
    datasets: dict[str, Dataset] = {}
    for root in data:
        dataset = index_dataset(root)
        if dataset.name not in kinds and (board := _known_again(dataset, leaderboards)):
            datasets[board.dataset] = dataset
            continue
        if dataset.name not in kinds:
            raise UsageError(
                f"{root}: this is dataset {dataset.name!r}, which none of the results use",
                hint=suggest(dataset.name, kinds),
            )
        datasets[dataset.name] = dataset
    for name, kind in kinds.items():
        profile = embedded_profile(name, kind)
        if profile is not None and name not in datasets:
            datasets[name] = index_dataset(cached_phantom(profile, progress, versions.get(name)))
    return datasets


def _known_again(dataset: Dataset, leaderboards: Sequence[Leaderboard]) -> Leaderboard | None:
    for board in leaderboards:
        if board.embedded is None and board.labels:
            try:
                frames_of_board(dataset, board)
            except InputError:
                continue
            return board
    return None
