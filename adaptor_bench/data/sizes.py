"""What a length in pixels means on frames that are not 512x288.

Settings in pixels (the kernel of a heatmap, the disk of an opening, a matching radius of 6) were
chosen on 512x288 frames. A frame of another size is thought of at its *reference size*: its own
proportions and as many pixels as 512x288 has, so that a length covers the same share of the frame
whichever way it runs. Points are always in px of the frame as stored.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

__all__ = [
    "FRAME_SIZE",
    "count_sizes",
    "network_size",
    "read_sizes",
    "reference_size",
    "shrinkage",
]

Size = tuple[int, int]
FRAME_SIZE = (512, 288)
"""Width and height in px of the challenge's frames."""


def shrinkage(stored: Size) -> float:
    """Px at the reference size that one px of a frame of ``stored`` (width, height) is there."""
    return math.sqrt(math.prod(FRAME_SIZE) / math.prod(stored))


def reference_size(stored: Size) -> Size:
    """(width, height) at which a frame of ``stored`` is decoded.

    1920x1080 becomes 512x288, 1024x1024 becomes 384x384, 288x512 stays.
    """
    return _rounded(shrinkage(stored) * stored[0], shrinkage(stored) * stored[1])


def network_size(stored: Size, input_size: Size) -> Size:
    """(width, height) of a network's image of a frame of ``stored``.

    ``input_size`` is that of a 512x288 frame; every other frame is reduced from its reference
    size by the same factors: (256, 144) makes 192x192 of 1024x1024.
    """
    width, height = reference_size(stored)
    return _rounded(width * input_size[0] / FRAME_SIZE[0], height * input_size[1] / FRAME_SIZE[1])


def count_sizes(sizes: Iterable[Size]) -> dict[str, int]:
    """How many frames are of which size, the most frequent first: ``{"512x288": 120}``."""
    return {f"{w}x{h}": n for (w, h), n in Counter(sizes).most_common()}


def read_sizes(counted: Mapping[str, Any]) -> list[Size]:
    """The sizes of :func:`count_sizes`. Raises ValueError or TypeError for what is none."""
    sizes = []
    for text in counted:
        width, height = (int(side) for side in text.split("x"))
        if min(width, height) < 1:
            raise ValueError(f"{text!r} is no size")
        sizes.append((width, height))
    return sizes


def _rounded(width: float, height: float) -> Size:
    return max(1, round(width)), max(1, round(height))
