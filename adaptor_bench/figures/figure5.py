"""Figure 5 of the seed paper: from the heatmap to points, and what each step changed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.errors import plural
from adaptor_bench.figures.canvas import Drawing, caption, drawing, frame_axes, new_figure
from adaptor_bench.figures.figure import Figure
from adaptor_bench.figures.scored import ScoredFrame, mark, origin, tally
from adaptor_bench.figures.selection import ONE_FRAME, one_staged
from adaptor_bench.stages.protocols import Decoded

CHANGES = ((220, 40, 40), "red"), ((255, 150, 0), "orange")
KEPT = (235, 235, 235)


@drawing
def decoding_steps(shown: ScoredFrame, decoded: Decoded, chosen: bool = True) -> Drawing:
    """Figure 5: input, heatmap, result, and what each step between changed."""
    from scipy.ndimage import label

    columns = -(-(3 + len(decoded.steps)) // 2)
    figure, grid = new_figure(11.0 * columns / 3, 4.9, 2, columns)
    first, second, *axes = [ax for row in grid for ax in row]
    frame_axes(first, shown.image, f"Input: {shown.frame.key}")
    frame_axes(second, decoded.heatmap, "Predicted heatmap, 0 to 1")
    second.images[0].set(cmap="inferno", clim=(0, 1))
    before = None
    for number, step in enumerate(decoded.steps):
        taken = step.mask if before is None else before
        colour, called = CHANGES[number > 1]
        regions = int(label(step.mask, np.ones((3, 3), int))[1])
        title = f"{step.title}: {plural(regions, 'region')}"
        if step.mask is not taken:
            title += f"; {int((taken & ~step.mask).sum())} px {step.became} ({called})"
        frame_axes(axes.pop(0), _painted(step.mask, taken, colour), title)
        before = step.mask
    mark(axes.pop(0), shown, tally("Points", shown))
    for ax in axes:
        ax.set_axis_off()
    rings = "TP green rings, FP red rings with a cross, FN yellow dashed rings"
    caption(figure, [f"Points: {rings}, {shown.radius:g} px each.", *origin([shown], chosen)])
    return figure


def _painted(
    mask: NDArray[np.bool_], before: NDArray[np.bool_], colour: tuple[int, int, int]
) -> NDArray[np.uint8]:
    """What is left in white, what went away since ``before`` in ``colour``, on black."""
    picture = np.zeros((*mask.shape, 3), np.uint8)
    picture[before & ~mask] = colour
    picture[mask] = KEPT
    return picture


def _draw(runs: Sequence[Path], **given: Any) -> Drawing:
    return decoding_steps(*one_staged(runs, **given), given["frame"] is None)


FIGURE = Figure(
    "figure5",
    "Input, predicted heatmap, threshold, opening, cutting; what each step changed.",
    _draw,
    ONE_FRAME,
    of_runs=True,
)
