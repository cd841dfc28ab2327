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

- *cycle*, *identity*, *colours*, *textures*: cycle and identity error in grey levels, and style
  distances to real frames of the target, whose floor is how far these are from each other; see
  ``adaptor_bench/stages/translators/measures.py``. The other direction is measured by them, too.

``--set translate.rate=3e-4`` tries a CycleGAN of other settings. A line a translator, fold, seed,
budget and settings is kept in translators.csv, and not measured again. The exit code is 1 when the
CycleGAN at its own budget and settings misses what is asked for.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cells
import numpy as np
from judges import Image, Judges, comb, kept
from translator_lines import Line, figure, read, table

from adaptor_bench.data.check import LoadedFrame, load_frames
from adaptor_bench.data.frames import index_dataset
from adaptor_bench.data.layout import DOMAINS
from adaptor_bench.progress import message
from adaptor_bench.registry import discover, parse_settings
from adaptor_bench.stages.translators.measures import (
    colour_style,
    pixel_error,
    self_distance,
    style_distance,
    texture_style,
)

NAMES = (
    "cyclegan", "detcyclegan", "hyperrealism", "histogram", "colour_statistics", "fourier",
    "unchanged",
)  # fmt: skip
TRAINED = NAMES[:3]
SHEET = 4  # frames a row


def part_of(name: str, budget: float, settings: Mapping[str, Any]) -> Any:
    """The translator, as the profile ``quick`` has it but for ``settings``, with so many times its
    steps."""
    spec = discover().get("improved_heatmap")
    own = spec.build(spec.resolve("quick", {"translate": name, **settings})).translate
    return replace(own, steps=max(1, round(own.steps * budget))) if name in TRAINED else own


def told(settings: Mapping[str, Any]) -> str:
    """``cycle=5.0 rate=0.0003``: settings of the CycleGAN that are not those of ``quick``."""
    return " ".join(f"{k.removeprefix('translate.')}={v}" for k, v in sorted(settings.items()))


def measure(given: Any, settings: Mapping[str, Any], known: set[tuple[Any, ...]]) -> Iterator[Line]:
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
        judged = [f for f in sim if f.frame.surgery in surgeries[1::2]]
        target, unseen = (loaded["intraop"].of(s) for s in (fold.train, fold.validation))
        judges: Judges | None = None
        for seed in given.seed or [0]:
            for name in given.translator or NAMES:
                for budget in given.budgets or [1.0]:
                    changed = settings if name in TRAINED else {}
                    if (name, dataset.name, number, seed, budget, told(changed)) in known:
                        continue
                    if name not in TRAINED and (budget != 1 or settings):
                        continue
                    judges = judges or Judges(trained, target)
                    yield _line(
                        name, dataset.name, number, seed, budget, changed, judges, sim, target,
                        judged, unseen, given.out,
                    )  # fmt: skip


def _line(
    name: str,
    dataset: str,
    fold: int,
    seed: int,
    budget: float,
    settings: Mapping[str, Any],
    judges: Judges,
    sim: Sequence[LoadedFrame],
    target: Sequence[LoadedFrame],
    judged: Sequence[LoadedFrame],
    unseen: Sequence[LoadedFrame],
    out: Path,
) -> Line:
    part, quiet = part_of(name, budget, settings), {"device": "cpu", "bar": lambda *_: None}
    real = [[f.image for f in frames] for frames in (judged, unseen)]
    keys = [[f.frame.key for f in frames] for frames in (judged, unseen)]
    ways = DOMAINS[::-1]  # of judged frames, which are sim, and of unseen ones
    with tempfile.TemporaryDirectory() as folder:
        began = time.process_time()
        part.fit(sim, target, Path(folder), seed=seed, **quiet)
        fitted = time.process_time()

        def to(images: Sequence[Image], way: int, of: int) -> Sequence[Image]:
            return looked(part, images, keys[of], ways[way], Path(folder), **quiet)

        translated = to(real[0], 0, 0)
        ended = time.process_time()
        back = to(real[1], 1, 1)
        again = to(translated, 1, 0), to(back, 0, 1)
        same = to(real[1], 0, 1), to(real[0], 1, 0)
    # All are translated, for a translator of videos; every third one is judged.
    judged, translated, back = judged[::3], translated[::3], back[::3]
    real = [images[::3] for images in real]
    again, same = ([images[::3] for images in both] for both in (again, same))
    groups = [_surgeries(frames) for frames in (target, sim)]
    styles = [
        figure
        for style in (colour_style, texture_style)
        for made, surgeries in zip((translated, back), groups, strict=True)
        for figure in _style(style, made, surgeries)
    ]
    sheet = " ".join((f"{name} {dataset} fold{fold} seed{seed} x{budget:g}", told(settings)))
    _sheet(out / "sheets" / f"{sheet.strip().replace(' ', '_')}.jpg", real, translated)
    share, hits, moved = kept(judges, judged, translated)
    line = Line(
        name, dataset, fold, seed, budget, told(settings),
        round(fitted - began, 1), round((ended - fitted) / len(keys[0]), 4),
        judges.classifier(translated), *(judges.classifier(images) for images in real),
        judges.colourless(translated), *(judges.colourless(images) for images in real),
        round(share, 2), hits, round(moved, 2),
        round(comb(translated), 2), round(max(comb(images) for images in real), 2),
        *(round(pixel_error(*pair), 2) for pair in zip(real, again, strict=True)),
        *(round(pixel_error(*pair), 2) for pair in zip(real[::-1], same, strict=True)),
        *(round(number, 3) for number in styles),
    )  # fmt: skip
    message(str(line))
    return line


def looked(
    part: Any, images: Sequence[Image], keys: Sequence[str], domain: str, folder: Path, **quiet: Any
) -> Sequence[Image]:
    """The images as if of ``domain``."""
    told = {"keys": keys} if getattr(part, "in_order", False) else {}
    return list(part.translate(images, domain, folder, **quiet, **told))


def _surgeries(frames: Sequence[LoadedFrame]) -> list[list[Image]]:
    """Every third image of each surgery."""
    found: dict[str, list[Image]] = {}
    for frame in frames:
        found.setdefault(frame.frame.surgery, []).append(frame.image)
    return [images[::3] for images in found.values()]


def _style(style: Any, made: Sequence[Image], surgeries: Sequence[Any]) -> tuple[float, float]:
    """The distance of what was made to real frames of these surgeries, and the floor."""
    features = [style(images) for images in surgeries]
    return style_distance(style(made), np.concatenate(features)), self_distance(features)


def _sheet(path: Path, real: Sequence[Sequence[Image]], translated: Sequence[Image]) -> None:
    """Frames, their translations and real frames of the target, a row each, at half size."""
    import cv2

    path.parent.mkdir(parents=True, exist_ok=True)
    rows = []
    for images in (real[0], translated, real[1]):
        places = np.linspace(0, len(images) - 1, SHEET).round().astype(int)
        rows.append(np.hstack([images[i][::2, ::2] for i in places]))
    cv2.imwrite(str(path), np.vstack(rows)[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 80])


def main() -> int:
    """Measure, print, write."""
    idle = ("domain", "profile", "budget", "workers", "runs", "artefacts")
    made = cells.parser(__doc__ or "", "translators", without=idle)
    made.add_argument("--translator", choices=NAMES, action="append", default=[])
    made.add_argument(
        "--times", dest="budgets", type=float, action="append", default=[],
        help="times the steps of the CycleGAN; repeatable",
    )  # fmt: skip
    made.add_argument("--set", action="append", default=[], help="as for bench run; repeatable")
    given = made.parse_args()
    path = given.out / "translators.csv"
    lines = read(path)
    for line in measure(
        given,
        parse_settings(given.set),
        {(x.translator, x.dataset, x.fold, x.seed, x.budget, x.settings) for x in lines},
    ):
        lines.append(line)
        cells.write(given.out, "translators", lines, table(lines))
    sys.stdout.write(table(lines))
    figure(lines, given.out / "translators.svg")
    own = [x for x in lines if x.translator == "cyclegan" and x.budget == 1 and not x.settings]
    return int(not all(x.accepted for x in own))


if __name__ == "__main__":
    sys.exit(main())
