"""From the entries of a leaderboard back to runs: what reads runs reads entries, too.

A run made so holds what an entry knows: predictions, their score, what was run. It has no folder
and no checkpoint, and its times and training surgeries are those of nobody.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adaptor_bench.data.frames import Dataset, Frame
from adaptor_bench.entries.entry import Entry, Leaderboard
from adaptor_bench.entries.naming import twins
from adaptor_bench.entries.packed import unpack
from adaptor_bench.errors import InputError
from adaptor_bench.evaluate.reading import pair_batches, read_labels
from adaptor_bench.evaluate.score import score_batches
from adaptor_bench.evaluate.scorefile import FoldScore
from adaptor_bench.progress import Progress
from adaptor_bench.results.runs import SCHEMA, Held, Run

__all__ = ["SUBMITTED", "Rebuilt", "rebuild_runs", "shown_names"]

SUBMITTED = "submitted"
"""The profile of predictions that came without a word on how they were made."""


@dataclass(frozen=True)
class Rebuilt:
    """``runs`` in order; ``entries`` by the method's name in the runs; ``left_out``: entry id to
    the reason."""

    runs: list[Run]
    entries: dict[str, Entry]
    left_out: dict[str, str]


def shown_names(
    boards: Sequence[tuple[Leaderboard, Sequence[Entry]]], taken: Container[str] = ()
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
    board: Leaderboard,
    entries: Sequence[Entry],
    names: Sequence[str],
    dataset: Dataset,
    progress: Progress,
) -> Rebuilt:
    """A run for every complete fold of every seed of ``entries``, held in memory.

    ``names`` are what their methods are called there. An entry whose predictions were not published
    is left out. Raises InputError, naming all, for predictions that cannot be read or do not score
    as their entry says on these frames.
    """
    runs: list[Run] = []
    done: dict[str, Entry] = {}
    left_out: dict[str, str] = {}
    problems: list[str] = []
    frames_of = _frames_by_fold(board, dataset)
    labels = {key: read_labels(frames) for key, frames in frames_of.items()}
    called = {entry.id: name for entry, name in zip(entries, names, strict=True)}
    with progress.bar("entries") as bar:
        for number, (entry, name) in enumerate(zip(entries, names, strict=True), start=1):
            bar(number, len(entries))
            if entry.predictions is None:
                left_out[entry.id] = "its predictions were not published"
                continue
            try:
                packed = unpack(board.folder / "predictions" / Path(entry.predictions).name)
            except InputError as error:
                problems.append(error.message)
                continue
            alike: dict[str, list[str]] = {domain: [] for domain in entry.measured}
            for other in entries:
                for domain in twins(entry, other):
                    alike[domain].append(f"the same predictions as {called[other.id]}.")
            for domain, seed, fold in _complete_folds(board, entry):
                points, frames = packed.get((domain, seed), {}), frames_of[domain, fold]
                batches = pair_batches(points, frames, labels[domain, fold])
                # Distances as a score.json keeps them: nobody can tell these runs from others.
                score = FoldScore.from_json(score_batches(batches, board.settings).to_json())
                found, stored = score.surgeries(), entry.measured[domain][seed].surgeries
                validated = board.folds[domain][fold]
                if differing := [s for s in validated if found.get(s) != stored[s]]:
                    problems.append(f"{entry.id}: {domain}, seed {seed}: {', '.join(differing)}")
                    continue
                place = Path(f"leaderboard {board.id}: {entry.id}", domain, f"seed_{seed}")
                record = _record(board, entry, name, domain, seed, fold)
                record["notes"] = [*alike[domain], *record["notes"]]
                runs.append(Run.from_json(record, place / f"fold_{fold}", Held(score, points)))
            done[name] = entry
    if problems:
        raise InputError.collect(
            f"{board.folder}: entries do not score as they say:",
            problems,
            hint=f"`bench verify {board.folder}` tells more; is the data that of the leaderboard?",
        )
    return Rebuilt(sorted(runs, key=lambda run: run.path), done, left_out)


def _frames_by_fold(board: Leaderboard, dataset: Dataset) -> dict[tuple[str, int], list[Frame]]:
    """The validation frames of every domain and fold of the board, by surgery."""
    found: dict[tuple[str, int], list[Frame]] = {}
    for domain, folds in board.folds.items():
        by_surgery: dict[str, list[Frame]] = {}
        for frame in dataset.frames.get(domain, ()):
            by_surgery.setdefault(frame.surgery, []).append(frame)
        for fold, surgeries in folds.items():
            found[domain, fold] = [f for s in surgeries for f in by_surgery.get(s, ())]
    return found


def _complete_folds(board: Leaderboard, entry: Entry) -> Iterator[tuple[str, int, int]]:
    """Domain, seed and fold of which the entry has all surgeries."""
    for domain, seeds in entry.measured.items():
        for seed, stored in seeds.items():
            for fold, surgeries in board.folds[domain].items():
                if all(surgery in stored.surgeries for surgery in surgeries):
                    yield domain, seed, fold


def _record(
    board: Leaderboard, entry: Entry, name: str, domain: str, seed: int, fold: int
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
