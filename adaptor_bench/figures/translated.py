"""Frames of the simulator, their translations, and real ones of the operating room."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.data.frames import Dataset, Frame
from adaptor_bench.data.images import read_image
from adaptor_bench.data.layout import DOMAINS
from adaptor_bench.errors import InputError
from adaptor_bench.figures.canvas import Drawing, caption, drawing, frame_axes, new_figure
from adaptor_bench.figures.figure import Figure
from adaptor_bench.figures.scored import provenance
from adaptor_bench.figures.selection import dataset_of, one_run, runs_of_method


@drawing
def translations(
    pairs: Sequence[tuple[str, NDArray[np.uint8], NDArray[np.uint8]]],
    real: Sequence[tuple[str, NDArray[np.uint8]]],
    source: str,
    target: str,
    lines: Sequence[str],
) -> Drawing:
    """Frames of one domain, their translations, and frames of the other domain below.

    ``pairs`` of (key, source, translated), ``real`` of (key, frame), as many at most.
    """
    figure, axes = new_figure(3.1 * len(pairs) + 0.2, 6.3, 3, len(pairs))
    for i, (key, before, after) in enumerate(pairs):
        frame_axes(axes[0][i], before, key.split("/")[0])
        frame_axes(axes[1][i], after, "")
    for i, (key, frame) in enumerate(real):
        frame_axes(axes[2][i], frame, key.split("/")[0])
    for i in range(len(real), len(pairs)):
        axes[2][i].set_axis_off()
    axes[0][0].set_ylabel(source)
    axes[1][0].set_ylabel(f"as {target}")
    axes[2][0].set_ylabel(target)
    caption(figure, lines)
    return figure


def _draw(
    roots: Sequence[Path],
    data: Path | None,
    method: str | None,
    fold: int | None,
    device: str,
    methods_from: Sequence[Path],
) -> Drawing:
    """By the translator of an intraop run. Raises InputError or UsageError."""
    from adaptor_bench.harness.predict import load_method, translated
    from adaptor_bench.registry import discover
    from adaptor_bench.train.device import resolve_device

    source, target = DOMAINS
    run = one_run(runs_of_method(roots, method, target), fold)
    dataset = dataset_of([run], data)
    frames = _some_frames(dataset, source)
    loaded = load_method(run.path, discover(methods_from))
    done = translated(loaded, frames, target, resolve_device(device), lambda *_: None)
    pairs = [(frame.key, read_image(frame.image), image) for frame, image in done]
    lines = ["The middle frame of every few surgeries.", *provenance([run])]
    real = _some_frames(dataset, target)[: len(pairs)]
    shown = [(frame.key, read_image(frame.image)) for frame in real]
    return translations(pairs, shown, source, target, lines)


def _some_frames(dataset: Dataset, source: str) -> list[Frame]:
    """The frame in the middle of up to four surgeries: the first has no sutures yet."""
    if source not in dataset.frames:
        raise InputError(f"{dataset.root}: no {source} frames")
    found: dict[str, list[Frame]] = {}
    for frame in dataset.domain(source):
        found.setdefault(frame.surgery, []).append(frame)
    middles = [frames[len(frames) // 2] for frames in found.values()]
    return middles[:: max(1, len(middles) // 4)][:4]


FIGURE = Figure(
    "translated",
    "Simulator frames, their translations by an intraop fold, and real intraop frames.",
    _draw,
    ("data", "method", "fold", "device", "methods_from"),
    of_runs=True,
)
