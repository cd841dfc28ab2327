"""Read all frames of a dataset once: every problem at once, and a fingerprint of what was read."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.data.frames import Dataset, Frame
from adaptor_bench.data.images import image_size, read_image
from adaptor_bench.data.labels import read_points
from adaptor_bench.data.leaks import Trace, trace_of
from adaptor_bench.errors import InputError, plural

Progress = Callable[[int, int], None]
Prepare = Callable[[NDArray[np.uint8]], NDArray[np.uint8]]
_LARGE = 16_000_000  # pixels of a frame; larger ones are decoded one by one, in a thread of theirs


@dataclass(frozen=True)
class LoadedFrame:
    """A frame with its pixels (as ``prepare`` left them), its points and its size on disk.

    ``points`` has shape (N, 2), order x, y, in pixels of the frame as stored; ``size`` is
    (width, height) of the frame as stored. ``trace`` finds the picture again, and ``names`` are
    what the label calls its surgery, video and image.
    """

    frame: Frame
    image: NDArray[np.uint8]
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
) -> dict[str, DomainFrames]:
    """Load every frame of ``domains``, or raise one InputError that lists all problems by file.

    A problem is an image or label that is missing or unreadable, a label whose stated size is
    not the image's, or a point outside the frame. ``prepare`` runs on each decoded image (for
    example a resize), so that only what is needed stays in memory.
    """
    todo = [(domain, frame) for domain in domains for frame in dataset.domain(domain)]
    problems: list[str] = []
    digests = {domain: hashlib.sha256() for domain, _ in todo}
    loaded: dict[str, list[LoadedFrame]] = {domain: [] for domain, _ in todo}
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool, ThreadPoolExecutor(1) as single:
        results = pool.map(lambda item: _load(item[1], prepare, single), todo)
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
            f"{plural(len(todo), 'frame')}; nothing was run",
            problems,
            hint="Repair or remove these files, then rerun the command.",
        )
    return {d: DomainFrames(tuple(loaded[d]), digests[d].hexdigest()) for d in loaded}


def _pixels(path: Path, prepare: Prepare, digest: hashlib._Hash) -> tuple[NDArray[np.uint8], Trace]:
    """The image as ``prepare`` leaves it; shape and pixels as they were go into ``digest``."""
    pixels = read_image(path)
    digest.update(f"{pixels.shape}{pixels.dtype}".encode())
    digest.update(np.ascontiguousarray(pixels).reshape(-1).data)
    return prepare(pixels), trace_of(pixels)


def _load(
    frame: Frame, prepare: Prepare, one_by_one: Executor
) -> tuple[LoadedFrame | None, list[str], bytes]:
    """The frame or None, its problems, and the hash of its name, pixels and points."""
    problems: list[str] = []
    digest = hashlib.sha256(frame.key.encode())
    image = points = None
    size = (0, 0)
    try:
        size = image_size(frame.image)
        if size[0] * size[1] <= _LARGE:
            image, trace = _pixels(frame.image, prepare, digest)
        else:
            image, trace = one_by_one.submit(_pixels, frame.image, prepare, digest).result()
    except InputError as error:
        problems.append(error.message)
    try:
        label = read_points(frame.label)
        points = label.points
        digest.update(f"{label.size}{points.shape}".encode())
        digest.update(points.astype("<f8").tobytes())
    except InputError as error:
        problems.append(error.message)
    if image is None or points is None:
        return None, problems, digest.digest()
    if label.size is not None and label.size != size:
        problems.append(
            f"{frame.label}: says {label.size[0]}x{label.size[1]}, its image is {size[0]}x{size[1]}"
        )
    outside = ((points < -0.5) | (points > np.array(size) - 0.5)).any(axis=1)
    problems += [
        f"{frame.label}: /points/{i} ({points[i, 0]:g}, {points[i, 1]:g}) is outside the "
        f"{size[0]}x{size[1]} frame"
        for i in np.flatnonzero(outside)
    ]
    if problems:
        return None, problems, digest.digest()
    return LoadedFrame(frame, image, points, size, trace, label.names), [], digest.digest()
