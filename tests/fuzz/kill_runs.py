"""Kill runs at random moments: ``python tests/fuzz/kill_runs.py --runs 20 --seed 0``.

Each run trains a translator and a network on a small part of the phantom, writes a savepoint after
every step, and is killed (SIGKILL) one to three times, each time somewhere in what is left: at an
operation on a file, or between two steps of a training. Then it is left alone, and what it leaves,
trained parts, predictions, scores and the board, is compared with that of an undisturbed run, byte
by byte. Prints a line per run. Exit code 1 when one differed or did not end well.
"""

# ruff: noqa: T201
from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path
from random import Random

os.environ |= {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "", "ADAPTOR_BENCH_WORKERS": "1"}
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from fault_driver import Driver, driver
from killed_runs import outcome, put_part, training

from adaptor_bench.phantom.default import cached_phantom
from adaptor_bench.progress import Progress


def killed_and_left_alone(drive: Driver, words: list[str], random: Random, moments: int) -> str:
    """Where it was killed, as moments of how many; raises AssertionError when it then fails."""
    kills = []
    for _ in range(random.randint(1, 3)):
        at = random.randint(1, max(1, moments))
        end = drive(*words, at=at)
        if end.code == 0:  # it had fewer moments left than that
            break
        assert end.code == -9, end.told
        kills.append(f"{at} of {moments}")
        moments = max(1, moments - at // 2)
    end = drive(*words)
    assert end.code == 0, end.told
    return ", ".join(kills) or "never"


def main() -> int:
    """Run it; returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    random, bad = Random(asked.seed), 0
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        os.environ["ADAPTOR_BENCH_CACHE"] = str(root / "cache")
        words = training(put_part(cached_phantom("tiny", Progress(live=False)), root / "part"))
        with driver(root) as drive:
            drive.itself(*words, "--out", root / "undisturbed")
            expected = outcome(root / "undisturbed")
            whole = drive(*words, "--out", root / "counted").moments
            for number in range(1, asked.runs + 1):
                out = root / f"run_{number}"
                try:
                    kills = killed_and_left_alone(drive, [*words, "--out", out], random, whole)
                    same = outcome(out) == expected
                    said = f"killed at {kills}: {'the same bytes' if same else 'DIFFERENT'}"
                except AssertionError as error:
                    same, said = False, f"FAILED\n{error}"
                bad += not same
                print(f"run {number:2}  {said}", flush=True)
    print(f"{asked.runs - bad} of {asked.runs} runs ended as the undisturbed one")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
