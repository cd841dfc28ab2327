"""The table of docs/phantom.md: ``python tests/oracles/phantom_statistics.py [PROFILE [SEED]]``.

For every surgery: frames; labels a frame, their mean and most; frames without any; the share of
labels with another within 9 and 12 px, and the median distance; mean colour in CIE Lab; the share
of pixels that are white (over-exposed); CPU time to draw a frame, setting up the surgery included.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass

import cv2
import numpy as np

from adaptor_bench.phantom import PhantomSurgery, frames_of
from adaptor_bench.phantom.profiles import REAL_VIDEOS, domain_of

HEAD = (
    "| surgery | frames | labels a frame | most | without, % | nearest < 9 px, % | < 12 px, % | "
    "median, px | L* | a* | b* | white, % | ms a frame |"
)
WHITE = 250


@dataclass
class Drawn:
    """What is counted of some frames."""

    counts: np.ndarray  # (F,) labels
    nearest: np.ndarray  # (N,) distance of each label to the next in its frame, px
    colours: np.ndarray  # (F, 3) mean CIE Lab
    white: np.ndarray  # (F,) share of pixels
    seconds: float  # CPU time of all

    def row(self, name: str) -> str:
        frames = len(self.counts)
        means = (
            self.counts.mean(),
            self.counts.max(),
            100 * np.mean(self.counts == 0),
            100 * np.mean(self.nearest < 9),
            100 * np.mean(self.nearest < 12),
            np.median(self.nearest),
            *self.colours.mean(axis=0),
            100 * self.white.mean(),
            1000 * self.seconds / frames,
        )
        digits = (2, 0, 1, 0, 0, 1, 1, 1, 1, 1, 1)
        cells = [f"{value:.{n}f}" for value, n in zip(means, digits, strict=True)]
        return f"| {name} | {frames} | " + " | ".join(cells) + " |"


def draw(surgery: str, profile: str, seed: int) -> Drawn:
    frames = frames_of(profile, surgery)
    start = time.process_time()
    drawn = PhantomSurgery(surgery, frames, seed)
    pictures = [drawn.frame(index) for index in range(frames)]
    seconds = time.process_time() - start
    nearest = []
    for picture in pictures:
        if len(picture.points) > 1:
            gaps = np.linalg.norm(picture.points[:, None] - picture.points, axis=2)
            nearest.append((gaps + np.diag(np.full(len(gaps), np.inf))).min(axis=1))
    scaled = [np.float32(p.image) / np.float32(255) for p in pictures]
    return Drawn(
        counts=np.array([len(p.points) for p in pictures]),
        nearest=np.concatenate(nearest),
        colours=np.stack(
            [cv2.cvtColor(p, cv2.COLOR_RGB2LAB).mean(axis=(0, 1)) for p in scaled],
        ),
        white=np.array([(p.image.min(axis=2) >= WHITE).mean() for p in pictures]),
        seconds=seconds,
    )


def joined(parts: list[Drawn]) -> Drawn:
    return Drawn(
        counts=np.concatenate([p.counts for p in parts]),
        nearest=np.concatenate([p.nearest for p in parts]),
        colours=np.concatenate([p.colours for p in parts]),
        white=np.concatenate([p.white for p in parts]),
        seconds=sum(p.seconds for p in parts),
    )


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main(profile: str = "mini", seed: str = "0") -> None:
    say(HEAD)
    say("|" + "---|" * (HEAD.count("|") - 1))
    for domain in ("sim", "intraop"):
        parts = []
        for surgery in (name for name in REAL_VIDEOS if domain_of(name) == domain):
            parts.append(draw(surgery, profile, int(seed)))
            say(parts[-1].row(surgery))
        say(joined(parts).row(f"**{domain}**"))


if __name__ == "__main__":
    main(*sys.argv[1:])
