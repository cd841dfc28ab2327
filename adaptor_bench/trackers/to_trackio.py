"""Trackio: `TRACKIO_DIR=<out>/<dataset>/trackers/trackio trackio show`."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

from adaptor_bench.trackers import TrackedFold


def log(fold: TrackedFold, folder: Path) -> None:
    """A run of the project that is named for the dataset, grouped by method: in a database of
    ``folder``, or wherever Trackio's own variables say."""
    os.environ.setdefault("TRACKIO_DIR", str(folder))  # read when it is imported
    with contextlib.redirect_stdout(sys.stderr):  # results alone go to stdout
        import trackio

        run = trackio.init(
            project=fold.dataset,
            name=fold.name,
            group=fold.method,
            config=fold.settings,
            embed=False,
            auto_log_gpu=False,
            auto_log_cpu=False,
        )
        last = 0
        for step, values in fold.steps.items():
            run.log(values, step=step)
            last = step
        run.log({f"fold/{key}": value for key, value in fold.results.items()}, step=last)
        trackio.finish()  # run.finish() would be repeated, to stdout, when the program ends
