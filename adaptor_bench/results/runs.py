"""Read the run directories that ``bench run`` leaves behind.

``<out>/<dataset>/<method>/<domain>/fold_<k>/`` holds ``run.json`` (what was run) and
``score.json`` (counts and pairs). A method's name may contain one slash, so a run is recognised
by ``fold_*/run.json`` and takes its names from that file, never from the path. Directories that
begin with ``.partial-`` are unfinished; those with a ``key.json`` are artefacts, which runs share.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from adaptor_bench.bounded import read_json
from adaptor_bench.data.sizes import read_sizes
from adaptor_bench.errors import InputError
from adaptor_bench.matching.settings import MatchSettings
from adaptor_bench.schemas import problems, schema
from adaptor_bench.scoring.metrics import Counts
from adaptor_bench.scoring.scorefile import FoldScore

RUN_LIMIT = 16 << 20  # bytes of a run.json


@dataclass(frozen=True)
class Run:
    """One fold of one method: the content of ``run.json``, and where it stands (``path``).

    ``code`` holds the hash of the program under ``sha256``, ``frame_sizes`` (width, height) of
    the frames predicted on, ``ceiling`` what perfect maps score under which matching; None and
    empty before they were recorded; ``cpu_seconds`` and ``peak_memory`` (MiB) are of trained parts,
    None where they are not recorded. ``cohort`` is that of all surgeries of the fold, None where
    the dataset has none; ``role`` is that of the method's card; ``threads`` and
    ``devices`` those that its training had, where recorded.
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
    cpu_seconds: dict[str, float] | None = None
    peak_memory: dict[str, float] | None = None
    frame_sizes: tuple[tuple[int, int], ...] = ()
    cohort: str | None = None
    role: str = ""
    threads: int | None = None
    devices: int | None = None
    ceiling: dict[str, Any] | None = None

    @property
    def predictions(self) -> Path:
        """The folder of predicted points, in the challenge's layout."""
        return self.path / "predictions"

    @property
    def program(self) -> str:
        """The first digits of the hash of the code that made it; empty where none is recorded."""
        return str((self.code or {}).get("sha256", ""))[:12]

    def ceilings(self, settings: MatchSettings) -> dict[str, Counts]:
        """What perfect maps score in every surgery; empty where that is not known."""
        if not self.ceiling or self.ceiling["matching"] != settings.to_json():
            return {}
        return {name: Counts(**c) for name, c in self.ceiling["surgeries"].items()}

    def score(self) -> FoldScore:
        """Read ``score.json``. Raises InputError when it is missing or malformed."""
        return FoldScore.load(self.path / "score.json")

    @classmethod
    def load(cls, path: Path) -> Run:
        """Read ``<path>/run.json``. Raises InputError listing all that its schema forbids."""
        document = read_json(path / "run.json", RUN_LIMIT)
        wrong = problems(document, schema("run"))
        if not wrong and document["fold"] not in document["folds"]:
            wrong = [f"/fold: {document['fold']} is not one of folds {document['folds']}"]
        if wrong:
            raise InputError(f"{path / 'run.json'}: {'; '.join(wrong)}")
        values = {f.name: document.get(f.name) for f in fields(cls)}
        for key in ("folds", "train", "validation", "notes"):
            values[key] = tuple(document[key])
        values["role"] = document.get("role", "")
        values |= {"path": path, "frame_sizes": tuple(read_sizes(document.get("frame_sizes", {})))}
        return cls(**values)


def find_runs(roots: Iterable[Path]) -> list[Run]:
    """All runs below ``roots`` (an output folder or any part of one), sorted by path.

    Raises InputError listing every root that does not exist and every ``run.json`` that is
    malformed.
    """
    runs: dict[Path, Run] = {}
    absent: list[str] = []
    malformed: list[str] = []
    for root in roots:
        if not root.is_dir():
            absent.append(f"{root}: no such folder")
            continue
        for path in _run_directories(root):
            try:
                runs.setdefault(path.resolve(), Run.load(path))
            except InputError as error:
                malformed.append(error.message)
    if absent and not malformed:
        raise InputError(
            "; ".join(absent),
            hint="`bench run` leaves finished runs in the folder it is given as --out (runs).",
        )
    if malformed:
        raise InputError.collect(
            "some run directories cannot be read:",
            [*absent, *malformed],
            hint="Remove these directories or rerun them (`bench run` resumes).",
        )
    return [runs[path] for path in sorted(runs)]


def runs_below(roots: Sequence[Path], told: Sequence[str] = ()) -> list[Run]:
    """As :func:`find_runs`. Raises InputError, with all that is ``told``, where there is none below
    ``roots``."""
    runs = find_runs(roots)
    if roots and not runs:
        raise InputError.collect(
            f"{', '.join(map(str, roots))}: no finished run found",
            told,
            hint="`bench run` leaves <out>/<dataset>/<method>/<domain>/fold_<k>/run.json.",
        )
    return runs


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
