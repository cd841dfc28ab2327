"""Frames that were numbered anew: which other frame of the reference may be meant."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from adaptor_bench.data.layout import natural_order
from adaptor_bench.submission.pairing import FramePoints

_OFFSETS = (1, -1, 2, -2, 3, -3)


def shifted_references(
    keys: Sequence[str], reference: Mapping[str, FramePoints]
) -> Iterator[tuple[str, list[FramePoints | None]]]:
    """For each shift, what it is, and the frame of the reference that each key would mean.

    A key ``surgery/video/stem`` is shifted within its video in two ways: by the number in its
    stem (numbers counted from 1, the keys are not the reference's), and by its position among the
    reference's frames of the video (the keys are, the content is not). None where that leads
    nowhere.
    """
    by_number = {_numbered(key): frame for key, frame in reference.items()}
    videos: dict[str, list[str]] = {}
    for key in natural_order(reference):
        videos.setdefault(key.rpartition("/")[0], []).append(key)
    position = {key: i for video in videos.values() for i, key in enumerate(video)}
    numbers = [_numbered(key) for key in keys]
    for k in _OFFSETS:
        numbered = [by_number.get((before, after, n + k)) for before, after, n in numbers]
        if any(numbered):
            yield f"whose number is {abs(k)} {'higher' if k > 0 else 'lower'}", numbered
        placed: list[FramePoints | None] = []
        for key in keys:
            video, i = videos.get(key.rpartition("/")[0], []), position.get(key, -10) + k
            placed.append(reference[video[i]] if 0 <= i < len(video) else None)
        if any(placed) and any(a is not b for a, b in zip(numbered, placed, strict=True)):
            yield f"that is {abs(k)} {'after' if k > 0 else 'before'} it in its video", placed


def _numbered(key: str) -> tuple[str, str, int]:
    """A key without its last number, and that number; without one, -10 to which nothing leads."""
    folder, _, stem = key.rpartition("/")
    match = re.search(r"([0-9]{1,18})([^0-9]*)$", stem)
    if match is None:
        return key, "", -10
    return f"{folder}/{stem[: match.start()]}", match[2], int(match[1])
