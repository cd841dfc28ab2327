"""What reports are made from: finished runs, entries of leaderboards, the datasets of both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from adaptor_bench.data.frames import Dataset, index_dataset
from adaptor_bench.entries.entry import Entry, read_board, read_entries
from adaptor_bench.entries.rebuild import rebuild_runs, shown_names
from adaptor_bench.errors import InputError, UsageError, suggest
from adaptor_bench.phantom.default import cached_phantom, embedded_profile
from adaptor_bench.progress import Progress
from adaptor_bench.results.runs import Run, find_runs

__all__ = ["Material", "material"]


@dataclass(frozen=True)
class Material:
    """``datasets`` by name; ``entries``: the leaderboard entries among the runs, by dataset and
    the method's name in them; ``left_out``: why others are not there; ``private``: the datasets
    of leaderboards whose labels nobody but the organiser may have."""

    runs: tuple[Run, ...]
    datasets: dict[str, Dataset]
    entries: dict[tuple[str, str], Entry] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    private: frozenset[str] = frozenset()


def material(
    roots: Sequence[Path], boards: Sequence[Path], data: Sequence[Path], progress: Progress
) -> Material:
    """Runs below ``roots`` and those that the entries of leaderboard folders stand for.

    ``data`` are dataset folders; embedded phantoms need none. Raises InputError when there is
    nothing, or it cannot be read or does not fit its data; UsageError for a dataset nobody needs,
    or a leaderboard whose data must be given.
    """
    runs = find_runs(roots)
    leaderboards = [read_board(folder) for folder in boards]
    if not runs and not leaderboards:
        raise InputError(
            f"{', '.join(str(root) for root in roots)}: no finished run found",
            hint="`bench run` leaves <out>/<dataset>/<method>/<domain>/fold_<k>/run.json.",
        )
    kinds = {run.dataset["name"]: run.dataset["kind"] for run in runs}
    kinds |= {board.dataset: board.kind for board in leaderboards}
    datasets = _datasets(kinds, data, progress)
    listed = [(board, read_entries(board)) for board in leaderboards]
    names = shown_names(listed, {run.method for run in runs})
    rebuilt: list[Run] = []
    entries: dict[tuple[str, str], Entry] = {}
    left_out: list[str] = []
    for (board, of_board), called in zip(listed, names, strict=True):
        if board.dataset not in datasets:
            raise UsageError(
                f"the leaderboard {board.id!r} needs its data {board.dataset!r}",
                hint="Give --data.",
            )
        found = rebuild_runs(board, of_board, called, datasets[board.dataset], progress)
        rebuilt += found.runs
        entries |= {(board.dataset, name): entry for name, entry in found.entries.items()}
        left_out += [f"{entry} of {board.id}: {why}" for entry, why in found.left_out.items()]
    if not runs and not rebuilt:
        raise InputError.collect(
            "no entry of these leaderboards can be shown:", left_out or ["there is none"]
        )
    private = frozenset(board.dataset for board in leaderboards if board.embedded is None)
    return Material((*runs, *rebuilt), datasets, entries, tuple(left_out), private)


def _datasets(
    kinds: dict[str, str], data: Sequence[Path], progress: Progress
) -> dict[str, Dataset]:
    """Those in ``data`` and the embedded phantoms, by name, as far as ``kinds`` names them."""
    found: dict[str, Dataset] = {}
    for root in data:
        dataset = index_dataset(root)
        if dataset.name not in kinds:
            raise UsageError(
                f"{root}: this is dataset {dataset.name!r}, which none of the results is about",
                hint=suggest(dataset.name, kinds),
            )
        found[dataset.name] = dataset
    for name, kind in kinds.items():
        profile = embedded_profile(name, kind)
        if profile is not None and name not in found:
            found[name] = index_dataset(cached_phantom(profile, progress))
    return found
