"""Does a translator translate? What it is asked for before any verdict on it, by budget.

    python leaderboards/experiments/translators.py --data DIR --fold 1 --translator cyclegan
    python leaderboards/experiments/translators.py --data DIR --fold 1 --times 0.25 --times 4

Judges are trained on real frames: every second sim surgery, and the training surgeries of an
intraop fold. The other sim surgeries are translated and judged:

- *target*: share that a small classifier of domains takes for intraop. Asked for: 80 %.
- *without colour*: the same by a classifier of grey, local contrast. A colour transfer reaches 0.
- *kept*: of the landmarks that a detector of both domains hits in the frame, the share that it hits
  in its translation, within 6 px of where they were. Asked for: 90 %. The detector has to know
  both looks, else a new look counts as a lost landmark.
- *comb*: how far the power of waves of 2 and 4 px, which a checkerboard consists of, stands out
  of its neighbours' (dB, the worst of both directions). Asked for: at most 1 dB more than in real
  frames.

A line a translator, fold, seed and budget is kept in translators.csv, and not measured again. The
exit code is 1 when a translator at its full budget misses what is asked for.
"""

from __future__ import annotations

import csv
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import cells
import numpy as np
from numpy.typing import NDArray

from adaptor_bench.data.check import LoadedFrame, load_frames
from adaptor_bench.data.frames import index_dataset
from adaptor_bench.matching.match import match
from adaptor_bench.matching.settings import MatchSettings
from adaptor_bench.progress import message
from adaptor_bench.registry import discover

NAMES = ("cyclegan", "histogram", "colour_statistics", "fourier", "unchanged")
TARGET, KEPT, COMB = 80.0, 90.0, 1.0
STEPS, BATCH, WINDOW = 250, 12, (192, 144)
SHEET = 4  # frames a row
Image = NDArray[np.uint8]


@dataclass(frozen=True)
class Line:
    """What was measured of one translator; shares in percent, costs in CPU seconds."""

    translator: str
    dataset: str
    fold: int
    seed: int
    budget: float
    fit_seconds: float
    frame_seconds: float
    target: float
    target_real_sim: float
    target_real_intraop: float
    colourless: float
    colourless_real_sim: float
    colourless_real_intraop: float
    kept: float
    hits: int
    moved_px: float
    comb: float
    comb_real: float

    @property
    def accepted(self) -> bool:
        """Whether it does what is asked for."""
        return self.target >= TARGET and self.kept >= KEPT and self.comb <= self.comb_real + COMB


class Judges:
    """Two classifiers of domains and a detector, trained on surgeries that nobody translates."""

    def __init__(self, sim: Sequence[LoadedFrame], intraop: Sequence[LoadedFrame]) -> None:
        from adaptor_bench.train.fit import fit_network
        from adaptor_bench.train.samples import sample_of
        from adaptor_bench.train.trial import some_of, with_threshold

        images = [[f.image for f in frames] for frames in (sim, intraop)]
        self.classifier = classifier(*images, prepare=lambda image: image)
        self.colourless = classifier(*images, prepare=contrast)
        spec = discover().get("unet_peaks")
        self.parts = spec.build(spec.resolve("quick"))
        samples = [sample_of(f) for f in (*sim, *intraop)]
        fitted = fit_network(self.parts, samples, (), seed=0, device="cpu", bar=lambda *_: None)
        self.network = self.parts.network.build(self.parts.target.channels)
        self.network.load_state_dict(fitted.weights)
        few = some_of(samples)
        self.decode = with_threshold(self.network, few, self.parts.decode, "cpu", MatchSettings())

    def found(self, images: Sequence[Image]) -> Iterator[NDArray[np.float64]]:
        """Points (N, 2) of every image."""
        from adaptor_bench.train.inference import predict_maps

        for image, maps in zip(
            images, predict_maps(self.network, images, device="cpu"), strict=True
        ):
            yield self.decode.decode(maps, (image.shape[1], image.shape[0])).points


def contrast(image: Image) -> Image:
    """Grey, less what changes slowly, of equal spread: an image without colour and light."""
    import cv2

    grey = image.astype(np.float32).mean(2)
    local = grey - cv2.GaussianBlur(grey, (0, 0), 16)
    local = 128 + 40 * local / (local.std() + 1e-3)
    return np.clip(local, 0, 255).astype(np.uint8)[..., None].repeat(3, 2)


def classifier(
    sim: Sequence[Image], intraop: Sequence[Image], prepare: Callable[[Image], Image]
) -> Callable[[Sequence[Image]], float]:
    """A small network that tells the domains apart; gives the share (percent) of images that it
    takes for intraop. Colours of its windows are varied a little, so that it is not a single one
    that decides."""
    import torch
    from torch import nn

    from adaptor_bench.train.device import deterministic, mixed_precision

    pools = [[prepare(image) for image in images] for images in (sim, intraop)]
    rng = np.random.default_rng(0)

    def window(images: Sequence[Image]) -> Any:
        image = images[rng.integers(len(images))]
        y, x = (
            int(rng.integers(a - b + 1)) for a, b in zip(image.shape, WINDOW[::-1], strict=False)
        )
        part = image[y : y + WINDOW[1], x : x + WINDOW[0]].astype(np.float32)
        part = part * (1 + rng.uniform(-0.3, 0.3)) * rng.uniform(0.9, 1.1, 3) + rng.uniform(
            -15, 15, 3
        )
        part = part[:: rng.choice((-1, 1)), :: rng.choice((-1, 1))]
        return tensor(np.clip(part, 0, 255))

    def tensor(image: NDArray[Any]) -> Any:
        return torch.from_numpy(np.array(image)).permute(2, 0, 1).float() / 127.5 - 1

    with deterministic(0):
        widths, layers = (3, 16, 32, 48, 64), []
        for a, b in pairwise(widths):
            layers += [nn.Conv2d(a, b, 3, stride=2, padding=1), nn.BatchNorm2d(b), nn.ReLU()]
        network = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 1))
        optimiser = torch.optim.AdamW(network.parameters(), 3e-3, weight_decay=1e-3)
        rates = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, total_steps=STEPS)
        wanted = torch.arange(BATCH) % 2
        for _ in range(STEPS):
            batch = torch.stack([window(pools[i % 2]) for i in range(BATCH)])
            with mixed_precision("cpu", True):
                logits = network(batch)[:, 0].float()
            loss = nn.functional.binary_cross_entropy_with_logits(logits, wanted.float())
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            rates.step()
    network.eval()

    def share(images: Sequence[Image]) -> float:
        with torch.inference_mode():
            taken = [float(network(tensor(prepare(i))[None])) > 0 for i in images]
        return 100 * float(np.mean(taken))

    return share


def comb(images: Sequence[Image]) -> float:
    """How far waves of exactly 2 or 4 px stand out of waves of about that length, in dB: the most
    of both directions and lengths. About 0 without a checkerboard."""
    window = np.hanning(images[0].shape[0])[:, None] * np.hanning(images[0].shape[1])
    greys = [image.astype(float).mean(2) for image in images]
    power = sum(np.abs(np.fft.fft2((g - g.mean()) * window)) ** 2 for g in greys)
    worst = -np.inf
    for spectrum in (power.mean(0), power.mean(1)):
        for period in (2, 4):
            centre = len(spectrum) // period
            at = spectrum[np.arange(centre - 1, centre + 2) % len(spectrum)].mean()
            around = np.array([-8, -7, -6, -5, 5, 6, 7, 8]) + centre
            worst = max(worst, 10 * np.log10(at / spectrum[around % len(spectrum)].mean()))
    return float(worst)


def kept(
    judges: Judges, frames: Sequence[LoadedFrame], translated: Sequence[Image]
) -> tuple[float, int, float]:
    """Share (percent) of the landmarks hit in frames that are hit in their translations, of how
    many, and the median distance in px between both detections of one landmark."""
    hits = both = 0
    moved: list[float] = []
    images = [f.image for f in frames]
    for frame, before, after in zip(
        frames, judges.found(images), judges.found(translated), strict=True
    ):
        first, second = (
            {int(label): points[int(p)] for p, label in match(points, frame.points, 6.0).pairs}
            for points in (before, after)
        )
        hits += len(first)
        both += len(first.keys() & second.keys())
        moved += [float(np.hypot(*(first[k] - second[k]))) for k in first.keys() & second.keys()]
    return 100 * both / max(1, hits), hits, float(np.median(moved)) if moved else np.nan


def part_of(name: str, budget: float) -> Any:
    """The translator, as the profile ``quick`` has it, with so many times its steps."""
    from adaptor_bench.stages.registry import shipped

    part = shipped()["translate", name]()
    if name != "cyclegan":
        return part
    spec = discover().get("improved_heatmap")
    own = spec.build(spec.resolve("quick")).translate
    return replace(own, steps=max(1, round(own.steps * budget)))


def measure(given: Any, known: set[tuple[Any, ...]]) -> Iterator[Line]:
    """The lines that are not known yet; a sheet of frames for each is written."""
    import torch

    torch.set_num_threads(1)
    dataset = index_dataset(cells.dataset_folder(given.data))
    loaded = load_frames(dataset, ["sim", "intraop"])
    plan = dataset.fold_plan("intraop")
    for number in given.fold or [1]:
        fold = plan.fold(number)
        sim = loaded["sim"].without(dataset.outside(fold.cohort)).frames
        surgeries = list(dict.fromkeys(f.frame.surgery for f in sim))
        trained = [f for f in sim if f.frame.surgery in surgeries[::2]]
        judged = [f for f in sim if f.frame.surgery in surgeries[1::2]][::3]
        target, unseen = (loaded["intraop"].of(s) for s in (fold.train, fold.validation))
        judges: Judges | None = None
        for seed in given.seed or [0]:
            for name in given.translator or NAMES:
                for budget in given.budgets or [1.0]:
                    if (name, dataset.name, number, seed, budget) in known:
                        continue
                    if name != "cyclegan" and budget != 1:
                        continue
                    judges = judges or Judges(trained, target)
                    yield _line(
                        name, dataset.name, number, seed, budget, judges, sim, target, judged,
                        unseen[::3], given.out,
                    )  # fmt: skip


def _line(
    name: str,
    dataset: str,
    fold: int,
    seed: int,
    budget: float,
    judges: Judges,
    sim: Sequence[LoadedFrame],
    target: Sequence[LoadedFrame],
    judged: Sequence[LoadedFrame],
    unseen: Sequence[LoadedFrame],
    out: Path,
) -> Line:
    part, quiet = part_of(name, budget), {"device": "cpu", "bar": lambda *_: None}
    real = [[f.image for f in frames] for frames in (judged, unseen)]
    with tempfile.TemporaryDirectory() as folder:
        began = time.process_time()
        part.fit(sim, target, Path(folder), seed=seed, **quiet)
        fitted = time.process_time()
        translated = part.translate(real[0], "intraop", Path(folder), **quiet)
        ended = time.process_time()
    _sheet(
        out / "sheets" / f"{name}_{dataset}_fold{fold}_seed{seed}_x{budget:g}.jpg", real, translated
    )
    share, hits, moved = kept(judges, judged, translated)
    line = Line(
        name, dataset, fold, seed, budget,
        round(fitted - began, 1), round((ended - fitted) / len(translated), 4),
        judges.classifier(translated), *(judges.classifier(images) for images in real),
        judges.colourless(translated), *(judges.colourless(images) for images in real),
        round(share, 2), hits, round(moved, 2),
        round(comb(translated), 2), round(max(comb(images) for images in real), 2),
    )  # fmt: skip
    message(str(line))
    return line


def _sheet(path: Path, real: Sequence[Sequence[Image]], translated: Sequence[Image]) -> None:
    """Frames, their translations and real frames of the target, a row each, at half size."""
    import cv2

    path.parent.mkdir(parents=True, exist_ok=True)
    rows = []
    for images in (real[0], translated, real[1]):
        places = np.linspace(0, len(images) - 1, SHEET).round().astype(int)
        rows.append(np.hstack([images[i][::2, ::2] for i in places]))
    cv2.imwrite(str(path), np.vstack(rows)[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 80])


def read(path: Path) -> list[Line]:
    """What was measured before."""
    if not path.is_file():
        return []
    kinds = {"str": str, "int": int, "float": float}
    with path.open(encoding="utf-8") as stream:
        return [
            Line(**{f.name: kinds[str(f.type)](row[f.name]) for f in fields(Line)})
            for row in csv.DictReader(stream)
        ]


def table(lines: Sequence[Line]) -> str:
    """All lines, the accepted ones marked."""
    head = [
        "translator",
        "data",
        "fold",
        "seed",
        "budget",
        "CPU s",
        "target %",
        "real sim / intraop",
    ]
    head += ["without colour %", "real sim / intraop", "kept %", "hits", "moved px", "comb dB"]
    head += ["comb of real frames", "accepted"]
    rows = [
        [
            f"`{x.translator}`", x.dataset, str(x.fold), str(x.seed), f"{x.budget:g}",
            f"{x.fit_seconds:.0f}",
            f"{x.target:.0f}", f"{x.target_real_sim:.0f} / {x.target_real_intraop:.0f}",
            f"{x.colourless:.0f}", f"{x.colourless_real_sim:.0f} / {x.colourless_real_intraop:.0f}",
            f"{x.kept:.1f}", str(x.hits), f"{x.moved_px:.1f}",
            f"{x.comb:.2f}", f"{x.comb_real:.2f}", "yes" if x.accepted else "no",
        ]
        for x in lines
    ]  # fmt: skip
    return cells.markdown(head, rows)


def figure(lines: Sequence[Line], path: Path) -> None:
    """Acceptance of the CycleGAN against the CPU seconds of its training; a line a run."""
    from matplotlib.figure import Figure

    drawn = Figure((6.4, 2.6), layout="constrained")
    for axes, (name, title, least) in zip(
        drawn.subplots(1, 2),
        (("target", "taken for intraop (%)", TARGET), ("kept", "landmarks kept (%)", KEPT)),
        strict=True,
    ):
        runs = {(x.dataset, x.fold, x.seed): [] for x in lines if x.translator == "cyclegan"}
        for x in lines:
            if x.translator == "cyclegan":
                runs[x.dataset, x.fold, x.seed].append(x)
        for run in runs.values():
            run.sort(key=lambda x: x.budget)
            seconds = [x.fit_seconds for x in run]
            axes.plot(seconds, [getattr(x, name) for x in run], "o-", color="#0072b2")
            if name == "target":
                without = [x.colourless for x in run]
                axes.plot(seconds, without, "s--", color="#d55e00")
        axes.axhline(least, color="#8c8c8c", linewidth=0.8)
        axes.set_xscale("log", base=2)
        axes.set_xlabel("CPU seconds of the training")
        axes.set_ylabel(title)
        axes.set_ylim(0, 103)
    drawn.savefig(path)


def main() -> int:
    """Measure, print, write."""
    idle = ("domain", "profile", "budget", "workers", "runs", "artefacts")
    made = cells.parser(__doc__ or "", "translators", without=idle)
    made.add_argument("--translator", choices=NAMES, action="append", default=[])
    made.add_argument(
        "--times", dest="budgets", type=float, action="append", default=[],
        help="times the steps of the CycleGAN; repeatable",
    )  # fmt: skip
    given = made.parse_args()
    path = given.out / "translators.csv"
    lines = read(path)
    for line in measure(
        given, {(x.translator, x.dataset, x.fold, x.seed, x.budget) for x in lines}
    ):
        lines.append(line)
        cells.write(given.out, "translators", lines, table(lines))
    sys.stdout.write(table(lines))
    figure(lines, given.out / "translators.svg")
    return int(not all(x.accepted for x in lines if x.translator == "cyclegan" and x.budget == 1))


if __name__ == "__main__":
    sys.exit(main())
