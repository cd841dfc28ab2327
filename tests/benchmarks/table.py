"""Print docs/performance.md's tables of scoring: ``python tests/benchmarks/table.py [--large]``.

Every figure is the best of several rounds; ratios are taken within one run. ``--large`` adds a
hundred thousand frames, which takes some minutes.
"""

from __future__ import annotations

import argparse
import platform
import sys
import tempfile
from pathlib import Path

import numpy as np
import scipy
from folders import write_folders
from tabulate import tabulate
from test_commands_speed import best
from test_matching_speed import (
    FRAMES,
    RADII,
    SCENES,
    curve,
    every_rule,
    obvious,
    one_rule,
    seconds,
)

from adaptor_bench.matching.rules import all_rules


def matching():
    rows = []
    for scene, pairs in ((name, list(make())) for name, make in SCENES.items()):
        loop, one = seconds(obvious, pairs), seconds(one_rule, pairs)
        work = [("obvious loop", loop), ("`hungarian`", one)]
        work += [
            (f"`{rule}`", seconds(one_rule, pairs, rule))
            for rule in all_rules()
            if rule != "hungarian"
        ]
        work.append(("all four rules", seconds(every_rule, pairs)))
        work.append((f"`hungarian` at {len(RADII)} radii", seconds(curve, pairs)))
        for name, time in work:
            frames = f"{FRAMES / time:,.0f}"
            rows.append([scene, name, 1e6 * time / FRAMES, frames, time / loop, time / one])
    heads = ["frames", "what", "µs a frame", "frames/s", "x obvious loop", "x hungarian"]
    show(rows, heads, (".0f", ".0f", ".1f", ".0f", ".2f", ".2f"))


def commands(sizes):
    rows = []
    for frames in sizes:
        with tempfile.TemporaryDirectory() as folder:
            predictions, labels = write_folders(Path(folder), frames)
            bare, ours, memory = best(predictions, labels, 7 if frames < 10_000 else 3)
        rows.append([f"{frames:,}", bare, ours, ours - bare, ours / bare, memory])
    heads = [
        "frames",
        "only `json.loads` of the files, s",
        "`bench evaluate`, s",
        "difference, s",
        "ratio",
        "peak MiB",
    ]
    show(rows, heads, ("", ".2f", ".2f", ".2f", ".2f", ".0f"))


def show(rows, heads, digits):
    sys.stdout.write(tabulate(rows, heads, "pipe", floatfmt=digits) + "\n\n")
    sys.stdout.flush()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--large", action="store_true")
    sizes = (2376, 100_000) if parser.parse_args().large else (2376,)
    sys.stdout.write(
        f"Python {platform.python_version()}, numpy {np.__version__}, scipy {scipy.__version__}, "
        f"{platform.system()} {platform.machine()}\n\n"
    )
    matching()
    commands(sizes)


if __name__ == "__main__":
    main()
