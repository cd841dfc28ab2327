"""Frames out of a video, with their numbers: counted from 0, in the order they are shown.

PyAV (FFmpeg) decodes them. It is given the open file, which may only be of the usual kinds: a
playlist would have other files opened, on the network too.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adaptor_bench.atomic import atomic_directory
from adaptor_bench.bounded import open_file, read_file, read_json
from adaptor_bench.data.formats.challenge import write_points
from adaptor_bench.data.formats.format import PointFile, RawFile, ReadOptions, outside_note
from adaptor_bench.data.formats.known import JSON_ENDINGS, foreign_file
from adaptor_bench.data.images import MOST_PIXELS, write_image
from adaptor_bench.data.layout import image_place, label_place
from adaptor_bench.data.placing import Placing
from adaptor_bench.errors import InputError, UsageError, plural
from adaptor_bench.progress import Bar

_KINDS = "mov,mp4,matroska,webm,avi,mpegts,mpeg,mpegvideo,h264,hevc,asf,dv,flv,mxf,ogg"
_SAME = 1e-6  # s


@dataclass(frozen=True)
class Wanted:
    """Which frames: every ``every``-th from the first on, those of these ``numbers``, and those
    that are shown at these ``times``, in seconds from the beginning of the first frame."""

    every: int | None = None
    numbers: tuple[int, ...] = ()
    times: tuple[float, ...] = ()


@dataclass(frozen=True)
class Taken:
    """Numbers of frames and of points that were written, and what is odd about them."""

    frames: int
    points: int
    notes: tuple[str, ...]


def take_frames(
    video: Path,
    out: Path,
    wanted: Wanted,
    bar: Bar,
    *,
    points: Path | None = None,
    reading: ReadOptions | None = None,
    surgery: str = "",
    name: str = "",
) -> Taken:
    """Write frames of ``video`` as the new dataset ``out``: ``SURGERY/NAME/images/000012.png``.

    ``surgery`` is by default the name of the file, ``name``, that of the video, ``all``. ``points``
    is a file, in a format that is read (understood by ``reading``), in which each point has the
    number of its frame: these frames are written, too, and their labels. Raises UsageError where
    ``out`` exists, a name cannot be used, nothing is wanted, or PyAV is not installed; InputError
    for what is no video, no such file of points, and for frames that the video does not have. Then
    nothing is written.
    """
    from adaptor_bench.extras import require

    require("video", "frames of a video")
    if out.exists():
        raise UsageError(f"{out}: exists already", hint="Name a new folder.")
    place = Placing(surgery=surgery or video.stem, video=name).place("000000")
    labels = {} if points is None else _labels(points, reading or ReadOptions())
    asked = Wanted(wanted.every, (*wanted.numbers, *labels), wanted.times)
    if asked == Wanted():
        raise UsageError("which frames?", hint="Give --every, --frame, --at or --points.")
    written = 0
    notes: list[str] = []
    sized: dict[str, PointFile] = {}
    with atomic_directory(out) as root:
        for number, image in frames_of(video, asked, bar, notes.append):
            stem, folder = f"{number:06}", root / place.folder
            write_image(image_place(folder, stem), image, compression=1)
            written += 1
            if (found := labels.get(number)) is not None:
                sized[stem] = replace(found, size=(image.shape[1], image.shape[0]))
                write_points(
                    label_place(folder, stem),
                    found.points,
                    folder=place.surgery,
                    subfolder=place.video,
                    image=f"{stem}.png",
                    size=sized[stem].size,
                    scores=found.scores,
                )
    if beyond := outside_note(sized):
        notes.append(beyond)
    return Taken(written, sum(len(found.points) for found in labels.values()), tuple(notes))


def frames_of(
    video: Path, wanted: Wanted, bar: Bar, note: Callable[[str], None]
) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """The number and the picture (H, W, 3) RGB of each frame that is wanted, in order, turned as
    the file says. Raises InputError for a file that is no video or is damaged, and, at the end,
    naming all frames that it does not have; where it has fewer than it states, ``note`` is told: it
    was cut short, or an edit list leaves some out."""
    numbers, times = set(wanted.numbers), set(wanted.times)
    number, end = -1, 0.0
    with _opened(video) as (frames, total):
        for number, begin, end, frame in frames:
            bar(number + 1, max(total, number + 1))
            shown = {time for time in times if begin - _SAME <= time < end - _SAME}
            if shown or number in numbers or (wanted.every and number % wanted.every == 0):
                yield number, _picture(video, number, frame)
            numbers.discard(number)
            times -= shown
            if not (wanted.every or numbers or times):
                return
    stated = "" if number + 1 >= total else f", of {total:,} that it states"
    lacking = [f"frame {n}" for n in sorted(numbers)] + [f"{t:g} s" for t in sorted(times)]
    if lacking:
        raise InputError.collect(
            f"{video}: has {plural(number + 1, 'frame')}{stated}, counted from 0, and lasts "
            f"{end:.2f} s; it does not have:",
            lacking,
        )
    if stated:
        note(
            f"{video}: states {plural(total, 'frame')}, {number + 1:,} could be read; was it cut "
            "short?"
        )


@contextmanager
def _opened(video: Path) -> Iterator[tuple[Iterator[tuple[int, float, float, Any]], int]]:
    """What is decoded (see :func:`_timed`), and how many frames the file says it has, or 0."""
    import av
    from av.stream import Disposition

    how = {"format_whitelist": _KINDS, "protocol_whitelist": "none"}
    try:
        with os.fdopen(open_file(video), "rb") as file, av.open(file, options=how) as container:
            streams = [s for s in container.streams.video
                       if not s.disposition & Disposition.attached_pic]  # fmt: skip
            if not streams:
                kinds = sorted({str(s.type) for s in container.streams}) or ["nothing"]
                raise InputError(f"{video}: has no video stream, only {', '.join(kinds)}")
            stream = streams[0]
            if stream.width * stream.height > MOST_PIXELS:
                raise InputError(f"{video}: {stream.width}x{stream.height} px are too many")
            stream.thread_type = "AUTO"
            yield _timed(video, container.decode(stream), stream), int(stream.frames)
    except av.FFmpegError as error:
        said = error.strerror or type(error).__name__
        raise InputError(f"{video}: not readable as a video: {said}") from error
    except OSError as error:
        raise InputError(f"{video}: not readable: {error.strerror or error}") from error


def _timed(
    video: Path, frames: Iterator[Any], stream: Any
) -> Iterator[tuple[int, float, float, Any]]:
    """Each frame with its number, and when it begins and ends to be shown, in seconds."""
    lasts = float(1 / stream.average_rate) if stream.average_rate else 0.04
    first, before = 0.0, None
    for number, frame in enumerate(frames):
        moment = float(frame.time if frame.time is not None else number * lasts)
        first = moment if before is None else first
        if before is not None:
            yield *before[:2], moment - first, before[2]
        before = number, moment - first, frame
    if before is None:
        raise InputError(f"{video}: no frame of it can be decoded")
    yield *before[:2], before[1] + lasts, before[2]


def _picture(video: Path, number: int, frame: Any) -> NDArray[np.uint8]:
    if frame.is_corrupt:
        raise InputError(f"{video}: frame {number} is damaged")
    turn = int(frame.rotation)  # counter-clockwise
    if turn % 90:
        raise InputError(f"{video}: is turned by {turn} degrees, which is no quarter of a turn")
    return np.ascontiguousarray(np.rot90(frame.to_ndarray(format="rgb24"), turn // 90))


def _labels(path: Path, reading: ReadOptions) -> dict[int, PointFile]:
    """The points of each frame, by its number. Raises InputError."""
    kind = foreign_file(path)
    if kind is None or kind.read is None:
        said = f"it is {kind.what}" if kind else "of no format that is read"
        raise InputError(f"{path}: {said}", hint="`bench data formats` lists what is read.")
    if kind.extra:
        from adaptor_bench.extras import require

        require(kind.extra, f"files of {kind.name}")
    is_json = path.suffix.lower() in JSON_ENDINGS
    file = (
        RawFile(read_json(path), options=reading)
        if is_json
        else RawFile(content=read_file(path), options=reading)
    )
    labels: dict[int, PointFile] = {}
    problems = []
    for name, points in kind.read(file, str(path)).items():
        stem = Placing().place(name).stem if name else ""
        if not (stem.isascii() and stem.isdecimal() and len(stem) < 10):
            problems.append(repr(name) if name else "points without the number of a frame")
        elif labels.setdefault(int(stem), points) is not points:
            problems.append(f"two names of frame {int(stem)}")
    if problems:
        raise InputError.collect(
            f"{path}: does not say which frame its points are of:",
            problems,
            hint="A table needs a column `frame` with numbers that count from 0.",
        )
    return labels
