"""How large frames are, and what a length in pixels means where they are not 512x288.

Settings in pixels (the kernel of a heatmap, the disk of an opening, a matching radius of 6) were
chosen on 512x288 frames. A frame of another size is thought of at its *reference size*: its own
proportions and as many pixels as 512x288 has, so that a length covers the same share of the frame
whichever way it runs. Points are always in px of the frame as stored.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from adaptor_bench.data.layout import IMAGES, LABELS, composed, images_by_stem
from adaptor_bench.errors import InputError

Size = tuple[int, int]
FRAME_SIZE = (512, 288)
"""Width and height in px of the challenge's frames."""
_USUAL = 6.0  # px, the radius that belongs to them
_SAME = 0.05
_Folders = dict[Path, dict[str, list[Path]]]


def shrinkage(stored: Size) -> float:
    """Px at the reference size that one px of a frame of ``stored`` (width, height) is there."""
    return math.sqrt(math.prod(FRAME_SIZE) / math.prod(stored))


def widening(radius: float, stored: Size) -> float:
    """How many times the usual 6 px on 512x288 a matching radius is, in px of frames of ``stored``
    (width, height): 2.5 for 10 px on 256x256. At least 1, for a kernel needs a few px."""
    return max(1.0, radius * shrinkage(stored) / _USUAL)


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
            raise ValueError(f"{text!r} is not a size")
        sizes.append((width, height))
    return sizes


def radius_note(radius: float, sizes: Iterable[tuple[int, int]]) -> str:
    """What a matching radius in px of the frames is at 512x288; empty where it is the same.

    Sizes that differ by a twentieth at most count as the same.
    """
    scales = {size: shrinkage(size) for size in sizes}
    if all(abs(scale - 1) <= _SAME for scale in scales.values()):
        return ""
    low, high = min(scales.values()), max(scales.values())
    ordered = [_by(size) for size in sorted(scales, key=lambda size: -scales[size])]
    if len(ordered) > 1:
        return (
            f"Frames are of {len(ordered)} sizes, {ordered[0]} to {ordered[-1]}: {radius:g} px on "
            f"them correspond to {radius * low:.3g} to {radius * high:.3g} px at 512x288."
        )
    note = (
        f"Frames are {ordered[0]}: {radius:g} px on them correspond to {radius * low:.3g} px at "
        "512x288"
    )
    if radius == _USUAL:
        note += f"; --radius {radius / low:.3g} would correspond to {radius:g} px"
    return f"{note}."


def settings_note(settings: Mapping[str, float], sizes: Iterable[Size]) -> str:
    """What ``settings`` in px of 512x288 frames are in px of frames of other ``sizes``; empty where
    they are the same, or there are none."""
    scales = {size: shrinkage(size) for size in sizes}
    if not settings or all(abs(scale - 1) <= _SAME for scale in scales.values()):
        return ""
    low, high = min(scales.values()), max(scales.values())
    ordered = sorted(scales, key=lambda size: -scales[size])
    if len(ordered) > 1:
        frames = f"Frames are of {len(ordered)} sizes, {_by(ordered[0])} to {_by(ordered[-1])}, and"
        work = "are worked on with as many pixels as 512x288 has"
    else:
        frames = f"Frames are {_by(ordered[0])} and"
        work = f"are worked on at {_by(reference_size(ordered[0]))}"
    told = []
    for name, value in settings.items():
        least, most = f"{value / high:.3g}", f"{value / low:.3g}"
        told.append(f"{name} {value:g} is {least if least == most else f'{least} to {most}'}")
    return f"{frames} {work}: in px of the frame, {', '.join(told)}."


def _by(size: Size) -> str:
    return f"{size[0]}x{size[1]}"


def frame_sizes(frames: Iterable[tuple[str, Size | None]]) -> tuple[list[Size], list[bool]]:
    """The size (width, height) of every frame, given its label file and what that states.

    And whether it is a guess: nothing says it, so it is taken to be the challenge's.
    """
    folders: _Folders = {}
    found = [stated or size_beside(Path(label), folders) for label, stated in frames]
    return [size or FRAME_SIZE for size in found], [size is None for size in found]


def size_beside(label: Path, folders: _Folders | None = None) -> Size | None:
    """Of the image beside; None if it is not there or not readable. See :func:`image_beside`."""
    image = image_beside(label, folders)
    if image is None:
        return None
    from adaptor_bench.data.images import image_size  # scoring alone needs no Pillow

    try:
        return image_size(image)
    except InputError:
        return None


def image_beside(label: Path, folders: _Folders | None = None) -> Path | None:
    """The image of ``label``'s frame, in ``images`` beside ``point_labels``; None if it is not
    there, or might be either of two.

    ``folders`` remembers what each folder holds from one call to the next.
    """
    video = label.parent.parent if label.parent.name == LABELS else label.parent
    folder = video / IMAGES
    folders = {} if folders is None else folders
    if folder not in folders:
        folders[folder] = images_by_stem(folder)
    images = folders[folder].get(composed(label.stem), [])
    return images[0] if len(images) == 1 else None


def _rounded(width: float, height: float) -> Size:
    return max(1, round(width)), max(1, round(height))
