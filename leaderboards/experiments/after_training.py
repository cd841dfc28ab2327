"""What else could be made of trained networks of muon_peaks: other thresholds, frames asked at
several sizes, as many points as are expected. Frames of 512x288; nothing is trained again.

    bench run --method muon_peaks --data DIR --profile quick --out RUNS
    python leaderboards/experiments/after_training.py RUNS/NAME/muon_peaks --data DIR
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import cells
import numpy as np
from cells import Row
from numpy.typing import NDArray

import adaptor_bench as ab
from adaptor_bench.bounded import read_json
from adaptor_bench.harness.checkpoint import load_method
from adaptor_bench.matching.match import match
from adaptor_bench.registry import discover
from adaptor_bench.scoring.metrics import Counts, f1

Points = NDArray[np.float64]
Found = tuple[Points, Points, Points]  # points and scores that were found, and labels, of a frame
Keep = Callable[[Points], NDArray[np.bool_]]  # which of a frame's points stay, by their scores

SIZES = {"three near sizes": (0.9, 1.0, 1.1), "three far sizes": (0.8, 1.0, 1.25)}
FACTORS = (0.8, 0.9, 1.1)
THRESHOLDS = np.arange(2, 100, 2) / 100
_FRAMES = 24  # training frames that thresholds are chosen on, as in a run


def found_at(detector, frames, sizes: Sequence[float]) -> list[Found]:
    """All that the detector could find: the mean of its maps of every frame at these sizes."""
    import torch
    from torch.nn.functional import interpolate

    from adaptor_bench.train.device import mixed_precision

    network = detector.trained().eval()
    decode = replace(detector.decode, threshold=None)
    every = []
    for frame in frames:
        image = torch.from_numpy(frame.image.copy()).permute(2, 0, 1).float()[None] / 255
        whole, total = image.shape[-2:], torch.zeros(1)
        for size in sizes:
            asked = [round(side * size) for side in whole]
            given = interpolate(image, asked, mode="bilinear", antialias=True)
            with torch.inference_mode():
                with mixed_precision("cpu", detector.training.bfloat16):
                    drawn = network(given.contiguous(memory_format=torch.channels_last))
                drawn = drawn.float().sigmoid()
            total = total + interpolate(drawn, whole, mode="bilinear")
        decoded = decode.decode((total / len(sizes))[0].numpy(), (whole[1], whole[0]))
        every.append((decoded.points, decoded.scores, np.asarray(frame.points, float)))
    return every


def counted(every: Sequence[Found], keep: Keep) -> Counts:
    """Pooled, matched within 6 px."""
    total = Counts(0, 0, 0)
    for points, scores, labels in every:
        one = match(points[keep(scores)], labels)
        total = total + Counts(one.tp, one.fp, one.fn)
    return total


def above(threshold: float) -> Keep:
    """All points of at least that score."""
    return lambda scores: scores >= threshold


def best_threshold(every: Sequence[Found]) -> float:
    """Where F1 is highest, the middle of those within half a point of it."""
    reached = np.nan_to_num([f1(counted(every, above(t))) for t in THRESHOLDS])
    near = reached >= reached.max() - 0.005
    low = high = int(reached.argmax())
    while low > 0 and near[low - 1]:
        low -= 1
    while high + 1 < len(near) and near[high + 1]:
        high += 1
    return float(THRESHOLDS[(low + high) // 2])


def expected(every: Sequence[Found]) -> Keep:
    """As many of a frame's best points as make its expected F1 highest: a score stands for the
    share of training points like it that were hits."""
    from scipy.optimize import isotonic_regression

    scores = np.concatenate([s for _, s, _ in every])
    hits = []
    for points, _, labels in every:
        hit = np.zeros(len(points))
        hit[match(points, labels).pairs[:, 0]] = 1
        hits.append(hit)
    order = np.argsort(scores)
    chance = isotonic_regression(np.concatenate(hits)[order]).x

    def keep(given: Points) -> NDArray[np.bool_]:
        hit = np.interp(given, scores[order], chance)
        best = np.argsort(-hit)
        gain = 2 * np.cumsum(hit[best]) / (np.arange(1, len(hit) + 1) + hit.sum() + 1e-9)
        stays = np.zeros(len(given), bool)
        stays[best[: int(gain.argmax()) + 1 if len(gain) else 0]] = True
        return stays

    return keep


def options(detector, train, test) -> Iterator[tuple[str, Counts]]:
    """Every option and what it comes to on ``test``; what is chosen is chosen on ``train``."""
    seen, held_out = (found_at(detector, frames, (1.0,)) for frames in (train, test))
    threshold = best_threshold(seen)
    yield "as it is", counted(held_out, above(threshold))
    for factor in FACTORS:
        yield f"{factor:g} times the threshold", counted(held_out, above(factor * threshold))
    yield "as many points as are expected", counted(held_out, expected(seen))
    for name, sizes in SIZES.items():
        chosen = best_threshold(found_at(detector, train, sizes))
        yield name, counted(found_at(detector, test, sizes), above(chosen))
    best = max(THRESHOLDS, key=lambda t: np.nan_to_num(f1(counted(held_out, above(t)))))
    yield "the best threshold there is", counted(held_out, above(best))


def rows_of(runs: Path, data: str) -> Iterator[Row]:
    """Of every finished fold below ``runs``, a folder of one method."""
    dataset, registry = ab.load_dataset(data), discover()
    for path in sorted(runs.glob("*/fold_*/run.json")):
        record = read_json(path)
        domain = dataset.domain(record["domain"])
        every = list(domain.surgery(*record["train"]))
        some = [every[len(every) * i // _FRAMES] for i in range(min(_FRAMES, len(every)))]
        test = list(domain.surgery(*record["validation"]))
        for name, counts in options(load_method(path.parent, registry), some, test):
            where = record["dataset"]["name"], record["domain"], record["fold"]
            yield Row(name, *where, record["seed"], counts.tp, counts.fp, counts.fn, 0.0)


def table(rows: list[Row]) -> str:
    """F1 of every option by domain, and its difference to the networks as they are."""
    parts = []
    for domain in dict.fromkeys(r.domain for r in rows):
        here = cells.of(rows, domain=domain)
        by = {arm: cells.of(here, arm=arm) for arm in dict.fromkeys(r.arm for r in here)}
        first, *others = by
        lines = [[first, cells.shown(cells.mean(by[first])), ""]]
        for arm in others:
            gain = cells.shown(cells.difference(by[arm], by[first]), sign=True)
            lines.append([arm, cells.shown(cells.mean(by[arm])), gain])
        parts.append(f"### {domain}\n\n{cells.markdown(['', 'F1', 'difference'], lines)}")
    return "\n".join(parts)


def main() -> None:
    """Look and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", type=Path, nargs="+", help="folders RUNS/DATASET/METHOD")
    parser.add_argument("--data", action="append", required=True, help="one for each of them")
    parser.add_argument("--out", type=Path, default=cells.HERE)
    given = parser.parse_args()
    pairs = zip(given.runs, given.data, strict=True)
    rows = [row for runs, data in pairs for row in rows_of(runs, data)]
    cells.write(given.out, "after_training", rows, table(rows))


if __name__ == "__main__":
    main()
