"""Figure 4 of the seed paper: the predicted heatmap laid over its frame."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from adaptor_bench.figures.canvas import Drawing, caption, drawing, frame_axes, new_figure
from adaptor_bench.figures.figure import Figure
from adaptor_bench.figures.scored import ScoredFrame, origin
from adaptor_bench.figures.selection import ONE_FRAME, one_staged
from adaptor_bench.stages.protocols import Decoded


@drawing
def heatmap_on_frame(shown: ScoredFrame, decoded: Decoded, chosen: bool = True) -> Drawing:
    """Figure 4: the predicted heatmap laid over the frame, with labels and predicted points."""
    figure, [[axes]] = new_figure(6.3, 4.0)
    grey = shown.image.mean(axis=2) / 255
    frame_axes(axes, 0.25 + 0.6 * grey, f"Predicted heatmap on {shown.frame.key}")
    axes.images[0].set_clim(0, 1)
    height, width = shown.image.shape[:2]
    drawn = axes.imshow(
        decoded.heatmap,
        cmap="inferno",
        vmin=0,
        vmax=1,
        alpha=np.clip(decoded.heatmap * 1.6, 0, 0.9),
        extent=(-0.5, width - 0.5, height - 0.5, -0.5),
        interpolation="bilinear",
    )
    for x, y in shown.labels:
        axes.plot(x, y, "o", ms=9, mfc="none", mec="black", mew=2.0)
        axes.plot(x, y, "o", ms=9, mfc="none", mec="#40e0ff", mew=1.1)
    for x, y in shown.predictions:
        axes.plot(x, y, "+", ms=6, mec="black", mew=1.8)
        axes.plot(x, y, "+", ms=6, mec="white", mew=0.9)
    bar = figure.colorbar(drawn, ax=axes, shrink=0.75, pad=0.015)
    if bar.solids is not None:
        bar.solids.set_alpha(1)
    bar.set_label("heatmap")
    what = f"Rings: the {len(shown.labels)} labels. Crosses: the {len(shown.predictions)} predicted"
    caption(figure, [f"{what} points.", *origin([shown], chosen)])
    return figure


def _draw(runs: Sequence[Path], **given: Any) -> Drawing:
    return heatmap_on_frame(*one_staged(runs, **given), given["frame"] is None)


FIGURE = Figure(
    "figure4", "The predicted heatmap laid over its frame.", _draw, ONE_FRAME, of_runs=True
)
