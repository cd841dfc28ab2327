"""Figures 4 to 6 of the seed paper, and translated frames: pictures with marks on them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.figures.canvas import (
    Axes,
    Figure,
    caption,
    drawing,
    frame_axes,
    legend,
    new_figure,
)
from adaptor_bench.figures.shots import CHOICE, Shot, provenance
from adaptor_bench.method import Stages

__all__ = ["decoding_steps", "detections", "heatmap_on_frame", "mark", "translations"]

HIT, FALSE, MISSED = "#00d000", "#ff2020", "#ffe000"
REMOVED, CUT, KEPT = (220, 40, 40), (255, 150, 0), (235, 235, 235)
CONNECTED = np.ones((3, 3), int)


@drawing
def heatmap_on_frame(shot: Shot, stages: Stages, chosen: bool = True) -> Figure:
    """Figure 4: the predicted heatmap laid over the frame, with the labels."""
    figure, [[axes]] = new_figure(6.3, 4.0)
    grey = shot.image.mean(axis=2) / 255
    frame_axes(axes, 0.25 + 0.6 * grey, f"Predicted heatmap on {shot.frame.key}")
    axes.images[0].set_clim(0, 1)
    height, width = shot.image.shape[:2]
    drawn = axes.imshow(
        stages.heatmap,
        cmap="inferno",
        vmin=0,
        vmax=1,
        alpha=np.clip(stages.heatmap * 1.6, 0, 0.9),
        extent=(-0.5, width - 0.5, height - 0.5, -0.5),
        interpolation="bilinear",
    )
    for x, y in shot.labels:
        axes.plot(x, y, "o", ms=9, mfc="none", mec="black", mew=2.0)
        axes.plot(x, y, "o", ms=9, mfc="none", mec="#40e0ff", mew=1.1)
    bar = figure.colorbar(drawn, ax=axes, shrink=0.75, pad=0.015)
    if bar.solids is not None:
        bar.solids.set_alpha(1)
    bar.set_label("heatmap")
    caption(figure, [f"Rings: the {len(shot.labels)} labels.", *_origin([shot], chosen)])
    return figure


@drawing
def decoding_steps(shot: Shot, stages: Stages, chosen: bool = True) -> Figure:
    """Figure 5: input, heatmap, Otsu, opening, cutting, result; what each step changed."""
    figure, axes = new_figure(11.0, 4.9, 2, 3)
    frame_axes(axes[0][0], shot.image, f"Input: {shot.frame.key}")
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
    mark(axes[1][2], shot, _tally("Points", shot))
    caption(figure, [_legend_words(shot.radius), *_origin([shot], chosen)])
    return figure


@drawing
def detections(shots: Sequence[Sequence[Shot]], chosen: bool = True) -> Figure:
    """Figure 6: hits, false alarms and misses; one row a domain."""
    from matplotlib.lines import Line2D

    columns = max(len(row) for row in shots)
    figure, axes = new_figure(4.6 * columns, 2.85 * len(shots) + 0.7, len(shots), columns)
    for line, row in zip(axes, shots, strict=True):
        for ax in line[len(row) :]:
            ax.set_axis_off()
        for ax, shot in zip(line, row, strict=False):
            mark(ax, shot, _tally(f"{shot.run.domain}, {shot.frame.surgery}", shot))
    handles = [
        Line2D([], [], marker="o", ls="", ms=8, mfc="none", mec=HIT, mew=1.6, label="TP: found"),
        Line2D([], [], marker="$\\otimes$", ls="", ms=9, color=FALSE, label="FP: no label there"),
        Line2D([], [], ls=(0, (2.2, 1.1)), lw=2, color="#c9a800", label="FN: missed (dashed)"),
    ]
    legend(figure, handles, 3)
    flat = [shot for row in shots for shot in row]
    caption(figure, _origin(flat, chosen))
    return figure


@drawing
def translations(
    pairs: Sequence[tuple[str, NDArray[np.uint8], NDArray[np.uint8]]],
    source: str,
    target: str,
    lines: Sequence[str],
) -> Figure:
    """Frames of one domain above their translations; ``pairs`` of (key, source, translated)."""
    figure, axes = new_figure(3.1 * len(pairs) + 0.2, 4.3, 2, len(pairs))
    for i, (key, before, after) in enumerate(pairs):
        frame_axes(axes[0][i], before, key.split("/")[0])
        frame_axes(axes[1][i], after, "")
    axes[0][0].set_ylabel(source)
    axes[1][0].set_ylabel(f"as {target}")
    caption(figure, lines)
    return figure


def mark(axes: Axes, shot: Shot, title: str) -> None:
    """The frame with TP green rings, FP red crosses in rings, FN yellow dashed rings.

    Rings have the radius of the matching.
    """
    from matplotlib.patches import Circle

    frame_axes(axes, shot.image, title)

    def ring(point: NDArray[np.float64], colour: str, style: Any = "-") -> None:
        for width, shade in ((1.5, "black"), (0.8, colour)):
            axes.add_patch(
                Circle(tuple(point), shot.radius, fill=False, ec=shade, lw=width, ls=style)
            )

    for point in shot.labels[~shot.found]:
        ring(point, MISSED, (0, (2.2, 1.1)))
    for point in shot.predictions[~shot.hit]:
        ring(point, FALSE)
        axes.plot(*point, "x", color=FALSE, ms=2.6, mew=0.7)
    for point in shot.predictions[shot.hit]:
        ring(point, HIT)


def _origin(shots: Sequence[Shot], chosen: bool) -> list[str]:
    return [CHOICE if chosen else "", *provenance([shot.run for shot in shots])]


def _tally(name: str, shot: Shot) -> str:
    c = shot.counts
    return f"{name}: TP {c.tp}, FP {c.fp}, FN {c.fn}"


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
