"""Read the run directories that ``bench run`` leaves behind.

``<out>/<dataset>/<method>/<domain>/fold_<k>/`` holds ``run.json`` (what was run) and
``score.json`` (counts and pairs). A method's name may contain one slash, so a run is recognised
by ``fold_*/run.json`` and takes its names from that file, never from the path. Directories that
begin with ``.partial-`` are unfinished; those with a ``key.json`` are artefacts, which runs share.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.bounded import read_json
from adaptor_bench.data.sizes import read_sizes
from adaptor_bench.errors import InputError
from adaptor_bench.evaluate.aggregate import Aggregate, aggregate
from adaptor_bench.evaluate.scorefile import FoldScore

__all__ = ["Cell", "Held", "Run", "differing_in", "find_runs", "group_cells"]

SCHEMA = 1
RUN_LIMIT = 16 << 20  # bytes of a run.json


@dataclass(frozen=True)
class Held:
    """What a run has in memory that was never a folder: its score, and the predicted points of
    every frame, (N, 2), order x, y, px; a frame that is not there was not predicted on."""

    score: FoldScore
    points: Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True)
class Run:
    """One fold of one method: the content of ``run.json``, and where it stands (``path``).

    ``code`` holds the hash of the program under ``sha256``, ``frame_sizes`` (width, height) of
    the frames predicted on; None and empty before they were recorded. With ``held`` there is no
    such place: ``path`` is what errors call it.
    """

    path: Path
    method: str
    title: str
    domain: str
    fold: int
    folds: tuple[int, ...]
    fold_plan: dict[str, str]
    train: tuple[str, ...]
    validation: tuple[str, ...]
    dataset: dict[str, str]
    profile: str
    parameters: dict[str, Any]
    profile_changes: dict[str, Any]
    seed: int
    device: str
    versions: dict[str, Any]
    seconds: dict[str, Any]
    notes: tuple[str, ...]
    code: dict[str, Any] | None = None
    frame_sizes: tuple[tuple[int, int], ...] = ()
    held: Held | None = field(default=None, repr=False, compare=False)

    @property
    def predictions(self) -> Path:
        """The folder of predicted points, in the challenge's layout."""
        return self.path / "predictions"

    @property
    def program(self) -> str:
        """The first digits of the hash of the code that made it; empty where none is recorded."""
        return str((self.code or {}).get("sha256", ""))[:12]

    def score(self) -> FoldScore:
        """Read ``score.json``. Raises InputError when it is missing or malformed."""
        if self.held is not None:
            return self.held.score
        return FoldScore.load(self.path / "score.json")

    @classmethod
    def load(cls, path: Path) -> Run:
        """Read ``<path>/run.json``. Raises InputError listing every key that does not fit."""
        return cls.from_json(read_json(path / "run.json", RUN_LIMIT), path)

    @classmethod
    def from_json(cls, document: Any, path: Path, held: Held | None = None) -> Run:
        """A run from a decoded ``run.json``. Raises InputError listing every key that is wrong."""
        problems = _problems(document)
        if problems:
            raise InputError(f"{path / 'run.json'}: {'; '.join(problems)}")
        values = {f.name: document[f.name] for f in fields(cls) if f.name in _KINDS}
        values["code"] = document.get("code")
        values["frame_sizes"] = tuple(read_sizes(document.get("frame_sizes", {})))
        for key in ("folds", "train", "validation", "notes"):
            values[key] = tuple(values[key])
        return cls(path=path, held=held, **values)


@dataclass(frozen=True)
class Cell:
    """One row of a table before aggregation: a method under fixed parameters on one domain.

    ``runs[seed][fold]`` and ``scores[seed][fold]`` have the same keys.
    """

    runs: dict[int, dict[int, Run]]
    scores: dict[int, dict[int, FoldScore]]

    @property
    def example(self) -> Run:
        """One of the runs, for all that the runs of a cell have in common."""
        return next(iter(next(iter(self.runs.values())).values()))

    def aggregates(self, ddof: int = 0) -> dict[str, Aggregate]:
        """Every metric over the folds of the plan."""
        counts = {
            seed: {fold: score.counts for fold, score in scores.items()}
            for seed, scores in self.scores.items()
        }
        labelled = {run.fold for run, score in self.pairs() if score.labels}
        found = {fold for scores in self.scores.values() for fold in scores}
        return aggregate(counts, self.example.folds, ddof, unlabelled=found - labelled)

    def pairs(self) -> list[tuple[Run, FoldScore]]:
        """Every run with its score, by seed and fold."""
        return [
            (self.runs[seed][fold], self.scores[seed][fold])
            for seed in sorted(self.runs)
            for fold in sorted(self.runs[seed])
        ]


def find_runs(roots: Iterable[Path]) -> list[Run]:
    """All runs below ``roots`` (an output folder or any part of one), sorted by path.

    Raises InputError listing every root that does not exist and every ``run.json`` that is
    malformed.
    """
    runs: dict[Path, Run] = {}
    absent: list[str] = []
    problems: list[str] = []
    for root in roots:
        if not root.is_dir():
            absent.append(f"{root}: no such folder")
            continue
        for path in _run_directories(root):
            try:
                runs.setdefault(path.resolve(), Run.load(path))
            except InputError as error:
                problems.append(error.message)
    if absent and not problems:
        raise InputError(
            "; ".join(absent),
            hint="`bench run` leaves finished runs in the folder it is given as --out (runs).",
        )
    if problems:
        raise InputError.collect(
            "some run directories cannot be read:",
            [*absent, *problems],
            hint="Remove these directories or repeat the runs (`bench run` resumes).",
        )
    return [runs[path] for path in sorted(runs)]


def group_cells(
    runs: Sequence[Run], score_of: Callable[[Run], FoldScore] = Run.score
) -> list[Cell]:
    """Runs to cells (dataset, method, domain, profile, parameters, code), in order of appearance.

    ``score_of`` gives the score of a run, or raises InputError. Raises InputError listing every
    unreadable score, and when two runs claim the same seed and fold of a cell.
    """
    cells: dict[str, Cell] = {}
    problems: list[str] = []
    for run in runs:
        key = json.dumps(
            [run.dataset["name"], run.method, run.domain, run.profile, run.parameters, run.program],
            sort_keys=True,
        )
        cell = cells.setdefault(key, Cell({}, {}))
        other = cell.runs.setdefault(run.seed, {}).setdefault(run.fold, run)
        if other is not run:
            problems.append(
                f"{other.path} and {run.path}: both are seed {run.seed}, fold {run.fold} of "
                f"{run.method!r} on {run.domain!r}"
            )
            continue
        try:
            cell.scores.setdefault(run.seed, {})[run.fold] = score_of(run)
        except InputError as error:
            problems.append(error.message)
    if problems:
        raise InputError.collect("these runs cannot go into a table:", problems)
    return list(cells.values())


def differing_in(runs: Sequence[Run]) -> str:
    """What sets these runs of one method apart, in words; empty when nothing does."""
    described = {
        "data": [run.dataset["name"] for run in runs],
        "profile": [run.profile for run in runs],
        "code": [run.program for run in runs],
    }
    for key in sorted({key for run in runs for key in run.parameters}):
        described[key] = [json.dumps(r.parameters.get(key), sort_keys=True) for r in runs]
    return ", ".join(what for what, values in described.items() if len(set(values)) > 1)


def _run_directories(root: Path) -> list[Path]:
    found = []
    for folder, subfolders, files in os.walk(root):
        if "run.json" in files and Path(folder).resolve().name.startswith("fold_"):
            found.append(Path(folder))
            subfolders.clear()  # thousands of predictions, but no further run
            continue
        # An artefact is known by its key: a dataset may be called what their folder is called.
        shared = "key.json" in files
        subfolders[:] = sorted(n for n in subfolders if not (shared or n.startswith(".")))
    return found


_TEXT, _WHOLE, _LIST, _OBJECT = "text", "a whole number", "a list", "an object"
_KINDS: dict[str, str] = {
    "method": _TEXT,
    "title": _TEXT,
    "domain": _TEXT,
    "fold": _WHOLE,
    "folds": _LIST,
    "fold_plan": _OBJECT,
    "train": _LIST,
    "validation": _LIST,
    "dataset": _OBJECT,
    "profile": _TEXT,
    "parameters": _OBJECT,
    "profile_changes": _OBJECT,
    "seed": _WHOLE,
    "device": _TEXT,
    "versions": _OBJECT,
    "seconds": _OBJECT,
    "notes": _LIST,
}
_INNER = {"fold_plan": ("name", "sha256"), "dataset": ("name", "kind", "fingerprint")}


def _problems(document: Any) -> list[str]:
    """Everything in a decoded ``run.json`` that does not fit."""
    if not isinstance(document, dict):
        return ["expected an object"]
    if document.get("schema") != SCHEMA:
        return [f"schema is {document.get('schema')!r}, expected {SCHEMA}"]
    problems = []
    for key, kind in _KINDS.items():
        if key not in document:
            problems.append(f"key {key!r} is missing")
        elif not _is(document[key], kind):
            problems.append(f"key {key!r} is not {kind}")
    if problems:
        return problems
    for key, inner in _INNER.items():
        problems += [
            f"key '{key}/{name}' is missing or not text"
            for name in inner
            if not _is(document[key].get(name), _TEXT)
        ]
    if not _is(document.get("code") or {}, _OBJECT):
        problems.append(f"key 'code' is not {_OBJECT}")
    problems += [
        f"key {key!r} holds something other than text"
        for key in ("train", "validation", "notes")
        if not all(_is(item, _TEXT) for item in document[key])
    ]
    problems += [
        f"key 'profile_changes/{name}' is not the published value and the used one"
        for name, pair in document["profile_changes"].items()
        if not (_is(pair, _LIST) and len(pair) == 2)
    ]
    try:
        read_sizes(document.get("frame_sizes", {}))
    except (TypeError, ValueError, AttributeError):
        problems.append("key 'frame_sizes' has no sizes such as 512x288")
    if not all(_is(fold, _WHOLE) for fold in document["folds"]):
        problems.append("key 'folds' holds something other than whole numbers")
    elif document["fold"] not in document["folds"]:
        problems.append(f"fold {document['fold']} is not one of folds {document['folds']}")
    return problems


def _is(value: Any, kind: str) -> bool:
    if kind == _WHOLE:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, {_TEXT: str, _LIST: list, _OBJECT: dict}[kind])
