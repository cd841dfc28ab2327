"""Frames of one domain, their translations by one or several methods, and real ones of the other,
in both directions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
from adaptor_bench.results.runs import Run, runs_below

Images = Sequence[NDArray[np.uint8]]
_COLUMNS = 4


@drawing
def translations(
    blocks: Sequence[tuple[str, Sequence[tuple[str, Images]]]], lines: Sequence[str]
) -> Drawing:
    """Blocks of rows below each other, each with its title; a row has its name and its images, a
    column each."""
    rows = [row for _, block in blocks for row in block]
    columns = max(len(images) for _, images in rows)
    height, width = rows[0][1][0].shape[:2]
    tall = len(rows) * 3.1 * height / width + 0.3 * len(blocks) + 0.3
    figure, axes = new_figure(3.1 * columns + 0.4, tall, len(rows), columns)
    left = iter(axes)
    for title, block in blocks:
        for number, ((name, images), here) in enumerate(zip(block, left, strict=False)):
            for column, image in enumerate(images):
                frame_axes(here[column], image, title if number == column == 0 else "")
            for ax in here[len(images) :]:
                ax.set_axis_off()
            here[0].set_ylabel(name)
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
    """By the translators of intraop runs: all there are, or that of ``method``. Raises InputError
    or UsageError."""
    from adaptor_bench.harness.checkpoint import load_method
    from adaptor_bench.harness.predict import translated
    from adaptor_bench.registry import discover
    from adaptor_bench.train.device import resolve_device

    source, target = DOMAINS
    runs = _one_each(
        one_run(runs_of_method(roots, name, target), fold) for name in _names(roots, method)
    )
    dataset, registry = dataset_of([*runs.values()], data), discover(methods_from)
    on, loaded = resolve_device(device), [load_method(run.path, registry) for run in runs.values()]
    shown = {domain: _some_frames(dataset, domain) for domain in DOMAINS}
    blocks = []
    for start, end in ((source, target), (target, source)):
        block = [(start, [read_image(frame.image) for frame, _ in shown[start]])]
        for name, one in zip(runs, loaded, strict=True):
            # With the frame before each one: some translators look at it.
            given = [f for frame, before in shown[start] for f in (*before, frame)]
            done = dict(translated(one, given, end, on, lambda *_: None))
            block.append((name, [done[frame] for frame, _ in shown[start]]))
        block.append((f"real {end}", [read_image(f.image) for f, _ in shown[end]]))
        blocks.append((f"From {start} to {end}", block))
    lines = [
        "Frames of one domain, what each translator makes of them, and real frames of the other. "
        "The middle frame of up to four surgeries.",
        *provenance([*runs.values()]),
    ]
    return translations(blocks, lines)


def _names(roots: Sequence[Path], method: str | None) -> list[str | None]:
    """The methods whose runs keep a translator, of ``method`` alone if it is given."""
    if method is not None:
        return [method]
    found = {
        run.method: None
        for run in runs_below(roots)
        if run.domain == DOMAINS[1] and run.parameters.get("translate", "none") != "none"
    }
    names: list[str | None] = [*sorted(found)]
    return names or [None]


def _one_each(runs: Iterable[Run]) -> dict[str, Run]:
    """A run a translator, by a name for it: methods that differ in what follows share one."""
    found: dict[str, Run] = {}
    known = []
    for run in runs:
        own = {k: v for k, v in run.parameters.items() if k.partition(".")[0] == "translate"}
        if own not in known or not own:
            known.append(own)
            name = str(own.get("translate", run.method))
            found[run.method if name in found else name] = run
    return found


def _some_frames(dataset: Dataset, domain: str) -> list[tuple[Frame, list[Frame]]]:
    """The frame in the middle of up to four surgeries, with the one before it in its video, if
    there is any: the first frame has no sutures yet."""
    if domain not in dataset.frames:
        raise InputError(f"{dataset.root}: no {domain} frames")
    found: dict[str, list[Frame]] = {}
    for frame in dataset.domain(domain):
        found.setdefault(frame.surgery, []).append(frame)
    middles = []
    for frames in found.values():
        place = len(frames) // 2
        before = [f for f in frames[:place][-1:] if f.video == frames[place].video]
        middles.append((frames[place], before))
    return middles[:: max(1, len(middles) // _COLUMNS)][:_COLUMNS]


FIGURE = Figure(
    "translated",
    "Frames, what translators of intraop folds make of them, and real ones, in both directions.",
    _draw,
    ("data", "method", "fold", "device", "methods_from"),
    of_runs=True,
)
