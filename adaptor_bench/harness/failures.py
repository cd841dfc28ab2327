"""Folds that a method did not get through: ``fold_<k>.failed/`` beside where the result would be.

It holds ``failure.json`` and ``traceback.txt``. It is no run and never counts as one; the next
``bench run`` tries the fold again and removes it when the fold is finished.
"""

from __future__ import annotations

import os
import shutil
import traceback
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adaptor_bench.atomic import atomic_directory, write_json, write_text
from adaptor_bench.bounded import read_json
from adaptor_bench.errors import InputError, plural

_RECORD, _TRACEBACK = "failure.json", "traceback.txt"


@dataclass(frozen=True)
class Failure:
    """A failed fold: ``reason`` is one line, ``path`` the folder that says more; ``file`` is where
    in the method's own code it went wrong, file and line, or its file."""

    path: Path
    dataset: str
    method: str
    domain: str
    fold: int
    reason: str
    file: str = ""

    @property
    def traceback(self) -> Path:
        """Where in the method it went wrong, as Python tells it."""
        return self.path / _TRACEBACK


def innermost(error: BaseException | None, own: Iterable[Path], otherwise: str) -> str:
    """The place, ``file:line``, nearest to where an error was raised that is in one of the files
    ``own``; ``otherwise`` if there is none."""
    trace = traceback.extract_tb(error.__traceback__) if error else []
    files = set(map(str, own))
    places = [f"{line.filename}:{line.lineno}" for line in trace if line.filename in files]
    return places[-1] if places else otherwise


def record_failure(
    fold: Path, record: dict[str, Any], reason: str, error: BaseException, file: str = ""
) -> Failure:
    """Write down that a ``fold`` failed, beside where its result would be.

    ``record`` is the run.json that would have been written, or as much of it as says which fold
    of which method and dataset it is; ``file`` see :class:`Failure`.
    """
    path, whole = place_of_failure(fold), {**record, "reason": reason, "file": file}
    with atomic_directory(path, replace=True) as directory:
        write_json(directory / _RECORD, whole)
        write_text(directory / _TRACEBACK, "".join(traceback.format_exception(error)))
    return _failure(path, whole)


def _failure(path: Path, record: dict[str, Any]) -> Failure:
    return Failure(
        path,
        str(record["dataset"]["name"]),
        str(record["method"]),
        str(record["domain"]),
        int(record["fold"]),
        str(record["reason"]),
        str(record.get("file", "")),
    )


def forget_failure(fold: Path) -> None:
    """Remove the record of an earlier failure, if there is one."""
    shutil.rmtree(place_of_failure(fold), ignore_errors=True)


def find_failures(roots: Iterable[Path]) -> list[Failure]:
    """All failed folds below ``roots`` that were not finished since, sorted by path.

    A record that cannot be read says nothing and is skipped.
    """
    failures: dict[Path, Failure] = {}
    for root in roots:
        for folder, subfolders, files in os.walk(root):
            path = Path(folder)
            inside = "run.json" in files or "key.json" in files  # a finished fold, an artefact
            subfolders[:] = [n for n in subfolders if not (inside or n.startswith("."))]
            finished = path.with_name(path.name.removesuffix(".failed")) / "run.json"
            if _RECORD not in files or path.suffix != ".failed" or finished.is_file():
                continue
            try:
                failures[path.resolve()] = _failure(path, read_json(path / _RECORD))
            except (InputError, ValueError, KeyError, TypeError, OverflowError):
                continue
    return [failures[path] for path in sorted(failures)]


def summary(failed: Sequence[Failure], folds: int, *, where: bool = False) -> str:
    """Lines that name the failed ones of so many folds and why, and ``where`` more stands."""
    lines = [f"{len(failed)} of {plural(folds, 'fold')} failed:"]
    for one in failed:
        more = f" ({one.file})" if one.file else ""
        more += f"; see {one.traceback}" if where else ""
        lines.append(f"  {one.method} {one.domain} fold {one.fold}: {one.reason}{more}")
    return "\n".join(lines)


def place_of_failure(fold: Path) -> Path:
    """Where the failure of ``fold`` is recorded."""
    return fold.with_name(f"{fold.name}.failed")
