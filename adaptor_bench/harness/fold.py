"""One fold of one method: fit, predict, write, score."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from adaptor_bench.blame import blamed, checked
from adaptor_bench.data.check import LoadedFrame
from adaptor_bench.harness.outputs import write_prediction
from adaptor_bench.matching.batch import PointBatch
from adaptor_bench.matching.settings import MatchSettings
from adaptor_bench.memory import Peak
from adaptor_bench.method import Ceiling, FoldTask, Method, Pixels
from adaptor_bench.scoring.metrics import f1, precision, sensitivity
from adaptor_bench.scoring.reading import pair_batches
from adaptor_bench.scoring.score import score, score_batches
from adaptor_bench.scoring.scorefile import FoldScore
from adaptor_bench.stages.ceiling import Decoding, perfect_points

_RESERVED = ("predictions", "run.json", "score.json")


@dataclass(frozen=True)
class FoldResult:
    """The score of a fold, how long its parts took, in seconds, and what its trained parts have
    cost: ``cpu_seconds`` and ``peak_memory`` (MiB) by part. ``ceiling`` is the score of perfect
    maps in the place of the network's, if the method has a target and a decoder."""

    score: FoldScore
    seconds: dict[str, float]
    cpu_seconds: Mapping[str, float] = field(default_factory=dict)
    peak_memory: Mapping[str, float] = field(default_factory=dict)
    ceiling: FoldScore | None = None

    def costs(self) -> dict[str, Any]:
        """As ``run.json`` has it."""
        found = {"seconds": self.seconds, "cpu_seconds": dict(self.cpu_seconds)}
        return found | ({"peak_memory": dict(self.peak_memory)} if self.peak_memory else {})

    def __str__(self) -> str:
        """``F1 55.5  P 43.2  S 78.1  38 s``: percent, a dash for 0/0."""
        counts, took = self.score.counts, self.seconds["total"]
        ratios = (("F1", f1(counts)), ("P", precision(counts)), ("S", sensitivity(counts)))
        shown = "  ".join(f"{k} -" if math.isnan(v) else f"{k} {100 * v:.1f}" for k, v in ratios)
        return f"{shown}  {took:.{0 if took >= 10 else 1}f} s"


def run_fold(
    method: Method,
    task: FoldTask,
    validation: Sequence[LoadedFrame],
    directory: Path,
) -> FoldResult:
    """Fill ``directory`` with predictions, ``score.json`` and the checkpoint.

    Raises MethodFailedError for whatever goes wrong in the method.
    """
    began, busy, peak = time.monotonic(), time.process_time(), Peak()
    with blamed("fit"):
        method.fit(task)
    fitted = time.monotonic()
    cpu_seconds, peak_memory = task.cpu_seconds, task.peak_memory
    if not cpu_seconds:  # it does not tell: all of its fit, as far as it was done now
        cpu_seconds = {"fit": round(time.process_time() - busy, 1)}
        peak_memory = {} if peak.mib is None else {"fit": peak.mib}
    pixels = [Pixels.of(f) for f in validation]
    predictions = directory / "predictions"
    with blamed("predict"):
        if isinstance(method, Ceiling):  # its card says so, or it would not have been made
            given = method.predict_labelled(validation, task)
        else:
            given = method.predict(pixels, task)
    for loaded, prediction in zip(validation, checked(given, pixels), strict=True):
        write_prediction(loaded.frame, prediction, predictions)
    predicted = time.monotonic()
    result = score(predictions, [f.frame for f in validation], task.matching)
    result.save(directory / "score.json")
    with blamed("save"):
        _save(method, directory)
    return FoldResult(
        result,
        {
            "fit": round(fitted - began, 1),
            "predict": round(predicted - fitted, 1),
            "total": round(time.monotonic() - began, 1),
        },
        cpu_seconds,
        peak_memory,
        _ceiling(method, validation, task.matching),
    )


def _ceiling(
    method: Method, validation: Sequence[LoadedFrame], matching: MatchSettings
) -> FoldScore | None:
    if not isinstance(method, Decoding) or isinstance(method, Ceiling):
        return None
    with blamed("perfect maps through decode"):
        found = {f.frame.key: perfect_points(method, f.points, f.size)[0] for f in validation}
    labels = PointBatch.from_frames([f.points for f in validation])
    return score_batches(pair_batches(found, list(found), labels), matching)


def _save(method: Method, directory: Path) -> None:
    """The checkpoint goes into ``directory``; what stands there already is out of its reach."""
    own = directory / ".checkpoint"
    own.mkdir()
    method.save(own)
    for path in sorted(own.iterdir()):
        place = directory / path.name
        if place.name in _RESERVED:
            raise ValueError(f"it wrote {place.name!r}, a name that is reserved for the run")
        path.rename(place)
    own.rmdir()
