"""Translate a folder of frames into the other domain with the CycleGAN of a finished run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.atomic import atomic_directory
from adaptor_bench.data.frames import Frame, index_dataset
from adaptor_bench.data.images import resize_image_smoothly, write_image
from adaptor_bench.data.layout import image_place
from adaptor_bench.errors import InputError
from adaptor_bench.harness.predict import in_chunks, load_method
from adaptor_bench.method import Method, Resize, Translating
from adaptor_bench.progress import Bar, Progress
from adaptor_bench.registry import Registry

_CHUNK = 16  # frames in memory at once


def translate_folder(
    run: Path,
    frames_root: Path,
    out: Path,
    domain: str,
    registry: Registry,
    device: str,
    progress: Progress,
) -> int:
    """Write every frame below ``frames_root``, as if of ``domain``, into the new folder ``out``.

    ``run`` is a run directory (``.../fold_<k>``) that keeps a translator. The layout below
    ``out`` is ``<surgery>/<video>/images/<stem>.png``; an image has the size of its original,
    the network's resolution may be lower. Labels stay valid, for a translation moves nothing;
    they are not copied. Returns the number of frames. Raises what :func:`load_method` does, and
    InputError when the run keeps no translator into ``domain``, an image cannot be read, or
    ``out`` exists.
    """
    method = load_method(run, registry)
    if out.exists():
        raise InputError(f"{out}: already exists", hint="Choose a new folder.")
    dataset = index_dataset(frames_root)
    frames = [frame for name in dataset.frames for frame in dataset.domain(name)]
    with progress.bar("translating") as bar, atomic_directory(out) as directory:
        for frame, image in translated(method, frames, domain, device, bar):
            surgery, video, stem = frame.written
            write_image(image_place(directory / surgery / video, stem), image)
    return len(frames)


def translated(
    method: Method, frames: Sequence[Frame], domain: str, device: str, bar: Bar
) -> Iterator[tuple[Frame, NDArray[np.uint8]]]:
    """Every frame and its translation at the frame's own size, (H, W, 3) uint8, in order.

    Raises InputError when the loaded method cannot translate.
    """
    if not isinstance(method, Translating):
        raise InputError(
            "the method of this run cannot translate frames",
            hint="Pass a run of a method with CycleGAN translation, such as improved_heatmap.",
        )
    done = 0
    for chunk, pixels in in_chunks(frames, Resize.of(method), _CHUNK):
        images = method.translate_frames(pixels, domain, device)
        for frame, given, image in zip(chunk, pixels, images, strict=True):
            yield frame, resize_image_smoothly(image, given.size)
        done += len(chunk)
        bar(done, len(frames))
