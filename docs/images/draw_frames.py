"""The picture on the front page: ``python docs/images/draw_frames.py`` writes ``frames.png``.

One phantom frame of each domain, with the predictions that the leaderboard's best entry published.
The frame is typical, not chosen by eye: of the frames with at least the median number of labels,
the one whose F1 is nearest to the F1 of all frames. Needs matplotlib; trains nothing.
"""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import matplotlib.patheffects as effects
import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from PIL import Image

import adaptor_bench as ab
from adaptor_bench.api.datasets import LabelledDataset, LabelledFrame
from adaptor_bench.entries.packed import unpack

HERE = Path(__file__).parent
BOARD = HERE.parent.parent / "leaderboards" / "phantom-mini"
ENTRY, SEED, RADIUS = "muon_peaks", 0, 6
HIT, MISSED, FALSE = "#3dff6e", "#ffd21f", "#ff4d4d"
TITLES = {"sim": "Simulator (sim)", "intraop": "Operating room (intraop)"}
HALO = [effects.Stroke(linewidth=3.2, foreground="black", alpha=0.75), effects.Normal()]
KINDS = (("found", HIT, "hit"), ("missed", MISSED, "missed"), ("false", FALSE, "false point"))


def main() -> None:
    data = ab.load_dataset("phantom-board")
    (packed,) = (BOARD / "predictions").glob(f"{ENTRY}-*.ndjson.gz")
    predictions = unpack(packed)
    mpl.rcParams.update({"font.family": "DejaVu Sans", "font.size": 11})
    figure = Figure(figsize=(12.8, 4.5), facecolor="white")
    for n, domain in enumerate(TITLES):
        frames = data.domain(domain)
        frame = typical(frames, predictions[domain, SEED])
        axes = figure.add_axes((0.005 + 0.5 * n, 0.115, 0.49, 0.8))
        draw(axes, frame, predictions[domain, SEED][frame.key])
    ring = {"marker": "o", "ls": "", "ms": 13, "mfc": "none", "mew": 2.2}
    handles = [
        (Line2D([], [], **ring, mec=HIT), Line2D([], [], marker="o", ls="", ms=5, color=HIT)),
        Line2D([], [], **ring, mec=MISSED),
        Line2D([], [], marker="x", ls="", ms=10, mew=2.6, color=FALSE),
    ]
    labels = [
        "hit: a prediction within 6 px of a label",
        "missed label",
        "false point: a prediction without a label",
    ]
    legend = figure.legend(
        handles, labels, loc="lower center", ncols=3, frameon=False, handletextpad=0.5,
        bbox_to_anchor=(0.5, -0.012), facecolor="black", labelcolor="#222222", columnspacing=3,
    )  # fmt: skip
    for text in legend.get_texts():
        text.set_fontsize(12)
    target = HERE / "frames.png"
    figure.savefig(target, dpi=125, metadata={"Software": None})
    image = Image.open(target).convert("RGB")  # 256 colours are a quarter of the bytes
    image.quantize(256, method=Image.Quantize.FASTOCTREE).save(target, optimize=True)


def typical(frames: LabelledDataset, predictions: dict[str, np.ndarray]) -> LabelledFrame:
    result = ab.evaluate(predictions, frames, radius=RADIUS)
    table = result.frame()
    full = table[table["labels"] >= table["labels"].median()]
    return frames[int((full["f1"] - result.metrics["f1"]).abs().idxmin())]


def draw(axes: mpl.axes.Axes, frame: LabelledFrame, predicted: np.ndarray) -> None:
    pairs = ab.match(predicted, frame.points, radius=RADIUS)
    hit, found = np.zeros(len(predicted), bool), np.zeros(len(frame.points), bool)
    hit[pairs.pairs[:, 0]], found[pairs.pairs[:, 1]] = True, True
    axes.imshow(frame.image, interpolation="bilinear")
    axes.set_axis_off()
    axes.set_title(TITLES[frame.domain], loc="left", fontsize=13, fontweight="bold", pad=5)
    counts = f"{pairs.tp} hits, {pairs.fn} missed, {pairs.fp} false points"
    axes.set_title(counts, loc="right", fontsize=12, color="#444444", pad=5)
    for points, colour in ((frame.points[found], HIT), (frame.points[~found], MISSED)):
        for x, y in points:  # a ring is the radius within which a prediction counts
            axes.add_patch(mpl.patches.Circle((x, y), RADIUS, fill=False, ec=colour, lw=1.9,
                                              path_effects=HALO))  # fmt: skip
    style = {"ls": "", "path_effects": HALO}
    axes.plot(*predicted[hit].T, "o", ms=3.6, color=HIT, **style)
    axes.plot(*predicted[~hit].T, "x", ms=7, mew=2.1, color=FALSE, **style)
    groups = {
        "found": frame.points[found],
        "missed": frame.points[~found],
        "false": predicted[~hit],
    }
    everything = np.concatenate([frame.points, predicted])
    for kind, colour, word in KINDS:
        if len(groups[kind]):
            x, y = name(axes, groups[kind], everything, colour, word)
            across = [(x + step, y) for step in (-40, -20, 0, 20, 40)]
            everything = np.concatenate([everything, across])


def name(
    axes: mpl.axes.Axes, points: np.ndarray, others: np.ndarray, colour: str, word: str
) -> tuple[float, float]:
    """Write the word beside the loneliest of the points, where there is most room; that place."""
    gaps = [np.sort(np.hypot(*(others - p).T))[1:4].sum() for p in points]
    x, y = points[int(np.argmax(gaps))]
    around = [
        (x + dx, y + dy) for dx in (-58, 58) for dy in (-30, -20, 20, 30)
        if 45 < x + dx < 467 and 14 < y + dy < 274
    ]  # fmt: skip
    room = [np.min(np.abs(others - p) @ (1, 2.5)) for p in around]
    place = around[int(np.argmax(room))]
    axes.annotate(
        word, (x, y), place, color=colour, fontsize=12, fontweight="bold",
        ha="center", va="center", path_effects=HALO,
        arrowprops={"arrowstyle": "-", "color": colour, "shrinkB": 10, "lw": 1.6,
                    "path_effects": HALO},
    )  # fmt: skip
    return place


if __name__ == "__main__":
    main()
