"""Experiment trackers: what a finished fold is handed to, beside its folder.

A tracker is a module with ``log(fold, folder)``. It is handed a fold when that is finished, with
all its curves: what is resumed, shared, or run by workers on other machines is tracked alike. What
a tracker cannot do costs no result. Each fold is handed over once, which a mark in ``folder``
remembers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from adaptor_bench.atomic import claim, write_text
from adaptor_bench.bounded import read_file, read_json
from adaptor_bench.errors import InputError
from adaptor_bench.extras import EXTRAS, require
from adaptor_bench.progress import message
from adaptor_bench.scoring.metrics import METRICS
from adaptor_bench.scoring.scorefile import FoldScore
from adaptor_bench.train.curves import Curves, read_curves

# name -> module; nothing is imported until a tracker is chosen.
TRACKERS = {
    "csv": "to_csv",
    "tensorboard": "to_tensorboard",
    "mlflow": "to_mlflow",
    "wandb": "to_wandb",
    "trackio": "to_trackio",
}
FOLDER = "trackers"
_MARKS = "handed-over"


@dataclass(frozen=True)
class TrackedFold:
    """One finished fold: ``name`` is ``method/domain/fold_1``; ``settings`` are what it was run
    with, flat; ``results`` the metrics in 0..1, of what is not 0/0, and the seconds it took."""

    name: str
    method: str
    dataset: str
    settings: dict[str, Any]
    curves: Curves
    results: dict[str, float]

    @property
    def steps(self) -> dict[int, dict[str, float]]:
        """What is known at each step, in order: ``network/loss`` to a value."""
        found: dict[int, dict[str, float]] = {}
        for (part, metric), curve in self.curves.items():
            for step, value in curve:
                found.setdefault(step, {})[f"{part}/{metric}"] = value
        return dict(sorted(found.items()))


def require_trackers(names: Iterable[str]) -> None:
    """Raises UsageError for a tracker whose client is not installed."""
    for name in names:
        if name in EXTRAS:
            require(name, f"runs with --logger {name}")


def track(names: Iterable[str], root: Path, place: Path) -> None:
    """Hand the finished fold at ``place`` to trackers, once to each; ``root`` is the folder of the
    results of its dataset. What goes wrong is told, and no error."""
    for name in names:
        folder = root / FOLDER / name
        try:
            record = read_file(place / "run.json")
            fold = _fold(root, place)
            mark = folder / _MARKS / f"{fold.name.replace('/', '--')}.txt"
            known = hashlib.sha256(record).hexdigest()
            mark.parent.mkdir(parents=True, exist_ok=True)
            with claim(mark) as ours:
                if not ours or (mark.is_file() and mark.read_text("utf-8") == known):
                    continue
                import_module(f"{__name__}.{TRACKERS[name]}").log(fold, folder.absolute())
                write_text(mark, known, durable=False)
        except Exception as error:  # whatever a client raises
            said = str(error).partition("\n")[0] or type(error).__name__
            message(f"warning: {name} could not take {place}: {said}; the fold itself is kept")


def _fold(root: Path, place: Path) -> TrackedFold:
    record = read_json(place / "run.json")
    counts = FoldScore.load(place / "score.json").counts
    ratios = {key: metric(counts) for key, metric in METRICS.items()}
    about = ("domain", "fold", "seed", "profile", "device", "threads")
    settings = {key: record.get(key) for key in about}
    settings |= {f"versions.{k}": v for k, v in record["versions"].items()}
    try:
        curves = read_curves(place)
    except InputError as error:
        message(f"warning: {error.message}; it is tracked without curves")
        curves = {}
    return TrackedFold(
        place.relative_to(root).as_posix(),
        record["method"],
        record["dataset"]["name"],
        settings | record["parameters"],
        curves,
        {key: value for key, value in ratios.items() if value == value}
        | {"seconds": float(record["seconds"].get("total", 0))},
    )
