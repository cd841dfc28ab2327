"""MLflow: `mlflow ui --backend-store-uri sqlite:///<out>/<dataset>/trackers/mlflow/mlflow.db`."""

from __future__ import annotations

import os
import time
from pathlib import Path

from adaptor_bench.trackers import TrackedFold

_MOST = 1000  # metrics of one call, by MLflow's own limit
_LONGEST = 6000  # characters of a parameter, likewise


def log(fold: TrackedFold, folder: Path) -> None:
    """A run of the experiment that is named for the dataset: in a database of ``folder``, or
    wherever the variable MLFLOW_TRACKING_URI says."""
    from mlflow.entities import Metric, Param
    from mlflow.tracking import MlflowClient

    place = os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{folder / 'mlflow.db'}"
    client = MlflowClient(tracking_uri=place)
    known = client.get_experiment_by_name(fold.dataset)
    experiment = known.experiment_id if known else client.create_experiment(fold.dataset)
    run = client.create_run(experiment, run_name=fold.name, tags={"method": fold.method}).info
    now = int(time.time() * 1000)
    settings = [Param(key, str(value)[:_LONGEST]) for key, value in fold.settings.items()]
    metrics = [Metric(k, v, now, step) for step, vs in fold.steps.items() for k, v in vs.items()]
    metrics += [Metric(f"fold/{key}", value, now, 0) for key, value in fold.results.items()]
    client.log_batch(run.run_id, params=settings)
    for first in range(0, len(metrics), _MOST):
        client.log_batch(run.run_id, metrics=metrics[first : first + _MOST])
    client.set_terminated(run.run_id)
