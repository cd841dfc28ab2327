"""Statistics of the phantom: ``python -m adaptor_bench.phantom.stats --profile mini``."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator

import cv2
import numpy as np
import pandas as pd

from .dataset import PNG_COMPRESSION
from .profiles import PROFILES, REAL_VIDEOS, domain_of
from .surgery import PhantomSurgery

#: Labels nearer to each other than this, px, are likely to merge in a heatmap.
CLOSE_PX = 9.0


def measure(profile: str, seed: int, every: int = 1) -> Iterator[dict[str, object]]:
    """Draw every ``every``-th frame of all surgeries and count."""
    for surgery in REAL_VIDEOS:
        drawn = PhantomSurgery(surgery, PROFILES[profile].frames(surgery), seed)
        for index in range(0, drawn.frames, every):
            started = time.process_time()
            frame = drawn.frame(index)
            spent = time.process_time() - started
            gaps = np.linalg.norm(frame.points[:, None] - frame.points[None], axis=2)
            np.fill_diagonal(gaps, np.inf)
            _, data = cv2.imencode(
                ".png", frame.image, [cv2.IMWRITE_PNG_COMPRESSION, PNG_COMPRESSION]
            )
            yield {
                "domain": domain_of(surgery),
                "surgery": surgery,
                "labels": len(frame.points),
                "close": int((gaps.min(axis=1, initial=np.inf) < CLOSE_PX).sum()),
                "ms": 1e3 * spent,
                "KB": len(data) / 1024,
            }


def table(frames: pd.DataFrame) -> str:
    """A Markdown table: one row per surgery, one per domain."""
    rows = []
    for domain, members in frames.groupby("domain", sort=False):
        surgeries = members.groupby("surgery", sort=False)
        for name, some in [*surgeries, (f"**{domain}**", members)]:
            labels = some["labels"]
            close = 100 * some["close"].sum() / labels.sum()
            rows.append(
                {
                    "surgery": name,
                    "frames": len(some),
                    "labels/frame": f"{labels.mean():.2f}",
                    "max": labels.max(),
                    "empty %": f"{100 * (labels == 0).mean():.1f}",
                    f"nearest < {CLOSE_PX:g} px %": f"{close:.0f}",
                    "ms/frame": f"{some['ms'].mean():.1f}",
                    "PNG KB": f"{some['KB'].mean():.0f}",
                }
            )
    return pd.DataFrame(rows).to_markdown(index=False, disable_numparse=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="Draw a phantom in memory and count its labels.")
    parser.add_argument("--profile", choices=sorted(PROFILES), default="mini")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--every", type=int, default=1, help="use every n-th frame only")
    given = parser.parse_args()
    frames = pd.DataFrame(measure(given.profile, given.seed, given.every))
    sys.stdout.write(table(frames) + "\n")


if __name__ == "__main__":
    main()
