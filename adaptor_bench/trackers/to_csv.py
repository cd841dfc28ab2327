"""Curves and results of all folds in one CSV file, for a spreadsheet or pandas."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path

from adaptor_bench.trackers import TrackedFold

_COLUMNS = ("run", "method", "dataset", "domain", "fold", "seed", "metric", "step", "value")


def log(fold: TrackedFold, folder: Path) -> None:
    """Append to ``metrics.csv``; results have no step. The rows of a fold are written at once, so
    that those of several processes do not mix."""
    settings = [fold.settings[key] for key in ("domain", "fold", "seed")]
    about = [fold.name, fold.method, fold.dataset, *settings]
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    for step, values in fold.steps.items():
        rows.writerows([*about, metric, step, value] for metric, value in values.items())
    rows.writerows([*about, metric, "", value] for metric, value in fold.results.items())
    descriptor = os.open(folder / "metrics.csv", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    with os.fdopen(descriptor, "ab", buffering=0) as stream:
        if not os.fstat(descriptor).st_size:
            text = io.StringIO(",".join(_COLUMNS) + "\n" + text.getvalue())
        stream.write(text.getvalue().encode())
