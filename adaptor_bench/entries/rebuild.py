"""From the entries of a leaderboard back to run directories: what reads runs reads entries, too.

A run directory made so holds what an entry knows: predictions, their score, what was run. It has
no checkpoint, and its times and training surgeries are those of nobody.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adaptor_bench.atomic import write_json
from adaptor_bench.data.frames import Dataset, Frame
from adaptor_bench.data.labels import write_points
from adaptor_bench.entries.entry import Board, Entry, SeedCounts
from adaptor_bench.entries.packed import Points, unpack
from adaptor_bench.entries.rescore import score_points
from adaptor_bench.errors import InputError
from adaptor_bench.progress import Progress
from adaptor_bench.runs import SCHEMA

__all__ = ["SUBMITTED", "Rebuilt", "rebuild_runs", "shown_names"]

SUBMITTED = "submitted"
"""The profile of predictions that came without a word on how they were made."""


@dataclass(frozen=True)
class Rebuilt:
    """``entries`` by the method's name in the runs; ``left_out``: entry id to the reason."""

    entries: dict[str, Entry]
    left_out: dict[str, str]


def shown_names(
    boards: Sequence[tuple[Board, Sequence[Entry]]], taken: Container[str] = ()
) -> list[list[str]]:
    """What the methods of each board's entries are called beside methods called ``taken``.

    The method; with its team where there are several teams, or the name is taken; with the
    entry's id where entries of one dataset would still be alike. Entries of different datasets
    share a name only if they share their team.
    """
    several = len({entry.team for _, entries in boards for entry in entries}) > 1
    listed = []
    for board, entries in boards:
        for e in entries:
            name = f"{e.method} ({e.team})" if several or e.method in taken else e.method
            listed.append((board.dataset, name, e.id))
    names = iter(
        f"{name} [{id_}]"
        if name in taken or [(d, n) for d, n, _ in listed].count((dataset, name)) > 1
        else name
        for dataset, name, id_ in listed
    )
    return [[next(names) for _ in entries] for _, entries in boards]


def rebuild_runs(
    board: Board,
    entries: Sequence[Entry],
    names: Sequence[str],
    dataset: Dataset,
    out: Path,
    progress: Progress,
) -> Rebuilt:
    """Write ``<out>/<entry>/<domain>/seed_<n>/fold_<k>/`` for every complete fold of ``entries``.

    ``names`` are what their methods are called there. An entry whose predictions were not published
    is left out. Raises InputError, naming all, for predictions that cannot be read or do not score
    as their entry says on these frames.
    """
    done: dict[str, Entry] = {}
    left_out: dict[str, str] = {}
    problems: list[str] = []
    with progress.bar("entries") as bar:
        for number, (entry, name) in enumerate(zip(entries, names, strict=True), start=1):
            bar(number, len(entries))
            if entry.predictions is None:
                left_out[entry.id] = "its predictions were not published"
                continue
            path = board.folder / "predictions" / Path(entry.predictions).name
            try:
                packed = unpack(path)
            except InputError as error:
                problems.append(error.message)
                continue
            for domain, seeds in entry.measured.items():
                for seed, stored in seeds.items():
                    points = packed.get((domain, seed), {})
                    problems += _rebuild(
                        board, entry, name, domain, seed, stored, points, dataset, out
                    )
            done[name] = entry
    if problems:
        raise InputError.collect(
            f"{board.folder}: entries do not score as they say:",
            problems,
            hint=f"`bench verify {board.folder}` tells more; is the data that of the leaderboard?",
        )
    return Rebuilt(done, left_out)


def _rebuild(
    board: Board,
    entry: Entry,
    name: str,
    domain: str,
    seed: int,
    stored: SeedCounts,
    points: Points,
    dataset: Dataset,
    out: Path,
) -> list[str]:
    """All complete folds of one seed; what does not agree."""
    by_surgery: dict[str, list[Frame]] = {}
    for frame in dataset.frames.get(domain, ()):
        by_surgery.setdefault(frame.surgery, []).append(frame)
    problems = []
    for fold, surgeries in board.folds[domain].items():
        if not all(surgery in stored.surgeries for surgery in surgeries):
            continue
        frames = [frame for s in surgeries for frame in by_surgery.get(s, ())]
        score = score_points(points, frames, board.settings)
        found = score.surgeries()
        differing = [s for s in surgeries if found.get(s) != stored.surgeries[s]]
        if differing:
            problems.append(f"{entry.id}: {domain}, seed {seed}: {', '.join(differing)}")
            continue
        directory = out / entry.id / domain / f"seed_{seed}" / f"fold_{fold}"
        directory.mkdir(parents=True)
        for frame in frames:
            if frame.key in points:
                surgery, video, stem = frame.written
                write_points(
                    frame.prediction_path(directory / "predictions"),
                    points[frame.key],
                    folder=surgery,
                    subfolder=video,
                    image=f"{stem}.png",
                )
        score.save(directory / "score.json")
        write_json(directory / "run.json", _record(board, entry, name, domain, seed, fold))
    return problems


def _record(
    board: Board, entry: Entry, name: str, domain: str, seed: int, fold: int
) -> dict[str, Any]:
    """``run.json`` of one fold."""
    setup = entry.setup or {}
    plan, sha = board.plans[domain]
    return {
        "schema": SCHEMA,
        "method": name,
        "title": entry.title,
        "domain": domain,
        "fold": fold,
        "folds": sorted(board.folds[domain]),
        "fold_plan": {"name": plan, "sha256": sha},
        "train": [],
        "validation": list(board.folds[domain][fold]),
        "dataset": {
            "name": board.dataset,
            "kind": board.kind,
            "fingerprint": board.fingerprints[domain],
        },
        "profile": setup.get("profile", SUBMITTED),
        "parameters": setup.get("parameters", {}),
        "profile_changes": setup.get("profile_changes", {}),
        "seed": seed,
        "device": setup.get("device", "not said"),
        "versions": setup.get("versions", {}),
        "code": setup.get("code"),
        "seconds": {},
        "notes": [*entry.notes, *setup.get("notes", [])],
    }
