"""Read all frames of a dataset once: every problem at once, and a fingerprint of what was read."""

from __future__ import annotations

import hashlib
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.data.formats.format import beyond
from adaptor_bench.data.frames import Dataset, Frame
from adaptor_bench.data.images import image_size, read_image
from adaptor_bench.data.labels import read_points
from adaptor_bench.data.leaks import Trace, hash_of, trace_of
from adaptor_bench.data.pixels import Picture, Pictured, PixelStore, size_of
from adaptor_bench.errors import InputError, plural

Progress = Callable[[int, int], None]
Prepare = Callable[[NDArray[np.uint8]], NDArray[np.uint8]]
_LARGE = 16_000_000  # pixels of a frame; larger ones are decoded one by one, in a thread of theirs
_WAITING = 64  # frames that are read before it is their turn


@dataclass(frozen=True)
class LoadedFrame(Pictured):
    """A frame with its pixels (as ``prepare`` leaves them), its points and its size on disk.

    ``points`` has shape (N, 2), order x, y, in pixels of the frame as stored; ``size`` is
    (width, height) of the frame as stored. ``trace`` finds the picture again, and ``names`` are
    what the label calls its surgery, video and image.
    """

    frame: Frame
    pixels: NDArray[np.uint8] | Picture
    points: NDArray[np.float64]
    size: tuple[int, int]
    trace: Trace
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class DomainFrames:
    """All frames of one domain, and one hash over their names, pixels and labelled points.

    What is hashed is what is learnt from and scored against, not how it was packed into files.
    """

    frames: tuple[LoadedFrame, ...]
    fingerprint: str

    def of(self, surgeries: Iterable[str]) -> tuple[LoadedFrame, ...]:
        """The frames of these surgeries, in order."""
        wanted = set(surgeries)
        return tuple(loaded for loaded in self.frames if loaded.frame.surgery in wanted)

    def without(self, surgeries: Iterable[str]) -> DomainFrames:
        """The same but for the frames of these surgeries; another fingerprint if any goes."""
        unwanted = sorted(set(surgeries) & {loaded.frame.surgery for loaded in self.frames})
        if not unwanted:
            return self
        kept = tuple(f for f in self.frames if f.frame.surgery not in unwanted)
        text = "\n".join([self.fingerprint, *unwanted])
        return DomainFrames(kept, hashlib.sha256(text.encode()).hexdigest())


def load_frames(
    dataset: Dataset,
    domains: Iterable[str],
    *,
    prepare: Prepare = lambda image: image,
    progress: Progress | None = None,
    store: PixelStore | None = None,
) -> dict[str, DomainFrames]:
    """Load every frame of ``domains``, or raise one InputError that lists all problems by file.

    A problem is an image or label that is missing or unreadable, a label whose stated size is
    not the image's, or a point outside the frame. ``prepare`` runs on each decoded image, for
    example a resize. ``store`` keeps what comes of it, within its limit; an image that it does not
    keep is read again when it is asked for, which raises InputError if it is another one by then.
    """
    store = PixelStore() if store is None else store
    todo = [(domain, frame) for domain in domains for frame in dataset.domain(domain)]
    problems: list[str] = []
    digests = {domain: hashlib.sha256() for domain, _ in todo}
    loaded: dict[str, list[LoadedFrame]] = {domain: [] for domain, _ in todo}
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool, ThreadPoolExecutor(1) as single:
        load = partial(_load, prepare=prepare, store=store, one_by_one=single)
        results = _in_order(pool, load, (frame for _, frame in todo))
        for done, ((domain, _), (result, found, sha)) in enumerate(
            zip(todo, results, strict=True), start=1
        ):
            problems += found
            digests[domain].update(sha)
            if result is not None:
                loaded[domain].append(result)
            if progress is not None:
                progress(done, len(todo))
    if problems:
        raise InputError.collect(
            f"{dataset.root}: {plural(len(problems), 'problem')} in "
            f"{plural(len(todo), 'frame')}; nothing more was done",
            problems,
            hint="Repair or remove these files, then rerun the command.",
        )
    return {d: DomainFrames(tuple(loaded[d]), digests[d].hexdigest()) for d in loaded}


_Loaded = tuple[LoadedFrame | None, list[str], bytes]


def _in_order(
    pool: Executor, load: Callable[[Frame], _Loaded], frames: Iterable[Frame]
) -> Iterator[_Loaded]:
    """What ``load`` gives of each frame, in order; few are under way at a time."""
    coming: deque[Future[_Loaded]] = deque()
    for frame in frames:
        coming.append(pool.submit(load, frame))
        if len(coming) >= _WAITING:
            yield coming.popleft().result()
    while coming:
        yield coming.popleft().result()


def _read(
    path: Path, prepare: Prepare, store: PixelStore, digest: hashlib._Hash
) -> tuple[Picture, Trace]:
    """The image as ``prepare`` leaves it; shape and pixels as they were go into ``digest``."""
    pixels = read_image(path)
    digest.update(f"{pixels.shape}{pixels.dtype}".encode())
    digest.update(np.ascontiguousarray(pixels).reshape(-1).data)
    trace, prepared = trace_of(pixels), prepare(pixels)
    picture = Picture(size_of(prepared), partial(_again, path, prepare, trace.pixels), store)
    store.offer(picture, prepared)
    return picture, trace


def _again(path: Path, prepare: Prepare, expected: bytes) -> NDArray[np.uint8]:
    """The image that was checked. Raises InputError when another one is there now."""
    pixels = read_image(path)
    if hash_of(pixels) != expected:
        raise InputError(
            f"{path}: the image has changed since it was checked",
            hint="Leave the dataset alone while it is in use; rerun the command.",
        )
    return prepare(pixels)


def _load(frame: Frame, prepare: Prepare, store: PixelStore, one_by_one: Executor) -> _Loaded:
    """The frame or None, its problems, and the hash of its name, pixels and points."""
    problems: list[str] = []
    digest = hashlib.sha256(frame.key.encode())
    picture = points = None
    size = (0, 0)
    try:
        size = image_size(frame.image)
        if size[0] * size[1] <= _LARGE:
            picture, trace = _read(frame.image, prepare, store, digest)
        else:
            given = frame.image, prepare, store, digest
            picture, trace = one_by_one.submit(_read, *given).result()
    except InputError as error:
        problems.append(error.message)
    try:
        label = read_points(frame.label)
        points = label.points
        digest.update(f"{label.size}{points.shape}".encode())
        digest.update(points.astype("<f8").tobytes())
    except InputError as error:
        problems.append(error.message)
    if picture is None or points is None:
        return None, problems, digest.digest()
    if label.size is not None and label.size != size:
        problems.append(
            f"{frame.label}: says {label.size[0]}x{label.size[1]}, its image is {size[0]}x{size[1]}"
        )
    problems += [
        f"{frame.label}: /points/{i} ({points[i, 0]:g}, {points[i, 1]:g}) is outside the "
        f"{size[0]}x{size[1]} frame"
        for i in np.flatnonzero(beyond(points, size))
    ]
    if problems:
        return None, problems, digest.digest()
    return LoadedFrame(frame, picture, points, size, trace, label.names), [], digest.digest()
