"""Validate 100,000 frames as folder, zip and tar.gz, beside a script that only reads the JSON.

``python tests/benchmarks/validate_100k.py [--frames N]`` prints seconds and peak memory of each,
every one in a process of its own. The submission is written to a temporary folder and removed.
"""

# ruff: noqa: T201
from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path
from random import Random

BARE = """
import json, os, sys
n = 0
for folder, _, names in os.walk(sys.argv[1]):
    for name in names:
        with open(os.path.join(folder, name), 'rb') as file:
            n += len(json.loads(file.read())['points'])
print(n)
"""
VALIDATE = """
import sys
from pathlib import Path
from adaptor_bench.submission.validate import validate
reference = Path(sys.argv[2]) if len(sys.argv) > 2 else None
report = validate(Path(sys.argv[1]), reference)
assert report.valid, report.findings[:3]
print(report.frames, 'frames', report.points, 'points')
"""
MEASURE = """
import resource, subprocess, sys, time
start = time.perf_counter()
done = subprocess.run([sys.executable, '-c', *sys.argv[1:]], capture_output=True, text=True)
seconds = time.perf_counter() - start
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
said = done.stdout.strip() or done.stderr.strip().splitlines()[-1]
print(seconds, usage.ru_maxrss, said, sep='\\t')
"""


def write(root: Path, frames: int, points: int) -> None:
    """``frames`` predictions in ten surgeries of ten videos each."""
    rng = Random(0)
    for i in range(frames):
        surgery, video, stem = f"aicm{i % 10 + 1}", f"VID{i // 10 % 10:03d}_0", f"{i // 100:06d}"
        place = root / surgery / video / "point_labels"
        if i < 100:
            place.mkdir(parents=True)
        listed = [
            {"x": round(rng.uniform(0, 511), 1), "y": round(rng.uniform(0, 287), 1)}
            for _ in range(points)
        ]
        names = {"folderName": surgery, "subfolderName": video, "imageFileName": f"{stem}.png"}
        with (place / f"{stem}.json").open("w", encoding="utf-8") as file:
            json.dump({**names, "points": listed}, file)


def measure(title: str, bare: float | None, *arguments: str) -> float:
    """Seconds of ``python -c ARGUMENTS``, printed with the ratio to ``bare``."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, *arguments], capture_output=True, text=True, check=True
    )
    seconds, peak, said = done.stdout.rstrip("\n").split("\t")
    ratio = f"{float(seconds) / bare:5.2f} x" if bare else "       "
    print(
        f"{title:<28} {float(seconds):7.2f} s {ratio} {int(peak) >> 10:>6} MiB   {said}", flush=True
    )
    return float(seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=100_000)
    parser.add_argument("--points", type=int, default=12)
    options = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    with tempfile.TemporaryDirectory() as name:
        root = Path(name, "team")
        write(root, options.frames, options.points)
        files = sorted(root.rglob("*.json"))
        with zipfile.ZipFile(Path(name, "a.zip"), "w", zipfile.ZIP_DEFLATED) as archive:
            for path in files:
                archive.write(path, path.relative_to(name))
        with tarfile.open(Path(name, "a.tar.gz"), "w:gz", compresslevel=6) as archive:
            archive.add(root, "team")
        bare = measure("only json.loads", None, BARE, str(root))
        measure("folder", bare, VALIDATE, str(root))
        measure("folder with reference", bare, VALIDATE, str(root), str(root))
        measure("zip", bare, VALIDATE, str(Path(name, "a.zip")))
        measure("tar.gz", bare, VALIDATE, str(Path(name, "a.tar.gz")))


if __name__ == "__main__":
    main()
