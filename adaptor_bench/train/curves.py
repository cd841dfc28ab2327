"""What a training looked like on the way: losses, and F1 of the selection, as CSV beside a run.

``curves.csv`` has a row for every value: the ``part`` that was trained (network, translator), the
``metric`` (loss, selection_f1, ..), the ``step`` from 1, and the ``value``. A method that writes a
file of this name into its checkpoint has its own curves shown. No torch.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from adaptor_bench.atomic import write_text
from adaptor_bench.bounded import read_file, read_json
from adaptor_bench.errors import InputError

FILE = "curves.csv"
OF_NETWORK = "training.json"  # of a run
OF_TRANSLATOR = "translator_curves.json"  # metric to rows of step and value, where one is kept
_COLUMNS = ("part", "metric", "step", "value")

Curve = list[tuple[int, float]]
"""Pairs of a step, from 1, and a finite value; steps rise."""
Curves = dict[tuple[str, str], Curve]
"""By part and metric."""


def thinned(step: int, steps: int, points: int = 500) -> bool:
    """Whether ``step`` of ``steps`` is among about ``points`` at equal distances, or the last."""
    return step == steps or step % max(1, steps // points) == 0


def write_curves(run: Path) -> None:
    """Write the curves of what a detector's checkpoint in ``run`` records of its training; nothing
    where that is nothing, or where the file is there already."""
    if (run / FILE).exists():
        return
    curves = _of_network(_read(run / OF_NETWORK)) | _of_translator(_read(run / OF_TRANSLATOR))
    if not curves:
        return
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(_COLUMNS)
    rows.writerows([*key, step, f"{v:.6g}"] for key, curve in curves.items() for step, v in curve)
    write_text(run / FILE, text.getvalue())


def read_curves(run: Path) -> Curves:
    """The curves beside a run; none where there is no file. Raises InputError for one that is none
    of this kind, with the line."""
    path = run / FILE
    if not path.exists():
        return {}
    curves: Curves = {}
    try:
        lines = csv.DictReader(io.StringIO(read_file(path).decode("utf-8")), strict=True)
        for row in lines:
            part, metric, step, value = (row[name] for name in _COLUMNS)
            point = (int(step), float(value))
            if None in row or not part or not metric or not math.isfinite(point[1]):
                raise ValueError(row)
            curves.setdefault((part, metric), []).append(point)
    except (csv.Error, KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path}: line {lines.line_num}: no {', '.join(_COLUMNS)}") from error
    return {key: sorted(curve) for key, curve in curves.items()}


def _read(path: Path) -> Mapping[str, Any]:
    """A JSON object; empty where there is none, or something else of that name."""
    try:
        document = read_json(path)
    except InputError:
        return {}
    return document if isinstance(document, dict) else {}


def _of_network(history: Mapping[str, Any]) -> Curves:
    trials = history.get("selection")
    trials = trials if isinstance(trials, list) else []
    tried = [(t.get("step"), t.get("f1")) for t in trials if isinstance(t, dict)]
    return _kept({("network", "loss"): history.get("loss"), ("network", "selection_f1"): tried})


def _of_translator(history: Mapping[str, Any]) -> Curves:
    return _kept({("translator", metric): rows for metric, rows in history.items()})


def _kept(found: Mapping[tuple[str, str], Any]) -> Curves:
    curves = {key: list(_points(rows)) for key, rows in found.items()}
    return {key: curve for key, curve in curves.items() if curve}


def _points(rows: Any) -> Iterable[tuple[int, float]]:
    for row in rows if isinstance(rows, list) else ():
        match row:
            case [int() as step, int() | float() as value] | (int() as step, float() as value):
                if math.isfinite(value):
                    yield step, float(value)
