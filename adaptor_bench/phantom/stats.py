"""Statistics of the phantom: ``python -m adaptor_bench.phantom.stats --profile mini``."""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass

import cv2
import numpy as np

from .dataset import PNG_COMPRESSION
from .profiles import PROFILES, REAL_VIDEOS, domain_of
from .surgery import PhantomSurgery

#: Labels nearer to each other than this, px, are likely to merge in a heatmap.
CLOSE_PX = 9.0


@dataclass
class SurgeryStatistics:
    """What was counted in one surgery."""

    surgery: str
    points: np.ndarray  # (F,) labels in each frame
    nearest: np.ndarray  # (N,) distance of each label to the nearest other one, px
    frame_ms: float  # CPU time per frame
    png_kb: float  # mean over a few frames


def measure(surgery: str, profile: str, seed: int, every: int = 1) -> SurgeryStatistics:
    """Draw every ``every``-th frame of a surgery and count."""
    drawn = PhantomSurgery(surgery, PROFILES[profile].frames(surgery), seed)
    counts, nearest, sizes = [], [], []
    indices = range(0, drawn.frames, every)
    spent = 0.0
    for index in indices:
        started = time.process_time()
        frame = drawn.frame(index)
        spent += time.process_time() - started
        counts.append(len(frame.points))
        if len(frame.points) > 1:
            gaps = np.linalg.norm(frame.points[:, None] - frame.points[None], axis=2)
            np.fill_diagonal(gaps, np.inf)
            nearest.append(gaps.min(axis=1))
        if index % max(1, drawn.frames // 6) == 0:
            _, data = cv2.imencode(
                ".png", frame.image, [cv2.IMWRITE_PNG_COMPRESSION, PNG_COMPRESSION]
            )
            sizes.append(len(data) / 1024)
    distances = np.concatenate(nearest) if nearest else np.zeros(0)
    return SurgeryStatistics(
        surgery, np.array(counts), distances, 1e3 * spent / len(indices), float(np.mean(sizes))
    )


def table(statistics: list[SurgeryStatistics]) -> str:
    """A Markdown table: one row per surgery, one per domain."""
    lines = [
        f"| surgery | frames | labels/frame | max | empty % | nearest < {CLOSE_PX:g} px % "
        "| ms/frame | PNG KB |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for domain in ("sim", "intraop"):
        members = [entry for entry in statistics if domain_of(entry.surgery) == domain]
        if not members:
            continue
        rows = [(entry.surgery, [entry]) for entry in members] + [(f"**{domain}**", members)]
        for name, entries in rows:
            points = np.concatenate([entry.points for entry in entries])
            nearest = np.concatenate([entry.nearest for entry in entries])
            close = 100 * (nearest < CLOSE_PX).mean() if len(nearest) else 0.0
            lines.append(
                f"| {name} | {len(points)} | {points.mean():.2f} | {points.max()} "
                f"| {100 * (points == 0).mean():.1f} | {close:.0f} "
                f"| {np.mean([entry.frame_ms for entry in entries]):.1f} "
                f"| {np.mean([entry.png_kb for entry in entries]):.0f} |"
            )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description="Draw a phantom in memory and count its labels.")
    parser.add_argument("--profile", choices=sorted(PROFILES), default="mini")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--every", type=int, default=1, help="use every n-th frame only")
    arguments = parser.parse_args()
    found = [
        measure(name, arguments.profile, arguments.seed, arguments.every) for name in REAL_VIDEOS
    ]
    sys.stdout.write(table(found) + "\n")


if __name__ == "__main__":
    main()
