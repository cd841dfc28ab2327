"""The pictures of docs/phantom.md: ``python docs/images/draw_phantom.py`` writes two of them.

``phantom_sim.jpg``: one frame of six simulator surgeries. ``phantom_intraop.jpg``: the same frame
of each operation at gap 0, 0.5 and 1, one row each, labels ringed in the last column. A
development seed; the frames are number 14 of 24, not chosen by eye.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from adaptor_bench.phantom import PhantomOptions, PhantomSurgery

HERE = Path(__file__).parent
SEED, FRAMES, INDEX = 0, 24, 14
GAPS = (0.0, 0.5, 1.0)
SIM = ("aicm1", "aicm3", "aicm4", "aicm6", "aicm8", "aicm10")
INTRAOP = ("aicm11", "aicm12", "aicm13", "aicm14")
GREEN, BORDER = (60, 255, 110), 4


def drawn(surgery: str, gap: float = 1.0, *, ringed: bool = False) -> np.ndarray:
    """The frame with its caption, (288, 512, 3) uint8 RGB."""
    options = PhantomOptions(gap=gap)
    frame = PhantomSurgery(surgery, FRAMES, SEED, options=options).frame(INDEX)
    image = frame.image.copy()
    if ringed:
        for place in np.round(frame.points * 16).astype(int):
            cv2.circle(image, place.tolist(), 6 * 16, GREEN, 1, cv2.LINE_AA, 4)
    picture = Image.fromarray(image)
    caption = surgery if surgery in SIM else f"{surgery}, gap {gap:g}"
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(15)
    pen.text((8, 266), caption, fill="white", font=font, stroke_width=2, stroke_fill="black")
    return np.asarray(picture)


def sheet(rows: list[list[np.ndarray]]) -> np.ndarray:
    """Pictures side by side and one above the other, white lines between them."""

    def bordered(picture: np.ndarray, axis: int) -> np.ndarray:
        return np.pad(picture, [(0, BORDER * (axis == n)) for n in range(3)], constant_values=255)

    lines = [np.concatenate([bordered(p, 1) for p in row], axis=1) for row in rows]
    return np.concatenate([bordered(line, 0) for line in lines])[:-BORDER, :-BORDER]


def main() -> None:
    sims = [drawn(surgery, ringed=n in (2, 5)) for n, surgery in enumerate(SIM)]
    operations = [
        [drawn(surgery, gap) for gap in GAPS[:-1]] + [drawn(surgery, GAPS[-1], ringed=True)]
        for surgery in INTRAOP
    ]
    for name, rows in (("sim", [sims[:3], sims[3:]]), ("intraop", operations)):
        picture = Image.fromarray(sheet(rows))
        picture = picture.resize((1152, round(1152 * picture.height / picture.width)))
        picture.save(HERE / f"phantom_{name}.jpg", quality=85)


if __name__ == "__main__":
    main()
