"""What memory a run takes on many frames: peak of all its processes together, every 0.2 s.

    python tests/benchmarks/many_frames.py --frames 50000

Frames of the phantom at full size, as many links to them as are asked for (which take no room),
a few steps of a network at full size, and predictions of a hundredth of the frames. For Linux.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from adaptor_bench.data.frames import index_dataset
from adaptor_bench.phantom import write_phantom

COMMAND = [
    *("run", "--method", "unet_peaks", "--profile", "smoke", "--domain", "sim"),
    *("--set", "input_size=512x288", "--set", "training.steps=20", "--set", "training.crop=none"),
]
EVERY = 0.2  # s


def write_frames(root: Path, frames: int) -> Path:
    """Below ``root``: sim surgeries of a small phantom, every frame so often that there are
    ``frames`` in all, of which the surgeries of fold 1 have a hundredth. An image is a link, a
    label a file of its own."""
    dataset = index_dataset(write_phantom(root / "drawn", "tiny", 0))
    held = dataset.fold_plan("sim").fold(1).validation
    drawn = {False: [], True: []}
    for frame in dataset.domain("sim"):
        drawn[frame.surgery in held].append(frame)
    for number in range(frames):
        some, place = drawn[number % 100 == 0], number // 100 if number % 100 == 0 else number
        frame = some[place % len(some)]
        stem = f"{frame.stem}_{place // len(some):06d}"
        video = root / "data" / frame.surgery / frame.video
        label = video / "point_labels" / f"{stem}.json"
        label.parent.mkdir(parents=True, exist_ok=True)
        said = json.loads(frame.label.read_text("utf-8"))
        label.write_text(json.dumps(said | {"imageFileName": f"{stem}.png"}), "utf-8")
        (video / "images").mkdir(exist_ok=True)
        os.link(frame.image, video / "images" / f"{stem}.png")
    return root / "data"


def peak_of(*command: object) -> tuple[float, float]:
    """MiB that a command and all it started had in memory together at most, pages that they share
    counted each time; and seconds. Raises RuntimeError when it fails."""
    began, peak = time.monotonic(), 0
    child = subprocess.Popen(list(map(str, command)))
    while child.poll() is None:
        peak = max(peak, sum(map(_resident, _tree(child.pid))))
        time.sleep(EVERY)
    if child.returncode:
        raise RuntimeError(f"exit code {child.returncode}: {command}")
    return peak / 1024, time.monotonic() - began


def _tree(root: int) -> list[int]:
    """A process and all that it started."""
    found, parents = [root], {}
    for place in Path("/proc").iterdir():
        if place.name.isdecimal():
            try:
                parents[int(place.name)] = int(
                    (place / "stat").read_text().rpartition(")")[2].split()[1]
                )
            except OSError:
                continue  # it has just ended
    for one in found:
        found += [pid for pid, parent in parents.items() if parent == one]
    return found


def _resident(pid: int) -> int:
    """kB of it in memory."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return next((int(x.split()[1]) for x in status.splitlines() if x.startswith("VmRSS")), 0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=50_000)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--frame-memory", type=int, default=512, help="MiB")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        data = write_frames(Path(place), given.frames)
        folds = [word for fold in range(given.workers) for word in ("--fold", fold + 1)]
        words = ("--workers", given.workers, "--frame-memory", given.frame_memory, *folds)
        peak, seconds = peak_of(
            sys.executable, "-m", "adaptor_bench", *COMMAND, *words,
            "--data", data, "--out", Path(place, "runs"),
        )  # fmt: skip
    sys.stdout.write(
        f"{given.frames:,} frames of 512x288, {given.workers} workers, {given.frame_memory} MiB of "
        f"pixels in all: {peak:,.0f} MiB at most, {seconds:,.0f} s\n"
    )


if __name__ == "__main__":
    main()
