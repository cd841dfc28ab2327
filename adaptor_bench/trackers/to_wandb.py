"""Weights & Biases, offline: `wandb sync <out>/<dataset>/trackers/wandb/wandb/offline-run-*`."""

from __future__ import annotations

import os
from pathlib import Path

from adaptor_bench.trackers import TrackedFold


def log(fold: TrackedFold, folder: Path) -> None:
    """A run of the project that is named for the dataset, grouped by method. Nothing is sent
    unless the variable WANDB_MODE says ``online``."""
    import wandb

    run = wandb.init(
        project=fold.dataset,
        name=fold.name,
        group=fold.method,
        config=fold.settings,
        dir=folder,
        mode="online" if os.environ.get("WANDB_MODE") == "online" else "offline",
        reinit="create_new",
        settings=wandb.Settings(
            silent=True, console="off", x_disable_stats=True, x_disable_meta=True
        ),
    )
    for step, values in fold.steps.items():
        run.log(values, step=step)
    run.summary.update({f"fold/{key}": value for key, value in fold.results.items()})
    run.finish()
