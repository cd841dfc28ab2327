"""Does more training help? F1 on the held-back surgery of finished runs, halfway and at the end.

``python tests/oracles/learning.py runs/seed*`` prints a line a domain for ``improved_heatmap``:
how many runs, and the means over them, in percent.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

METHOD = "improved_heatmap"


def selections(root: Path) -> dict[str, list[tuple[float, float]]]:
    """Domain to (halfway, at the end) of every run of the method below ``root``."""
    found: dict[str, list[tuple[float, float]]] = {}
    for path in sorted(root.rglob("fold_*/training.json")):
        run = json.loads((path.parent / "run.json").read_text("utf-8"))
        if run["method"] != METHOD:
            continue
        scores = [s["f1"] for s in json.loads(path.read_text("utf-8"))["selection"]]
        half = scores[(len(scores) - 1) // 2]
        found.setdefault(run["domain"], []).append((100 * half, 100 * scores[-1]))
    return found


if __name__ == "__main__":
    gathered: dict[str, list[tuple[float, float]]] = {}
    for argument in sys.argv[1:]:
        for domain, pairs in selections(Path(argument)).items():
            gathered.setdefault(domain, []).extend(pairs)
    for domain, pairs in gathered.items():
        half, end = np.mean(pairs, axis=0)
        told = f"{len(pairs)} runs, F1 {half:.1f} halfway, {end:.1f} at the end"
        sys.stdout.write(f"{domain}: {told}\n")
