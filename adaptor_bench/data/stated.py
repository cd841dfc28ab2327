"""How large frames are: as their labels say, else their images, else a guess that is owned up to.

A header is read, no pixel; and none at all where every label states a size.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from adaptor_bench.data.layout import IMAGES, LABELS, by_stem, composed
from adaptor_bench.data.sizes import FRAME_SIZE
from adaptor_bench.errors import InputError

__all__ = ["frame_sizes", "size_beside"]

Size = tuple[int, int]
_Folders = dict[Path, dict[str, list[Path]]]


def frame_sizes(frames: Iterable[tuple[str, Size | None]]) -> tuple[list[Size], list[bool]]:
    """The size (width, height) of every frame, given its label file and what that states.

    And whether it is a guess: nothing says it, so it is taken to be the challenge's.
    """
    folders: _Folders = {}
    found = [stated or size_beside(Path(label), folders) for label, stated in frames]
    return [size or FRAME_SIZE for size in found], [size is None for size in found]


def size_beside(label: Path, folders: _Folders | None = None) -> Size | None:
    """Of ``images/<stem>.png`` beside ``point_labels``; None if it is not there or not readable.

    ``folders`` remembers what each folder holds from one call to the next.
    """
    video = label.parent.parent if label.parent.name == LABELS else label.parent
    folder = video / IMAGES
    folders = {} if folders is None else folders
    if folder not in folders:
        folders[folder] = by_stem(folder, ".png")
    images = folders[folder].get(composed(label.stem), [])
    if len(images) != 1:
        return None
    from adaptor_bench.data.images import image_size  # scoring alone needs no Pillow

    try:
        return image_size(images[0])
    except InputError:
        return None
