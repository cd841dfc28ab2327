"""Spotiflow itself: the authors' package, trained and used as it comes.

Only what it does not know is told to it: the distance within which a point counts as found, and
how near points may be to one another. It selects by its own loss, on the surgery held back.
"""

import json
import logging
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Annotated, Any

import numpy as np

from adaptor_bench.data.images import scale_points
from adaptor_bench.data.sizes import FRAME_SIZE, shrinkage
from adaptor_bench.extras import require
from adaptor_bench.method import Card, FoldTask, Method, Pixels, Prediction
from adaptor_bench.parameters import Number
from adaptor_bench.registry import method

CARD = Card(
    title="Spotiflow, the authors' package",
    paper="Dominguez Mantes et al.: Spotiflow: accurate and efficient spot detection for "
    "fluorescence microscopy with deep stereographic flow regression, Nature Methods 2025",
    url="https://doi.org/10.1038/s41592-025-02662-x",
    licence="BSD-3-Clause",
    extra="spotiflow",
)
WEIGHTS, THRESHOLD = "network.safetensors", "threshold.json"


class SpotiflowPackage:
    """A ``Spotiflow`` of the package; images are RGB, at the size of a 512x288 frame."""

    keeps_aspect = True

    def __init__(self, input_size: tuple[int, int], distance: int, width: int, **training: Any):
        self.input_size, self.distance, self.width = input_size, distance, width
        self.training = training
        self.model: Any = None

    def other_domains(self, domain: str, available: Sequence[str]) -> tuple[str, ...]:
        return ()

    def fit(self, task: FoldTask) -> None:
        from adaptor_bench.train.device import deterministic

        tried = task.selection or task.train
        with deterministic(task.seed), _quiet() as spotiflow, tempfile.TemporaryDirectory() as kept:
            self.model = self._fresh(spotiflow)
            self.model.fit(
                *_given(task.train), *_given(tried),
                train_config=self.training,
                save_dir=kept,
                default_root_dir=kept,
                logger=spotiflow.trainer.pl.loggers.CSVLogger(kept),
                device=task.device.partition(":")[0],
            )  # fmt: skip
            sizes = [f.size for f in tried]
            reduced = self.input_size[0] / FRAME_SIZE[0] * np.mean([shrinkage(s) for s in sizes])
            self.model.optimize_threshold(
                self.model.val_ds,
                cutoff_distance=task.matching.radius * float(reduced),
                min_distance=self.distance,
                threshold_range=(0.1, 0.9),
                subpix=True,
            )

    def predict(self, frames: Sequence[Pixels], task: FoldTask) -> Iterator[Prediction]:
        return self.predict_frames(frames, task.device)

    def predict_frames(self, frames: Sequence[Pixels], device: str) -> Iterator[Prediction]:
        for frame in frames:
            with _quiet():
                found, details = self.model.predict(
                    frame.image, min_distance=self.distance, subpix=True, device=device,
                    verbose=False,
                )  # fmt: skip
            size = frame.image.shape[1], frame.image.shape[0]
            points = scale_points(np.asarray(found, float)[:, ::-1], size, frame.size)
            yield Prediction(points, np.asarray(details.prob, float).ravel())

    def save(self, directory: Path) -> None:
        from adaptor_bench.train.weights import write_weights

        weights = {k: v.cpu().contiguous() for k, v in self.model.state_dict().items()}
        write_weights(directory / WEIGHTS, weights)
        (directory / THRESHOLD).write_text(json.dumps(list(self.model._prob_thresh)), "utf-8")

    def load(self, directory: Path) -> None:
        from adaptor_bench.train.weights import read_weights

        with _quiet() as spotiflow:
            self.model = self._fresh(spotiflow)
        self.model.load_state_dict(read_weights(directory / WEIGHTS))
        self.model._prob_thresh = json.loads((directory / THRESHOLD).read_text("utf-8"))
        self.model.eval()

    def _fresh(self, spotiflow: Any) -> Any:
        return spotiflow.Spotiflow(
            spotiflow.SpotiflowModelConfig(in_channels=3, initial_fmaps=self.width)
        )


def _given(frames: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """Images and points (N, 2), order y, x, of loaded frames, in px of the images."""
    points = [scale_points(f.points, f.size, f.image.shape[1::-1])[:, ::-1] for f in frames]
    return [f.image.astype(np.float32) for f in frames], [p.astype(np.float32) for p in points]


@contextmanager
def _quiet() -> Iterator[Any]:
    """The package's models, which print, log and warn as they work: none of it is ours to show."""
    level = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        with redirect_stdout(StringIO()), redirect_stderr(StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import spotiflow.model.trainer

            yield spotiflow.model
    finally:
        logging.disable(level)


QUICK = {"width": 16, "rate": 3e-3, "crop": 128, "epochs": 6, "samples": 400}
SMOKE = {"input_size": (128, 72), "width": 2, "crop": 64, "epochs": 1, "samples": 4}


@method("spotiflow", card=CARD, profiles={"quick": QUICK, "smoke": SMOKE})
def spotiflow(
    *,
    input_size: Annotated[tuple[int, int], Number(32, 4096)] = FRAME_SIZE,
    width: Annotated[int, Number(1, 256)] = 32,
    rate: Annotated[float, Number(0, above=True)] = 3e-4,
    batch: Annotated[int, Number(1, 4096)] = 4,
    crop: Annotated[int, Number(32, 4096)] = 512,
    epochs: Annotated[int, Number(1, 100_000)] = 200,
    samples: Annotated[int, Number(0, 10_000_000)] = 0,
    distance: Annotated[int, Number(1, 500)] = 3,
) -> Method:
    """The peer itself: Spotiflow's own network, training, selection and prediction."""
    require("spotiflow", "runs of Spotiflow")
    return SpotiflowPackage(
        input_size, distance, width,
        lr=rate, batch_size=batch, crop_size=crop, num_epochs=epochs,
        num_train_samples=samples or None,
    )  # fmt: skip
