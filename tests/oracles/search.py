"""The search that chose the `quick` settings: the same candidates for every method, on data of
development seeds only.

    python -m tests.oracles.search WORK [--method stern] [--case 0:sim:1] [--only rate=8e-3]

draws the phantoms into WORK, trains every candidate on every case (generator seed:domain:fold)
and prints F1, precision and sensitivity in percent and CPU seconds of the training, one thread.
Finished trainings in WORK are kept. What it printed stands in docs/methods.md.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import adaptor_bench as ab
from adaptor_bench.bounded import read_json
from adaptor_bench.phantom import DEVELOPMENT_SEEDS, write_phantom
from adaptor_bench.scoring.metrics import f1, precision, sensitivity
from adaptor_bench.scoring.scorefile import FoldScore

CASES = ["0:sim:1", "1:intraop:2"]
# The same for every method, so that none is tuned longer than another.
CANDIDATES = {
    "as-it-is": {},
    "rate=2e-3": {"training.rate": 2e-3},
    "rate=8e-3": {"training.rate": 8e-3},
    "budget=2": {"training.budget": 2.0},
    "batch=8": {"training.batch": 8, "training.steps": 200},
    "held_back": {"training.choose": "held_back", "training.selections": 4},
    "refit": {"training.choose": "refit", "training.selections": 4, "training.budget": 0.5},
}
# Without translation, which is trained apart; ablations of the decoding share the network.
METHODS = {
    "improved_heatmap": (
        ["improved_heatmap", "improved_heatmap/no_cutting"],
        {"translate": "none"},
    ),
    "stern": (["stern"], {}),
    "unet_peaks": (["unet_peaks"], {}),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("--method", action="append", choices=METHODS)
    parser.add_argument("--case", action="append")
    parser.add_argument("--only", action="append", choices=CANDIDATES)
    chosen = parser.parse_args()
    for candidate in chosen.only or CANDIDATES:
        for case in chosen.case or CASES:
            for method in chosen.method or METHODS:
                _try(chosen.work, method, candidate, case)


def _try(work: Path, method: str, candidate: str, case: str) -> None:
    seed, domain, fold = case.split(":")
    assert int(seed) in DEVELOPMENT_SEEDS, f"{seed} is no development seed"
    data = work / f"seed_{seed}"
    if not data.exists():
        write_phantom(data, "mini", int(seed))
    names, settings = METHODS[method]
    out = work / "runs" / method / candidate / seed
    ab.run(
        names, data, domain=domain, folds=int(fold), profile="quick", out=out,
        set=settings | CANDIDATES[candidate],
    )  # fmt: skip
    for name in names:
        (run,) = out.glob(f"*/{name}/{domain}/fold_{fold}")
        counts = FoldScore.load(run / "score.json").counts
        told = read_json(run / "training.json")
        sys.stdout.write(
            f"{name:<28} {candidate:<10} {case:<12} F1 {100 * f1(counts):5.1f}  "
            f"P {100 * precision(counts):5.1f}  S {100 * sensitivity(counts):5.1f}  "
            f"{told['cpu_seconds']:5.1f} s  tried {told['f1']}  collapsed {told['collapsed']}\n"
        )
        sys.stdout.flush()


if __name__ == "__main__":
    main()
