"""The gallery's picture files: frames, and heatmaps where the runs still keep them.

Heatmaps are read, never computed: rendering does not load a network.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from adaptor_bench.data.images import read_image

FRAMES = ((80, 640), (60, 640), (40, 512), (30, 400), (20, 320))
"""WebP quality and greatest width (px; frames of the challenge have 512) of frames, best first."""
SHRINKS = (1, 2, 4)
"""By how much heatmaps may be reduced, least first."""
_LEVELS = 32  # of a heatmap's opacity: finer ones cannot be told apart and cost bytes
_YELLOW = (255, 236, 64)


class Pictures:
    """Files in ``folder``, all under the same of the ``settings``, which make them ever smaller."""

    def __init__(self, folder: Path, settings: Sequence[Any]) -> None:
        self._folder = folder
        self._settings = settings
        self.files: dict[Path, Callable[[Any], bytes]] = {}

    def put(self, name: str, draw: Callable[[Any], bytes]) -> str:
        """Write one under the first setting; its address."""
        path = self._folder / f"{name}.webp"
        self._folder.mkdir(exist_ok=True)
        path.write_bytes(draw(self._settings[0]))
        self.files[path] = draw
        return f"{self._folder.name}/{path.name}"

    def fit(self, limit: float) -> None:
        """Write them again under one setting after the other until they take ``limit`` bytes."""
        for setting in self._settings[1:]:
            if sum(path.stat().st_size for path in self.files) <= limit:
                return
            for path, draw in self.files.items():
                path.write_bytes(draw(setting))


def frame_picture(path: Path, look: tuple[int, int] = FRAMES[0]) -> bytes:
    """The image as WebP of a quality and greatest width. Raises InputError if it is unreadable."""
    image = Image.fromarray(read_image(path))
    quality, widest = look
    if image.width > widest:
        height = max(1, round(image.height * widest / image.width))
        image = image.resize((widest, height), Image.Resampling.BOX)
    return _webp(image, quality)


def heatmap_picture(heatmap: NDArray[Any], shrink: int = 1) -> bytes:
    """A heatmap (H, W) of 16-bit steps as WebP: one colour, as opaque as the map is high.

    Of every ``shrink`` x ``shrink`` steps the highest is kept, so that no peak is lost.
    """
    height, width = (-(-side // shrink) * shrink for side in heatmap.shape)
    padded = np.pad(heatmap, [(0, height - heatmap.shape[0]), (0, width - heatmap.shape[1])])
    blocks = padded.reshape(height // shrink, shrink, width // shrink, shrink)
    heatmap = blocks.max((1, 3))
    share = heatmap.astype(np.float64) / np.iinfo(np.uint16).max
    alpha = np.round(share * (_LEVELS - 1)) * (255 / (_LEVELS - 1))
    pixels = np.empty((*heatmap.shape, 4), np.uint8)
    pixels[..., :3] = _YELLOW
    pixels[..., 3] = np.round(alpha)
    return _webp(Image.fromarray(pixels), FRAMES[0][0])


def _webp(image: Image.Image, quality: int) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "WEBP", quality=quality, alpha_quality=quality, method=4)
    return stream.getvalue()
