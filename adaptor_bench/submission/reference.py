"""What a submission is compared with: which frames there are, how large, and their labels.

A folder of labels says all of it. Where labels are not given out, the images of the test set say
which frames are expected; no pixel is decoded, a header says how large an image is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.data.formats.known import foreign_hint
from adaptor_bench.data.labels import read_all
from adaptor_bench.data.layout import EXPECTED, FRAMES, IMAGES, pngs_first
from adaptor_bench.data.pointfiles import FrameFiles, find_files, find_point_files
from adaptor_bench.data.sizes import frame_sizes
from adaptor_bench.errors import InputError

_LAYOUT = f"Expected {EXPECTED}, or images/<stem>.png."


@dataclass(frozen=True)
class Reference:
    """The frames that are expected.

    ``sizes`` maps ``surgery/video/stem`` to (width, height) in pixels. ``points`` maps it to the
    labels, (N, 2), order x, y; it is empty when the reference is a folder of images. ``guessed``
    counts the frames whose size nothing states, so that it is taken to be 512x288.
    """

    sizes: dict[str, tuple[int, int]]
    points: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    guessed: int = 0


def read_reference(root: Path) -> Reference:
    """The labels below ``root``; if there are none, the images.

    A dataset has both: then its labels count, for only what is labelled can be scored. Where a
    label does not state a size, its image does, else it is 512x288. Raises InputError with every
    file that cannot be used, when two files claim a frame, or when nothing is found.
    """
    files = find_point_files(root)
    files.require_unique()
    if files.frames:
        return _from_labels(files)
    return _from_images(root)


def _from_labels(files: FrameFiles) -> Reference:
    labels = read_all(
        list(files.frames.values()), "file of the reference", "files of the reference"
    )
    stated = zip(files.frames.values(), (label.size for label in labels), strict=True)
    sizes, guessed = frame_sizes(stated)
    return Reference(
        dict(zip(files.frames, sizes, strict=True)),
        dict(zip(files.frames, (label.points for label in labels), strict=True)),
        sum(guessed),
    )


def _from_images(root: Path) -> Reference:
    from adaptor_bench.data.images import image_size  # judging alone needs no Pillow

    files = find_files(root, FRAMES, IMAGES)
    sizes: dict[str, tuple[int, int]] = {}
    problems = []
    for key, path in files.frames.items():
        image, *others = pngs_first([Path(p) for p in (path, *files.duplicates.get(key, ()))])
        problems += [f"{other}: a second image of frame {key}" for other in others]
        try:
            sizes[key] = image_size(image)
        except InputError as error:
            problems.append(error.message)
    if problems:
        raise InputError.collect("the reference itself cannot be read:", problems)
    if not sizes:
        raise InputError(
            f"{root}: no label files and no images found", hint=foreign_hint(root, _LAYOUT)
        )
    return Reference(sizes)
