"""Predict on any folder of frames, or translate it, with the method of a finished run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.ahead import ahead
from adaptor_bench.atomic import atomic_directory
from adaptor_bench.blame import MethodFailedError, blamed, checked
from adaptor_bench.data.frames import Frame, NoFramesError, index_dataset
from adaptor_bench.data.images import (
    read_image,
    read_picture,
    resize_image_smoothly,
    write_image,
)
from adaptor_bench.data.layout import image_place
from adaptor_bench.data.pictures import find_pictures, require_apart
from adaptor_bench.errors import InputError, UsageError
from adaptor_bench.harness.checkpoint import load_method, record_of
from adaptor_bench.harness.outputs import FORMATS, Found, write_overlay
from adaptor_bench.harness.plan import requested_domains
from adaptor_bench.method import (
    Method,
    Pixels,
    Prediction,
    Resize,
    StepByStep,
    Translating,
)
from adaptor_bench.progress import Bar, Progress
from adaptor_bench.registry import Registry
from adaptor_bench.stages.protocols import Decoded

_BYTES = 1 << 28  # of the pixels in memory at once


def predict_folder(
    run: Path,
    frames_root: Path,
    out: Path,
    registry: Registry,
    device: str,
    progress: Progress,
    domain: str = "all",
    *,
    format: str = "challenge",
    overlay: bool = False,
) -> tuple[int, int]:
    """Write a prediction for every frame or picture below ``frames_root`` into the new ``out``.

    ``run`` is a run directory (``.../fold_<k>``) or a folder of weights; ``domain`` limits the
    frames of a dataset to one. ``format`` is one of :data:`outputs.FORMATS`; ``overlay`` adds
    pictures with the points. Labels are neither needed nor read. Returns the numbers of frames and
    of points. Raises what ``load_method`` does, InputError when an image cannot be read or
    ``out`` exists, UsageError for weights of another architecture.
    """
    method = _ready(run, out, registry)
    frames, read = _frames_or_pictures(frames_root, domain)
    if format == "challenge":
        require_apart(frames)
    sizes: dict[Path, tuple[int, int]] = {}

    def measured(path: Path) -> NDArray[np.uint8]:
        image = read(path)
        sizes[path] = image.shape[1], image.shape[0]
        return image

    found: list[Found] = []
    with atomic_directory(out) as folder:
        with progress.bar("predicting") as bar:
            for frame, prediction in predicted(method, frames, device, bar, measured):
                found.append((frame, sizes[frame.image], prediction))
                if overlay:
                    write_overlay(frame, read(frame.image), prediction, frames_root, folder)
        about = {"method": record_of(run)["method"], "run": str(run)}
        FORMATS[format](found, frames_root, folder, about)
    return len(found), sum(len(prediction.points) for _, _, prediction in found)


def _frames_or_pictures(
    root: Path, domain: str
) -> tuple[list[Frame], Callable[[Path], NDArray[np.uint8]]]:
    """The frames of a dataset, else the pictures of any folder, and what reads one."""
    try:
        dataset = index_dataset(root)
    except NoFramesError as error:
        if domain != "all":
            raise UsageError(
                f"{root}: has no domains, it is not in the layout of a dataset",
                hint="Leave --domain out.",
            ) from error
        return find_pictures(root), read_picture
    domains = requested_domains(dataset, domain)
    return [frame for name in domains for frame in dataset.domain(name)], read_image


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

    ``run`` is a run directory that keeps a translator. The layout below ``out`` is
    ``<surgery>/<video>/images/<stem>.png``; an image has the size of its original, the network's
    resolution may be lower. Labels stay valid, for a translation moves nothing; they are not
    copied. Returns the number of frames. Raises what :func:`predict_folder` does, and InputError
    when the run keeps no translator into ``domain``.
    """

    method = _ready(run, out, registry)
    frames = [frame for some in index_dataset(frames_root).frames.values() for frame in some]
    with atomic_directory(out) as folder, progress.bar("translating") as bar:
        for frame, image in translated(method, frames, domain, device, bar):
            surgery, video, stem = frame.written
            write_image(image_place(folder / surgery / video, stem), image)
    return len(frames)


def _ready(run: Path, out: Path, registry: Registry) -> Method:
    method = load_method(run, registry)
    if out.exists():
        raise InputError(f"{out}: already exists", hint="Choose a new folder.")
    return method


def predicted(
    method: Method,
    frames: Sequence[Frame],
    device: str,
    bar: Bar,
    read: Callable[[Path], NDArray[np.uint8]] = read_image,
) -> Iterator[tuple[Frame, Prediction]]:
    """Every frame and what a loaded method finds in it, in order. ``read`` gives the pixels of a
    file. Raises InputError, and the UsageError of weights of another architecture."""
    doing = f"{type(method).__name__}.predict_frames"
    done = 0
    for chunk, pixels in ahead(in_chunks(frames, Resize.of(method), 64, read), 1):
        with _refusals_told():
            with blamed(doing):
                given = method.predict_frames(pixels, device)
            for one in zip(chunk, checked(given, pixels, doing), strict=True):
                yield one
                done += 1
                bar(done, len(frames))


@contextmanager
def _refusals_told() -> Iterator[None]:
    """What a part of ours refused, weights that cannot be read for one, is no failure of the
    method on a frame."""
    try:
        yield
    except MethodFailedError as error:
        if isinstance(error.__cause__, UsageError | InputError):
            raise error.__cause__ from None
        raise


def translated(
    method: Method, frames: Sequence[Frame], domain: str, device: str, bar: Bar
) -> Iterator[tuple[Frame, NDArray[np.uint8]]]:
    """Every frame and its translation at the frame's own size, (H, W, 3) uint8, in order.

    Raises InputError when the loaded method cannot translate.
    """
    if not isinstance(method, Translating):
        raise InputError(
            "the method of this run cannot translate frames",
            hint="Pass an intraop run of a method with a translator, such as improved_heatmap.",
        )
    done, before = 0, list[Pixels]()
    for chunk, pixels in ahead(in_chunks(frames, Resize.of(method), 16), 1):
        images = method.translate_frames([*before, *pixels], domain, device)[len(before) :]
        if getattr(method, "looks_back", False):
            before = pixels[-1:]
        for frame, given, image in zip(chunk, pixels, images, strict=True):
            yield frame, resize_image_smoothly(image, given.size)
        done += len(chunk)
        bar(done, len(frames))


def staged(run: Path, frame: Frame, registry: Registry, device: str) -> Decoded:
    """How the method of a finished run comes to its points on ``frame``.

    Raises what ``load_method`` does, and InputError when the method draws no heatmaps.
    """
    method = load_method(run, registry)
    if not isinstance(method, StepByStep):
        raise InputError(f"{run}: its method makes no heatmaps")
    return next(iter(method.decode_frames([read_pixels(frame, Resize.of(method))], device)))


def in_chunks(
    frames: Sequence[Frame],
    resize: Resize,
    most: int,
    read: Callable[[Path], NDArray[np.uint8]] = read_image,
) -> Iterator[tuple[Sequence[Frame], list[Pixels]]]:
    """Frames and their pixels, ``most`` at a time, fewer where they are large."""
    pixels: list[Pixels] = []
    for number, frame in enumerate(frames, start=1):
        pixels.append(read_pixels(frame, resize, read))
        full = len(pixels) == most or sum(p.image.nbytes for p in pixels) >= _BYTES
        if full or number == len(frames):
            yield frames[number - len(pixels) : number], pixels
            pixels = []


def read_pixels(
    frame: Frame, resize: Resize, read: Callable[[Path], NDArray[np.uint8]] = read_image
) -> Pixels:
    """The image of a frame as a method wants it. Raises InputError."""
    image = read(frame.image)
    stored = image.shape[1], image.shape[0]
    return Pixels(frame.key, resize(image), stored)
