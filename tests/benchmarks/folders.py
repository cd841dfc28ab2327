"""Folders of labels and predictions of any size, and what a process costs that reads them.

``python tests/benchmarks/folders.py OUT FRAMES`` writes ``OUT/labels`` and ``OUT/predictions``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

BARE = """
import json, os, sys
n = 0
for root in sys.argv[1:]:
    for folder, _, names in os.walk(root):
        for name in names:
            with open(os.path.join(folder, name), "rb") as stream:
                n += len(json.loads(stream.read())["points"])
print(n)
"""
"""Only reads the same files: the least that any evaluation must do."""


def measured(*command: object, rounds: int = 1) -> tuple[float, float]:
    """Fewest seconds, and peak MiB, of ``python COMMAND`` in a process of its own."""
    costs = []
    for _ in range(rounds):
        began = time.perf_counter()
        child = subprocess.Popen([sys.executable, *map(str, command)], stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = status
        assert status == 0
        costs.append((time.perf_counter() - began, usage.ru_maxrss / 1024))
    return min(costs)


def write_folders(out: Path, frames: int, seed: int = 0) -> tuple[Path, Path]:
    """``frames`` frames in four surgeries of two videos, about 10 points a frame on either side.

    Labels are whole pixels; predictions are labels with 2 px of noise, some lost, some invented.
    """
    rng = np.random.default_rng(seed)
    for n in range(frames):
        surgery, video = f"aicm{11 + n % 4}", f"video_{n // 4 % 2}"
        labels = rng.integers((0, 0), (512, 288), (int(rng.integers(5, 16)), 2))
        keep = rng.random(len(labels)) < 0.9
        found = (labels + rng.normal(0, 2, labels.shape))[keep]
        points = np.concatenate([found, rng.uniform((0, 0), (511, 287), (int(rng.integers(3)), 2))])
        points = np.clip(points, (0, 0), (511, 287)).round(3)
        head = {"folderName": surgery, "subfolderName": video, "imageFileName": f"{n:06d}.png"}
        size = {"imageWidth": 512, "imageHeight": 288}
        for kind, extra, side in (("labels", size, labels), ("predictions", {}, points)):
            folder = out / kind / surgery / video / "point_labels"
            if n < 8:
                folder.mkdir(parents=True, exist_ok=True)
            entries = [{"x": x, "y": y} for x, y in side.tolist()]
            text = json.dumps({**head, **extra, "points": entries})
            (folder / f"{n:06d}.json").write_text(text, encoding="utf-8")
    return out / "predictions", out / "labels"


if __name__ == "__main__":
    write_folders(Path(sys.argv[1]), int(sys.argv[2]))
