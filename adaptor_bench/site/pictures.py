"""The gallery's picture files: frames, and heatmaps where the runs still keep them.

A run's heatmaps stand in ``artefacts/heatmaps-*/heatmaps.npy`` of its output folder, beside a
``key.json`` that names the network they come from and the frames they show. They are read, never
computed: rendering does not load a network.
"""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from adaptor_bench.bounded import read_json
from adaptor_bench.data.images import read_image
from adaptor_bench.errors import InputError
from adaptor_bench.results.result import ScoredFold

__all__ = ["FRAMES", "SHRINKS", "Heatmaps", "frame_picture", "heatmap_picture"]

FRAMES = ((80, 640), (60, 640), (40, 512), (30, 400), (20, 320))
"""WebP quality and greatest width (px; frames of the challenge have 512) of frames, best first."""
SHRINKS = (1, 2, 4)
"""By how much heatmaps may be reduced, least first."""
_LEVELS = 32  # of a heatmap's opacity: finer ones cannot be told apart and cost bytes
_YELLOW = (255, 236, 64)
_UPWARDS = 6  # folders between a fold and its output folder, a method's name with slashes included


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


class Heatmaps:
    """Finds the heatmaps that runs keep, and reads single ones."""

    def __init__(self) -> None:
        self._folders: dict[tuple[str, str, str], Path] = {}
        self._looked: set[Path] = set()
        self._maps: dict[Path, NDArray[Any] | None] = {}

    def find(self, part: ScoredFold) -> Path | None:
        """The file that holds the heatmaps of all frames of a fold, or None."""
        run, score = part.run, part.score
        if run is None or score is None:
            return None
        try:
            network = read_json(run.path / "training.json")["artefact"]
        except (InputError, KeyError, TypeError):
            return None
        frames = "\n".join(frame.key for frame in score.frames)
        digest = hashlib.sha256(frames.encode()).hexdigest()
        for folder in list(run.path.resolve().parents)[:_UPWARDS]:
            self._look(folder / "artefacts")
            found = self._folders.get((str(folder / "artefacts"), str(network), digest))
            if found is not None:
                return found
        return None

    def read(self, file: Path, place: int, frames: int) -> NDArray[Any] | None:
        """Map number ``place`` of a file that should hold ``frames`` of them; None if it is not
        what it should be."""
        if file not in self._maps:
            try:
                maps = np.load(file, mmap_mode="r", allow_pickle=False)
            except (OSError, ValueError, EOFError):  # the last of an empty file
                maps = None
            fits = maps is not None and maps.ndim == 3 and maps.dtype == np.uint16
            self._maps[file] = maps if fits else None
        stored = self._maps[file]
        return stored[place] if stored is not None and len(stored) == frames else None

    def _look(self, store: Path) -> None:
        if store in self._looked:
            return
        self._looked.add(store)
        for key_file in sorted(store.glob("heatmaps-*/key.json")):
            try:
                key = read_json(key_file)
                identity = (str(store), str(key["network"]), str(key["frames"]))
            except (InputError, KeyError, TypeError):
                continue
            if (key_file.parent / "heatmaps.npy").is_file():
                self._folders[identity] = key_file.parent / "heatmaps.npy"


def _webp(image: Image.Image, quality: int) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "WEBP", quality=quality, alpha_quality=quality, method=4)
    return stream.getvalue()
