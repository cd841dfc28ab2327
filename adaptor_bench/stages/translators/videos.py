"""Which frame comes before which: by their names, surgery/video/stem with a number at the end."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.data.pixels import sizes_of
from adaptor_bench.errors import InputError
from adaptor_bench.stages.protocols import Images

_LAST_NUMBER = re.compile(r"([0-9]+)[^0-9]*$")


class Triplets(Sequence[NDArray[np.uint8]]):
    """Every three consecutive ``images`` of a video as one, (H, W, 9), the earliest first."""

    def __init__(self, images: Images, keys: Sequence[str]) -> None:
        """``keys`` are the names of the images. Raises InputError: see :func:`in_order`."""
        self.images = images
        before, sizes = in_order(keys), sizes_of(images)
        self.places = [
            (before[b], b, c)
            for c, b in enumerate(before)
            if before[b] != b != c and sizes[before[b]] == sizes[b] == sizes[c]
        ]
        self.sizes = [sizes[c] for _, _, c in self.places]  # (width, height) of each

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, place: Any) -> Any:
        return np.concatenate([self.images[i] for i in self.places[place]], axis=2)


def in_order(keys: Sequence[str]) -> list[int]:
    """Where the frame before each one is, among ``keys``; of a video's first one, its own place.

    Frames of several videos may alternate. Raises InputError when the frames of a video do not
    come in the order of their numbers, or one has none: what comes before it is then not known.
    """
    if problem := next(disorder(keys), None):
        raise InputError(
            problem, hint="A translator of videos needs frames with numbers, in their order."
        )
    last: dict[str, int] = {}
    before = []
    for place, key in enumerate(keys):
        video = key.rpartition("/")[0]
        before.append(last.get(video, place))
        last[video] = place
    return before


def disorder(keys: Sequence[str]) -> Iterator[str]:
    """What keeps frames from being the course of their videos, a sentence each."""
    last: dict[str, tuple[int, str]] = {}
    for key in keys:
        video, _, stem = key.rpartition("/")
        found = _LAST_NUMBER.search(stem)
        if found is None:
            yield f"frame {key} has no number, so which frame comes before it is not known"
            continue
        number = int(found[1][-18:])  # more digits are no frame's number, and slow to read
        if video in last and number <= last[video][0]:
            yield f"frame {key} comes after {last[video][1]}: not the order of their numbers"
        last[video] = number, stem
