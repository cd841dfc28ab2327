"""Figure 5 of the seed paper: from the heatmap to points, and what each step changed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.figures.canvas import Drawing, caption, drawing, frame_axes, new_figure
from adaptor_bench.figures.figure import Figure
from adaptor_bench.figures.scored import ScoredFrame, mark, origin, tally
from adaptor_bench.figures.selection import ONE_FRAME, one_staged
from adaptor_bench.method import Stages

__all__ = ["FIGURE", "decoding_steps"]

REMOVED, CUT, KEPT = (220, 40, 40), (255, 150, 0), (235, 235, 235)
CONNECTED = np.ones((3, 3), int)


@drawing
def decoding_steps(shown: ScoredFrame, stages: Stages, chosen: bool = True) -> Drawing:
    """Figure 5: input, heatmap, Otsu, opening, cutting, result; what each step changed."""
    figure, axes = new_figure(11.0, 4.9, 2, 3)
    frame_axes(axes[0][0], shown.image, f"Input: {shown.frame.key}")
    frame_axes(axes[0][1], stages.heatmap, "Predicted heatmap, 0 to 1")
    axes[0][1].images[0].set(cmap="inferno", clim=(0, 1))
    regions = [_regions(mask) for mask in (stages.binary, stages.opened, stages.cut)]
    threshold = "No threshold: the map is constant"
    if stages.threshold == stages.threshold:
        threshold = f"{'Otsu' if stages.otsu else 'Threshold'} {stages.threshold:.3f}"
    frame_axes(
        axes[0][2],
        _painted(stages.binary, stages.binary, REMOVED),
        f"{threshold}: {_several(regions[0])}",
    )
    lost = int((stages.binary & ~stages.opened).sum())
    opening = f"Opening: {_several(regions[1])}; {lost} px removed (red)"
    if stages.opened is stages.binary and stages.binary.any():
        opening = f"No opening: {_several(regions[1])}"
    frame_axes(axes[1][0], _painted(stages.opened, stages.binary, REMOVED), opening)
    lines = int((stages.opened & ~stages.cut).sum())
    cutting = f"Cutting: {_several(regions[2])}; {lines} px cut out (orange)"
    if stages.cut is stages.opened and stages.opened.any():
        cutting = f"No cutting: {_several(regions[2])}"
    frame_axes(axes[1][1], _painted(stages.cut, stages.opened, CUT), cutting)
    mark(axes[1][2], shown, tally("Points", shown))
    caption(figure, [_legend_words(shown.radius), *origin([shown], chosen)])
    return figure


def _legend_words(radius: float) -> str:
    return (
        "Points: TP green rings, FP red rings with a cross, FN yellow dashed rings, "
        f"{radius:g} px each."
    )


def _painted(
    mask: NDArray[np.bool_], before: NDArray[np.bool_], colour: tuple[int, int, int]
) -> NDArray[np.uint8]:
    """What is left in white, what went away since ``before`` in ``colour``, on black."""
    picture = np.zeros((*mask.shape, 3), np.uint8)
    picture[before & ~mask] = colour
    picture[mask] = KEPT
    return picture


def _regions(mask: NDArray[np.bool_]) -> int:
    from scipy.ndimage import label

    return int(label(mask, CONNECTED)[1])


def _several(regions: int) -> str:
    return f"{regions} region{'s' * (regions != 1)}"


def _draw(runs: Sequence[Path], **given: Any) -> Drawing:
    return decoding_steps(*one_staged(runs, **given), given["frame"] is None)


FIGURE = Figure(
    "figure5",
    "Input, predicted heatmap, threshold, opening, cutting; what each step changed.",
    _draw,
    ONE_FRAME,
    of_runs=True,
)
